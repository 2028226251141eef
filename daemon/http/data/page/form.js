/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream is added, or changed: a few fields for what most want, and the whole file beside them. */
import * as api from "./api.js";
import { h } from "./dom.js";
import { fromText, toText } from "./keyfile.js";
import { problemList } from "./problems.js";

const ANALYSERS = [
  { group: "recognizer", label: "Name actions", keys: {} },
  { group: "segmenter", label: "Follow people and things", keys: { objects: "yes" } },
];

export function showForm(main, stream) {
  const title = stream ? `Edit ${stream}` : "Add a stream";
  const name = h("input", { name: "name", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9_.\\-]{0,63}", autocomplete: "off", autofocus: true });
  const source = h("input", { name: "source", type: "text", inputMode: "url", required: true, placeholder: "rtsp://camera/stream", autocomplete: "off", spellcheck: false });
  const credential = h("input", { name: "credential", autocomplete: "off", placeholder: "none" });
  const boxes = ANALYSERS.map((one) => h("input", { type: "checkbox", checked: !stream }));
  const text = h("textarea", { spellcheck: false, rows: 14, ariaLabel: "The stream's file" });
  const outcome = h("div");
  const check = h("button", { type: "button", onclick: () => send(check, true) }, "Check");
  const save = h("button", { type: "submit", className: "primary" }, stream ? "Save" : "Add");
  const back = stream ? `#/streams/${encodeURIComponent(stream)}` : "#/";

  /* The fields go into the text, which is what counts. */
  function write() {
    const config = fromText(text.value).config;
    const own = { ...config.stream, source: source.value.trim() };
    if (credential.value.trim()) own.credential = credential.value.trim();
    else delete own.credential;
    const groups = { stream: own };
    for (const [group, keys] of Object.entries(config)) if (group !== "stream") groups[group] = keys;
    ANALYSERS.forEach((one, i) => {
      if (boxes[i].checked) groups[one.group] = groups[one.group] || one.keys;
      else delete groups[one.group];
    });
    text.value = toText(groups);
  }
  function read() {
    const { config } = fromText(text.value);
    source.value = (config.stream || {}).source || "";
    credential.value = (config.stream || {}).credential || "";
    ANALYSERS.forEach((one, i) => {
      boxes[i].checked = one.group in config;
    });
  }
  async function send(button, onlyCheck) {
    const { config, wrong } = fromText(text.value);
    outcome.replaceChildren();
    if (wrong) {
      outcome.append(problemList(null, [{ line: 0, message: wrong }], ""));
      return;
    }
    button.disabled = true;
    try {
      const chosen = stream || name.value;
      if (onlyCheck) {
        const answer = await api.validate(chosen || "new", config);
        outcome.append(problemList(null, answer.problems || [], "All is right."));
      } else {
        await (stream ? api.changeStream(stream, config) : api.addStream(chosen, config));
        location.hash = `#/streams/${encodeURIComponent(chosen)}`;
      }
    } catch (error) {
      outcome.append(problemList(error.message, error.problems, ""));
    }
    button.disabled = false;
  }

  main.append(h("h1", {}, title), h("form", {
    className: "form", onsubmit: (event) => {
      event.preventDefault();
      send(save, false);
    },
  },
  stream ? null : h("label", {}, "Name", name),
  h("label", {}, "Source", source),
  h("label", {}, "Credential (user and password are kept apart, under this name)", credential),
  h("div", { className: "choices" }, ANALYSERS.map((one, i) => h("label", {}, boxes[i], one.label))),
  h("details", { open: Boolean(stream) }, h("summary", {}, "The whole file: see vedette.conf(5)"), text),
  outcome,
  h("div", { className: "row" }, save, check, h("a", { className: "button", href: back }, "Cancel"))));
  for (const field of [source, credential, ...boxes]) field.addEventListener("change", write);
  text.addEventListener("change", read);

  if (stream) {
    api.getStream(stream).then((answer) => {
      text.value = toText(answer.config);
      read();
    }, (error) => outcome.append(problemList(error.message, error.problems || [], "")));
  } else {
    write();
  }
  return () => {};
}
