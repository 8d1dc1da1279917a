# SPDX-License-Identifier: GPL-2.0-or-later
"""The UART: pulled at the worst moments, shared, and what it is while the board is off."""
import os

from lab import SUITE_BUILD, TOP, case, check, check_eq, inline, job


def gaps(r):
    return [a["ms"] for a in r.lines("actions.jsonl") if a["do"] == "gap"]


def replug(t, c, record, word, under=None):
    """Pull the adapter when the record has the word, and put it back."""
    t.wait_record(c, record, word)
    holder = None
    if under:
        holder = t.sh("exec </dev/ttyACM0; echo held; exec sleep 60", root=True)
        t.until("the old node is held", lambda: holder.out)
    t.unplug()
    name = t.plug()
    check_eq(name, under or "ttyACM0", "the adapter's name")
    return holder


def check_gap(r):
    check_eq(len(gaps(r)), 1, f"gaps, of {gaps(r)} ms,")
    check(10 < gaps(r)[0] < 3000, f"the gap lasted {gaps(r)[0]} ms")


def passes_with_a_gap(t, c):
    r = t.finish(c)
    check_eq((r.code, r.verdict["status"]), (0, "pass"), f"exit status and verdict ({r.verdict['reason']})")
    check_gap(r)


@case("the adapter pulled in U-Boot and put back: the gap is recorded, the line typed again, the run passes")
def _(t):
    c = t.start(job(inline(["true"])))
    replug(t, c, "actions.jsonl", '"what":"loader-prompt"')
    passes_with_a_gap(t, c)


@case("the adapter pulled while the kernel boots comes back under another name, and the run passes")
def _(t):
    c = t.start(job(inline(["true"])))
    replug(t, c, "events.jsonl", '"stage":"kernel"', under="ttyACM1")
    passes_with_a_gap(t, c)


@case("the adapter pulled during a test: the test's end is found behind the gap")
def _(t):
    c = t.start(job(inline(["sleep 4", "true"])))
    replug(t, c, "events.jsonl", '"name":"smoke"')
    passes_with_a_gap(t, c)


@case("an adapter that stays away is the lab's fault, and the board is off")
def _(t):
    c = t.start(job(inline(["sleep 20"])))
    t.wait_event(c, '"stage":"userspace"')
    t.unplug()
    r = t.finish(c)
    check(r.code in (125, 131), f"exit status {r.code}")
    check_eq(r.verdict["status"], "lab", f"status ({r.verdict['reason']})")


@case("a UART that another program holds is refused by the holder's name before a relay moves")
def _(t):
    c = t.sh(f"exec flock {t.board_spec()['console']['device']} sleep 60")
    t.do("until grep -q FLOCK /proc/locks; do sleep 0.05; done")
    r = t.run(job(inline(["true"])))
    check_eq((r.code, r.verdict["status"]), (131, "lab"), "exit status and verdict")
    check(f"{c.pid}" in r.verdict["reason"] or "flock" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq(t.moves("bench1-power"), [], "what the power relay did")


@case("bootrig console shows a run's console from its beginning, and types nothing")
def _(t):
    c = t.start(job(inline(["echo from-the-test", "sleep 2"])))
    t.wait_event(c, '"stage":"kernel"')
    viewer = t.bootrig("console", "--board", t.board_file())
    t.until("the viewer shows the test", lambda: "from-the-test" in viewer.out, 30)
    check("U-Boot 2023" in viewer.out, "the beginning is missing")
    r = t.finish(c)
    check_eq(r.code, 0, "exit status of the run")
    t.until("the viewer ends with the run", lambda: viewer.code is not None, 5)
    check_eq(r.raw(), bytes(t.dut.sent), "console.raw")


@case("the serial backend's own tests pass on this adapter", 90)
def _(t):
    program = os.path.join(SUITE_BUILD, "lab", "test_tty")
    c = t.sh(f"exec {TOP}/tests/lab/tty {SUITE_BUILD}", root=True)
    t.wait_end(c, 80)
    lines = c.out.splitlines()
    bad = [line for line in lines if line.startswith("not ok")]
    check(c.code == 0 and not bad and any(line.startswith("ok") for line in lines), f"{program}: {c.code}\n{c.out[-3000:]}")
