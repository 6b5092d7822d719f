// Light or dark as Airflow around us, before anything is drawn; alone, as the system.
(() => {
  const own = document.documentElement;
  const host = window.parent === window ? null : window.parent.document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const dark = host ? host.classList.contains("dark") || host.dataset.theme === "dark" : system.matches;
    own.dataset.theme = dark ? "dark" : "light";
  };
  follow();
  system.addEventListener("change", follow);
  if (host) new MutationObserver(follow).observe(host, { attributes: true, attributeFilter: ["class", "data-theme"] });
})();
