/* Small helps for the booking steps; every one of them works without this file. */
(() => {
  "use strict";

  // The longer text says how much room is left.
  const count = (area) => {
    const counter = document.getElementById(area.dataset.counter);
    const left = Number(area.dataset.limit) - area.value.length;
    const unit = Math.abs(left) === 1 ? "character" : "characters";
    counter.textContent = left < 0 ? `${-left} ${unit} too many` : `${left} ${unit} left`;
    counter.classList.toggle("text-bad", left < 0);
  };

  // The description belongs to regular items alone.
  const describe = () => {
    const items = document.getElementById("id_standard_delivery_item_count");
    const field = document.getElementById("description");
    if (items && field) field.hidden = !(Number(items.value) > 0);
  };

  // What was folded open stays open when the price is refreshed.
  const open = new Map();
  document.addEventListener(
    "toggle",
    (event) => {
      const key = event.target.dataset?.keep;
      if (key) open.set(key, event.target.open);
    },
    true,
  );

  const prepare = () => {
    document.querySelectorAll("[data-counter]").forEach(count);
    document.querySelectorAll("[data-keep]").forEach((fold) => {
      const key = fold.dataset.keep;
      if (open.has(key)) fold.open = open.get(key);
      else open.set(key, fold.open);
    });
    describe();
  };

  document.addEventListener("input", (event) => {
    if (event.target.dataset.counter) count(event.target);
    if (event.target.id === "id_standard_delivery_item_count") describe();
  });

  // Up and down go a week in the calendar, as left and right go a day.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!step || event.target.name !== "pickup_date") return;
    const days = [...document.querySelectorAll(".cal input[name=pickup_date]")];
    let place = days.indexOf(event.target);
    if (place < 0) return;
    do place += step;
    while (days[place]?.disabled);
    event.preventDefault();
    if (days[place]) {
      days[place].focus();
      days[place].click();
    }
  });

  // Who leaves a step without sending it finds what was typed again. Never beside a form that is
  // on its way: an older picture of it must not arrive last.
  let sending = false;
  let touched = false;
  document.addEventListener("submit", () => (sending = true));
  document.addEventListener("input", (event) => {
    if (event.target.form?.id === "step-form") touched = true;
  });
  addEventListener("pageshow", () => (sending = false));
  addEventListener("pagehide", () => {
    const form = document.getElementById("step-form");
    if (!form || sending || !touched) return;
    const body = new FormData(form);
    body.set("go", "keep");
    fetch(form.action, { method: "POST", body, keepalive: true }).catch(() => {});
  });

  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:load", prepare);
})();
