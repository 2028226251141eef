#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each folder of nn/ may include, as the table in nn/README.md says, and that no files include
each other in a circle; a header and the source of its name count as one. Reads the files' paths.
Usage: includes.py problems|longest <PATHS"""
import os
import re
import sys

MAY_USE = {
    "tensor": [],
    "graph": ["tensor"],
    "ops": ["tensor", "graph"],
    "kernels": [],  # and <vedette/runtime.h>
    "runtime": [],
    "io": ["tensor"],
    "plan": ["tensor", "graph", "ops", "kernels", "runtime", "io"],
    "train": ["tensor", "graph", "ops", "kernels", "runtime", "io", "plan"],
}
# The folders that public headers belong to, where that is not their name.
PUBLIC = {"error": "tensor", "weights": "io"}
GENERATED = {"isa-config.h", "kernels/members.h"}
# Of plan/, what only plan.c asks for.
KINDS = {"nn/plan/infer/infer.h", "nn/plan/train/train.h", "nn/plan/trace.h"}

wanted = sys.argv[1]
files = sys.stdin.read().split()
known = set(files)
graph = {}


def find(path, name):
    for folder in (os.path.dirname(path), "nn", "nn/include"):
        at = os.path.normpath(os.path.join(folder, name))
        if at in known:
            return at
    return None


def is_public(path):
    return path.startswith("nn/include/")


def folder_of(path):
    if is_public(path):
        stem = os.path.basename(path)[:-2]
        return PUBLIC.get(stem, stem)
    return path.split("/")[1]


def part_of_plan(path):
    parts = path.split("/")
    return parts[2] if len(parts) > 3 else "."


def stem(path):
    return path[:-2]


def complaint(path, to):
    """Why path may not include to, or None."""
    mine, other = folder_of(path), folder_of(to)
    if is_public(path):
        return None if is_public(to) else "public headers include public ones"
    if mine == "kernels" and other == "runtime" and is_public(to):
        return None
    if mine != other and other not in MAY_USE.get(mine, []):
        return f"{mine}/ may not use {other}/"
    if to in KINDS and path != "nn/plan/plan.c" and stem(path) != stem(to):
        return "only plan.c asks for a kind of plan"
    if mine == other == "plan" and not is_public(to):
        part, theirs = part_of_plan(path), part_of_plan(to)
        if part == "step" and theirs != "step":
            return "step/ uses nothing else of plan/"
        if part != "." and theirs == "." and to != "nn/plan/binder.h" and stem(to) != stem(path):
            return f"{part}/ uses step/ and binder.h"
        if theirs in ("infer", "train") and theirs != part and to not in KINDS:
            return f"nobody else looks into {theirs}/"
    return None


for path in files:
    node = graph.setdefault(stem(path), set())
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            m = re.match(r"""\s*#\s*include\s*(["<])([^">]+)""", line)
            if not m:
                continue
            to = find(path, m[2])
            why = None
            if to:
                why = complaint(path, to)
                if stem(to) != stem(path):
                    node.add(stem(to))
            elif m[1] == '"' and m[2] not in GENERATED:
                why = "not a file of nn/"
            elif folder_of(path) == "kernels" and not path.endswith("/blas.c") and re.match(r"g(lib|io)|pthread", m[2]):
                why = "kernels/ use C alone"
            if why and wanted == "problems":
                print(f"{path}:{number}: {m[2]}   ({why})")

longest, walked = {}, []


def chain(node):
    """The longest chain of includes from node on; reports a circle once."""
    if node in walked:
        if wanted == "problems":
            print("circle: " + " -> ".join(walked[walked.index(node):] + [node]))
        return []
    if node not in longest:
        walked.append(node)
        below = max((chain(to) for to in sorted(graph[node])), key=len, default=[])
        walked.pop()
        longest[node] = [node] + below
    return longest[node]


best = max((chain(node) for node in sorted(graph)), key=len, default=[])
if wanted == "longest":
    print(f"{len(best)}: " + " -> ".join(node[3:] for node in best))
