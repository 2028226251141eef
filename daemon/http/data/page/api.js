/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service, as /api/v1/openapi.json describes it. */

let session = { role: "read" };
const listeners = new Set();

/* An answer that is no success. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `the service answers ${status}`);
    this.status = status;
    this.problems = problem.problems || [];
  }
}

/* Told whether the service can be reached: @listener(true), @listener(false). */
export function onReach(listener) {
  listeners.add(listener);
}

function reached(yes) {
  for (const listener of listeners) listener(yes);
}

async function call(method, path, body) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (session.csrf && method !== "GET") headers["X-CSRF-Token"] = session.csrf;
  let response;
  try {
    response = await fetch(path, {
      method, headers, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch (error) {
    reached(false);
    throw new Refusal(0, { detail: "The service cannot be reached." });
  }
  reached(true);
  if (response.status === 401) {
    location.assign("/login");
    throw new Refusal(401, { detail: "Log in first." });
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text === "" ? {} : JSON.parse(text);
  } catch (error) {
    answer = { detail: "The service answers with something that is no JSON." };
    if (response.ok) throw new Refusal(response.status, answer);
  }
  if (!response.ok) throw new Refusal(response.status, answer);
  return answer;
}

const name = encodeURIComponent;
const streams = "/api/v1/streams";

export async function begin() {
  session = await call("GET", "/api/v1/session");
}
export const mayControl = () => session.role === "control";
export const hasSession = () => session.csrf !== undefined;
export const logout = () => call("POST", "/logout");

export const getStatus = () => call("GET", "/api/v1/status");
export const setArm = (arm) => call("PUT", "/api/v1/arm", { arm });
export const getStreams = async () => (await call("GET", streams)).streams;
export const getStream = (stream) => call("GET", `${streams}/${name(stream)}`);
export const addStream = (stream, config) => call("POST", streams, { name: stream, config });
export const changeStream = (stream, config) =>
  call("PUT", `${streams}/${name(stream)}`, { config });
export const removeStream = (stream) => call("DELETE", `${streams}/${name(stream)}`);
export const restartStream = (stream) => call("POST", `${streams}/${name(stream)}/restart`);
export const liveUrl = (stream) => `${streams}/${name(stream)}/live`;
export const reload = () => call("POST", "/api/v1/reload");
export const validate = (stream, config) =>
  call("POST", "/api/v1/config/validate", stream ? { name: stream, config } : undefined);

export function getEvents(filter) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) if (value) query.set(key, value);
  return call("GET", `/api/v1/events?${query}`);
}
export const getEvent = (id) => call("GET", `/api/v1/events/${name(id)}`);

/* Calls @told with each event that is told from now on. Returns a function that ends that. */
export function follow(told) {
  const source = new EventSource("/api/v1/events/stream");
  const take = (message) => told(JSON.parse(message.data));
  for (const type of ["message", "start", "update", "end"]) source.addEventListener(type, take);
  return () => source.close();
}
