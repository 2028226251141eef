#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# ./run demo as a newcomer runs it, shortened; prints TAP. Usage: demo.sh
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
out=$(mktemp -d)
service=''
trap '[ -z "$service" ] || kill -KILL "$service" 2>/dev/null; rm -rf "$out"' EXIT

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
good = all(set(line) - {"what"} == wanted and isinstance(line["pts_ns"], int)
           and ("what" in line if line["type"] == "classification" else line["label"] in labels)
           and line["type"] in ("truth", "action", "classification") for line in lines)
sys.exit(not (good and {line["event"] for line in lines} >= {"start", "update", "end"}))
END
}

run_demo() {
  rm -f build-release/demo/street.mp4
  env -u LD_LIBRARY_PATH ./run demo --no-install --seconds 20 >"$out/events" 2>"$out/err"
}

# says ROUTE PYTHON: whether what the service answers, as JSON, is so.
says() {
  python3 - "$page$1" "$2" <<'END' 2>/dev/null
import json, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
    a = json.load(answer)
sys.exit(not eval(sys.argv[2]))
END
}

# within SECONDS COMMAND...
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] && kill -0 "$service" 2>/dev/null || return 1
    sleep 0.5
  done
}

serve_demo() {
  env -u LD_LIBRARY_PATH ./run demo --serve --no-install >"$out/told" 2>"$out/err" &
  service=$!
  within 300 grep -qE '^  http://127.0.0.1:[0-9]+/$' "$out/err"
  page=$(sed -n 's|^  \(http://127.0.0.1:[0-9]*/\)$|\1|p' "$out/err")
}

# Four that are live, each of whose analysers has had a result; and whoever opens the page may
# change something.
all_work() {
  within 60 says api/v1/streams 'len(a["streams"]) == 4 and all(s["state"] == "live"
    and len(s["analysers"]) == 3 and all(x["results"] > 0 for x in s["analysers"])
    for s in a["streams"])' && says api/v1/session 'a["role"] == "control"'
}

ends() {
  kill -INT "$service" && wait "$service"
}

check "it ends by itself, with success" run_demo
check "stdout is events, one JSON object a line" are_events
check "it counts what was right" grep -qE '^  all +[1-9]' "$out/err"
check "it leaves a whole film" grep -q moov build-release/demo/street.mp4
check "it says how to go on" grep -q './run demo --serve' "$out/err"
check "--serve says where its page is" serve_demo
check "four cameras are live there" all_work
check "it says what happens, too" within 60 grep -q '"type":"segmentation"' "$out/told"
check "Ctrl-C ends it" ends
echo "1..$n"
