/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which view is there, by what stands behind # in the address. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { showConfiguration } from "./configuration.js";
import { showDetail } from "./detail.js";
import { showEvents } from "./events.js";
import { showForm } from "./form.js";
import { showLive } from "./live.js";

/* Each shows itself in @main, and returns what ends it. */
const views = [
  { pattern: /^\/?$/, show: showLive, title: "Live", tab: "#/" },
  { pattern: /^\/events$/, show: showEvents, title: "Events", tab: "#/events" },
  { pattern: /^\/configuration$/, show: showConfiguration, title: "Configuration", tab: "#/configuration" },
  { pattern: /^\/add$/, show: showForm, title: "Add a stream", tab: "#/" },
  { pattern: /^\/streams\/([^/]+)$/, show: showDetail, tab: "#/" },
  { pattern: /^\/streams\/([^/]+)\/edit$/, show: showForm, tab: "#/" },
];

const main = document.getElementById("main");
let end = null;

function show() {
  const [path, query] = location.hash.slice(1).split("?", 2);
  const view = views.find((one) => one.pattern.test(path)) || views[0];
  const match = view.pattern.exec(path);
  const argument = match && match[1] ? decodeURIComponent(match[1]) : null;
  if (end) end();
  document.getElementById("dialog").close();
  document.title = `${argument || view.title} – Vedette`;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === view.tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.replaceChildren();
  end = view.show(main, argument, new URLSearchParams(query || ""));
}

function showReach(yes) {
  const banner = document.getElementById("banner");
  banner.hidden = yes;
  banner.textContent = yes ? "" : "The service cannot be reached. What is shown is old; it is tried again.";
  document.getElementById("connection").textContent = yes ? "" : "offline";
}

async function start() {
  api.onReach(showReach);
  try {
    await api.begin();
  } catch (error) {
    if (error.status !== 401) {
      main.replaceChildren(h("div", { className: "empty" }, h("p", {}, error.message),
        h("button", { onclick: () => location.reload() }, "Try again")));
    }
    return;
  }
  const logout = document.getElementById("logout");
  logout.hidden = !api.hasSession();
  logout.addEventListener("click", async () => {
    await api.logout();
    location.assign("/login");
  });
  window.addEventListener("hashchange", () => {
    show();
    main.focus();
  });
  show();
}

start();
