// Opens what was sealed to a partner and signs what it accepts, with the key file of its person. The key stays on this device:
// it is read here, used, and forgotten; nothing of it and nothing that it opens is sent or stored.
"use strict";

(() => {
  const place = document.querySelector("[data-nacl]");
  if (!place) return;
  const SHOWN_MS = 60000;
  const words = (name) => place.querySelector(`[data-word="${name}"]`)?.textContent ?? name;
  const raw = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);

  function say(form, name) {
    const box = form.querySelector("[role=alert]");
    box.textContent = name ? words(name) : "";
    box.hidden = !name;
  }

  function load() {
    if (self.nacl) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = place.dataset.nacl;
      script.onload = resolve;
      script.onerror = () => reject(new Error("network"));
      document.head.append(script);
    });
  }

  async function readKey(form) {
    const input = form.querySelector("input[type=file]"), [file] = input.files;
    if (!file) throw new Error("no_file");
    if (file.size > 200) throw new Error("no_key");
    let key;
    try {
      key = raw((await file.text()).trim());
    } catch {
      throw new Error("no_key");
    }
    input.value = "";
    if (key.length !== 32) throw new Error("no_key");
    return key;
  }

  // Runs one use of the key; says what is wrong, and forgets the key whatever happens.
  async function use(form, work) {
    const button = form.querySelector("button");
    button.disabled = true;
    say(form, "");
    let key = new Uint8Array(0);
    try {
      key = await readKey(form);
      await load();
      await work(key);
    } catch (error) {
      say(form, place.querySelector(`[data-word="${error.message}"]`) ? error.message : "not_opened");
    } finally {
      key.fill(0);
      button.disabled = false;
    }
  }

  // Signing an acceptance.
  const signs = document.querySelector("form[data-to-sign]");
  signs?.addEventListener("submit", (event) => {
    event.preventDefault();
    use(signs, (seed) => {
      const pair = self.nacl.sign.keyPair.fromSeed(seed);
      if (!same(pair.publicKey, raw(signs.dataset.signingKey))) throw new Error("other_key");
      const signature = self.nacl.sign.detached(new TextEncoder().encode(signs.dataset.toSign), pair.secretKey);
      pair.secretKey.fill(0);
      signs.querySelector("[name=signature]").value = btoa(String.fromCharCode(...signature));
      signs.submit();
    });
  });

  // Opening what was sealed.
  const opens = document.querySelector("form[data-boxes]");
  const shown = document.getElementById("opened");
  let timer = 0;

  function hide() {
    clearTimeout(timer);
    for (const each of shown?.querySelectorAll("[data-field]") ?? []) each.replaceChildren();
    for (const each of shown?.querySelectorAll("[data-row]") ?? []) each.hidden = true;
    if (shown) shown.hidden = true;
  }

  function open(each, key) {
    if (!each.nonce) throw new Error("earlier_key");
    if (!same(self.nacl.box.keyPair.fromSecretKey(key).publicKey, raw(each.public_key))) throw new Error("other_key");
    const box = raw(each.box);
    const content = self.nacl.box.open(box.subarray(32), raw(each.nonce), box.subarray(0, 32), key);
    if (!content) throw new Error("not_opened");
    return JSON.parse(new TextDecoder().decode(content));
  }

  function hours(each) {
    const days = (each.days || []).map(words).join(" ");
    return `${each.opens}–${each.closes} ${days}`.trim();
  }

  const told = (value) => (value === true ? words("yes") : value === false ? words("no") : words(String(value)));

  function fill(name, values) {
    const row = shown.querySelector(`[data-row="${name}"]`);
    if (!row || !values.length) return;
    row.querySelector("[data-field]").replaceChildren(...values.map((each) => {
      const line = document.createElement("p");
      line.textContent = each;
      return line;
    }));
    row.hidden = false;
  }

  function show(content) {
    const safety = content.contact_safety || {}, list = (value) => (value ? [].concat(value) : []);
    fill("hours", list(safety.hours).map(hours));
    fill("code_word", list(safety.code_word));
    fill("instructions", list(safety.instructions));
    fill("channels", list(safety.channels).map(told));
    if ("voicemail" in safety) fill("voicemail", [told(safety.voicemail)]);
    if ("shared_phone" in safety) fill("shared_phone", [told(safety.shared_phone)]);
    fill("names", list(content.names));
    fill("phones", list(content.phones));
    fill("phones_as_stated", list(content.phones_told));
    fill("emails", list(content.emails));
    fill("narrative", list(content.narrative));
  }

  opens?.addEventListener("submit", (event) => {
    event.preventDefault();
    hide();
    use(opens, async (key) => {
      const answer = await fetch(opens.dataset.boxes).catch(() => null);
      if (!answer?.ok) throw new Error("network");
      const given = await answer.json();
      if (!given.boxes.length) throw new Error("nothing");
      const contents = given.boxes.map((each) => open(each, key));
      if (contents.some((each) => each.offer_id !== given.offer_id || each.case_ref !== given.case_ref)) throw new Error("not_opened");
      contents.forEach(show);
      shown.hidden = false;
      shown.focus();
      timer = setTimeout(hide, SHOWN_MS);
    });
  });

  for (const each of document.querySelectorAll("[data-needs-script]")) each.hidden = false;
  window.addEventListener("pagehide", hide);
  document.addEventListener("visibilitychange", () => { if (document.hidden) hide(); });
})();
