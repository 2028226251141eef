/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event, with its picture and film, over the view. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { eventLength, eventTitle, fullTime, share } from "./format.js";

function media(event) {
  if (event.clip) {
    return h("div", { className: "picture" },
      h("video", { src: event.clip, poster: event.snapshot || "", controls: true, preload: "metadata", playsInline: true }));
  }
  if (event.snapshot) {
    return h("div", { className: "picture" }, h("img", { src: event.snapshot, alt: `When it was seen: ${eventTitle(event)}` }));
  }
  return null;
}

function table(event) {
  const rows = {
    Stream: event.stream, Type: event.type, What: event.what, Label: event.label, Score: share(event.score),
    Zone: event.zone, Line: event.line, Analyser: event.element,
    Began: fullTime(event.start), Ended: event.end ? fullTime(event.end) : "goes on", Took: eventLength(event),
    "Told to nobody": event.muted ? "by a profile" : undefined, Id: event.id,
  };
  return h("table", {}, h("tbody", {}, Object.entries(rows).filter(([, value]) => value)
    .map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))));
}

export async function showEvent(id) {
  const dialog = document.getElementById("dialog");
  let body;
  let title = "Event";
  try {
    const event = await api.getEvent(id);
    title = eventTitle(event);
    body = [media(event), table(event), h("p", { className: "row" },
      event.clip ? h("a", { className: "button", href: event.clip, download: "" }, "Save the clip") : null,
      event.snapshot ? h("a", { className: "button", href: event.snapshot, download: "" }, "Save the picture") : null)];
  } catch (error) {
    body = [h("p", { className: "danger" }, error.message)];
  }
  dialog.replaceChildren(
    h("div", { className: "row" }, h("h1", { id: "dialog-title" }, title),
      h("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close")), ...body.filter((part) => part));
  dialog.onclose = () => dialog.replaceChildren(); /* a film does not play on */
  dialog.onclick = (click) => {
    if (click.target === dialog) dialog.close();
  };
  if (!dialog.open) dialog.showModal();
}
