/* Helps for people who work with the office all day, on top of pages that work without this file. */
(() => {
  "use strict";

  const box = document.getElementById("staff-search");
  const results = document.getElementById("search-results");
  const typesText = (element) =>
    element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);

  // "/" leads to the search box from anywhere.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!box || typesText(event.target)) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  if (box && results) {
    const close = () => {
      results.hidden = true;
      box.removeAttribute("aria-expanded");
    };
    const links = () => [...results.querySelectorAll("[data-found]")];
    box.addEventListener("input", () => {
      if (!box.value.trim()) close();
    });
    document.addEventListener("htmx:afterSwap", (event) => {
      if (event.target !== results) return;
      results.hidden = !box.value.trim() || !box.form.contains(document.activeElement);
    });
    // Down goes through what was found, up comes back, Escape closes.
    box.form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !results.hidden) {
        close();
        box.focus();
        event.preventDefault();
        return;
      }
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || results.hidden) return;
      const stops = [box, ...links()];
      const next = stops.indexOf(document.activeElement) + step;
      event.preventDefault();
      stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
    });
    const closeOutside = (event) => {
      if (!box.form.contains(event.target)) close();
    };
    document.addEventListener("click", closeOutside);
    document.addEventListener("focusin", closeOutside);
  }

  // A list that refreshes itself stays where it was scrolled to.
  const wraps = (element) => [...element.querySelectorAll(".tablewrap")];
  const places = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!/^every/.test(event.target.getAttribute("hx-trigger") || "")) return;
    places.set(event.target, wraps(event.target).map((wrap) => [wrap.scrollLeft, wrap.scrollTop]));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const kept = places.get(event.target) || [];
    wraps(event.target).forEach((wrap, n) => kept[n] && wrap.scrollTo(...kept[n]));
    places.delete(event.target);
  });

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
})();
