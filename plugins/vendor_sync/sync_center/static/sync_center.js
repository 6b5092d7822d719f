// Keeps the address of Airflow's page on our place, and what is at work up to date.
(() => {
  "use strict";
  const BUSY_MS = 2000;
  const root = document.body.dataset.root;

  if (window.parent !== window && window.location.pathname.startsWith(root)) {
    const place = window.location.pathname.slice(root.length) + window.location.search;
    const { history, location } = window.parent; // Airflow's page has a <base>: "#..." alone leads home
    history.replaceState(history.state, "", location.pathname + location.search + "#" + place);
  }

  const focusKey = (element) =>
    element && (element.id ? "#" + CSS.escape(element.id) : element.href ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : "");

  // Put the new state in place of the old one, and the focus back where it was.
  function replace(region, html) {
    if (region.dataset.shown === html) return;
    region.dataset.shown = html;
    const held = region.contains(document.activeElement) ? focusKey(document.activeElement) : "";
    region.innerHTML = html;
    if (held) region.querySelector(held)?.focus();
  }

  function watch(region) {
    let timer = 0;
    const isBusy = () => region.querySelector("[data-active]") !== null;
    const look = async () => {
      window.clearTimeout(timer);
      try {
        const answer = await fetch(region.dataset.refresh, { headers: { accept: "text/html" } });
        if (answer.status === 401) window.location.reload();
        else if (answer.ok) replace(region, await answer.text());
      } catch {
        // The server is away for a moment: the next look finds it again.
      }
      plan();
    };
    const plan = () => {
      window.clearTimeout(timer);
      if (isBusy() && !document.hidden) timer = window.setTimeout(look, BUSY_MS);
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? window.clearTimeout(timer) : look()));
    plan();
  }

  // Send a form without leaving it: whoever is refused need not enter a secret again.
  function stay(form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const outcome = () => form.querySelector("#" + form.dataset.stays);
      const buttons = form.querySelectorAll("button");
      const body = new URLSearchParams(new FormData(form, event.submitter));
      outcome().textContent = "Asking …";
      buttons.forEach((button) => (button.disabled = true));
      try {
        const answer = await fetch(form.action, { method: "POST", body });
        if (answer.redirected) return window.location.assign(answer.url);
        const told = new DOMParser().parseFromString(await answer.text(), "text/html");
        outcome().replaceWith(told.getElementById(form.dataset.stays) ?? said(form, told.querySelector("[role=alert]")?.textContent));
      } catch {
        outcome().replaceWith(said(form, "Sync Center did not answer. Nothing is known to be saved: look, then try again."));
      }
      buttons.forEach((button) => (button.disabled = false));
      outcome().scrollIntoView({ block: "nearest" });
    });
  }

  function said(form, words) {
    const outcome = Object.assign(document.createElement("div"), { id: form.dataset.stays });
    const note = Object.assign(document.createElement("p"), { className: "note bad", role: "alert", textContent: words || "This was refused." });
    outcome.append(note);
    return outcome;
  }

  document.querySelectorAll("[data-refresh]").forEach(watch);
  document.querySelectorAll("form[data-stays]").forEach(stay);
})();
