#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/: each is built as it says, plays the street, and says the same as the others; prints TAP.
# Usage: examples.sh      GST_PLUGIN_PATH and VEDETTE_DATA_DIR name the plugin's folder and the models
set -uo pipefail

cd "$(dirname "$(readlink -f "$0")")/../../examples" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

n=0
result() {
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    head -n 20 "$work/log" | sed 's/^/# /'
  fi
}

# Events come from one thread and frames from another, so their lines may change places.
plays() {
  "$@" >"$work/out" 2>"$work/log" && sort "$work/out" >"$work/sorted" &&
    grep -q '^event .* start ' "$work/sorted" && grep -q '^event .* end ' "$work/sorted" &&
    grep -q '^frame .* found 0\.[0-9]* s ago$' "$work/sorted"
}

# shellcheck disable=SC2046 # words are wanted
cc -Wall -Werror read-results.c $(pkg-config --cflags --libs gstreamer-1.0) \
  -o "$work/read-results" 2>"$work/log"
result $? "read-results.c is built"
plays "$work/read-results"
result $? "read-results plays the street"
cp "$work/sorted" "$work/from-c"
! "$work/read-results" "no-such-element ! fakesink" >"$work/log" 2>&1
result $? "read-results says that there is no such element"
! "$work/read-results" "vedette-scenesrc ! squeezetime-recognizer model=/nowhere ! fakesink" \
  >"$work/log" 2>&1 && grep -q nowhere "$work/log"
result $? "read-results says that there is no such model"

if /usr/bin/python3 -c 'import gi; gi.require_version("Gst", "1.0")
from gi.overrides import Gst; Gst.ValueArray' 2>/dev/null; then
  plays /usr/bin/python3 read_results.py && diff "$work/from-c" "$work/sorted" >"$work/log"
  result $? "read_results.py says the same"
  ! /usr/bin/python3 read_results.py "no-such-element ! fakesink" >"$work/log" 2>&1
  result $? "read_results.py says that there is no such element"
else
  n=$((n + 1))
  echo "ok $n # SKIP python3-gst-1.0 is not installed"
fi
echo "1..$n"
