/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A figure over the last minutes, as a line. */
import { h, svg } from "./dom.js";

const MOST = 150; /* values */

export function chart(title, show) {
  const now = h("span");
  const line = svg("path", { d: "" });
  const values = [];
  const box = h("figure", {}, h("figcaption", {}, h("span", {}, title), now),
    svg("svg", { class: "chart", viewBox: `0 0 ${MOST - 1} 100`, preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("line", { x1: 0, x2: MOST - 1, y1: 99, y2: 99 }), line));

  return {
    box,
    add: (value) => {
      values.push(value === undefined ? NaN : value);
      if (values.length > MOST) values.shift();
      const top = Math.max(1e-9, ...values.filter((one) => !Number.isNaN(one)));
      let path = "";
      let pen = "M";
      values.forEach((one, i) => {
        if (Number.isNaN(one)) {
          pen = "M"; /* where nothing is known the line is broken */
          return;
        }
        path += `${pen}${MOST - values.length + i} ${(98 - (one / top) * 94).toFixed(1)}`;
        pen = "L";
      });
      line.setAttribute("d", path);
      now.textContent = value === undefined ? "–" : show(value);
    },
  };
}
