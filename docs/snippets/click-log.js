/*
 * Reference snippet for storefronts: notes how a visitor came, and which order the visit led to.
 *
 * <script src="click-log.js" data-endpoint="https://collect.example/clicks" data-workspace="7"
 *         data-store="my-shop.example" [data-consent="wait"] [data-shopify]></script>
 *
 * On a landing it sends one line {"type": "click", ...}; the page after checkout calls
 *   clickLog.order("1001")
 * which sends {"type": "order", ...}. With data-consent="wait" nothing is stored or sent before
 * clickLog.consent() is called. With data-shopify the visitor and the clicks also travel in the
 * cart's attributes, so that they arrive with the order itself.
 *
 * Sends no name, address, IP or browser name, and of a page's address only the path and the
 * parameters that tell an ad apart. Lines that could not be sent are kept and sent with the next
 * page; the receiver counts a click_id once.
 */
(function (window, document) {
  "use strict";

  var script = document.currentScript;
  var endpoint = script.getAttribute("data-endpoint");
  var workspace = Number(script.getAttribute("data-workspace"));
  var store = script.getAttribute("data-store");
  var LONGEST_QUEUE = 50;
  var TRACKING = /^(amp;)?(utm_[a-z_]+|campaign_id|ad_id|fbclid|ttclid|sccid|gclid|gbraid|wbraid|msclkid)$/i;
  var KEYS = { visitor: "click_log.visitor", clicks: "click_log.clicks", queue: "click_log.queue", page: "click_log.page" };

  function read(storage, key) {
    try { return window[storage].getItem(key); } catch (error) { return null; }
  }

  function write(storage, key, value) {
    // Storage may be full or forbidden: the shop must not notice.
    try { window[storage].setItem(key, value); return true; } catch (error) { return false; }
  }

  function list(key) {
    try {
      var found = JSON.parse(read("localStorage", key) || "[]");
      return Array.isArray(found) ? found : [];
    } catch (error) { return []; }
  }

  function random() {
    var bytes = window.crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (byte) {
      return (byte + 256).toString(16).slice(1);
    }).join("");
  }

  function visitor() {
    var known = read("localStorage", KEYS.visitor);
    if (!/^[0-9a-f]{32}$/.test(known || "")) {
      known = random();
      write("localStorage", KEYS.visitor, known);
    }
    return known;
  }

  function tracking(query) {
    // Raw text, not decoded and encoded again: click ids are taken literally later.
    return query.replace(/^[?#]/, "").split("&").filter(function (pair) {
      return TRACKING.test(pair.split("=")[0]);
    }).join("&");
  }

  function landing(location) {
    var pairs = [tracking(location.search), tracking(location.hash)].filter(Boolean).join("&");
    return location.protocol + "//" + location.host + location.pathname + (pairs ? "?" + pairs : "");
  }

  function referrer(location) {
    var link = document.createElement("a");
    link.href = document.referrer || "";
    if (!document.referrer || link.host === location.host) { return null; }
    return link.protocol + "//" + link.host + "/";
  }

  function send(line) {
    var queue = list(KEYS.queue).concat(line ? [line] : []).slice(-LONGEST_QUEUE);
    var left = queue.filter(function (each) {
      try { return !window.navigator.sendBeacon(endpoint, JSON.stringify(each)); } catch (error) { return true; }
    });
    write("localStorage", KEYS.queue, JSON.stringify(left));
  }

  function now() { return new Date().toISOString(); }

  function carry(clicks, id) {
    if (!script.hasAttribute("data-shopify")) { return; }
    var attributes = { _click_visitor: id, _click_ids: clicks.join(",") };
    window.fetch("/cart/update.js", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ attributes: attributes })
    }).catch(function () { /* without a cart there is nothing to carry */ });
  }

  function arrive() {
    var page = landing(window.location);
    var from = referrer(window.location);
    var isNew = page.indexOf("?") >= 0 || from !== null || read("sessionStorage", KEYS.page) === null;
    // A reload, or the way back, is no second click.
    if (!isNew || read("sessionStorage", KEYS.page) === page) { send(null); return; }
    write("sessionStorage", KEYS.page, page);
    var id = visitor();
    var click = random();
    var clicks = list(KEYS.clicks).concat([click]).slice(-10);
    write("localStorage", KEYS.clicks, JSON.stringify(clicks));
    send({
      type: "click", click_id: click, workspace_id: workspace, visitor_id: id,
      occurred_at: now(), landing_url: page, referrer: from
    });
    carry(clicks, id);
  }

  function order(orderId) {
    if (!allowed || !orderId) { return; }
    send({
      type: "order", workspace_id: workspace, store: store, order_id: String(orderId),
      visitor_id: visitor(), occurred_at: now()
    });
  }

  var allowed = script.getAttribute("data-consent") !== "wait";
  window.clickLog = {
    consent: function () { if (!allowed) { allowed = true; arrive(); } },
    order: order
  };
  if (allowed) { arrive(); }
})(window, document);
