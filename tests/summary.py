#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up Meson's test logs.

    summary.py LOG...      testlog.json of each build folder, or what a program printed, NAME.tap

A program that prints TAP counts by its test points, any other as one test. Names what failed, and
ends with the line 'N passed, N failed, N skipped'; exits with 1 unless all is well.
"""
import json
import re
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
POINT = re.compile(r"^(not )?ok\b([^#]*)(?:#\s*(SKIP|TO[D]O)\b.*)?", re.IGNORECASE)


def points(output):
    """Yields the verdict and name of each test point of a TAP stream."""
    for line in output.splitlines():
        match = POINT.match(line)
        if match:
            bad, name, directive = match.groups()
            verdict = "skipped" if directive else "failed" if bad else "passed"
            yield verdict, name.strip()


def judge(test):
    """Yields the verdict and name of everything that a test program tested."""
    output = test.get("stdout") or ""
    inside = list(points(output)) if re.search(r"^1\.\.\d", output, re.MULTILINE) else []
    yield from inside
    result = test["result"]
    if result == "SKIP":
        if not inside:
            yield "skipped", ""
    elif result not in GOOD:
        # Killed, timed out, or gone before its plan was done: no point of its own says so.
        if not any(verdict == "failed" for verdict, _ in inside):
            yield "failed", "(" + result.lower() + ")"
    elif not inside:
        yield "passed", ""


def read(path):
    """The tests in a log."""
    with open(path, encoding="utf-8", errors="replace") as log:
        if path.endswith(".tap"):
            output = log.read()
            plan = re.search(r"^1\.\.(\d+)", output, re.MULTILINE)
            result = "ERROR" if plan is None else "SKIP" if plan.group(1) == "0" else "OK"
            return [{"name": path, "stdout": output, "result": result}]
        return [json.loads(line) for line in log if line.strip()]


def main(paths):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for path in paths:
        try:
            tests = read(path)
        except FileNotFoundError:
            print(f"FAILED {path}: no such log, the tests did not run")
            count["failed"] += 1
            continue
        for test in tests:
            for verdict, name in judge(test):
                count[verdict] += 1
                if verdict == "failed":
                    print(f"FAILED {path.split('/')[0]}: {test['name']} {name}".rstrip())
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**count))
    return 0 if count["passed"] and not count["failed"] else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
