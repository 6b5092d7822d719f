/* A browser as far as the snippet sees one: reads visits from standard input, prints what was sent. */
"use strict";

const { readFileSync } = require("node:fs");
const { webcrypto } = require("node:crypto");
const vm = require("node:vm");

const [snippet, story] = JSON.parse(readFileSync(0, "utf8"));
const local = new Map();
const sent = [];
const carts = [];
let session = new Map();
let online = true;

function storage(map, works) {
  return {
    getItem: (key) => { if (!works) { throw new Error("forbidden"); } return map.has(key) ? map.get(key) : null; },
    setItem: (key, value) => { if (!works) { throw new Error("forbidden"); } map.set(key, String(value)); },
  };
}

function open(visit) {
  const url = new URL(visit.url);
  const attributes = { "data-endpoint": "https://collect.example/clicks", "data-workspace": "7",
    "data-store": "shop.example", ...visit.attributes };
  const window = {
    location: { search: url.search, hash: url.hash, host: url.host, pathname: url.pathname, protocol: url.protocol },
    localStorage: storage(local, visit.storage !== false),
    sessionStorage: storage(session, visit.storage !== false),
    crypto: webcrypto,
    navigator: { sendBeacon: (to, body) => { if (online) { sent.push([to, JSON.parse(body)]); } return online; } },
    fetch: (to, how) => { carts.push([to, JSON.parse(how.body)]); return Promise.resolve(); },
  };
  const link = () => ({ set href(text) { Object.assign(this, { host: text ? new URL(text).host : "", protocol: text ? new URL(text).protocol : "" }); } });
  const document = {
    referrer: visit.referrer || "",
    createElement: link,
    currentScript: { getAttribute: (name) => attributes[name] ?? null, hasAttribute: (name) => name in attributes },
  };
  vm.runInNewContext(readFileSync(snippet, "utf8"), { window, document, Date, JSON, Array, Uint8Array, Number, String });
  return window.clickLog;
}

for (const visit of story) {
  if (visit.newSession) { session = new Map(); }
  if ("online" in visit) { online = visit.online; }
  const log = open(visit);
  if (visit.consent) { log.consent(); }
  if (visit.order) { log.order(visit.order); }
}
process.stdout.write(JSON.stringify({ sent, carts, stored: Object.fromEntries(local) }));
