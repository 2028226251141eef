#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs ONNX Runtime for node from npm, in a cache folder, and prints that folder.
# Usage: install-peers.sh [yes|no]     no: print the folder, install nothing
set -euo pipefail

version=1.30.0
peers=${VEDETTE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/vedette/peers}
package=$peers/node_modules/onnxruntime-node/package.json

if ! grep -q "\"version\": \"$version\"" "$package" 2>/dev/null; then
  if [ "${1:-yes}" = no ]; then
    echo "onnxruntime-node $version is not in $peers" >&2
    echo "$peers"
    exit 0
  fi
  echo "Installing onnxruntime-node $version in $peers" >&2
  mkdir -p "$peers"
  [ -f "$peers/package.json" ] || echo '{"private": true}' >"$peers/package.json"
  # Its install script only fetches GPU libraries.
  npm install --prefix "$peers" --ignore-scripts --no-audit --no-fund \
    "onnxruntime-node@$version" >&2
fi
echo "$peers"
