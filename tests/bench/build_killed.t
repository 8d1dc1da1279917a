#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bootrig build` killed at every step, interrupted, and two at once."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

from rig import IS_SLOW, LIMIT_S, Failure, case, check, check_eq, main
from tiny_kernel import build, read, read_bytes, series, start


def slow_make(t, seconds):
    """A compiler that takes its time, as the real one does."""
    path = os.path.join(t.tmp, "bin")
    os.makedirs(path, exist_ok=True)
    gcc = shutil.which("gcc")
    with open(os.path.join(path, "gcc"), "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\ncase " $* " in *" -c "*) echo x >>{t.tmp}/compiled; sleep {seconds} ;; esac\n'
                f'exec {gcc} "$@"\n')
    os.chmod(os.path.join(path, "gcc"), 0o755)
    return {"PATH": path + ":" + os.environ["PATH"], "CCACHE_DISABLE": "1"}


def wait_until(condition, what, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise Failure("never: " + what)
        time.sleep(0.005)


@case("killed at any moment, the same command goes on and gives the same kernel")
def _(t):
    s = series(t)
    reference = build(t, "--series", s, "--pool", os.path.join(t.tmp, "other-pool"))
    want = read_bytes(os.path.join(reference.dir, "Image"))
    delay, kills, killed_in = 0.004, 0, set()
    while True:
        # From the unpatched point to the patched one, killed later and later.
        p = start(t, "--series", s)
        try:
            out, err = p.communicate(timeout=delay)
            check_eq(p.returncode, 0, f"exit status\n{err}")
            break
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            out, err = p.communicate()
            lines = re.findall(r"^build: (\w+)", err, re.MULTILINE)
            killed_in.add(lines[-1] if lines else "start")
            kills += 1
        delay *= 1.12 if not IS_SLOW else 1.3
    check(kills >= 5 and len(killed_in) >= 2, f"{kills} kills in {killed_in}")
    print(f"# {kills} kills in {sorted(killed_in)}")
    got = json.loads(out)
    check_eq(got["key"], reference.key, "key")
    check_eq(read_bytes(os.path.join(got["dir"], "Image")), want, "the kernel's bytes")
    left = [n for n in os.listdir(os.path.join(t.tmp, "pool", "built")) if n.startswith(".")]
    check_eq(left, [], "left in built/")


@case("what was compiled before a kill is not compiled again, and a half-written object is")
def _(t):
    env = slow_make(t, 0.4)
    log = os.path.join(t.tmp, "compiled")
    p = start(t, "--jobs", "1", env=env)
    wait_until(lambda: os.path.exists(log) and len(read(log).split()) >= 2, "two compilations")
    p.send_signal(signal.SIGKILL)
    p.communicate()
    objects = os.path.join(t.tmp, "pool", "obj")
    tree = os.path.join(objects, os.listdir(objects)[0])
    done = [f for f in ("init/main.o", "drivers/first.o", "drivers/second.o") if os.path.exists(os.path.join(tree, f))]
    check(len(done) >= 1, "nothing was compiled")
    # The machine stopped while the assembler wrote: newer than what Kbuild noted of it.
    with open(os.path.join(tree, done[0]), "wb") as f:
        f.write(b"half")
    os.remove(log)
    b = build(t, env=env)
    n = len(read(log).split())
    check(1 <= n <= 3 - len(done) + 1 + 1, f"{n} compilations after {done} were done")
    check_eq(read_bytes(os.path.join(b.dir, "Image"))[:4], b"\x7fELF", "the kernel")


@case("Ctrl-C ends make and all that it runs, with exit status 130")
def _(t):
    env = slow_make(t, 30)
    log = os.path.join(t.tmp, "compiled")
    p = start(t, env=env)
    wait_until(lambda: os.path.exists(log), "a compilation")
    begin = time.monotonic()
    p.send_signal(signal.SIGINT)
    _out, err = p.communicate(timeout=LIMIT_S)
    check_eq(p.returncode, 130, f"exit status\n{err}")
    check(time.monotonic() - begin < 5, "it took its time")
    left = subprocess.run(["pgrep", "-f", os.path.join(t.tmp, "bin", "gcc")], capture_output=True, text=True,
                          check=False).stdout
    check_eq(left, "", "processes left")


@case("two builds at once: one waits for the other, and both are right")
def _(t):
    env = slow_make(t, 0.3)
    a = start(t, env=env)
    wait_until(lambda: os.path.exists(os.path.join(t.tmp, "compiled")), "a compilation")
    b = start(t, "--series", series(t), env=env)
    out_b, err_b = b.communicate(timeout=LIMIT_S)
    out_a, err_a = a.communicate(timeout=LIMIT_S)
    check_eq((a.returncode, b.returncode), (0, 0), f"exit status\n{err_a}{err_b}")
    check("waiting for another build" in err_b, err_b)
    check(json.loads(out_a)["key"] != json.loads(out_b)["key"], "one key")


main()
