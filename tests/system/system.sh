#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds the packages for a release of Debian, boots that release in a container, and has inside.sh
# try them there; prints TAP. Usage: system.sh bookworm|trixie [PACKAGE-FOLDER]
# 77: it cannot be done here, and the last line on stderr says why.
set -euo pipefail

release=${1:?usage: system.sh bookworm|trixie [PACKAGE-FOLDER]}
mirror=${VEDETTE_MIRROR:-http://deb.debian.org/debian}
here=$(dirname "$(readlink -f "$0")")
tree=$(dirname "$(dirname "$here")")
packages=${2:-$tree/build-deb/$release}
roots=${XDG_CACHE_HOME:-$HOME/.cache}/vedette/roots
base=$roots/system-$release run=$roots/system-$release.run old=$roots/system-$release.packages
root=$run/root
limit=900 # s, for all that is done inside

say() {
  echo "system.sh: $*" >&2
}

skip() {
  say "skipped on $release: $*"
  exit 77
}

[ "$(id -u)" -eq 0 ] || skip "booting a system needs root, try it with sudo"
command -v systemd-nspawn >/dev/null || skip "there is no systemd-nspawn"
command -v debootstrap >/dev/null || skip "there is no debootstrap"
unshare --mount --pid --fork true 2>/dev/null || skip "this machine gives no mount namespaces"

# Its mounts end with it, however it ends.
if [ "${VEDETTE_OWN_MOUNTS:-}" != yes ]; then
  VEDETTE_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi

# in_base COMMAND...: with the network, without a service being started.
in_base() {
  cp /etc/resolv.conf "$base/etc/resolv.conf"
  # shellcheck disable=SC2016 # the inner shell's variables
  unshare --mount --pid --fork --kill-child --propagation private sh -euc '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" "$@"
  ' sh "$base" env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" >&2
}

# What packages need of others, and what comes with them unless somebody objects.
needs() {
  local file
  for file in "$packages"/*.deb; do
    dpkg-deb -f "$file" Depends Recommends | sed 's/^[A-Za-z]*: //' | tr ',' '\n' | sed 's/^ *//'
  done | grep -vE '^(vedette|libvedette|gstreamer1.0-vedette)|^$' | sort -u
}

# Older ones, to upgrade from: those that passed the last time, or these under a lower version.
previous() {
  local file part
  mkdir -p "$root/test/previous"
  if ls "$old"/*.deb >/dev/null 2>&1 &&
    dpkg --compare-versions "$(dpkg-deb -f "$(echo "$old"/vedette_*.deb)" Version)" lt "$version"; then
    cp "$old"/*.deb "$root/test/previous/"
    return
  fi
  for file in "$packages"/*.deb; do
    part=$root/test/part
    dpkg-deb -R "$file" "$part"
    sed -i "s/${version//./\\.}/0.0.1/g" "$part/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$part" "$root/test/previous/" >&2
    rm -rf "$part"
  done
}

mkdir -p "$roots"
exec 9>"$base.lock"
flock --nonblock 9 || { say "waiting for another run in $root" && flock 9; }

if [ ! -d "$base" ]; then
  say "making $base from $mirror, which takes some minutes"
  rm -rf "$base.part"
  debootstrap --variant=minbase --include=systemd-sysv,dbus,ca-certificates "$release" "$base.part" \
    "$mirror" >&2 || skip "debootstrap made no root from $mirror"
  mv "$base.part" "$base"
fi
if [ $# -lt 2 ]; then
  "$tree/run" deb --in "$release" --version "0.1.0+$(date +%Y%m%d%H%M%S)" >&2 9>&-
fi
version=$(dpkg-deb -f "$(echo "$packages"/vedette_*.deb)" Version)

# Inside there is no network, so what the packages need is there already; and what the camera needs.
in_base apt-get -q update
in_base apt-get -q satisfy -y --no-install-recommends "$(needs | paste -sd,)"
in_base apt-get -q install -y --no-install-recommends python3-gi gir1.2-gst-rtsp-server-1.0 \
  gstreamer1.0-plugins-ugly

# What happens to it stays beside it.
rm -rf "$run"
mkdir -p "$root" "$run/changed" "$run/work"
mount -t overlay -o "lowerdir=$base,upperdir=$run/changed,workdir=$run/work" overlay "$root" ||
  skip "this machine mounts no overlay on $run"
mkdir -p "$root/test/packages"
cp "$packages"/*.deb "$root/test/packages/"
cp "$here"/inside.sh "$here"/camera.py "$root/test/"
previous
cat >"$root/etc/systemd/system/system-test.service" <<'EOF'
[Service]
Type=idle
ExecStart=/test/inside.sh
ExecStopPost=/bin/sh -c '[ -e /test/count ] || systemctl --no-block poweroff'
StandardOutput=append:/test/tap
StandardError=append:/test/log
[Install]
WantedBy=multi-user.target
EOF
ln -s ../system-test.service "$root/etc/systemd/system/multi-user.target.wants/"

boot() {
  say "booting $root"
  timeout --kill-after=20 "$limit" systemd-nspawn --quiet --directory="$root" --boot --register=no \
    --keep-unit --private-network --console=pipe </dev/null >>"$root/test/boot" 2>&1
}

# Its end with 133 is how it asks to be booted again.
status=0
boot || status=$?
if [ $status -eq 133 ]; then
  boot || true
fi
cat "$root/test/boot" >&2
[ -e "$root/test/tap" ] || skip "systemd-nspawn boots nothing here: $(tail -n 1 "$root/test/boot")"
cat "$root/test/log" >&2
cat "$root/test/tap"
if ! grep -q '^1\.\.' "$root/test/tap"; then
  say "it did not come to its end; what it wrote is in $run/changed"
  exit 1
fi
if grep -q '^not ok' "$root/test/tap"; then
  say "$run/changed has what it wrote"
  exit 1
fi
rm -rf "$old"
cp -a "$root/test/packages" "$old"
umount "$root"
rm -rf "$run"
