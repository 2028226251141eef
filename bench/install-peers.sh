#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs ONNX Runtime for node from npm, and OpenVINO from PyPI, in a cache folder, and prints that
# folder.
# Usage: install-peers.sh [yes|no]     no: print the folder, install nothing
set -euo pipefail

ort=1.30.0
openvino=2026.4.1
nncf=3.4.0
may_install=${1:-yes}
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
