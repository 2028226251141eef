#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints a page of this folder with what gst-inspect-1.0 says of its element put in anew.
# Usage: inspect.sh PAGE.md     GST_PLUGIN_PATH names the folder of the plugin
set -euo pipefail

page=${1:?usage: inspect.sh PAGE.md}
element=$(basename "$page" .md)
# Neither where the plugin lies nor which version it has says anything of the element, nor do zeroed
# counts. What GStreamer 1.24 and later print beside that, or otherwise, is left out, so that all
# print the same: flags of elements, blank lines between properties, a property that all sources got,
# and actions.
presets=$(dirname "$(readlink -f "$0")")/../../gst/presets
inspected=$(LC_ALL=C GST_PRESET_PATH=$presets gst-inspect-1.0 --no-colors "$element" |
  grep -vE '^  (Filename|Version|Source release date) ' | grep -vE '^ {40,}[a-z-]+: 0$' |
  sed 's/[[:space:]]*$//' | awk '
    /^[^ ]/ {
      if (properties) print ""
      left_out = /^Element (Flags|Actions):/
      properties = /^Element Properties:/
      later = 0
    }
    properties && /^  [a-z]/ { later = $1 == "automatic-eos" }
    !left_out && !later && !(properties && /^$/)
  ' | cat -s)

awk -v inspected="$inspected" '
  /<!-- gst-inspect-1.0: end -->/ { inside = 0 }
  !inside { print }
  /<!-- gst-inspect-1.0: begin -->/ { inside = 1; print "\n```text\n" inspected "\n```\n" }
' "$page"
