/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a stream shows now. */
import { liveUrl } from "./api.js";
import { h } from "./dom.js";

/* The element's show(stream) follows the stream's state; stop() ends the connection. */
export function livePicture(name) {
  const box = h("div", { className: "picture" });
  let image = null;
  let broken = 0;

  function drop() {
    if (image) image.removeAttribute("src"); /* or the browser goes on reading */
    image = null;
  }
  function begin() {
    image = h("img", {
      alt: `Live picture of ${name}`, src: liveUrl(name),
      onerror: () => {
        if (!image) return;
        image = null;
        broken = Date.now();
        box.replaceChildren(h("p", {}, "There is no picture now."));
      },
    });
    box.replaceChildren(image);
  }

  box.show = (stream) => {
    const plays = stream.state === "live" || stream.state === "degraded";
    if (plays && !image && Date.now() - broken > 5000) begin();
    if (!plays) {
      drop();
      box.replaceChildren(h("p", {}, stream.reason || stream.state));
    }
  };
  box.stop = drop;
  return box;
}
