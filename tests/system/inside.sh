#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Vedette on a machine that systemd runs: installed, upgraded, started, reloaded, frozen, stopped,
# removed. Run by system.sh inside the machine; prints TAP. What a check saw is on stderr.
set -uo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

n=0
# check NAME COMMAND...
check() {
  local name=$1
  shift
  echo "== $name" >&2
  "$@" >&2
  status=$?
  n=$((n + 1))
  if [ $status -eq 0 ]; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    systemctl status --no-pager 'vedette*' >&2
    journalctl --no-pager -u 'vedette*' -n 30 >&2
  fi
}

# The same, and without it there is no sense in going on.
must() {
  check "$@"
  if [ $status -ne 0 ]; then
    echo "Bail out! $1"
    exit 1
  fi
}

figure() {
  echo "# $*"
}

# within SECONDS COMMAND...: true before that
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

property() {
  systemctl show -P "$2" "$1"
}

is() {
  [ "$(property "$1" "$2")" = "$3" ] || { echo "$1: $2=$(property "$1" "$2"), not $3" && false; }
}

# From here on: what a unit says.
cursor=
mark() {
  cursor=$(journalctl -n 0 --show-cursor -q | sed 's/^-- cursor: //')
}
# said UNIT REGEX
said() {
  journalctl --no-pager -q -o cat -u "$1" --after-cursor="$cursor" | grep -qE -- "$2"
}
not_said() {
  ! said "$@"
}

# Everything that a package could leave behind, with owner and mode.
listing() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /test \
    -o -path /var/log -o -path /var/tmp -o -path /var/lib/dpkg -o -path /var/lib/apt \
    -o -path /var/cache -o -path /var/lib/systemd -o -path /root \) -prune -o -printf '%p %u %m\n' |
    grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-? |^/etc/(ld.so.cache|.updated|.pwd.lock) ' | sort
}

stream() {
  cat >"/etc/vedette/streams.d/$1.conf"
}

milliseconds() { # how long a unit's last start took
  local begin end
  begin=$(property "$1" InactiveExitTimestampMonotonic) end=$(property "$1" ActiveEnterTimestampMonotonic)
  echo $(((end - begin) / 1000))
}

at_most() {
  [ "$1" -le "$2" ] || { echo "$1, more than $2" && false; }
}

install() {
  apt-get -q install -y --no-install-recommends "$@"
}

# --- installed, and upgraded ---

is_laid_out() {
  getent passwd vedette && [ "$(stat -c '%U %a' /etc/vedette/credentials)" = "root 700" ] &&
    [ -d /etc/vedette/streams.d ] && [ -d /etc/vedette/pipelines.d ]
}

is_quiet() {
  is vedette ActiveState inactive && ! systemctl is-enabled vedette
}

runs_street() {
  stream street <<<$'[stream]\nsource=street:///\n[recognizer]\n[segmenter]'
  mark
  systemctl enable --now vedette && is vedette ActiveState active && within 20 said vedette '^street: live$'
}

upgrade() {
  before=$(property vedette MainPID)
  mark
  install /test/packages/*.deb && is vedette ActiveState active && [ "$(property vedette MainPID)" != "$before" ] &&
    [ "$(dpkg-query -W -f '${Version}' vedette)" != "$(cat /test/first)" ] && within 20 said vedette '^street: live$'
}

# --- asked by command ---

lists_street() {
  vedette streams list | grep -E '^street +live '
}

# What is added is the service's own file, and root's files are not.
adds_and_removes() {
  mark
  vedette streams add extra street:/// && [ "$(stat -c '%U %a' /etc/vedette/streams.d/extra.conf)" = "vedette 600" ] &&
    within 20 said vedette '^extra: live$' && vedette streams remove extra &&
    [ ! -e /etc/vedette/streams.d/extra.conf ] && ! vedette streams add extra gopher://x
}

has_events() {
  vedette events query --stream street | grep -q street && ls /var/lib/vedette/recordings/street/*/*.jpg >/dev/null
}

answers_http() {
  exec 5<>/dev/tcp/127.0.0.1/8787 && printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&5 && grep -q '"ok"' <&5
}

keeps_events() {
  local before
  before=$(vedette events export --stream street | wc -l)
  restart && within 20 lists_street && [ "$(vedette events export --stream street | wc -l)" -ge "$before" ]
}

# --- runs ---

restart() {
  mark
  systemctl restart vedette
}

restarts_soon() {
  restart && took=$(milliseconds vedette) && at_most "$took" 2000
}

reports() {
  [[ $(property vedette StatusText) =~ ^1\ of\ 1\ live ]]
}

is_confined() {
  local pid
  pid=$(property vedette MainPID)
  grep -E '^(Uid|Groups|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status"
  [ "$(stat -c %U "/proc/$pid")" = vedette ] && grep -qP '^CapBnd:\t0+$' "/proc/$pid/status" &&
    grep -qP '^NoNewPrivs:\t1' "/proc/$pid/status" && grep -qP '^Seccomp:\t2' "/proc/$pid/status" &&
    ! grep -E '^[^ ]+ .w.x' "/proc/$pid/maps"
}

# Loops that ORC compiles, in a process that cannot make memory executable.
compiles() {
  local pid
  cat >/etc/vedette/pipelines.d/scaled.pipeline <<'EOF'
[template]
summary=Frames that are converted and scaled on their way
[frames]
decodebin name=entry ! videoconvert ! videoscale ! video/x-raw,format=RGB,width=512,height=288 !
fakesink name=watch sync=false async=false
EOF
  stream scaled <<<$'[stream]\nsource=street:///\npipeline=scaled'
  restart && within 20 said vedette '^scaled: live$'
  pid=$(property vedette MainPID)
  rm /etc/vedette/pipelines.d/scaled.pipeline /etc/vedette/streams.d/scaled.conf
  within 10 grep -E ' r-xs .*/run/vedette/orc/' "/proc/$pid/maps"
}

reloads() {
  before=$(property vedette MainPID)
  stream street <<<$'[stream]\nsource=street:///\n[recognizer]\nthreshold=0.4\n[segmenter]'
  mark
  systemctl reload vedette && within 10 said vedette 'street: changed: recognizer.threshold' &&
    within 10 said vedette '^the configuration was read anew' && is vedette MainPID "$before" && is vedette ActiveState active
}

waits_for_reload() {
  mark
  systemctl reload vedette
  said vedette '^the configuration was read anew'
}

refuses_reload() {
  before=$(property vedette MainPID)
  stream wrong <<<$'[stream]\nsource=street:///\nstall-timeout=5'
  mark
  systemctl reload vedette
  within 10 said vedette 'wrong.conf:3: .stream. stall-timeout=5: expected a duration' &&
    within 10 said vedette 'stays in force' && is vedette MainPID "$before" && is vedette ActiveState active
}

refuses_start() {
  mark
  ! systemctl restart vedette && sleep 3 && is vedette ActiveState failed && is vedette ExecMainStatus 78 &&
    is vedette NRestarts 0 && said vedette 'wrong.conf:3:' && rm /etc/vedette/streams.d/wrong.conf &&
    systemctl start vedette
}

stops() {
  local begin end
  begin=$(date +%s%N)
  systemctl stop vedette
  end=$(date +%s%N)
  took=$(((end - begin) / 1000000))
  is vedette Result success && is vedette ExecMainStatus 0 && at_most $took 3000
}

# A process that was started by itself, instead of $before.
is_another() {
  local pid
  pid=$(property vedette MainPID)
  [ "$pid" -gt 0 ] && [ "$pid" != "$before" ] && [ "$(property vedette NRestarts)" -ge 1 ] &&
    [ "$(property vedette ActiveState)" = active ]
}

thaws() {
  systemctl reset-failed vedette
  systemctl restart vedette
  before=$(property vedette MainPID)
  mark
  local begin=$SECONDS
  [ "$before" -gt 0 ] && kill -STOP "$before"
  within 40 is_another || return 1
  took=$((SECONDS - begin))
  journalctl -q --no-pager -o cat --after-cursor="$cursor" | grep -i watchdog && within 20 said vedette '^street: live$'
}

survives() { # a crash
  before=$(property vedette MainPID)
  [ "$before" -gt 0 ] && kill -SEGV "$before"
  within 20 is_another && ! ls /var/lib/systemd/coredump/* 2>/dev/null
}

is_right() {
  systemd-analyze verify --man=no vedette.service vedette@front.service >/test/said 2>&1 || return 1
  cat /test/said
  ! grep -F vedette /test/said && ! journalctl -q --no-pager -b _PID=1 -p warning | grep -F vedette
}

is_closed() {
  systemd-analyze security --threshold=20 vedette | tail -n 1
  [ "${PIPESTATUS[0]}" -eq 0 ]
}

# --- in a process of its own, and in the journal ---

isolates() {
  stream yard <<<$'[stream]\nsource=street:///\nisolated=yes\n[recognizer]'
  mark
  systemctl reload vedette && within 10 said vedette '^the configuration was read anew' &&
    systemctl enable --now vedette@yard && within 20 said vedette@yard '^yard: live$' && not_said vedette '^yard: (live|connecting)' &&
    [ "$(stat -c '%U %a' /var/lib/vedette/isolated/yard)" = "vedette 750" ]
}

# As all others are: by its own process's socket, and out of its own database.
is_seen_from_outside() {
  within 20 vedette_has 'streams list' '^yard .*live' && within 60 vedette_has 'events query --stream yard' yard
}

vedette_has() {
  # shellcheck disable=SC2086 # several words
  vedette $1 | grep -q "$2"
}

falls_alone() {
  local pid own
  own=$(property vedette MainPID) pid=$(property vedette@yard MainPID)
  mark
  [ "$pid" -gt 0 ] || return 1
  kill -SEGV "$pid"
  within 20 said vedette@yard '^yard: live$' && [ "$(property vedette@yard MainPID)" != "$pid" ] && is vedette MainPID "$own"
}

reloads_both() {
  stream yard <<<$'[stream]\nsource=street:///\nisolated=yes\nstall-timeout=4s\n[recognizer]'
  mark
  systemctl reload vedette && within 10 said vedette@yard 'yard: changed: stream.stall-timeout'
}

has_fields() {
  journalctl -q --no-pager -o verbose -n 1 STREAM=yard STATE=live >/test/entry
  cat /test/entry
  grep -q '_SYSTEMD_UNIT=vedette@yard.service' /test/entry && grep -q 'MESSAGE=yard: live$' /test/entry &&
    grep -q 'PRIORITY=6' /test/entry && grep -q 'SYSLOG_IDENTIFIER=vedette' /test/entry
}

# --- secrets, and what is kept ---

knows_secret() {
  echo 'admin:S3cret' >/etc/vedette/credentials/door
  chmod 0600 /etc/vedette/credentials/door
  systemd-run -q --unit=camera /usr/bin/python3 /test/camera.py 8554 admin S3cret
  stream door <<<$'[stream]\nsource=rtsp://127.0.0.1:8554/door\ncredential=door\n[segmenter]'
  sleep 2
  restart && within 20 said vedette '^door: live$'
}

tells_no_secret() {
  ! journalctl -q --no-pager -u vedette | grep S3cret && ! grep -c S3cret "/proc/$(property vedette MainPID)/environ" \
    "/proc/$(property vedette MainPID)/cmdline" | grep -v ':0$' &&
    ! runuser -u vedette -- cat /etc/vedette/credentials/door
}

refuses_wrong_secret() {
  echo 'admin:wrong' >/etc/vedette/credentials/door
  restart && within 20 said vedette '^door: failed' || return 1
  echo 'admin:S3cret' >/etc/vedette/credentials/door
  restart && within 20 said vedette '^door: live$'
}

outlives_camera() {
  mark
  systemctl stop camera
  within 30 said vedette '^door: (backoff|stalled)' || return 1
  systemd-run -q --unit=camera /usr/bin/python3 /test/camera.py 8554 admin S3cret
  within 30 said vedette '^door: live$'
}

keeps() {
  mkdir -p /var/lib/vedette/models/own
  cp /usr/share/vedette/models/squeezetime-street/* /var/lib/vedette/models/own/
  chown -R vedette: /var/lib/vedette/models
  stream street <<<$'[stream]\nsource=street:///\n[recognizer]\nmodel=own\n[segmenter]'
  systemctl stop vedette && systemctl start vedette && [ "$(stat -c '%U %a' /var/lib/vedette)" = "vedette 750" ] &&
    [ -f /var/lib/vedette/models/own/card.json ] && is vedette ActiveState active
}

leaves_no_runtime() {
  systemctl stop vedette && [ ! -e /run/vedette ]
}

# --- gone ---

removes() {
  apt-get -q remove -y vedette && ! systemctl is-active vedette && ! systemctl cat vedette && [ -f /etc/vedette/streams.d/street.conf ] &&
    [ -d /var/lib/vedette ] && ! grep -sxl vedette /proc/[0-9]*/comm
}

purges() {
  apt-get -q purge -y vedette gstreamer1.0-vedette libvedette-1.0-0 libvedette-dev vedette-models
  systemctl daemon-reload
  listing >/test/after
  diff /test/before /test/after && ! getent passwd vedette && ! getent group vedette &&
    ! ls -d /run/vedette* /var/cache/vedette* /var/lib/vedette* /var/cache/private/vedette* 2>/dev/null
}

before_reboot() {
  listing >/test/before
  check "the machine is up" within 60 systemctl is-active multi-user.target
  must "packages install" install /test/previous/*.deb
  dpkg-query -W -f '${Version}' vedette >/test/first
  check "the user and /etc/vedette are there, secrets for root alone" is_laid_out
  check "nothing is started that nobody asked for" is_quiet
  must "a file in streams.d and enable --now run a stream" runs_street
  figure "the first start took $(milliseconds vedette) ms"
  check "an upgrade restarts it" upgrade
  check "it is ready within 2 s" restarts_soon
  figure "a start with one stream took ${took:-?} ms"
  check "events are in the journal" within 60 said vedette '"type":"'
  check "systemctl status says how many are live" within 20 reports
  check "a command asks it" within 20 lists_street
  check "a command adds and removes a stream" adds_and_removes
  check "events and pictures are kept" within 60 has_events
  check "HTTP answers on loopback" answers_http
  check "events survive a restart" keeps_events
  check "it runs without rights, and no memory is writable and executable" is_confined
  check "systemd finds nothing wrong with its units" is_right
  check "systemd finds it closed" is_closed
  check "ORC compiles there" compiles
  restart
  check "reload changes a stream, in the same process" reloads
  if [ "$(systemctl --version | awk 'NR == 1 { print $2 }')" -ge 253 ]; then
    check "systemctl reload waits for its end" waits_for_reload
  fi
  check "a wrong configuration does not come into force by a reload" refuses_reload
  check "a wrong configuration ends it with 78, and it is not tried again" refuses_start
  check "it stops within 3 s" stops
  figure "a stop took ${took:-?} ms"
  check "the watchdog restarts it when it is frozen" thaws
  figure "frozen for ${took:-?} s"
  check "it comes back from a crash, which leaves no core" survives
  check "a stream runs in a process of its own" isolates
  check "the service shows it all the same" is_seen_from_outside
  check "its crash is nothing to the others" falls_alone
  check "systemctl reload vedette reaches it" reloads_both
  check "the journal knows stream and state" has_fields
  check "a file in credentials/ is a stream's password" knows_secret
  check "no password is told, or can be read" tells_no_secret
  check "a wrong password fails the stream" refuses_wrong_secret
  check "it outlives its camera" outlives_camera
  check "models in /var/lib/vedette survive a restart" keeps
  check "a stop leaves nothing in /run" leaves_no_runtime
  echo "== all that was said, but events" >&2
  journalctl -q --no-pager -u 'vedette*' | grep -v '"type":"' >&2
  echo $n >/test/count # unless it is there, the end of this is that of the machine
  systemctl reboot
  sleep infinity
}

after_reboot() {
  n=$(cat /test/count)
  rm /test/count
  cursor=$(journalctl -b -q --show-cursor -n 0 | sed 's/^-- cursor: //')
  check "it comes with the machine" within 60 systemctl is-active vedette vedette@yard
  check "remove stops it, and leaves what was told and kept" removes
  check "purge leaves nothing" purges
  echo "1..$n"
}

if [ -f /test/count ]; then
  after_reboot
else
  before_reboot
fi
