#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Rules and dashboard in examples/ ask for figures that there are; prints TAP. Usage: rules.sh
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1
rules=examples/prometheus/vedette.rules.yml
dashboard=examples/grafana/vedette.json

n=0
# report NAME PROBLEMS: a test point that passes if there are no problems.
report() {
  n=$((n + 1))
  if [ -z "$2" ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

# Figures that a file names and daemon/http/metrics.c does not have; _sum and _count are a summary's.
unknown() {
  local name
  grep -oE '\b(vedette|process)_[a-z_]+' "$1" | sort -u | while read -r name; do
    if ! grep -qF "\"$name\"" daemon/http/metrics.c &&
      ! grep -qF "\"${name%_*}\", \"summary\"" daemon/http/metrics.c; then
      echo "$1: $name"
    fi
  done
}

# A panel has a question, a place and a number of its own.
panels() {
  python3 - "$dashboard" <<'END' 2>&1
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
if len({p["id"] for p in panels}) != len(panels) or not panels:
    print("numbers are not each panel's own")
places = set()
for p in panels:
    at = p["gridPos"]
    if at["x"] + at["w"] > 24 or not all(t["expr"] for t in p["targets"]):
        print(p["title"])
    cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
    if places & cells:
        print(p["title"], "lies on another")
    places |= cells
END
}

report "rules ask for figures that there are" "$(unknown $rules)"
report "the dashboard asks for figures that there are" "$(unknown $dashboard)"
report "the dashboard is one" "$(panels)"
if command -v promtool >/dev/null; then
  report "promtool takes the rules" "$(promtool check config examples/prometheus/prometheus.yml >/dev/null 2>&1 ||
    promtool check config examples/prometheus/prometheus.yml 2>&1)"
  report "alerts fire when they should" "$(promtool test rules tests/examples/alerts.yml >/dev/null 2>&1 ||
    promtool test rules tests/examples/alerts.yml 2>&1)"
else
  for name in "promtool takes the rules" "alerts fire when they should"; do
    n=$((n + 1))
    echo "ok $n - $name # SKIP no promtool"
  done
fi
echo "1..$n"
