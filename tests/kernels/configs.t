#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The fragments of kernels/configs fit on each other.

    tests/kernels/configs.t

An overlay is built on virt.config and on rk3588.config, alone and with the others: one that takes
away what its base asks for makes a kernel that `bootrig build` refuses, or one without the board.
"""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIGS = os.path.join(TOP, "kernels", "configs")
BASES = ("virt", "rk3588")
OVERLAYS = ("lockdep", "kasan", "lockdep-kasan")


def options(name):
    with open(os.path.join(CONFIGS, name + ".config"), encoding="utf-8") as f:
        text = f.read()
    return {**dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.M)),
            **{o: "n" for o in re.findall(r"^# (CONFIG_\w+) is not set$", text, re.M)}}


def main():
    pairs = [(overlay, base) for overlay in OVERLAYS for base in BASES]
    failed = 0
    print(f"1..{len(pairs)}")
    for number, (overlay, base) in enumerate(pairs, 1):
        asked = options(base)
        # What the base does not name may be what another of its options needs.
        off = sorted(o for o, value in options(overlay).items() if value == "n" and asked.get(o) != "n")
        print(f"{'not ' * bool(off)}ok {number} - {overlay}.config takes nothing away from {base}.config")
        if off:
            failed += 1
            print("# turned off: " + " ".join(off))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
