#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boards that fall silent, never get there, or never start."""
from rig import BOOT, SHELL, case, check, check_eq, inline, main, minimal_job, seconds


@case("a wedged kernel is found by silence, long before the timeout, with one probe")
def _(t):
    b = t.board(BOOT + "deaf\nhang\n")
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=55))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "silence", "kind")
    check_eq(r.kinds(), ["silence"], "incidents")
    check(r.result["duration_s"] < 20, f"took {r.result['duration_s']} s")
    check(b.typed().count("\n") + b.typed().count("\r") <= 1,
          f"more than one probe was typed: {b.typed()!r}")


@case("a test that wedges the kernel is found by silence")
def _(t):
    t.board(BOOT + SHELL + "hook wedge { deaf; hang }\n")
    r = t.run(minimal_job(inline(["true", "hook wedge"]), silence=2, timeout=55))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "silence", "kind")
    check_eq([x["result"] for x in r.result["tests"]][:2], ["pass", "fail"], "tests")


@case("a test that is only quiet answers the probe and goes on")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["sleep 5", "true"]), silence=2))
    check_eq(r.code, 0, "exit status")
    check_eq(r.kinds(), [], "incidents")


@case("a login prompt that never comes while the kernel talks on is a timeout")
def _(t):
    t.board(BOOT + 'repeat 600 { say "[   30.000001] usb 1-1: new device"; delay 100 }\n')
    r = t.run(minimal_job(inline(["true"]), boot={"timeout": seconds(3)}))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["status"], "fail", "status")
    check_eq(r.verdict["kind"], "timeout", "kind")
    check(r.result["duration_s"] < 12, f"took {r.result['duration_s']} s")


@case("firmware that hangs before any kernel is the lab's, and untestable")
def _(t):
    t.board('say "U-Boot SPL 2023.01 (Jan 12 2023)" "Trying to boot from MMC1"\nhang\n')
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=20),
              t.board_file(limits={"firmware": seconds(3)}))
    check_eq(r.code, 125, "exit status")
    check_eq(r.verdict["status"], "lab", "status")
    check_eq(r.result["error_type"], "Infrastructure", "error_type")


@case("firmware that says that it crashed and is silent then is the lab's at once, in its own words")
def _(t):
    t.board('say "U-Boot SPL 2023.01 (Jan 12 2023)" "NOTICE:  BL31: v2.9(release):v2.9" "PANIC in EL3."\n'
            'say "x30            = 0x0000000040007d9c" "mpidr_el1      = 0x0000000080000000"\nhang\n')
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=25), t.board_file(limits={"firmware": seconds(20)}))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict ({r.verdict})")
    check("PANIC in EL3." in r.verdict["reason"] and "TF-A" in r.verdict["reason"], r.verdict["reason"])
    check(r.result["attempts"][0]["end_s"] < 8, f"it took {r.result['attempts'][0]['end_s']} s")


@case("firmware that crashes, starts again by itself and boots then is no fault")
def _(t):
    t.board('boot 1 { say "U-Boot SPL 2023.01 (Jan 12 2023)" "PANIC in EL3." "x30            = 0x0000000040007d9c"\n'
            'delay 300\nreboot }\n' + BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=25), t.board_file(limits={"firmware": seconds(20)}))
    check_eq(r.code, 0, f"exit status ({r.verdict})")


@case("not one byte after power-on means that the relay or the cable is broken")
def _(t):
    t.board("hang\n")
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=20),
              t.board_file(limits={"firmware": seconds(3)}))
    check_eq(r.code, 131, "exit status")
    check_eq(r.verdict["status"], "lab", "status")
    check_eq(r.result["boots"], 0, "boots")


@case("a relay without effect leaves the board silent, and the lab is to blame")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=20),
              t.board_file(power={"on": "true"}, limits={"firmware": seconds(3)}))
    check_eq(r.code, 131, "exit status")
    check_eq(r.verdict["status"], "lab", "status")


@case("a step that does not end meets its timeout and is that test's failure")
def _(t):
    t.board(BOOT + SHELL)
    job = minimal_job(inline(["true", "while :; do echo still here; sleep 0.3; done"]))
    job["actions"][-1]["test"]["timeout"] = seconds(3)
    r = t.run(job)
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["status"], "fail", "status")
    check(r.verdict["kind"] in ("timeout", "test"), f"kind {r.verdict['kind']}")
    check_eq([x["result"] for x in r.result["tests"]][:2], ["pass", "fail"], "tests")


@case("the job's own timeout ends whatever runs")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["while :; do echo still here; sleep 0.3; done"]), timeout=4))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "timeout", "kind")
    check(r.result["duration_s"] < 12, f"took {r.result['duration_s']} s")


if __name__ == "__main__":
    main()
