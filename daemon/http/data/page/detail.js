/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One stream: its picture, how it is, its figures and its events. */
import * as api from "./api.js";
import { chart } from "./chart.js";
import { h, state } from "./dom.js";
import { eventList } from "./events.js";
import { count, duration, rate } from "./format.js";
import { livePicture } from "./picture.js";
import { poll } from "./poll.js";

function rowsOf(stream) {
  const rows = [
    ["State", state(stream.state)],
    ["Since", stream.in_state_s === undefined ? "" : duration(stream.in_state_s)],
    ["Why", stream.reason],
    ["Process", stream.isolated ? "of its own" : ""],
    ["Tried again in", stream.retry_in_s === undefined ? "" : duration(stream.retry_in_s)],
    ["Last picture", stream.frame_age_s === undefined ? "never" : `${duration(stream.frame_age_s)} ago`],
    ["Codec", stream.codec],
    ["Pictures", stream.frames === undefined ? "" : count(stream.frames)],
    ["Of these skipped", stream.skipped === undefined ? "" : count(stream.skipped)],
    ["Connections", stream.connects === undefined ? "" : `${count(stream.connects)}, again ${count(stream.reconnects)}`],
    ["Stalls", stream.stalls === undefined ? "" : count(stream.stalls)],
  ];
  for (const analyser of stream.analysers || []) {
    rows.push([analyser.name, `${analyser.model}: ${count(analyser.results)} results, ${count(analyser.skipped)} skipped` +
      (analyser.average_s === undefined ? "" : `, ${Math.round(analyser.average_s * 1000)} ms each`)]);
  }
  return rows.filter(([, value]) => value);
}

function buttons(name) {
  const trouble = h("p", { className: "danger", role: "alert", hidden: true });
  async function act(button, what, then) {
    button.disabled = true;
    trouble.hidden = true;
    try {
      await what();
      if (then) then();
    } catch (error) {
      trouble.textContent = [error.message, ...error.problems.map((problem) => problem.message)].join(" ");
      trouble.hidden = false;
    }
    button.disabled = false;
  }
  const restart = h("button", { type: "button", onclick: () => act(restart, () => api.restartStream(name)) }, "Restart");
  const remove = h("button", {
    type: "button", className: "danger",
    onclick: () => {
      if (confirm(`Remove stream ${name}, and its file? Its events stay.`))
        act(remove, () => api.removeStream(name), () => { location.hash = "#/"; });
    },
  }, "Remove");
  return [h("div", { className: "row" }, restart,
    h("a", { className: "button", href: `#/streams/${encodeURIComponent(name)}/edit` }, "Edit"), remove), trouble];
}

export function showDetail(main, name) {
  const picture = livePicture(name);
  const body = h("tbody");
  const gone = h("p", { className: "empty", hidden: true }, "There is no such stream.");
  const charts = {
    camera: chart("Pictures that come", rate),
    process: chart("Pictures that are looked at", rate),
    age: chart("Age of the newest picture", duration),
    busy: chart("Time of an inference", (seconds) => `${Math.round(seconds * 1000)} ms`),
  };
  const events = eventList({ stream: name }, 20);
  const all = h("div", {},
    h("div", { className: "detail" }, picture, h("div", {}, h("table", {}, body), api.mayControl() ? buttons(name) : null)),
    h("h2", {}, "The last minutes"),
    h("div", { className: "charts" }, Object.values(charts).map((one) => one.box)),
    h("h2", {}, "Events"), events.box);

  main.append(h("h1", {}, name), gone, all);
  const endPolling = poll(2000, async () => {
    let stream;
    try {
      stream = await api.getStream(name);
    } catch (error) {
      if (error.status !== 404) throw error;
      gone.hidden = false;
      all.hidden = true;
      picture.stop();
      return;
    }
    gone.hidden = true;
    all.hidden = false;
    picture.show(stream);
    body.replaceChildren(...rowsOf(stream).map(([title, value]) =>
      h("tr", {}, h("th", { scope: "row" }, title), h("td", {}, value))));
    charts.camera.add(stream.camera_fps);
    charts.process.add(stream.process_fps);
    charts.age.add(stream.frame_age_s);
    const times = (stream.analysers || []).map((one) => one.last_s).filter((one) => one !== undefined);
    charts.busy.add(times.length ? Math.max(...times) : undefined);
  });
  return () => {
    endPolling();
    events.end();
    picture.stop();
  };
}
