#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs made to hurt `bootrig oops`: its time grows with their size and no faster, its
memory does not grow.

Each log is read in two sizes. What is compared is CPU time, the best of some rounds, so
other programs on the machine matter little; four times the bytes may take less than eight
times as long.

    tests/bench/adversarial.t                     all cases
    tests/bench/adversarial.t --mb 100 [WORD]     figures for logs of 100 MB, no comparison
"""
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

from tap import run_cases

BUILD = os.path.abspath(os.environ.get("BOOTRIG_BUILD", "build/release"))
BOOTRIG = os.path.join(BUILD, "bootrig")
IS_SLOW = os.path.basename(BUILD) in ("san", "coverage")
SMALL = 250_000 if IS_SLOW else 2_000_000
ROUNDS = 1 if IS_SLOW else 3
MAX_RATIO = 8
GROWTH_MAX_KB = 4096

FAULT = "[    1.000000] Unable to handle kernel NULL pointer dereference at virtual address 0\n"
FRAME = "[    1.000000]  frame_number+0x10/0x400 [alpha]\n"
WARN = ("[    2.000000] ------------[ cut here ]------------\n"
        "[    2.000000] WARNING: CPU: 1 PID: 77 at lib/thing.c:%d thing+0x10/0x20\n"
        "[    2.000000] Modules linked in: alpha beta\n"
        "[    2.000000] pc : thing+0x10/0x20\n"
        "[    2.000000] Call trace:\n"
        "[    2.000000]  thing+0x10/0x20\n"
        "[    2.000000]  caller+0x10/0x20\n"
        "[    2.000000] ---[ end trace 0000000000000000 ]---\n")


BLOCK = 65536


def repeat(unit):
    """Logs come in blocks: what Python holds when it starts the program is counted as the
    program's memory (ru_maxrss)."""
    unit = unit.encode("latin-1")

    def blocks(n):
        many = max(1, BLOCK // len(unit))
        for _ in range(n // (many * len(unit))):
            yield unit * many
        yield unit * (n // len(unit) % many)
    return blocks


def count(fmt):
    """The unit with a running number in it."""
    def blocks(n):
        number = size = 0
        while size < n:
            block = b""
            while len(block) < BLOCK and size + len(block) < n:
                block += (fmt % number).encode("latin-1")
                number += 1
            size += len(block)
            yield block
    return blocks


def after(head, unit):
    def blocks(n):
        yield head.encode("latin-1")
        yield from repeat(unit)(n)
    return blocks


def reports_with(line):
    """A report again and again, with that line many times in each, then what ends it."""
    return repeat(FAULT + 60 * line + "\n" * 200)


def noise(n):
    rng = random.Random(1)
    for _ in range(n // BLOCK):
        yield rng.randbytes(BLOCK)


CASES = {
    "one line without an end": repeat("x"),
    "a fault's first words, then a line without an end": after("Unable to handle kernel ", "x"),
    "half a marker, then a line without an end": after("------------[ cut here ]---", "y"),
    "a trace's first line, then a line without an end": after("Call trace:", "z"),
    "a trace's first line, then frames without an end": after(FAULT + "Call trace:\n", FRAME),
    "frames without a report": repeat(FRAME),
    "markers in one line": repeat("BUG: "),
    "markers of three kinds in one line": repeat("Call trace:]---[ end trace Oops: "),
    "a marker in each line": repeat("INFO: x\n"),
    "a marker that begins nothing in each long line": repeat("WARNING: " + "w" * 300 + "\n"),
    "NULs": repeat("\0"),
    "carriage returns": repeat("\r"),
    "line feeds": repeat("\n"),
    "escapes": repeat("\033"),
    "escape sequences": repeat("\033[1;31m"),
    "escape sequences without an end": repeat("\033[" + "1;" * 2000),
    "operating system commands without an end": repeat("\033]"),
    "opening brackets": repeat("["),
    "opening brackets and blanks": repeat("[                    "),
    "printk stamps in one line": repeat("[    0.000000]"),
    "printk stamps and callers in one line": repeat("[    0.000000][    T1] "),
    "stamps that are none": repeat("[    0.00000x]"),
    "replayed lines": repeat("** replaying previous printk message **\n"),
    "lost lines": count("** %d printk messages dropped **\n"),
    "log levels": repeat("<6>"),
    "noise": noise,
    "faults, one in each line": count("BUG: unable to handle page fault for address: %x\n"),
    "module lists": after(FAULT, "Modules linked in: a b c d e f\n"),
    "module lists that wrap": after(FAULT, "Modules linked in: a b c d\n" + "e f g h " * 8 + "\n"),
    "reports by as many callers":
        count("[    1.000000][ T%d] BUG: KASAN: use-after-free in f+0x1/0x2\n"),
    "faults by as many callers":
        count("[    1.000000][ T%d] BUG: unable to handle page fault for address: 0\n"),
    "panics": count("Kernel panic - not syncing: number %d\n"),
    "whole warnings": count(WARN),
    "hung tasks": count("INFO: task t%d:1 blocked for more than 120 seconds.\n" + FRAME * 3),
    "boots": repeat("U-Boot 2024.10 (Oct 01 2024)\nLinux version 6.12.5\n" + FAULT),
    "reports full of brackets": reports_with("[" * 2000 + "\n"),
    "reports full of stamps": reports_with("[    0.000000]" * 140 + "\n"),
    "reports full of blanks": reports_with(" " * 2000 + "\n"),
    "reports full of escapes": reports_with("\033" * 2000 + "\n"),
    "reports full of commands to the terminal": reports_with("\033]" * 1000 + "\n"),
    "reports full of frames in a line": reports_with(" f+0x1/0x2" * 200 + "\n"),
    "reports full of registers": reports_with("x0 : 0000000000000000 " * 90 + "\n"),
    "reports full of digits": reports_with("0" * 2000 + "\n"),
    "reports full of locks": reports_with(" #0: (a){+.+.}, at: [<0>] f+0x1/0x2\n"),
}


def measure(path, as_json):
    """CPU seconds and the largest resident memory in KiB."""
    argv = [BOOTRIG, "oops"] + (["--json"] if as_json else []) + [path]
    env = dict(os.environ)
    # Freed memory that AddressSanitizer keeps is not ours.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def write(path, blocks):
    with open(path, "wb") as f:
        for block in blocks:
            f.write(block)


def compare(make, path):
    """None, or what is wrong."""
    cost = []
    for size in (SMALL, 4 * SMALL):
        write(path, make(size))
        rounds = [measure(path, i % 2 == 0) for i in range(ROUNDS)]
        cost.append([min(r[i] for r in rounds) for i in (0, 1)])
    (small_s, small_kb), (large_s, large_kb) = cost
    # The start of the program counts in both; at 1 ms and less the clock decides.
    if large_s > MAX_RATIO * max(small_s, 0.001):
        return f"4 times the bytes take {large_s / small_s:.1f} times as long ({large_s:.2f} s)"
    if large_kb - small_kb > GROWTH_MAX_KB:
        return f"4 times the bytes take {large_kb - small_kb} KiB more"
    return None


def watch_anon(pid, peak, stop):
    while not stop.is_set():
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                for line in f:
                    if line.startswith("RssAnon:"):
                        peak[0] = max(peak[0], int(line.split()[1]))
        except OSError:
            return
        time.sleep(0.002)


def figures(mb, words):
    with tempfile.TemporaryDirectory() as tmp:
        path, out = os.path.join(tmp, "log"), os.path.join(tmp, "out")
        for name, make in CASES.items():
            if words and not any(w in name for w in words):
                continue
            write(path, make(mb * 1_000_000))
            size, peak, stop = os.path.getsize(path), [0], threading.Event()
            with open(out, "wb") as f:
                process = subprocess.Popen([BOOTRIG, "oops", "--json", path], stdout=f)
                watcher = threading.Thread(target=watch_anon, args=(process.pid, peak, stop))
                watcher.start()
                _, status, usage = os.wait4(process.pid, 0)
                stop.set()
                watcher.join()
                process.returncode = os.waitstatus_to_exitcode(status)
            cpu = usage.ru_utime + usage.ru_stime
            print(f"{name:<50} {cpu:7.2f} s {size / 1e6 / cpu:8.0f} MB/s  RssAnon "
                  f"{peak[0] / 1024:5.1f} MiB  out {os.path.getsize(out) / 1e6:7.1f} MB"
                  + (f"  exit status {process.returncode}" if process.returncode else ""),
                  flush=True)


def main():
    args = sys.argv[1:]
    if args and args[0] == "--mb":
        figures(int(args[1]), args[2:])
        return 0
    names = list(CASES)
    with tempfile.TemporaryDirectory() as tmp:
        def run(i):
            try:
                return compare(CASES[names[i]], os.path.join(tmp, "log"))
            except (OSError, RuntimeError) as e:
                return str(e)
        return 1 if run_cases(names, run, args) else 0


if __name__ == "__main__":
    sys.exit(main())
