#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C and kill -9 at any moment: the board is off, nothing recorded is lost."""
import json
import os
import shutil
import signal
import subprocess
import time

from rig import (BOOT, FIRMWARE, FAKEBOARD, SHELL, Failure, case, check, check_eq, console,
                 inline, main, minimal_job)


def canceled(t, script, wait, job=None, board_file=None, sig=signal.SIGINT):
    """Start a run, wait for a moment of the board, interrupt, and check what is left."""
    b = t.board(script)
    process = t.start(job or minimal_job(inline(["true"])), board_file)
    wait(b)
    process.send_signal(sig)
    r = t.finish(process, limit_s=30)
    check_eq(r.code, 130, "exit status")
    check_eq(r.verdict["status"], "canceled", "status")
    check_eq(r.result["error_type"], "Canceled", "error_type")
    check_eq(r.result["power"]["final"], "off", "power.final")
    return b, r


def mark(name):
    return lambda b: b.wait_for("mark", name)


@case("Ctrl-C while firmware runs leaves the board off")
def _(t):
    canceled(t, FIRMWARE + "mark now\nhang\n", mark("now"))


@case("Ctrl-C while waiting for the login prompt leaves the board off")
def _(t):
    canceled(t, BOOT + 'mark now\nrepeat 100 { say "[    9.0] still busy"; delay 200 }\n', mark("now"))


@case("under nohup a hang-up of the terminal ends nothing")
def _(t):
    b = t.board(BOOT + "mark now\ndelay 300\n" + SHELL)
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = t.start(minimal_job(inline(["true"])))
    finally:
        signal.signal(signal.SIGHUP, old)
    b.wait_for("mark", "now")
    process.send_signal(signal.SIGHUP)
    r = t.finish(process)
    check_eq(r.verdict["status"], "pass", "status")


@case("Ctrl-C during a test leaves the board off and keeps what was tested")
def _(t):
    _, r = canceled(t, BOOT + SHELL + "hook now { mark now }\n", mark("now"),
                    minimal_job(inline(["true", "hook now; sleep 30"])))
    check_eq([x["result"] for x in r.result["tests"]][:1], ["pass"], "tests")


@case("Ctrl-C while a power command runs leaves the board off")
def _(t):
    flag = os.path.join(t.tmp, "switching")
    spec = t.board_file(power={"on": f"touch {flag}; sleep 20"})

    def wait(b):
        for _ in range(3000):
            if os.path.exists(flag):
                return
            try:
                b.wait_for("never", limit_s=0.01)
            except Failure:
                pass
        raise Failure("the power command never ran")
    canceled(t, BOOT + SHELL, wait, board_file=spec)


@case("Ctrl-C while a panic settles leaves the board off")
def _(t):
    b, r = canceled(t, BOOT + console("null-deref-cut") + "mark now\nhang\n", mark("now"))
    check("null-deref" in r.kinds(), f"incidents: {r.kinds()}")


@case("Ctrl-C during a board's endless chatter ends at once")
def _(t):
    canceled(t, BOOT + "mark now\nflood 2000000000\n", mark("now"))


@case("SIGTERM is a cancel too")
def _(t):
    canceled(t, BOOT + "mark now\nhang\n", mark("now"), sig=signal.SIGTERM)


def wait_off(b, limit_s=10):
    """The guard of a killed worker switches the board off."""
    end = time.monotonic() + limit_s
    while b.state()["power"] != "off":
        if time.monotonic() > end:
            raise Failure("the board is still on after kill -9")
        time.sleep(0.02)


@case("after kill -9 the board is switched off, and the next run may start at once")
def _(t):
    b = t.board(BOOT + SHELL + "hook now { mark now }\n")
    for _ in range(3):
        process = t.start(minimal_job(inline(["hook now; sleep 30"])))
        b.wait_for("mark", "now")
        process.send_signal(signal.SIGKILL)
        dead = t.finish(process, holds=False)
        check_eq(dead.code, -9, "exit status")
        r = t.run(minimal_job(inline(["true"])), same_bytes=False)
        check_eq(r.code, 0, "exit status of the run right after")
    process = t.start(minimal_job(inline(["hook now; sleep 30"])))
    b.wait_for("mark", "now")
    os.kill(process.pid, signal.SIGKILL)
    t.finish(process, holds=False)
    wait_off(b)


@case("after kill -9 the next run waits until the board is off, also by a new file in the board file's place")
def _(t):
    b = t.board(BOOT + SHELL + "hook now { mark now }\n")
    log = os.path.join(t.tmp, "off.log")
    path = t.board_file(power={"off": f"echo begins >> {log}; sleep 0.5; {FAKEBOARD} ctl {b.dir} off; echo ended >> {log}"})
    process = t.start(minimal_job(inline(["hook now; sleep 30"])), path)
    b.wait_for("mark", "now")
    os.unlink(log)
    process.send_signal(signal.SIGKILL)
    t.finish(process, holds=False)
    shutil.copy(path, path + "~")
    os.replace(path + "~", path)
    check_eq(t.run(minimal_job(inline(["true"])), path, same_bytes=False).code, 0, "exit status of the next run")
    with open(log, encoding="ascii") as f:
        check_eq(f.read().split()[:3], ["begins", "ended", "begins"], "the guard's power-off and the next run's")


@case("on_worker_death: keep leaves the board on after kill -9")
def _(t):
    b = t.board(BOOT + SHELL + "hook now { mark now }\n")
    spec = t.board_file()
    with open(spec, encoding="utf-8") as f:
        board = json.load(f)
    board["power"]["on_worker_death"] = "keep"
    t.write("board.yaml", board)
    process = t.start(minimal_job(inline(["hook now; sleep 30"])), spec)
    b.wait_for("mark", "now")
    process.send_signal(signal.SIGKILL)
    t.finish(process, holds=False)
    time.sleep(0.5)  # a guard would have clicked by now
    check_eq(b.state()["power"], "on", "power")
    check_eq(t.run(minimal_job(inline(["true"])), spec, same_bytes=False).code, 0, "the next run")


@case("after kill -9 what was recorded is there, and the next run starts from power-off")
def _(t):
    b = t.board(BOOT + SHELL + "hook now { mark now }\n")
    process = t.start(minimal_job(inline(["hook now; sleep 30"])))
    b.wait_for("mark", "now")
    process.send_signal(signal.SIGKILL)
    dead = t.finish(process, holds=False)
    check_eq(dead.code, -9, "exit status")
    raw = dead.raw()
    check(b.sent().startswith(raw), "console.raw is no prefix of what was sent")
    check(b"Run /init as init process" in raw, "the boot is not in console.raw")
    for line in open(dead.path("actions.jsonl"), encoding="utf-8"):
        check(line.endswith("\n"), f"half a line in actions.jsonl: {line!r}")
    wait_off(b)
    n = len(b.log())
    r = t.run(minimal_job(inline(["true"])), same_bytes=False)
    check_eq(r.code, 0, "exit status of the next run")
    clicks = [e["what"] for e in b.log()[n:] if e["what"] in ("on", "off", "reset")]
    check_eq(clicks[:2], ["off", "on"], "first clicks of the next run")
    check(b"sleep 30" not in r.raw(), "the next run recorded bytes of the dead one")


@case("a second Ctrl-C does not leave the board on")
def _(t):
    b = t.board(BOOT + "mark now\nhang\n")
    off = f"{FAKEBOARD} ctl {b.dir} off"
    spec = t.board_file(power={"off": f"sleep 1; {off}"})
    process = t.start(minimal_job(inline(["true"])), spec)
    b.wait_for("mark", "now")
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    r = t.finish(process, limit_s=30)
    check_eq(r.code, 130, "exit status")


if __name__ == "__main__":
    main()
