/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and times for people. */

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const both = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function time(text) {
  const date = new Date(text);
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : both.format(date);
}

export function fullTime(text) {
  return both.format(new Date(text));
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

export function rate(value) {
  return value === undefined ? "" : `${value.toFixed(1)} /s`;
}

export function share(value) {
  return value === undefined ? "" : `${Math.round(value * 100)} %`;
}

export function count(value) {
  return value.toLocaleString();
}

/* What an event is called: "crossing gate in, person". */
export function eventTitle(event) {
  const words = [];
  if (event.what && event.what !== event.label) words.push(event.what);
  if (event.line) words.push(event.line);
  if (event.direction) words.push(event.direction);
  if (event.zone) words.push(event.zone);
  const place = words.join(" ");
  if (!event.label) return place || event.type;
  return place ? `${place}: ${event.label}` : event.label;
}

/* How long it went on, or goes on. */
export function eventLength(event) {
  const end = event.end ? new Date(event.end) : new Date();
  return duration(Math.max(0, (end - new Date(event.start)) / 1000));
}
