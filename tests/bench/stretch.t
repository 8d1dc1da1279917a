#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One boot as a soak makes it: --level, --for and --end."""
from rig import (BOOT, SHELL, case, check, check_eq, inline, main, minimal_job)

ROOT = {"factors": [{"name": "root", "levels": [
    {"name": "clean", "end": "shutdown", "commands": ["mkdir -p $BRTMP/clean"]},
    {"name": "dirty", "end": "cut", "commands": ["false"]}]}]}
HOOKS = """
hook down { say "reboot: Power down"; mark down; hang }
"""


def soak(**more):
    return {"shutdown": "hook down", **more}


@case("what still runs when its time is over has survived")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true", "sleep 60", "touch never"])), args=["--for", "1s"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    seconds = r.result["attempts"][-1]["under_test_s"]
    check(0.9 < seconds < 3, f"under_test_s is {seconds}")
    check_eq(r.tests()["step-2"], "pass", "the step that was running")
    check("step-3" not in r.tests(), "a step ran after the time was over")
    check("touch never" not in b.typed(), "a step was typed after the time was over")


KTAP = "printf 'KTAP version 1\\n1..3\\nok 1 pool\\n%s'; sleep {}; printf 'ok 3 late\\n'"


@case("a plan that is short because the boot's time was over is no failure; a case that failed is, and a plan of its own making")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline([KTAP.format(60) % ""])), args=["--for", "1s"])
    check_eq((r.code, r.verdict["status"]), (0, "pass"), f"what was cut ({r.verdict})")
    check_eq((r.tests()["pool"], r.tests()["step-1"]), ("pass", "pass"), "tests")
    r = t.run(minimal_job(inline([KTAP.format(60) % "not ok 2 fence\\n"])), args=["--for", "1s"])
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "test"), f"what had failed ({r.verdict})")
    r = t.run(minimal_job(inline([KTAP.format(0) % ""])), args=["--for", "50s"])
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "test"), f"what ended by itself ({r.verdict})")


@case("tests that end earlier end the boot")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"])), args=["--for", "50s"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check(r.result["duration_s"] < 20, f"it took {r.result['duration_s']} s")
    check("ended" not in r.result["attempts"][-1], "no end was asked for")


@case("a failure inside the time is a failure, with the seconds until then")
def _(t):
    t.board(BOOT + SHELL + 'hook die {\ndelay 1200\n'
            'say "[   12.3] Kernel panic - not syncing: test" \n'
            'say "[   12.4] ---[ end Kernel panic - not syncing: test ]---"\nhang\n}\n')
    r = t.run(minimal_job(inline(["hook die"])), args=["--for", "40s"])
    check_eq(r.verdict["kind"], "panic", f"kind ({r.verdict})")
    seconds = r.result["attempts"][-1]["under_test_s"]
    check(1.1 < seconds < 10, f"under_test_s is {seconds}")


@case("--end shutdown stops the running step, types the shutdown and waits for the kernel's last words")
def _(t):
    b = t.board(BOOT + SHELL + HOOKS)
    r = t.run(minimal_job(inline(["sleep 60"]), soak=soak()), args=["--for", "1s", "--end", "shutdown"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.result["attempts"][-1]["ended"], "shutdown", "ended")
    off = [e["t_ns"] for e in b.log() if e["what"] == "off" and e.get("detail") != "no change"][-1]
    check(b.marks("down") and b.marks("down")[0] < off, "the power went before the system was down")
    check("reboot: Power down" in r.raw().decode(), "the last words are not in the record")


@case("--for 0 logs in, shuts down and runs no test")
def _(t):
    b = t.board(BOOT + SHELL + HOOKS)
    r = t.run(minimal_job(inline(["touch never"]), soak=soak()), args=["--for", "0", "--end", "shutdown"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.result["tests"], [], "tests")
    check("under_test_s" not in r.result["attempts"][-1], "it was never under test")
    check_eq(r.result["attempts"][-1]["ended"], "shutdown", "ended")
    check("touch never" not in b.typed(), "a test was typed")


@case("--end cut takes the power away while the step runs")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["mkfifo f; echo loaded; cat f"])), args=["--for", "1s", "--end", "cut"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.result["attempts"][-1]["ended"], "cut", "ended")
    check("\x03" not in b.typed(), "the load was stopped before the cut")


@case("a level's commands are typed before the first test, and are no exposure")
def _(t):
    b = t.board(BOOT + SHELL)
    levels = {"factors": [{"name": "root", "levels": [
        {"name": "clean", "commands": ["sleep 5", "echo levelled"]}, {"name": "dirty"}]}]}
    r = t.run(minimal_job(inline(["true"]), soak=levels), args=["--level", "root=clean"])
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.result["level"], "root=clean", "level")
    check("echo levelled" in b.typed(), "the command was not typed")
    check(r.result["attempts"][-1]["under_test_s"] < 4.9, "the commands count as exposure")
    check_eq(list(r.tests()), ["step-1"], "tests")


@case("a level's command that fails is the job's fault, not the kernel's")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), soak=ROOT), args=["--level", "root=dirty"])
    check_eq(r.verdict["status"], "job", f"status ({r.verdict})")
    check("level root=dirty" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq(r.result["tests"], [], "tests")


@case("words that mean nothing are refused before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    for args, want in ((["--level", "root=wet"], "no such FACTOR=LEVEL"),
                       (["--level", "root"], "no such FACTOR=LEVEL"),
                       (["--for", "soon"], "expected a duration"),
                       (["--end", "well"], "expected any, shutdown or cut")):
        r = t.run(minimal_job(soak=ROOT), args=args)
        check_eq(r.code, 129, f"exit status of {args}")
        check(want in r.err, f"{args}: {r.err}")
    check_eq(b.clicks(), [], "clicks")


main()
