/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All streams at once. */
import * as api from "./api.js";
import { armChoice } from "./arm.js";
import { h, keep, state } from "./dom.js";
import { duration, eventTitle, rate, time } from "./format.js";
import { livePicture } from "./picture.js";
import { poll } from "./poll.js";

function makeTile(stream) {
  return h("a", { className: "tile", href: `#/streams/${encodeURIComponent(stream.name)}` },
    livePicture(stream.name),
    h("div", { className: "about" },
      h("div", { className: "row" }, h("strong", {}, stream.name), h("span", { className: "is" })),
      h("p", { className: "faint says" })));
}

export function showLive(main) {
  const tiles = h("div", { className: "tiles" });
  const empty = h("div", { className: "empty", hidden: true },
    h("p", {}, "There is no stream yet."),
    api.mayControl()
      ? h("p", {}, h("a", { className: "button primary", href: "#/add" }, "Add a camera"))
      : h("p", {}, "Who may control this service can add one."),
    h("p", { className: "faint" }, "No camera at hand? The source street:/// draws a street."));
  const latest = new Map();

  const arm = armChoice();
  main.append(h("div", { className: "row" }, h("h1", {}, "Live"), arm,
    api.mayControl() ? h("a", { className: "button", href: "#/add" }, "Add a stream") : null), tiles, empty);

  function update(tile, stream) {
    tile.querySelector(".is").replaceChildren(state(stream.state));
    tile.querySelector(".picture").show(stream);
    const event = latest.get(stream.name);
    tile.querySelector(".says").textContent =
      stream.retry_in_s !== undefined ? `again in ${duration(stream.retry_in_s)}`
        : stream.state !== "live" ? `for ${duration(stream.in_state_s || 0)}`
        : event ? `${time(event.time)}  ${eventTitle(event)}` : rate(stream.camera_fps);
  }

  const endFollowing = api.follow((event) => {
    if (event.stream && event.event === "start") latest.set(event.stream, event);
  });
  const endPolling = poll(1500, async () => {
    const [streams, status] = await Promise.all([api.getStreams(), api.getStatus()]);
    arm.show(status.arm);
    empty.hidden = streams.length > 0;
    keep(tiles, streams, (stream) => stream.name, makeTile, update);
  });
  return () => {
    endFollowing();
    endPolling();
    for (const picture of tiles.querySelectorAll(".picture")) picture.stop();
  };
}
