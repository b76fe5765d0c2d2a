// Keys of the pages: single letters, off inside fields, and off for people who have turned them off.
"use strict";
{
const help = document.querySelector("[data-keys]"), GO = {b: "/", r: "/report", o: "/roster"};
const rows = () => [...document.querySelectorAll("[data-slot] > [id], [data-rows] > [id]")];
const here = () => rows().findIndex((each) => each.contains(document.activeElement));
let wasG = -Infinity;
function move(by) {
  const all = rows(), at = here();
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.querySelector("a")?.focus();
}
const find = (what) => (rows()[here()] || document.querySelector("main")).querySelector(what);
const KEYS = {
  "?": () => { help.showModal(); },
  j: () => move(1),
  k: () => move(-1),
  s: () => find("form[action$='/seen'] button")?.click(),
  n: () => {
    const field = document.querySelector("main textarea[name=text]");
    if (field) field.focus(); else document.querySelector("main a[href$='/notes']")?.click();
  },
  "/": () => document.querySelector(".filters a")?.focus(),
};
if ("letters" in document.getElementById("live").dataset) document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || help.open) return;
  if (at instanceof Element && (at.matches("input, textarea, select") || at.isContentEditable)) return;
  const isGoing = event.timeStamp - wasG < 1500, to = GO[event.key];
  wasG = event.key === "g" ? event.timeStamp : -Infinity;
  if (isGoing && to) document.querySelector(`nav a[href="${to}"]`)?.click();
  else if (KEYS[event.key]) { event.preventDefault(); KEYS[event.key](); }
});
}
