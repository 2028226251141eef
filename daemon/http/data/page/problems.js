/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a configuration, as the service says it. */
import { h } from "./dom.js";

function sentence(problem) {
  let where = "";
  if (problem.group) where += `[${problem.group}] `;
  if (problem.key) where += problem.value === undefined ? `${problem.key}: ` : `${problem.key}=${problem.value}: `;
  const file = problem.file ? `${problem.file}${problem.line ? `:${problem.line}` : ""}: ` : "";
  return file + where + problem.message;
}

/* @well is said if there is none. */
export function problemList(error, problems, well) {
  if (!error && problems.length === 0) return h("p", { className: "well", role: "status" }, well);
  return h("div", { role: "alert" }, error && problems.length === 0 ? h("p", { className: "danger" }, error) : null,
    problems.length ? h("ul", { className: "problems" }, problems.map((problem) => h("li", {}, sentence(problem)))) : null);
}
