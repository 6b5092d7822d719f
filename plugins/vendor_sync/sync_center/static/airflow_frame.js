// What Airflow's UI loads for the page "Sync Center": a frame of ours, without Airflow's sandbox, so
// that links to runs and logs lead there. React is Airflow's own. The address keeps the place.
const root = new URL("../", import.meta.url);

function place() {
  const wanted = new URL(window.location.hash.replace(/^#\/?/, "") || "flows", root);
  return wanted.href.startsWith(root.href) ? wanted.href : new URL("flows", root).href;
}

function SyncCenter() {
  const { createElement, useState } = globalThis.React;
  const [src] = useState(place);
  return createElement("iframe", {
    src,
    title: "Sync Center",
    style: { border: 0, display: "block", height: "100%", width: "100%" },
  });
}

globalThis["Sync Center"] = SyncCenter;
