// The lock: what is on the screen leaves it when nothing is done or the page is hidden, and what was half typed comes back.
"use strict";
{
const box = document.getElementById("live");
const IDLE = 1000 * box.dataset.lock, HIDDEN = 1000 * box.dataset.hidden, WARNS = Math.min(60000, IDLE / 2), EVERY = 1000, RETRY = 5000;
const warning = box.querySelector("[data-warning]"), others = "BroadcastChannel" in window ? new BroadcastChannel("desk") : null;
let acted = Date.now(), shown = Date.now(), told = 0, isLocking = false;

// Several pages of one browser lock together, and none while the person works in another one.
if (others) others.onmessage = ({data}) => {
  if (data === "locked") lock(false);
  else if (data === "acted") acted = shown = Date.now();
  else if (data === "shown") shown = Date.now();
};
function tell(what) {
  if (what === "locked" || Date.now() - told > 3000) { told = Date.now(); others?.postMessage(what); }
}
function act() {
  if (isOver()) { lock(true); return; }
  acted = shown = Date.now();
  warning.hidden = true;
  tell("acted");
}
const isOver = () => Date.now() - acted > IDLE || Date.now() - shown > HIDDEN;
function check() {
  if (isLocking) return;
  if (isOver()) { lock(true); return; }
  if (document.hidden) return;
  shown = Date.now();
  tell("shown");
  const soon = shown - acted > IDLE - WARNS;
  if (warning.hidden === soon) warning.hidden = !soon;
}
for (const kind of ["keydown", "pointerdown", "wheel", "touchmove", "input"]) addEventListener(kind, act, {passive: true, capture: true});
document.addEventListener("visibilitychange", check);
document.addEventListener("desk-ended", () => lock(false));
setInterval(check, EVERY);

// Half-typed text.
const FIELDS = "textarea, select, input:not([type=hidden], [type=password], [type=file])";
const isChanged = (each) => {
  if (each.matches("select")) return [...each.options].some((option) => option.selected !== option.defaultSelected) && each.selectedIndex > 0;
  return each.matches("[type=checkbox], [type=radio]") ? each.checked !== each.defaultChecked : each.value !== each.defaultValue;
};
const formsOf = () => [...document.querySelectorAll("main form[method=post]")];
const place = (form) => new URL(form.action).pathname;
function drafts() {
  const typed = formsOf().filter((form) => !form.querySelector("[type=password]") && ("keep" in form.dataset || [...form.querySelectorAll(FIELDS)].some(isChanged)));
  return typed.map((form) => ({action: place(form), fields: [...new FormData(form)].filter(([, value]) => typeof value === "string")}));
}
function restore({id, action, fields}) {
  const has = (form) => [...form.querySelectorAll("[type=hidden]:not([name=csrf_token], [name=act], [name=_kept])")]
    .every((each) => fields.some(([name, value]) => name === each.name && value === each.value));
  const same = formsOf().filter((form) => place(form) === action), form = same.find(has) || same[0];
  if (!form) return;
  for (const each of form.querySelectorAll(FIELDS)) {
    const values = fields.filter(([name]) => name === each.name).map(([, value]) => value);
    if (each.matches("[type=checkbox], [type=radio]")) each.checked = values.includes(each.value);
    else if (values.length) each.value = values[0];
    for (let up = each.closest("details"); up && values.length; up = up.parentElement.closest("details")) up.open = true;
  }
  const kept = document.createElement("input");
  Object.assign(kept, {type: "hidden", name: "_kept", value: id});
  form.append(kept);
}
for (const each of box.querySelectorAll("[data-draft]")) restore(JSON.parse(each.dataset.draft));

async function lock(isFirst) {
  if (isLocking) return;
  isLocking = true;
  const form = box.querySelector("[data-lock-form]"), body = new URLSearchParams(new FormData(form)), leave = document.querySelector("[data-leave]");
  body.set("back", location.pathname + location.search);
  body.set("drafts", JSON.stringify(drafts()));
  document.body.replaceChildren(box.querySelector("[data-locked]").content);
  if (leave) { leave.hidden = true; document.body.append(leave); }
  if (isFirst) tell("locked");
  while (!await fetch("/lock", {method: "POST", body, redirect: "manual"}).then(() => true, () => false)) {
    await new Promise((done) => { setTimeout(done, RETRY); });
  }
  location.replace("/unlock");
}
}
