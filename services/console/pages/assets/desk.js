// Small helpers of the pages. Every page works without them.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function post(path, form, body) {
  const token = form.querySelector("[name=csrf_token]").value;
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(body), headers: {"Content-Type": "application/json", "X-CSRFToken": token},
  });
  return {good: answer.ok, ...(await answer.json().catch(() => ({})))};
}

function describe(credential) {
  const {response} = credential;
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const parts = Object.fromEntries(names.filter((name) => response[name]).map((name) => [name, text(response[name])]));
  return {id: credential.id, rawId: text(credential.rawId), type: credential.type, response: parts};
}

async function usePasskey(button) {
  const form = button.closest("form"), path = button.dataset.passkey;
  const more = Object.fromEntries([...new FormData(form)].filter(([name]) => name === "invitation"));
  const asked = await post(path + "/challenge", form, more);
  if (!asked.good) return asked.wrong;
  asked.challenge = bytes(asked.challenge);
  for (const each of asked.allowCredentials || asked.excludeCredentials || []) each.id = bytes(each.id);
  let made;
  if ("new" in button.dataset) {
    asked.user.id = bytes(asked.user.id);
    made = await navigator.credentials.create({publicKey: asked});
  } else {
    made = await navigator.credentials.get({publicKey: asked});
  }
  const answer = await post(path, form, {...more, ...describe(made)});
  if (!answer.good) return answer.wrong;
  location.assign(answer.go);
  return "";
}

function say(sentence, near) {
  let box = document.querySelector(".wrong");
  if (!box) {
    box = document.createElement("div");
    box.className = "wrong";
    box.setAttribute("role", "alert");
    box.tabIndex = -1;
    near.before(box);
  }
  box.textContent = sentence;
  box.focus();
}

if (window.PublicKeyCredential) {
  for (const each of document.querySelectorAll("[data-passkeys], [data-passkey]")) each.hidden = false;
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const wrong = await usePasskey(button);
        if (wrong) say(wrong, button.closest("form"));
      } catch (error) {
        if (error.name !== "NotAllowedError" && error.name !== "AbortError") throw error;
      } finally {
        button.disabled = false;
      }
    });
  }
}

const code = document.querySelector("[data-from-link]");
if (code && location.hash.length > 1) {
  code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
}

document.querySelector(".wrong")?.focus();

// Leave: Shift three times, or the button. The page is blank before anything else happens.
const leave = document.querySelector("form[data-leave]");
let shifts = [];
function go() {
  document.body.hidden = true;
  document.title = "";
  navigator.sendBeacon(leave.action, new FormData(leave));
  location.replace(leave.dataset.leave);
  localStorage.clear();
}
if (leave) {
  leave.addEventListener("submit", (event) => { event.preventDefault(); go(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Shift") { shifts = []; return; }
    if (event.repeat) return;
    shifts = [...shifts.filter((at) => event.timeStamp - at < 1500), event.timeStamp];
    if (shifts.length === 3) go();
  });
}
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
