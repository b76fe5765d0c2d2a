// Fetches a number apart from the page, and hides it: after 60 seconds, when the window is left, and before another page.
// Without this the number is the answer of the form, on a page of its own.
"use strict";

(() => {
  const SHOWN_MS = 60000;
  const place = document.querySelector("[data-reveal-here]");
  if (!place) return;
  let timer = 0;

  const values = () => place.querySelector("[data-revealed=values]");

  function hide() {
    if (!values()) return;
    clearTimeout(timer);
    place.textContent = place.dataset.hiddenNow;
  }

  function begin() {
    document.querySelector("[data-by-hand]")?.remove();
    clearTimeout(timer);
    timer = setTimeout(hide, SHOWN_MS);
  }

  async function reveal(form) {
    let text;
    try {
      const answer = await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
      text = await answer.text();
    } catch {
      place.textContent = place.dataset.failed;
      return;
    }
    const page = new DOMParser().parseFromString(text, "text/html");
    const part = page.querySelector("[data-revealed]"), seen = page.querySelector("[data-seen]");
    if (!part) {
      form.submit();
      return;
    }
    place.replaceChildren(document.adoptNode(part));
    if (seen) document.querySelector("[data-seen]")?.replaceWith(document.adoptNode(seen));
    if (values()) begin();
    (place.querySelector(".wrong") || place.firstElementChild).focus();
    if (document.visibilityState === "hidden") hide();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-reveal]")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    reveal(form).finally(() => { button.disabled = false; });
  });
  window.addEventListener("blur", hide);
  window.addEventListener("pagehide", hide);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") hide(); });
  if (values()) begin();
})();
