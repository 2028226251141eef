/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happened, the newest first. */
import * as api from "./api.js";
import { h, keep } from "./dom.js";
import { showEvent } from "./event.js";
import { eventLength, eventTitle, share, time } from "./format.js";

const TYPES = ["", "action", "segmentation", "system"];

function thumbnail(event) {
  return h("span", { className: "picture" }, event.snapshot
    ? h("img", { src: event.snapshot, alt: "", loading: "lazy" })
    : h("span", { className: "faint" }, event.type));
}

function makeRow() {
  return h("li");
}

function updateRow(row, event) {
  const sign = `${event.last} ${event.end} ${event.snapshot} ${event.clip}`;
  if (row.sign === sign && event.end) return;
  row.sign = sign;
  const focused = row.contains(document.activeElement);
  row.replaceChildren(h("button", { className: "event", type: "button", onclick: () => showEvent(event.id) },
    thumbnail(event),
    h("span", { className: "what" }, eventTitle(event)),
    h("span", { className: "where" },
      [event.stream || "the service", event.score === undefined ? "" : share(event.score), event.clip ? "clip" : ""]
        .filter((word) => word).join(" · ")),
    h("span", { className: "when" }, time(event.start), h("br"),
      h("span", { className: event.end ? "faint" : "open" }, event.end ? eventLength(event) : "goes on"))));
  if (focused) row.firstElementChild.focus();
}

/* A list that follows what is told. @filter: as the API has it. */
export function eventList(filter, limit) {
  const list = h("ul", { className: "events" });
  const empty = h("p", { className: "empty", hidden: true }, "Nothing that fits has happened.");
  const more = h("button", { type: "button", hidden: true, onclick: () => load(true) }, "Older ones");
  const trouble = h("p", { className: "danger", role: "alert", hidden: true });
  const box = h("div", {}, trouble, list, empty, more);
  const pages = new Map();
  let events = [];
  let next = 0;
  let timer = 0;
  let ended = false;

  function draw() {
    keep(list, events, (event) => event.id, makeRow, updateRow);
    empty.hidden = events.length > 0;
    more.hidden = !next;
  }
  async function load(older) {
    try {
      const page = await api.getEvents({ ...filter, limit, before: older ? next : 0 });
      if (ended) return;
      trouble.hidden = true;
      for (const event of page.events) pages.set(event.id, event);
      events = [...pages.values()].sort((a, b) => b.number - a.number);
      if (older || next === 0) next = page.next || 0;
      draw();
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
  }

  /* however much happens, it is asked for once a second */
  const endFollowing = api.follow(() => {
    if (timer === 0) {
      timer = setTimeout(() => {
        timer = 0;
        load(false);
      }, 1000);
    }
  });
  load(false);
  return {
    box,
    end: () => {
      ended = true;
      clearTimeout(timer);
      endFollowing();
    },
  };
}

function option(value, label, chosen) {
  return h("option", { value, selected: value === chosen }, label);
}

export function showEvents(main, argument, query) {
  const chosen = Object.fromEntries(query);
  const stream = h("select", { name: "stream" }, option("", "all", chosen.stream));
  const form = h("form", { className: "filters", role: "search", onsubmit: (e) => e.preventDefault(), onchange: apply },
    h("label", {}, "Stream", stream),
    h("label", {}, "Type", h("select", { name: "type" },
      TYPES.map((type) => option(type, type || "all", chosen.type)))),
    h("label", {}, "From", h("input", { name: "from", type: "datetime-local", value: chosen.from || "" })),
    h("label", {}, "To", h("input", { name: "to", type: "datetime-local", value: chosen.to || "" })),
    h("label", {}, "Text", h("input", { name: "text", type: "search", value: chosen.text || "" })),
    h("label", { className: "check" }, h("input", { name: "open", type: "checkbox", value: "1", checked: chosen.open === "1" }),
      "goes on"));

  function apply() {
    const wanted = new URLSearchParams();
    for (const [key, value] of new FormData(form)) if (value) wanted.set(key, value);
    history.replaceState(null, "", `#/events${wanted.size ? `?${wanted}` : ""}`);
    begin(Object.fromEntries(wanted));
  }
  function begin(filter) {
    if (list) {
      list.end();
      list.box.remove();
    }
    for (const key of ["from", "to"]) if (filter[key]) filter[key] = new Date(filter[key]).toISOString();
    list = eventList(filter, 50);
    main.append(list.box);
  }

  let list = null;
  main.append(h("h1", {}, "Events"), form);
  begin({ ...chosen });
  api.getStreams().then((streams) => {
    stream.append(...streams.map((one) => option(one.name, one.name, chosen.stream)));
  }, () => {});
  return () => list.end();
}
