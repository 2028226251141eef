#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Units as they are installed: right for their version of systemd, known to it, and closed; prints
# TAP. Usage: units.sh TREE VEDETTE FOLDER SYSTEMD-VERSION: where they were made, for which systemd
set -uo pipefail

tree=${1:?usage: units.sh TREE VEDETTE FOLDER SYSTEMD-VERSION}
vedette=$(readlink -f "$2") folder=$3 version=$4
# shellcheck source=tests/elements/tap.sh
. "$tree/tests/elements/tap.sh"

# has UNIT LINE...: each of these lines, once.
has() {
  local unit=$1 line
  shift
  for line; do
    if [ "$(grep -cxF -- "$line" "$unit")" -ne 1 ]; then
      echo "$unit has not once the line $line" >"$work/log"
      return 1
    fi
  done
}

# explained UNIT: no directive without a comment above it, or above those that it stands with.
explained() {
  awk '/^#/ { said = 1; next } /^(\[|$)/ { said = 0; next }
       /^(Description|Documentation|ExecStart|WantedBy)=/ { next }
       !said { print FILENAME ":" FNR ": " $0; bad = 1 } END { exit bad }' "$1" >"$work/log"
}

# For a systemd of another version than this build's they have a name in front.
if [ "$version" -ge 253 ]; then
  older=$folder/notify- newer=$folder/
else
  older=$folder/ newer=$folder/notify-reload-
fi
for unit in vedette.service vedette@.service; do
  # shellcheck disable=SC2016 # systemd's variable
  has "$older$unit" Type=notify 'ExecReload=/bin/kill -HUP $MAINPID' &&
    ! grep -q '^Type=notify-reload' "$older$unit"
  result $? "$unit for systemd 252 is told of a reload by SIGHUP"
  has "$newer$unit" Type=notify-reload && ! grep -q '^ExecReload' "$newer$unit"
  result $? "$unit for systemd 253 and later is of the type that waits for reloads"
  diff <(sed '/^Type=/d;/^ExecReload=/d;/^# Started/d;/^# SIGHUP/d' "$older$unit") \
    <(sed '/^Type=/d;/^# Started/d' "$newer$unit") >"$work/log"
  result $? "$unit differs in nothing else"
  has "$folder/$unit" WatchdogSec=15s Restart=on-failure RestartPreventExitStatus=78 \
    LoadCredential=cameras:/etc/vedette/credentials
  result $? "$unit is watched, restarted unless its configuration is wrong, and given secrets"
  explained "$folder/$unit"
  result $? "each directive of $unit is explained"
done
has "$folder/vedette@.service" StateDirectory=vedette/isolated/%i \
  "RuntimeDirectory=vedette@%i vedette@%i/orc" "ExecStart=$(
    sed -n 's/^ExecStart=//p' "$folder/vedette.service") --stream %i"
result $? "a stream of its own is run alone, with folders of its own"

if ! command -v systemd-analyze >/dev/null; then
  for check in "is known to systemd" "is closed"; do
    n=$((n + 1))
    echo "ok $n - $check # SKIP no systemd-analyze"
  done
else
  # The program is not installed yet, and the manual need not be.
  mkdir "$work/units"
  for unit in vedette.service vedette@.service; do
    sed "s|^ExecStart=[^ ]*|ExecStart=$vedette|" "$folder/$unit" >"$work/units/$unit"
    # A template is looked at as one of its units.
    name=${unit/@./@front.}
    [ -e "$work/units/$name" ] || ln -s "$unit" "$work/units/$name"
    # Units of the machine that it looks at, too, may have complaints of their own.
    systemd-analyze verify --man=no "$work/units/$name" >"$work/said" 2>&1
    ended=$?
    grep -F vedette "$work/said" >"$work/log"
    if [ -s "$work/log" ]; then
      ended=1
    fi
    result $ended "$unit is known to systemd"
    systemd-analyze security --offline=true --threshold=20 "$work/units/$name" >"$work/log" 2>&1
    result $? "$unit is closed: $(tail -n 1 "$work/log" | grep -o '[0-9.]* OK') of 2.0"
  done
fi
echo "1..$n"
