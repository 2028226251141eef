#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages of elements: what gst-inspect-1.0 says is up to date, and every pipeline runs; prints TAP.
# Usage: docs.sh MODEL-CARD CARD-OF-A-SEGMENTER CARD-OF-A-CLASSIFIER CARD-OF-A-RESTORER
set -uo pipefail

usage="usage: docs.sh MODEL-CARD CARD-OF-A-SEGMENTER CARD-OF-A-CLASSIFIER CARD-OF-A-RESTORER"
actions=$(readlink -f "${1:?$usage}")
maps=$(readlink -f "${2:?$usage}")
classes=$(readlink -f "${3:?$usage}")
restorations=$(readlink -f "${4:?$usage}")
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/elements/tap.sh
. "$here/tap.sh"
cd "$here/../../docs/elements" || exit 1
FILE=$work/film.mp4
TRUTH=$work/truth.jsonl
export MODEL FILE TRUTH

for page in *.md; do
  case "$page" in
    cgrseg-segmenter.md) MODEL=$maps ;;
    slab-classifier.md) MODEL=$classes ;;
    ipt-restorer.md) MODEL=$restorations ;;
    *) MODEL=$actions ;;
  esac
  ./inspect.sh "$page" 2>"$work/log" | diff "$page" - >>"$work/log"
  result $? "$page is up to date (docs/elements/inspect.sh)"
  rm -f "$work"/block-*
  awk -v to="$work/block-" '/^```sh$/ { file = to sprintf("%02d", ++k); next }
                            /^```/ { file = "" } file { print > file }' "$page"
  for block in "$work"/block-*; do
    timeout 60 sh -eu "$block" >"$work/log" 2>&1
    result $? "$page: $(grep -v '^#' "$block" | head -n 1)"
  done
done
echo "1..$n"
