#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs './run COMMAND' on another release of Debian, in a root that debootstrap makes once.
# Usage: in-root.sh bookworm|trixie COMMAND [OPTION...]
# VEDETTE_MIRROR names another mirror of Debian. 77: it cannot be done here, and the last line on
# stderr says why.
set -euo pipefail

release=${2:+$1}
: "${release:?usage: in-root.sh bookworm|trixie COMMAND [OPTION...]}"
shift
mirror=${VEDETTE_MIRROR:-http://deb.debian.org/debian}
tree=$(dirname "$(dirname "$(readlink -f "$0")")")
roots=${XDG_CACHE_HOME:-$HOME/.cache}/vedette/roots
root=$roots/$release

skip() {
  echo "in-root.sh: skipped on $release: $*" >&2
  exit 77
}

[ "$(id -u)" -eq 0 ] || skip "making and entering a root needs root, try it with sudo"
unshare --mount --pid --fork true 2>/dev/null || skip "this machine gives no mount namespaces"

# Two runs at once would overwrite each other's tree.
mkdir -p "$roots"
exec 9>"$roots/$release.lock"
flock --nonblock 9 || { echo "in-root.sh: waiting for another run in $root" >&2 && flock 9; }

# A root that was left half made has no name.
if [ ! -d "$root" ]; then
  command -v debootstrap >/dev/null || skip "there is no debootstrap"
  echo "in-root.sh: making $root from $mirror, which takes some minutes" >&2
  rm -rf "$root.part"
  debootstrap --variant=minbase --include=ca-certificates "$release" "$root.part" "$mirror" >&2 ||
    skip "debootstrap made no root from $mirror; $root.part/debootstrap/debootstrap.log says more"
  # Packages start no services in it.
  printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d"
  chmod +x "$root.part/usr/sbin/policy-rc.d"
  mv "$root.part" "$root"
fi

# A copy, with build folders of its own: what the release's compiler makes stays there. What differs
# from the last copy, which may be another tree's, is new, however old it is here; the rest is as
# old as it was.
copy=$root/vedette
rm -rf "$copy.new"
mkdir "$copy.new"
tar -C "$tree" --exclude='./build*' --exclude=./.git --exclude=./out -c . | tar -C "$copy.new" -xm
if [ -d "$copy" ]; then
  # shellcheck disable=SC2016 # the inner shell's variables
  find "$copy.new" -type f -printf '%P\0' | xargs -0 sh -c '
    old=$0
    for file; do
      if cmp -s "$old/$file" "$old.new/$file"; then
        touch -r "$old/$file" "$old.new/$file"
      fi
    done' "$copy"
  find "$copy" -mindepth 1 -maxdepth 1 -name 'build*' -exec mv -t "$copy.new" {} +
  rm -rf "$copy"
fi
mv "$copy.new" "$copy"
cp /etc/resolv.conf "$root/etc/resolv.conf"

# Its mounts and processes end with it, however it ends.
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# shellcheck disable=SC2016 # the inner shell's variables
exec unshare --mount --pid --fork --kill-child --propagation private sh -euc '
  root=$1
  shift
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  exec chroot "$root" "$@"
' sh "$root" env -i HOME=/root LANG=C.UTF-8 PATH="$path" \
  ${TERM:+TERM="$TERM"} ${CI:+CI="$CI"} /vedette/run "$@"
