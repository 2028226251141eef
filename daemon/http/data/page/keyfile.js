/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream's file as text, and as groups of keys. What it means is the service's affair. */

export function toText(config) {
  return Object.entries(config).map(([group, keys]) =>
    [`[${group}]`, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`)].join("\n")).join("\n\n") + "\n";
}

/* { config, wrong }: wrong is a sentence, or null. */
export function fromText(text) {
  const config = {};
  let keys = null;
  let wrong = null;
  text.split("\n").forEach((raw, i) => {
    const line = raw.trim();
    const group = /^\[([^\]]+)\]$/.exec(line);
    const setting = /^([^=]+)=(.*)$/.exec(line);
    if (line === "" || line.startsWith("#")) return;
    if (group && !(group[1] in config)) {
      keys = config[group[1]] = {};
    } else if (setting && keys && !(setting[1].trim() in keys)) {
      keys[setting[1].trim()] = setting[2].trim();
    } else if (!wrong) {
      wrong = `line ${i + 1}: expected ${keys ? "a key that is not there yet, KEY=VALUE, or another group" : "a group, [stream]"}`;
    }
  });
  return { config, wrong };
}
