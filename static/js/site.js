/* Small helps on top of pages that work without this file. */
(() => {
  "use strict";

  // A form is sent once: the button that sent it says so until the next page is there.
  // HTMX forms look after themselves; a form that answers with a file carries data-repeat.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "repeat" in form.dataset) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "true";
    const button = event.submitter;
    if (!button || !button.classList.contains("btn")) return;
    button.classList.add("is-busy");
    button.setAttribute("aria-disabled", "true");
    button.insertAdjacentHTML("afterbegin", '<span class="spin" aria-hidden="true"></span>');
  });

  const release = (form) => {
    delete form.dataset.sent;
    form.querySelectorAll(".is-busy").forEach((button) => {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-disabled");
      button.querySelectorAll(".spin").forEach((spin) => spin.remove());
    });
  };

  // Back from the next page (out of the browser's page cache): the form may be sent again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
  });

  // What went wrong is read first, also in a part that HTMX swapped in.
  document.addEventListener("htmx:afterSettle", (event) => {
    event.target.querySelector(".error-summary")?.focus();
  });

  // The menu closes on Escape, and on a click or a tab elsewhere.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(except)) menu.open = false;
    });
  document.addEventListener("click", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A button that copies what a field shows; without a script it stays hidden.
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      await navigator.clipboard?.writeText(field.value).catch(() => {});
      button.lastChild.textContent = "Copied";
    });
  });

  // "/" goes to the search of the office, unless something is being typed.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.getElementById("staff-search");
    if (!search || event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
})();
