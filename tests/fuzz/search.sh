#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs the fuzz targets of a build with -Dfuzz=libfuzzer, one after another, each until it made RUNS
# runs or SECONDS are over; a row for each on stdout. What one finds stays in BUILD/fuzz/TARGET,
# with its log and the inputs that the next search goes on from. 1: something was found.
# Usage: search.sh BUILD RUNS SECONDS [TARGET...]
set -euo pipefail

build=$(readlink -f "${1:?usage: search.sh BUILD RUNS SECONDS [TARGET...]}")
runs=$2 seconds=$3
shift 3
here=$(dirname "$(readlink -f "$0")")
if [ $# -eq 0 ]; then
  cd "$here" && set -- corpus/*/
fi

# Short stacks and a small quarantine are faster by half; who replays what was found sees all of it.
# What looks at strstr() measures all of a text for each of its lines.
# GLib's slices, where it has them still, would hide what is wrong with JSON's nodes.
export G_SLICE=always-malloc
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=${ASAN_OPTIONS:-malloc_context_size=1:quarantine_size_mb=8:intercept_strstr=0}
export LSAN_OPTIONS=print_suppressions=0:suppressions=$here/../lsan.supp

found=0
echo "| target | runs | seconds | found |"
echo "| --- | ---: | ---: | --- |"
for target; do
  target=$(basename "$target")
  folder=$build/fuzz/$target
  log=$folder/log
  seeds=("$here/corpus/$target")
  if [ "$target" = pytorch ]; then
    seeds+=("$here/../io/torch-files")
  fi
  mkdir -p "$folder/inputs"
  rm -f "$folder"/found-*
  what=nothing
  SECONDS=0
  # Nothing may take long for 8 KB, nor 64 MB at once. The time is not the processor's: a machine
  # that stops what is nice, for others, would be a finding.
  "$build/tests/fuzz/fuzz-$target" -runs="$runs" -max_total_time="$seconds" -max_len=8192 \
    -timeout=600 -malloc_limit_mb=64 -print_final_stats=1 -artifact_prefix="$folder/found-" \
    "$folder/inputs" "${seeds[@]}" >"$log" 2>&1 || what="see the log" found=1
  made=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf "| \`%s\` | %s | %d | %s |\n" "$target" \
    "$(sed ':a; s/\B[0-9]\{3\}\b/,&/; ta' <<<"${made:-0}")" "$SECONDS" "$what"
done
exit "$found"
