#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./run demo as a newcomer runs it, shortened; prints TAP. Usage: demo.sh
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

n=0
# check NAME COMMAND...: a test point that passes if the command does.
check() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@"; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    tail -n 20 "$out/err" | sed 's/^/# /'
  fi
}

# Every line of stdout is an event.
are_events() {
  python3 - "$out/events" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
wanted = {"type", "event", "id", "stream", "element", "label", "score", "pts_ns", "time"}
labels = open("models/squeezetime/models/squeezetime-street/labels.txt").read().split()
good = all(set(line) == wanted and isinstance(line["pts_ns"], int) and line["label"] in labels
           and line["type"] in ("truth", "action") for line in lines)
sys.exit(not (good and {line["event"] for line in lines} >= {"start", "update", "end"}))
END
}

run_demo() {
  rm -f build-release/demo/street.mp4
  env -u LD_LIBRARY_PATH ./run demo --no-install --seconds 20 >"$out/events" 2>"$out/err"
}

check "it ends by itself, with success" run_demo
check "stdout is events, one JSON object a line" are_events
check "it counts what was right" grep -qE '^  all +[1-9]' "$out/err"
check "it leaves a whole film" grep -q moov build-release/demo/street.mp4
echo "1..$n"
