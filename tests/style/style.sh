#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The rules of the tree that a program can check; prints TAP. Usage: style.sh LIBRARY
set -uo pipefail

library=${1:?usage: style.sh LIBRARY}
library=$(readlink -f "$library")
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 1

# Everything that is, or could be, in the repository.
if ! mapfile -t files < <(git ls-files -co --exclude-standard 2>/dev/null) ||
  [ ${#files[@]} -eq 0 ]; then
  mapfile -t files < <(find . -path './build*' -prune -o -path ./.git -prune -o -path ./out -prune \
    -o -type f -print | sed 's|^\./||' | sort)
fi

n=0
# report NAME PROBLEMS: a test point that passes if there are no problems.
report() {
  n=$((n + 1))
  if [ -z "$2" ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf '%s\n' "$2" | head -n 40 | sed 's/^/# /'
  fi
}
skip() {
  n=$((n + 1))
  echo "ok $n - $1 # SKIP $2"
}

# select_files EXTENDED-REGEX: the existing files whose path matches.
select_files() {
  local file
  for file in "${files[@]}"; do
    if [[ $file =~ $1 && -f $file ]]; then
      printf '%s\n' "$file"
    fi
  done
}

mapfile -t c_files < <(select_files '\.[ch]$')
mapfile -t shell_files < <(select_files '(^run|^\.ci/run|\.sh)$')
mapfile -t sources < <(
  select_files '(\.[ch]|\.sh|\.py|\.mjs|^run|^\.ci/run|meson\.build|^meson_options\.txt)$')
mapfile -t headers < <(select_files '^(nn|models|gst)/include/vedette/.*\.h$')
# What people write; recorded data is as it is.
mapfile -t texts < <(select_files '(\.(c|h|sh|py|mjs|md|build|conf|launch|service)|^run|^\.ci/run)$')

format() {
  clang-format --dry-run -Werror "${c_files[@]}" 2>&1 | grep 'error:'
}

line_ends() {
  grep -nP '\t' "${texts[@]}" | sed 's/$/   (tab)/'
  grep -nP '[ \r]$' "${texts[@]}" | sed 's/$/   (trailing blank)/'
  local file
  for file in "${texts[@]}"; do
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then
      echo "$file: no newline at its end"
    fi
  done
}

licences() {
  local file
  for file in "${sources[@]}"; do
    # Scripts begin with their interpreter.
    if ! awk 'NR == 1 && /^#!/ { next }
              { exit !/SPDX-License-Identifier: LGPL-2.1-or-later/ }' "$file"; then
      echo "$file: line 1 (line 2 after #!) is not its SPDX line"
    fi
  done
}

lengths() {
  local file lines most
  for file in $(select_files '\.(c|h|sh|py|mjs)$' | grep -v '\.inc\.h$'); do
    most=800
    if [[ $file == tests/* ]]; then
      most=1500
    fi
    lines=$(wc -l <"$file")
    if [ "$lines" -gt $most ]; then
      echo "$file: $lines lines, the most is $most"
    fi
  done
}

# uphill LAYER OTHER...: includes in LAYER of a header that it lacks and an OTHER layer has.
uphill() {
  local layer=$1 other hit file name
  shift
  select_files "^$layer/.*\.[ch]$" | xargs -r grep -noE '^\s*#\s*include\s*"[^"]+"' |
    while IFS= read -r hit; do
      file=${hit%%:*} name=${hit#*\"}
      name=${name%\"}
      if [ -f "${file%/*}/$name" ] || [ -f "$layer/$name" ]; then
        continue
      fi
      for other in "$@"; do
        if [ -f "$other/$name" ]; then
          echo "$hit   ($other)"
        fi
      done
    done
}

# An include may only point down: cli, gst and daemon to tasks, these to models, models to nn.
layers() {
  local include='^\s*#\s*include\s*[<"]'
  uphill nn models tasks street gst cli daemon
  uphill models tasks street gst cli daemon
  uphill tasks street gst cli daemon
  uphill street nn models tasks gst cli daemon
  uphill gst cli daemon
  uphill cli gst daemon
  uphill daemon gst cli
  select_files '^nn/.*\.[ch]$' | xargs -r grep -nE \
    "$include(gst/|vedette/(card|engine|gst[^>\"]*)\.h|(.*/)?(model|registry)\.h|(\.\./)+(models|tasks|gst|cli))"
  select_files '^models/.*\.[ch]$' | xargs -r grep -nE \
    "$include(gst/|vedette/gst|(\.\./)+(tasks|street|gst|cli))"
  select_files '^tasks/.*\.[ch]$' | xargs -r grep -nE \
    "$include(gst/|vedette/gst|(\.\./)+(street|gst|cli))"
  select_files '^gst/.*\.[ch]$' | xargs -r grep -nE "$include(\.\./)+cli"
  select_files '^street/.*\.[ch]$' | xargs -r grep -nE \
    "$include(vedette/|gst/|(.*/)?(\.\./)+(nn|models|tasks|gst|cli))"
  # Of the service the command knows one header, in one file.
  select_files '^cli/.*\.[ch]$' | xargs -r grep -nE "${include}daemon/" |
    grep -vE '^cli/serve\.c:.*"daemon/(check|serve/serve)\.h"'
  select_files '^daemon/.*\.[ch]$' | xargs -r grep -nE \
    "^\s*#\s*include\s*(\"gst/|[<\"](vedette/gst|cli/|(\.\./)+))"
  # Its folders, from the bottom up.
  select_files '^daemon/values/.*\.[ch]$' | xargs -r grep -nE "$include(pipeline|config|build)/"
  select_files '^daemon/pipeline/.*\.[ch]$' | xargs -r grep -nE "$include(config|build)/"
  select_files '^daemon/config/.*\.[ch]$' | xargs -r grep -nE "${include}build/"
  select_files '^daemon/stream/.*\.[ch]$' | xargs -r grep -nE "$include(values|pipeline|config|build|record)/"
  select_files '^daemon/record/.*\.[ch]$' | xargs -r grep -nE "$include(values|pipeline|config|build|stream)/"
  select_files '^daemon/(values|pipeline|config|build|stream|events|store)/.*\.[ch]$' |
    xargs -r grep -nE "${include}http/"
  select_files '^daemon/.*/.*\.[ch]$' | grep -v '^daemon/serve/' | xargs -r grep -nE "${include}serve/"
  select_files '^daemon/(values|pipeline|config|stream|events|store)/.*\.[ch]$' |
    xargs -r grep -nE "${include}publish/"
  # Commands and elements are folders that nobody else looks into.
  select_files '^cli/.*\.[ch]$' | xargs -r grep -nE "$include(cameras|eval|infer|models|service|train|verify)/"
  select_files '^cli/data/.*\.[ch]$' | xargs -r grep -nE "${include}score/"
  select_files '^gst/.*\.[ch]$' | grep -v '^gst/plugin\.c$' | xargs -r grep -nE \
    "$include(recognizer|segmenter|classifier|restorer|overlay|street|demo)/"
  # And nothing in nn/ knows a network by name.
  select_files '^nn/.*\.[ch]$' | xargs -r grep -niE \
    '\b(squeezetime|cgrseg|ipt|deit|swin|llama|freevideollm)'
}

# Whose keys come from outside has a keyed hash: of GLib's anybody makes many that are the same. In
# these files keys are names of our own, which a name from outside is only looked up in.
tables() {
  select_files '^(nn|models|tasks|gst|cli)/.*\.c$' |
    grep -vE '^(nn/graph/graph|nn/plan/(binder|session)|models/engine|cli/golden)\.c$' |
    xargs -r grep -nE '\bg_str_hash,'
}

# A list of shapes to time is named where it is timed.
shapes() {
  local file
  for file in $(select_files '^bench/shapes/'); do
    grep -rqF "$(basename "$file")" tests/*/meson.build tests/*/*.c bench/*.c bench/*.py bench/*.build run ||
      echo "$file: nothing names it"
  done
}

# Everybody can make many names of one hash of GLib's; those of a graph are a network's own.
known_hashes() {
  select_files '^(nn|models|tasks|cli)/.*\.c$' | grep -v '^nn/graph/' |
    xargs -r grep -nE '\bg_str_hash\b'
}

unfinished() {
  # Spelled so that this file does not find itself.
  grep -nE '\b(TO''DO|FIX''ME|XX''X)\b' "${texts[@]}"
}

headers_alone() {
  local compiler=$1 standard=$2 flags header
  read -ra flags <<<"$(pkg-config --cflags gio-2.0 json-glib-1.0 gstreamer-1.0 2>/dev/null)"
  for header in "${headers[@]}"; do
    # Twice: it must guard itself, too.
    printf '#include <%s>\n#include <%s>\n' "${header#*/include/}" "${header#*/include/}" |
      "$compiler" -x "$standard" -fsyntax-only -Wall -Wextra -Werror -Wstrict-aliasing \
        -Inn/include -Imodels/include -Igst/include "${flags[@]}" - 2>&1 |
      grep -E 'error|warning' | sed "s|^|$header: |"
  done
}

# The program in README.md is one that compiles.
readme_program() {
  local flags program
  read -ra flags <<<"$(pkg-config --cflags gio-2.0)"
  program=$(awk '/^```c$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md)
  if [ -z "$program" ]; then
    echo "README.md has no C program"
  fi
  cc -x c -fsyntax-only -Wall -Wextra -Inn/include -Imodels/include "${flags[@]}" - 2>&1 \
    <<<"$program" | grep -E 'error|warning'
}

symbols() {
  nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ && $3 !~ /^vdt_/ { print $3 }'
  # Not grep -q: nm would die of a closed pipe, now and then.
  if [ "$(nm -D --defined-only "$library" | grep -c ' T vdt_')" -eq 0 ]; then
    echo "$library exports nothing"
  fi
}

# Each folder of the top level says what it is for.
readmes() {
  local folder
  for folder in nn models tasks street gst cli tests bench docs pipelines systemd daemon; do
    if [ -n "$(select_files "^$folder/")" ] && [ ! -f "$folder/README.md" ]; then
      echo "$folder/README.md is missing"
    fi
  done
}

# Relative links of the docs lead somewhere.
links() {
  local file target
  for file in $(select_files '\.md$'); do
    grep -oP '\]\(\K[^)#\s]+' "$file" | grep -vE '^[a-z]+:' | while read -r target; do
      if [ ! -e "$(dirname "$file")/$target" ]; then
        echo "$file: $target does not exist"
      fi
    done
  done
}

# Of Debian 12 and 13. What two versions format differently is written so that both leave it.
formatters='14|19'
formatter=$(clang-format --version 2>/dev/null | grep -oP 'version \K[0-9]+')
if [ -z "$formatter" ]; then
  skip "formatted by clang-format" "no clang-format"
elif [[ $formatter =~ ^($formatters)$ ]]; then
  report "formatted by clang-format" "$(format)"
else
  skip "formatted by clang-format" "clang-format $formatter is none of ${formatters/|/, }"
fi
if command -v shellcheck >/dev/null; then
  report "shell scripts pass shellcheck" "$(shellcheck -x -f gcc "${shell_files[@]}" 2>&1)"
else
  skip "shell scripts pass shellcheck" "no shellcheck"
fi
report "no tabs, no trailing blanks, a newline at the end" "$(line_ends)"
report "SPDX line first" "$(licences)"
report "no file is too long" "$(lengths)"
report "layers include only what is below them" "$(layers)"
report "folders of nn/ include what they may, and nothing in a circle" "$(
  select_files '^nn/.*\.[ch]$' | tests/style/includes.py problems 2>&1)"
echo "# the longest chain of includes in nn/: $(
  select_files '^nn/.*\.[ch]$' | tests/style/includes.py longest)"
report "tables with keys from outside have a keyed hash" "$(tables)"
report "each file of shapes is timed by something" "$(shapes)"
report "tables of names from outside have a keyed hash" "$(known_hashes)"
report "nothing is marked as unfinished" "$(unfinished)"
report "public headers compile alone in C" "$(headers_alone cc c)"
report "public headers compile alone in C++" "$(headers_alone c++ c++)"
report "the program in README.md compiles" "$(readme_program)"
report "the library exports vdt_ names only" "$(symbols)"
report "folders have a README" "$(readmes)"
report "links between documents lead somewhere" "$(links)"
echo "1..$n"
