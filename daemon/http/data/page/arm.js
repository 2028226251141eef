/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the service is armed, and a choice for who may control it. */
import * as api from "./api.js";
import { h } from "./dom.js";

const words = { auto: "Armed by schedules", armed: "Armed", disarmed: "Disarmed" };

/* With a function show(arm). */
export function armChoice() {
  if (!api.mayControl()) {
    const text = h("span", { className: "faint arm" });
    text.show = (arm) => { text.textContent = words[arm] || ""; };
    return text;
  }
  const trouble = h("span", { className: "danger", role: "alert" });
  const choice = h("select", {
    id: "arm",
    onchange: async () => {
      choice.disabled = true;
      trouble.textContent = "";
      try {
        await api.setArm(choice.value);
      } catch (error) {
        trouble.textContent = error.message;
      }
      choice.disabled = false;
    },
  }, Object.entries(words).map(([value, text]) => h("option", { value }, text)));
  const box = h("span", { className: "row" }, h("label", {}, "Who is told: ", choice), trouble);
  box.show = (arm) => {
    if (!choice.disabled && document.activeElement !== choice) choice.value = arm;
  };
  return box;
}
