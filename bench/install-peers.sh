#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs ONNX Runtime for node from npm, and OpenVINO from PyPI, in a cache folder, and prints that
# folder.
# Usage: install-peers.sh [yes|no] [restore]     no: print the folder, install nothing; restore:
# instead of these two what restore.py compares with, and photographs of a package of Debian
set -euo pipefail

ort=1.30.0
openvino=2026.4.1
nncf=3.4.0
restoring="opencv-python-headless==4.14.0.94 scikit-image==0.26.0 scikit-video==1.1.11
  imageio-ffmpeg==0.8.1 numpy==2.4.6"
photos=lomiri-wallpapers-16.04
may_install=${1:-yes}
what=${2:-}
peers=${VEDETTE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/vedette/peers}

# Says what is missing; succeeds if it may be installed.
missing() {
  if [ "$may_install" = no ]; then
    echo "$1 is not in $peers" >&2
    return 1
  fi
  echo "Installing $1 in $peers" >&2
  mkdir -p "$peers"
}

if [ "$what" = restore ]; then
  python=$peers/restore
  if [ "$(cat "$python/version" 2>/dev/null)" != "$restoring $photos" ] &&
    missing "OpenCV, scikit-image, scikit-video, FFmpeg and photographs"; then
    rm -rf "$python"
    /usr/bin/python3 -m venv "$python"
    # shellcheck disable=SC2086
    "$python/bin/pip" install --quiet --disable-pip-version-check $restoring >&2
    mkdir "$python/photos"
    (cd "$python" && apt-get download -q "$photos") >&2
    dpkg-deb --fsys-tarfile "$python/$photos"_*.deb |
      tar -x -C "$python/photos" ./usr/share/backgrounds
    rm "$python/$photos"_*.deb
    echo "$restoring $photos" >"$python/version"
  fi
  echo "$peers"
  exit
fi

package=$peers/node_modules/onnxruntime-node/package.json
if ! grep -q "\"version\": \"$ort\"" "$package" 2>/dev/null && missing "onnxruntime-node $ort"; then
  [ -f "$peers/package.json" ] || echo '{"private": true}' >"$peers/package.json"
  # Its install script only fetches GPU libraries.
  npm install --prefix "$peers" --ignore-scripts --no-audit --no-fund \
    "onnxruntime-node@$ort" >&2
fi

# With a Python of its own: what Debian's has stays as it is. The file is written when all went well.
python=$peers/openvino
if [ "$(cat "$python/version" 2>/dev/null)" != "$openvino $nncf" ] &&
  missing "OpenVINO $openvino with NNCF $nncf"; then
  rm -rf "$python"
  /usr/bin/python3 -m venv "$python"
  "$python/bin/pip" install --quiet --disable-pip-version-check \
    "openvino==$openvino" "nncf==$nncf" numpy >&2
  echo "$openvino $nncf" >"$python/version"
fi
echo "$peers"
