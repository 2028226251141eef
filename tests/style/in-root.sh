#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# './run test --in RELEASE' without a network: what it says where it cannot, and what it would run;
# prints TAP. Usage: in-root.sh
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/elements/tap.sh
. "$here/../elements/tap.sh"
cd "$here/../.." || exit 1
export XDG_CACHE_HOME=$work/cache
root=$XDG_CACHE_HOME/vedette/roots/trixie
chmod go+rx "$work"

# ends STATUS SENTENCE COMMAND ...
ends() {
  local status=$1 sentence=$2 got
  shift 2
  "$@" >"$work/log" 2>&1
  got=$?
  echo "ended with $got" >>"$work/log"
  [ $got -eq "$status" ] && grep -q -- "$sentence" "$work/log"
}

# program NAME: what stdin says, first in the path.
mkdir "$work/bin"
program() {
  { echo '#!/bin/sh' && cat; } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
export PATH=$work/bin:$PATH

ends 2 "bookworm or trixie" ./run test --in lenny
result $? "a release that nobody knows is wrong usage"

if [ "$(id -u)" -ne 0 ]; then
  ends 77 "skipped on trixie: .* needs root" ./run test --no-install --in trixie
  result $? "without root it is skipped"
elif ! unshare --mount --pid --fork true 2>/dev/null; then
  ends 77 "skipped on trixie: .* mount namespaces" ./run test --no-install --in trixie
  result $? "without namespaces it is skipped"
else
  program id <<<'echo 1000'
  ends 77 "skipped on trixie: .* needs root" ./run test --no-install --in trixie
  result $? "without root it is skipped"
  rm "$work/bin/id"

  program debootstrap <<'END'
mkdir -p "$4" && exit 1
END
  ends 77 "skipped on trixie: debootstrap made no root" ./run test --no-install --in trixie &&
    [ ! -e "$root" ]
  result $? "without a mirror it is skipped, and leaves no root"

  program debootstrap <<'END'
mkdir -p "$4" && cd "$4" && mkdir -p dev etc proc sys usr/sbin
END
  program chroot <<'END'
echo "in $*"
ls "$1/proc/self" >/dev/null && exit 3
END
  ends 3 "in $root env -i .* /vedette/run test --quick\$" \
    ./run test --no-install --quick --in trixie
  result $? "the suite is run in the root, with the same options, and its status is handed on"
  cmp -s run "$root/vedette/run" && [ ! -e "$root/vedette/build" ] &&
    [ -x "$root/usr/sbin/policy-rc.d" ]
  result $? "the root has the tree, without its builds, and starts no services"
  mkdir "$root/vedette/build" && touch "$root/vedette/gone"
  touch -d 2020-01-01 "$root/vedette/README.md"
  echo "of another tree" >"$root/vedette/run"
  touch "$work/before"
  program debootstrap <<<'exit 1'
  ends 3 "in $root" ./run test --no-install --in trixie &&
    [ -d "$root/vedette/build" ] && [ ! -e "$root/vedette/gone" ]
  result $? "the next time root and build are still there, and what the tree has not is gone"
  cmp -s run "$root/vedette/run" && [ ! "$root/vedette/run" -ot "$work/before" ] &&
    [ "$(stat -c %y "$root/vedette/README.md" | cut -c1-4)" = 2020 ]
  result $? "what changed is newer than the build, what did not is as old as it was"
  [ -z "$(ls "$root/proc")" ] && [ -z "$(ls "$root/dev")" ]
  result $? "nothing stays mounted"
fi
echo "1..$n"
