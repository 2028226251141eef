/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as a whole: how it is, and whether its files are right. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { fullTime } from "./format.js";
import { poll } from "./poll.js";
import { problemList } from "./problems.js";

export function showConfiguration(main) {
  const body = h("tbody");
  const outcome = h("div");

  async function ask(button, what, well) {
    button.disabled = true;
    outcome.replaceChildren();
    try {
      const answer = await what();
      const changes = (answer.changes || []).filter((one) => one.change !== "unchanged");
      outcome.replaceChildren(problemList(null, answer.problems || [], well));
      if (changes.length) {
        outcome.append(h("ul", {}, changes.map((one) =>
          h("li", {}, `${one.stream || "the service"}: ${one.change}${one.keys ? ` (${one.keys.join(", ")})` : ""}`))));
      }
    } catch (error) {
      outcome.replaceChildren(problemList(error.message, error.problems, ""));
    }
    button.disabled = false;
  }

  const check = h("button", {
    type: "button", onclick: () => ask(check, () => api.validate(), "All files are right."),
  }, "Check the files");
  const reload = h("button", {
    type: "button", onclick: () => ask(reload, () => api.reload(), "The files were read anew."),
  }, "Read them anew");
  main.append(h("h1", {}, "Configuration"), h("table", {}, body),
    api.mayControl()
      ? h("section", {}, h("h2", {}, "Files"),
        h("p", { className: "faint" }, "A wrong file changes nothing: what was in force before stays so."),
        h("div", { className: "row" }, check, reload), outcome)
      : "");

  return poll(3000, async () => {
    const status = await api.getStatus();
    const states = Object.entries(status.states || {}).filter(([, n]) => n > 0).map(([name, n]) => `${n} ${name}`);
    const rows = [
      ["Version", status.version], ["Well", status.healthy ? "yes" : "no: only a restart helps"],
      ["Runs since", status.started && fullTime(status.started)],
      ["Files read", status.loaded && fullTime(status.loaded)],
      ["Streams", `${status.streams}${states.length ? `: ${states.join(", ")}` : ""}`],
      ["Refused files", status.refused_reloads ? String(status.refused_reloads) : ""],
    ];
    body.replaceChildren(...rows.filter(([, value]) => value).map(([title, value]) =>
      h("tr", {}, h("th", { scope: "row" }, title), h("td", {}, value))));
  });
}
