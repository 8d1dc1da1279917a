#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A wedged kernel is asked what hangs in it before anybody cuts its power."""
import os

from ladder import DUMB, GOOD, actions, board_file, breaking, order, rung
from rig import BOOT, TOP, case, check, check_eq, inline, main, minimal_job, seconds

SYSRQ = os.path.join(TOP, "tests", "data", "sysrq")


def wedge_job():
    return minimal_job(inline(["true"]), silence=2, timeout=60)


# The step's line, the probe, and the BREAK; a letter comes next.
BREAK = 'expect "."\nexpect "^$"\nkey\n'
CAPTURE = {"quiet": {"milliseconds": 400}, "timeout": seconds(5)}


@case("a wedged kernel is asked before it is touched, and its blocked task names the incident")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK + f'key\nfile "{SYSRQ}/zoo.log"\nhang\n}}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("warm-reset", harvest=["echo evidence"]),
                                          rung("power-cycle")],
                                      console=breaking(t), capture=CAPTURE))
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "silence"), "verdict")
    check_eq(r.kinds(), ["silence"], "incidents")
    check_eq(r.result["incidents"][0]["title"],
             "silence in userspace; blocked: task sh in mutex_hold", "title")
    check("blocked: task sh in mutex_hold" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    got = r.result["incidents"][0]["capture"]
    check_eq([b["comm"] for b in got["blocked_tasks"]], ["sh", "holder"], "blocked tasks")
    check_eq(got["locks"][1]["comm"], "holder", "who holds the locks")
    check_eq(got["answers"]["w"], "ok", "answer to w")
    check_eq(order(r), ["off", "on", "sysrq-w", "sysrq-l", "sysrq-d", "sysrq-m", "sysrq-t", "reset",
                        "harvest", "off", "on", "off"], "what was done")
    check_eq(r.result["recovery"]["evidence"], "kept", "evidence")


@case("a step that never ends in a kernel that answers is a time-out that names the task and its function")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + f'expect "."\nkey\nkey\nfile "{SYSRQ}/spin.log"\nhang\n}}\n' + GOOD)
    r = t.run(minimal_job(inline(["true"]), timeout=4),
              board_file(t, [rung("power-cycle")], console=breaking(t), capture={**CAPTURE, "sysrq": ["l"]}))
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "timeout"), "verdict")
    check("running: task vb2churn-pie in dma_resv_iter_walk_unlocked" in r.verdict["reason"],
          f"reason: {r.verdict['reason']}")
    got = r.result["attempts"][0]
    check_eq((got["blocked"], got["running"]),
             (None, "task vb2churn-pie in dma_resv_iter_walk_unlocked"), "what did not end")


@case("a processor that stands still answers nothing, and the capture says so in plain words")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + 'deaf\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t), capture=CAPTURE))
    got = r.result["incidents"][0]["capture"]
    check_eq(got["answers"], {"w": "none"}, "answers")
    check("no answer to SysRq by BREAK" in got["reason"], f"reason: {got['reason']}")
    check_eq(r.result["incidents"][0]["title"], "silence in userspace", "title")


@case("a kernel whose SysRq mask forbids it is asked once")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK +
            'key\nsay "[   30.149924] sysrq: This sysrq operation is disabled."\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t), capture=CAPTURE))
    got = r.result["incidents"][0]["capture"]
    check_eq(got["answers"], {"w": "disabled"}, "answers")
    check("sysrq_always_enabled" in got["reason"], f"reason: {got['reason']}")


@case("a FIQ debugger that answers to the BREAK is asked in its own words, and left again")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK + 'print "debug> "\nexpect "^sysrq w$"\n' +
            f'file "{SYSRQ}/vb2.log"\nprint "debug> "\nexpect "^sysrq t$"\nprint "debug> "\n'
            'expect "^console$"\nmark left\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t),
                                      capture={**CAPTURE, "sysrq": ["w", "t"]}))
    got = r.result["incidents"][0]["capture"]
    check_eq([b["function"] for b in got["blocked_tasks"]], ["mutex_hold", "hold_fn"], "blocked tasks")
    check_eq(len(t.boards[0].marks("left")), 1, "times the debugger was left")


@case("a board that nobody may ask is not asked")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + 'deaf\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], capture={"sysrq": []}))
    check_eq(actions(r, "sysrq", "capture"), [], "questions")


@case("a newline is not typed where an autoboot may be counting behind banners that were lost")
def _(t):
    t.board(BOOT + DUMB + 'delay 100\nsay "" "\\x01\\xfe"\nprint "Hit any key to stop autoboot:  2 "\nhang\n')
    r = t.run(wedge_job())
    probes = actions(r, "probe")
    check_eq([p.get("not") for p in probes], ["autoboot may be counting"], "probes")
    check("\n" not in t.boards[0].typed().partition("true")[2].partition("\n")[2],
          "something was typed at the countdown")


@case("a board without recovery is neither asked nor climbed")
def _(t):
    t.board(BOOT + DUMB + 'deaf\nhang\n')
    r = t.run(wedge_job(), t.board_file(console=breaking(t)))
    check_eq(r.verdict["kind"], "silence", "kind")
    check_eq(order(r), ["off", "on", "off"], "what was done")


if __name__ == "__main__":
    main()
