// The board and a case by themselves: what is known changes its words in place, what is new waits, and nothing moves.
"use strict";
{
const words = document.getElementById("live")?.dataset || {};
const list = document.querySelector("[data-rows]"), watched = document.querySelector("[data-watch]");
const slot = document.querySelector("[data-slot]"), offer = document.querySelector("[data-waiting]");
const clock = document.querySelector("#live [data-now]"), shown = document.querySelector(".as-of"), bar = document.querySelector("[data-bar]");
const STALE = 120000, HELD = 800, SAYS_EVERY = 30000;
const fill = (text, values) => text.replace(/\{(\w)\}/g, (_, name) => values[name]);

// Time: the server's, since clocks of cheap phones are wrong.
const zone = clock ? zoneOf(clock.dateTime) : 0;
let server = clock ? Date.parse(clock.dateTime) : Date.now(), read = performance.now();
const now = () => server + performance.now() - read;
const isStale = () => performance.now() - read > STALE;
const digits = (at) => new Date(at + zone).toISOString().slice(11, 16);
function zoneOf(moment) {
  const found = /([+-])(\d\d):(\d\d)$/.exec(moment);
  return found ? (found[1] === "-" ? -1 : 1) * (60 * found[2] + 1 * found[3]) * 60000 : 0;
}
function isFresh(answer) {
  server = Date.parse(answer.headers.get("Date")) || now();
  read = performance.now();
  if (shown) shown.textContent = fill(words.asOf, {t: digits(server)});
  tick();
}
function countdown(each) {
  const minutes = Math.round((Date.parse(each.dateTime) - now()) / 60000), t = each.dataset.due;
  let text = words.plain;
  if (!isStale() && minutes < 0 && minutes > -1440) text = words.late;
  else if (!isStale() && minutes >= 0 && minutes < 1440) text = minutes < 60 ? words.due : words.dueHours;
  const late = text === words.late;
  const said = fill(text, {t, h: Math.floor(minutes / 60), n: late ? -minutes : minutes % 60});
  if (each.textContent !== said) each.textContent = said;
}
function tick() {
  for (const each of document.querySelectorAll("time[data-due]")) countdown(each);
  if (shown && isStale() && !shown.classList.contains("stale")) say(shown.textContent);
  shown?.classList.toggle("stale", isStale());
}

// One polite sentence in half a minute, at most.
let said = -SAYS_EVERY, next = "", waiting = 0;
function say(sentence) {
  next = sentence;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    said = performance.now();
    document.querySelector("[data-say]").textContent = next;
  }, Math.max(0, said + SAYS_EVERY - performance.now()));
}

// What changed under the finger takes no tap for a moment.
const held = new WeakMap();
const hold = (element) => { for (const each of element.querySelectorAll("button, a")) held.set(each, performance.now() + HELD); };
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element && event.target.closest("button, a");
  if (target && held.get(target) > performance.now()) { event.preventDefault(); event.stopPropagation(); }
}, true);

// A row in place.
const alike = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;
const shape = (node) => `${node.nodeName}(${[...node.childNodes].map(shape)})`;
const acts = (row) => [...row.querySelectorAll("button")].map((each) => each.form?.action + each.textContent).join();
function change(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) { if (old.data !== fresh.data) old.data = fresh.data; return; }
  if (old.nodeType !== Node.ELEMENT_NODE) return;
  for (const {name, value} of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const {name} of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "style") old.removeAttribute(name);
  if (old.matches("time[data-due]")) { countdown(old); return; }
  const mine = [...old.childNodes], its = [...fresh.childNodes];
  if (mine.length === its.length && mine.every((each, at) => alike(each, its[at]))) mine.forEach((each, at) => change(each, its[at]));
  else old.replaceChildren(...its);
}
function grows(old, fresh) {
  const ghost = fresh.cloneNode(true);
  ghost.removeAttribute("id");
  for (const each of ghost.querySelectorAll("time[data-due]")) countdown(each);
  Object.assign(ghost.style, {position: "absolute", visibility: "hidden", width: `${old.offsetWidth}px`});
  list.append(ghost);
  const more = ghost.offsetHeight > old.offsetHeight;
  ghost.remove();
  return more;
}
function update(old, fresh) {
  const other = shape(old) !== shape(fresh);
  if (other && (grows(old, fresh) || old.contains(document.activeElement))) return false;
  old.style.minHeight = `${old.offsetHeight}px`;
  const before = acts(old);
  change(old, fresh);
  if (acts(old) !== before) hold(old);
  return true;
}

let latest = null, news = 0;
function take(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.querySelector("[data-rows]"), gap = page.querySelector(".missing");
  if (!fresh || gap) { say(gap?.textContent || ""); return false; }
  const rows = [...fresh.children].filter((each) => each.id), here = new Set(rows.map((each) => each.id));
  latest = document.importNode(fresh, true);
  const before = news;
  let other = false;
  news = 0;
  for (const row of rows) {
    const known = document.getElementById(row.id);
    if (known) other = !update(known, document.importNode(row, true)) || other;
    else if ("first" in row.dataset && !slot.firstElementChild) {
      slot.append(document.importNode(row, true));
      hold(slot);
    } else news += 1;
  }
  for (const row of document.querySelectorAll("[data-rows] > [id], [data-slot] > [id]")) {
    const gone = !here.has(row.id);
    other = other || gone;
    row.classList.toggle("gone", gone);
    for (const each of row.querySelectorAll("button")) each.disabled = gone;
  }
  const button = offer.firstElementChild, text_ = news ? fill(words.new, {n: news}) : words.again;
  if (button.textContent !== text_) { button.textContent = text_; hold(offer); }
  offer.classList.toggle("offered", Boolean(news || other));
  if (news > before) say(text_);
  return true;
}
function show() {
  if (!latest) return;
  slot.replaceChildren();
  list.replaceChildren(...latest.childNodes);
  offer.classList.remove("offered");
  latest = null;
  news = 0;
  hold(list);
  tick();
  const first = list.querySelector("a");
  first?.focus({preventScroll: true});
}

// Ask again, more rarely on a slow network; not while hidden, but when the person is back.
const slow = () => Boolean(navigator.connection?.saveData) || /2g/.test(navigator.connection?.effectiveType || "");
let tag = (list || watched)?.dataset.tag, timer = 0, asks = false, active = true;
async function look() {
  clearTimeout(timer);
  if (asks || document.hidden) return;
  asks = true;
  try {
    const was = active;
    active = false;
    const answer = await fetch(watched ? watched.dataset.watch : location.href, {
      headers: {"If-None-Match": `"${tag}"`, "Desk-Live": was ? "active" : "idle"}, cache: "no-store", redirect: "manual",
      signal: AbortSignal.timeout?.(20000),
    });
    if (answer.type === "opaqueredirect") { document.dispatchEvent(new Event("desk-ended")); return; }
    if (answer.ok) {
      if (!(watched ? notice(await answer.json()) : take(await answer.text()))) return;
      tag = (answer.headers.get("ETag") || "").replace(/^W\/|"/g, "");
      isFresh(answer);
    } else if (answer.status === 304) isFresh(answer);
  } catch { /* no network: the page shows its age */ } finally {
    asks = false;
    if (!document.hidden) timer = setTimeout(look, slow() ? 30000 : 15000);
  }
}
function notice({owner}) {
  const by = owner && owner !== watched.dataset.owner;
  bar.firstElementChild.textContent = fill(by ? words.changedBy : words.changed, {w: owner, t: digits(now())});
  bar.hidden = false;
  say(bar.textContent);
  return true;
}

if (list || watched) {
  if (slot) slot.hidden = false;
  if (offer) { offer.hidden = false; offer.firstElementChild.addEventListener("click", show); }
  bar.firstElementChild.href = location.href;
  for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { active = true; }, {passive: true, capture: true});
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else look(); });
  addEventListener("online", look);
  setInterval(tick, 5000);
  timer = setTimeout(look, slow() ? 30000 : 15000);
}
tick();
}
