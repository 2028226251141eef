#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads from built files what keeps faults from being used: hardening.py yes|no FILE...

With "no" the build is one for finding mistakes, and there is nothing to read."""
import platform
import re
import struct
import subprocess
import sys

ENDBR64 = b"\xf3\x0f\x1e\xfa"
PROBE = b"\x48\x83\x0c\x24\x00"  # orq $0,(%rsp): each page of a large frame is touched


def readelf(option, path):
    run = subprocess.run(["readelf", "-W", option, path], capture_output=True, text=True, check=True)
    return run.stdout


def text_of(path):
    """The bytes of .text, and their address."""
    found = re.search(r"\.text\s+PROGBITS\s+(\w+) (\w+) (\w+)", readelf("-S", path))
    address, offset, size = (int(x, 16) for x in found.groups())
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(size), address


def exported_functions(path, address, size):
    for line in readelf("--dyn-syms", path).splitlines():
        found = re.search(r":\s+(\w+)\s+\d+ FUNC\s+GLOBAL DEFAULT\s+\d+ (\S+)", line)
        if found and address <= int(found[1], 16) < address + size:
            yield found[2], int(found[1], 16) - address


def look(path):
    segments, dynamic = readelf("-l", path), readelf("-d", path)
    imported = readelf("--dyn-syms", path)
    text, address = text_of(path)
    yield "full RELRO", "GNU_RELRO" in segments and re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic)
    yield "no executable stack", re.search(r"GNU_STACK.* RW +0x", segments)
    yield "position independent", struct.unpack("<H", open(path, "rb").read(18)[16:])[0] == 3
    yield "stack protector", "__stack_chk_fail" in imported
    if platform.machine() == "x86_64":
        yield "stack clash protection", PROBE in text
        yield "shadow stacks", "SHSTK" in readelf("-n", path)
        yield "indirect branch tracking", all(
            text[at:].startswith(ENDBR64)
            for name, at in exported_functions(path, address, len(text)))


def main():
    if sys.argv[1] == "no":
        print("1..0 # SKIP this build is not hardened")
        return
    n = 0
    for path in sys.argv[2:]:
        for what, is_there in look(path):
            n += 1
            print(f"{'ok' if is_there else 'not ok'} {n} {path.split('/')[-1]}: {what}")
    # The libraries call nothing that could be checked: their buffers are all from the heap.
    checked = [p for p in sys.argv[2:]
               if re.search(r"UND __(?!stack)\w+_chk\b", readelf("--dyn-syms", p))]
    print(f"{'ok' if checked else 'not ok'} {n + 1} _FORTIFY_SOURCE")
    print(f"1..{n + 1}")


main()
