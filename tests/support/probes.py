"""What can be wrong with a page in a real browser. Each probe returns it in words, and nothing if the page is as it should be."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page


def found_on(page: Page, script: str) -> Any:
    """What a script finds on a page that has loaded: one that has only begun to has no elements yet."""
    page.wait_for_load_state()
    return page.evaluate(script)


def too_wide(page: Page) -> str:
    """Say by how much a page is wider than its window, and which elements are."""
    return str(found_on(page, _TOO_WIDE))


def too_small(page: Page) -> list[str]:
    """What a thumb could miss: buttons, fields, links of menus and links that are alone in their line, below 44 px."""
    return [str(each) for each in found_on(page, _TOO_SMALL)]


def alike(page: Page) -> list[str]:
    """Buttons that a screen reader calls the same although they act on different things."""
    return [str(each) for each in found_on(page, _ALIKE)]


def unreachable(page: Page) -> list[str]:
    """Fields, buttons and links that are shown and take no focus, and what acts on a click although it is none of these."""
    return [str(each) for each in found_on(page, _UNREACHABLE)]


def unfocused(page: Page, most: int = 80) -> list[str]:
    """Go through a page by Tab, and say what has the focus without being seen to have it."""
    wrong, seen = [], set()
    for _ in range(most):
        page.keyboard.press("Tab")
        name, trouble = focused(page)
        if not name or name in seen:
            break
        seen.add(name)
        if trouble:
            wrong.append(f"{name}: {trouble}")
    assert seen, "nothing on the page takes the focus"
    return wrong


def focused(page: Page) -> tuple[str, str]:
    """Return what has the focus, and why a person would not see that it has; two empty texts if nothing has it."""
    name, trouble = page.evaluate(_FOCUS)
    return str(name), str(trouble)


def told_by_colour_alone(page: Page) -> list[str]:
    """Marks of urgency that have no word beside them, and cases that only their colour shows as urgent."""
    return [str(each) for each in found_on(page, _WORDLESS)]


def not_as_declared(page: Page) -> list[str]:
    """What every page has: the neutral title, one first heading, a language, no content of the page in its address."""
    wrong = []
    if page.title() != "Desk":
        wrong.append(f"the title is {page.title()!r}")
    if (count := page.locator("h1").count()) != 1:
        wrong.append(f"{count} first headings")
    if re.search(r"csrf|token|name=|phone", page.url):
        wrong.append(f"the address says too much: {page.url}")
    return wrong


_TOO_WIDE = """() => {
  const root = document.scrollingElement, most = window.innerWidth;
  if (root.scrollWidth <= most) return "";
  const wide = [...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > most + 1);
  return `${root.scrollWidth} px in ${most}: ` + wide.slice(-3).map((each) => each.outerHTML.slice(0, 120)).join(" | ");
}"""
_TOO_SMALL = """() => {
  const shown = (each) => each.checkVisibility({visibilityProperty: true}) && !each.closest(".skip");
  const isEmpty = (each) => !each.textContent.trim();
  const alone = (link) => link.closest("nav") || [...link.parentNode.childNodes].every((each) => each === link || isEmpty(each));
  const reach = (each) => {
    const box = each.getBoundingClientRect();
    if (!["checkbox", "radio"].includes(each.type)) return box;
    const label = each.labels && each.labels[0];
    return label ? label.getBoundingClientRect() : box;
  };
  const wanted = [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, a.button, a[href]")];
  return wanted.filter(shown).filter((each) => each.tagName !== "A" || each.matches(".button") || alone(each))
    .map((each) => [each, reach(each)]).filter(([, box]) => box.height < 43.5 || box.width < 43.5)
    .map(([each, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${each.outerHTML.slice(0, 140)}`);
}"""
_ALIKE = """() => {
  const of = new Map(), found = new Set();
  for (const form of document.querySelectorAll("form")) {
    const hidden = [...form.querySelectorAll("input[type=hidden]")].filter((each) => !["csrf_token", "act"].includes(each.name));
    const acts = form.getAttribute("action") + "?" + hidden.map((each) => each.name + "=" + each.value).join("&");
    for (const button of form.querySelectorAll("button")) {
      if (!button.checkVisibility()) continue;
      const name = button.getAttribute("aria-label") || button.textContent.trim();
      const all = acts + "&" + button.name + "=" + button.value;
      if (of.has(name) && of.get(name) !== all) found.add(name);
      of.set(name, all);
    }
  }
  return [...found];
}"""
_UNREACHABLE = """() => {
  const acts = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const every = [...document.querySelectorAll(`${acts}, a:not([href]), [onclick], [role=button]`)];
  return every.filter((each) => each.checkVisibility() && (!each.matches(acts) || each.tabIndex < 0))
    .map((each) => each.outerHTML.slice(0, 140));
}"""
_FOCUS = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return ["", ""];
  const box = each.getBoundingClientRect(), style = getComputedStyle(each);
  const name = [...document.querySelectorAll("*")].indexOf(each) + " " + each.outerHTML.slice(0, 100);
  if (parseFloat(style.outlineWidth) < 2 || style.outlineStyle === "none") return [name, "no outline"];
  if (box.top < 0 || box.bottom > innerHeight + 1 || box.left < 0 || box.right > innerWidth + 1) {
    if (box.height < innerHeight) return [name, `outside of the window: ${box.top} ${box.bottom} of ${innerHeight}`];
  }
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2);
  const isCovered = top && !each.contains(top) && !top.contains(each);
  if (isCovered) return [name, "covered by " + top.outerHTML.slice(0, 80)];
  return [name, ""];
}"""
_WORDLESS = """() => {
  const levels = ["critical", "high", "medium", "low"];
  const marks = [...document.querySelectorAll(".urgency")].filter((each) => !each.textContent.trim());
  const coloured = [...document.querySelectorAll(levels.map((each) => `.case.${each}`).join(", "))];
  const says = (each, level) => each.matches(`.${level}`) && each.querySelector(`.urgency.${level}`);
  const wordless = coloured.filter((each) => !levels.some((level) => says(each, level)));
  return [...marks, ...wordless].map((each) => each.outerHTML.slice(0, 140));
}"""
