// Acts that the network did not take: kept here as ciphertext, sent again until the server takes or refuses them.
"use strict";
{
const box = document.getElementById("live"), words = box.dataset, shown = box.querySelector("[data-queue]");
const STORE = "acts", PATIENCE = 15000, FIRST = 2000, LONGEST = 60000, {subtle} = crypto;
const all = () => JSON.parse(localStorage.getItem(STORE) || "[]");
const keep = (acts) => { if (acts.length) localStorage.setItem(STORE, JSON.stringify(acts)); else localStorage.removeItem(STORE); };
const count = (sentence, n) => sentence.replace("{n}", n);
let key = null, pause = FIRST, timer = 0, sends = false;

async function close(act) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await subtle.encrypt({name: "AES-GCM", iv}, key, new TextEncoder().encode(JSON.stringify(act)));
  return {iv: text(iv), act: text(sealed)};
}
async function open({iv, act}) {
  return JSON.parse(new TextDecoder().decode(await subtle.decrypt({name: "AES-GCM", iv: bytes(iv)}, key, bytes(act))));
}
// Those of another person do not open, and wait.
async function mine() {
  const acts = [];
  for (const each of all()) acts.push(...await open(each).then((act) => [{...act, iv: each.iv}], () => []));
  return acts;
}
function send({action, fields}) {
  const body = new URLSearchParams(fields);
  body.set("csrf_token", box.querySelector("[name=csrf_token]").value);
  return fetch(action, {method: "POST", body, redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE)});
}
function show(sentence, at = "") {
  shown.replaceChildren(sentence);
  if (at) {
    const link = Object.assign(document.createElement("a"), {href: at, textContent: words.again, className: "button"});
    shown.append(" ", link);
  }
  shown.hidden = !sentence;
}
async function tell() {
  const {length} = await mine();
  if (length) show(count(words.unsent, length));
}
async function flush() {
  if (sends || !all().length) return;
  sends = true;
  clearTimeout(timer);
  let last = null;
  try {
    for (const act of await mine()) {
      const answer = await send(act);
      if (answer.status >= 500 || answer.status === 429) throw new Error("later");
      keep(all().filter((each) => each.iv !== act.iv));
      last = answer.type === "opaqueredirect" ? [words.sent, act.then] : [answer.status === 403 ? words.kept : words.refused, act.then];
    }
    pause = FIRST;
    if (last) show(...last);
  } catch {
    tell();
    timer = setTimeout(flush, pause);
    pause = Math.min(2 * pause, LONGEST);
  } finally { sends = false; }
}
async function submit(form) {
  const act = {action: new URL(form.action).pathname, fields: [...new FormData(form)], then: form.dataset.queued};
  const buttons = form.querySelectorAll("button");
  for (const each of buttons) each.disabled = true;
  const answer = await send(act).catch(() => null);
  if (!answer) {
    keep([...all(), await close(act)]);
    form.reset();
    tell();
    timer = setTimeout(flush, pause);
  } else if (answer.type === "opaqueredirect") location.assign(act.then);
  else {
    for (const each of buttons) each.disabled = false;
    form.submit();
  }
}

if (subtle) subtle.importKey("raw", bytes(words.key), "AES-GCM", false, ["encrypt", "decrypt"]).then((made) => {
  key = made;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-queued]")) { event.preventDefault(); submit(form); }
    else if (form.matches("[data-sign-out]") && all().length && !confirm(count(words.leaves, all().length))) event.preventDefault();
  });
  addEventListener("online", flush);
  tell();
  flush();
});
}
