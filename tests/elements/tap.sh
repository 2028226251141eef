# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# For scripts that print TAP: a folder $work, whose log explains a failure, and result.
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
