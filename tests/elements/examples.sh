#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/: each is built as it says, plays the street, and says the same as the others; prints TAP.
# Usage: examples.sh      GST_PLUGIN_PATH and VEDETTE_DATA_DIR name the plugin's folder and the models
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/elements/tap.sh
. "$here/tap.sh"
cd "$here/../../examples" || exit 1

# Events come from one thread and frames from another, so their lines may change places.
plays() {
  timeout 60 "$@" >"$work/out" 2>"$work/log" && sort "$work/out" >"$work/sorted" &&
    grep -q '^event .* start ' "$work/sorted" && grep -q '^event .* end ' "$work/sorted" &&
    grep -q '^frame .* found 0\.[0-9]* s ago$' "$work/sorted"
}

# complains ABOUT COMMAND ...: it fails by itself, and names what is wrong
complains() {
  local about=$1 status
  shift
  timeout 60 "$@" >"$work/log" 2>&1
  status=$?
  [ $status -gt 0 ] && [ $status -lt 124 ] && grep -q -- "$about" "$work/log"
}

# shellcheck disable=SC2046 # words are wanted
cc -Wall -Werror read-results.c $(pkg-config --cflags --libs gstreamer-1.0) \
  -o "$work/read-results" 2>"$work/log"
result $? "read-results.c is built"
plays "$work/read-results"
result $? "read-results plays the street"
cp "$work/sorted" "$work/from-c"
complains no-such-element "$work/read-results" "no-such-element ! fakesink"
result $? "read-results says that there is no such element"
complains nowhere "$work/read-results" \
  "vedette-scenesrc ! squeezetime-recognizer model=/nowhere ! fakesink"
result $? "read-results says that there is no such model"
complains "no pipeline" "$work/read-results" fakesrc
result $? "read-results says that an element is no pipeline"

if /usr/bin/python3 -c 'import gi; gi.require_version("Gst", "1.0")
from gi.repository import Gst; Gst.ValueArray' 2>/dev/null; then
  plays /usr/bin/python3 read_results.py && diff "$work/from-c" "$work/sorted" >"$work/log"
  result $? "read_results.py says the same"
  complains no-such-element /usr/bin/python3 read_results.py "no-such-element ! fakesink"
  result $? "read_results.py says that there is no such element"
  complains "no pipeline" /usr/bin/python3 read_results.py fakesrc
  result $? "read_results.py says that an element is no pipeline"
else
  n=$((n + 1))
  echo "ok $n # SKIP python3-gst-1.0 is not installed"
fi
echo "1..$n"
