#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How often a network that says whether a camera can see (vedette train slab --street scene) is right
# about photographs, none of which it was trained on: those that packages of Debian ship, as they are
# and with each fault of a camera done to them.
#
#     tests/photos/photos.sh BUILD [CARD] [SEED]
#
# Fetches 250 MB by the names of the packages, into VEDETTE_PHOTOS if that names a folder, so that
# they are there the next time. 77: it cannot be done here, and the last line on stderr says why.
set -eu

skip() {
  echo "photos.sh: skipped: $*" >&2
  exit 77
}

build=${1:?usage: photos.sh BUILD [CARD] [SEED]}
card=${2:-slab-scene}
seed=${3:-1}
here=$(cd "$(dirname "$0")" && pwd)
for program in cli/vedette tests/cli/spoil-picture; do
  [ -x "$build/$program" ] || skip "$build/$program is not built"
done
for tool in apt-get dpkg-deb; do
  command -v $tool >/dev/null || skip "there is no $tool"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packages=${VEDETTE_PHOTOS:-$work/packages}
mkdir -p "$packages" "$work/files"
for package in $(sed -n 's/^package //p' "$here/photos.txt"); do
  set -- "$packages/$package"_*.deb
  [ -f "$1" ] || (cd "$packages" && apt-get download -q "$package") >"$work/apt.log" 2>&1 ||
    skip "$package cannot be fetched: $(tail -n 1 "$work/apt.log")"
  dpkg-deb --fsys-tarfile "$packages/$package"_*.deb | tar -x -C "$work/files" ./usr/share
done

number=0
while read -r kind path; do
  case $kind in scene | close) ;; *) continue ;; esac
  [ -f "$work/files/usr/share/$path" ] || {
    echo "photos.sh: $path is not in its package any more" >&2
    continue
  }
  number=$((number + 1))
  "$build/tests/cli/spoil-picture" "$work/files/usr/share/$path" "$work/$kind" \
    "$(printf %03d $number)" "$((seed * 1000 + number))"
done <"$here/photos.txt"
[ "$number" -ge 40 ] || skip "only $number photographs are there"

for kind in scene close; do
  echo "== $(ls "$work/$kind/sharp" | wc -l) photographs, $kind:"
  "$build/cli/vedette" eval slab --model "$card" --data "$work/$kind" | sed -n '/^camera/,$p'
done
