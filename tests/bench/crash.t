#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that die: what killed them, how often, and where the blame goes."""
from rig import BOOT, FIRMWARE, KERNEL, SHELL, case, check, check_eq, console, inline, main, minimal_job

REBOOTING = """say "[   21.502600] Rebooting in 1 seconds.."
"""
PANIC = console("panic")
END = 'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\n'


@case("a panic while waiting for the login prompt decides the run")
def _(t):
    t.board(BOOT + "delay 100\n" + PANIC + END + "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["status"], "fail", "status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check_eq(r.kinds(), ["panic"], "incidents")
    check("sysrq triggered crash" in r.result["incidents"][0]["title"], "title")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s")
    check_eq(r.result["boots"], 1, "boots")


@case("an oops with the panic that follows is one incident, named by its cause")
def _(t):
    t.board(BOOT + console("null-deref") + console("fatal-exception") +
            'say "[   14.226982] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---"\n'
            "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.kinds(), ["null-deref"], "incidents")
    i = r.result["incidents"][0]
    check_eq(i["function"], "dma_resv_add_fence", "function")
    check_eq(i["fault_address"], "0x20", "fault_address")
    check_eq(r.verdict["kind"], "null-deref", "kind")


@case("a panic during a test is that test's cause, not a timeout")
def _(t):
    t.board(BOOT + SHELL + "hook crash {\n" + PANIC + END + "hang\n}\n")
    r = t.run(minimal_job(inline(["true", "hook crash", "true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check_eq(r.kinds(), ["panic"], "incidents")
    check_eq([x["result"] for x in r.result["tests"]][:1], ["pass"], "first step")
    dead = r.result["tests"][1]
    check(dead["result"] == "fail", f"the step that crashed: {dead}")
    check("panic" in (dead.get("reason") or "").lower(), f"its reason: {dead}")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s")


EL3 = """say "PANIC in EL3." "x30            = 0x0000000000046a58" "x0             = 0x0000000000000000"
delay 100
say "esr_el3        = 0x00000000be000211" "mpidr_el1      = 0x0000000081000400"
"""


@case("secure firmware that panics under the kernel is told at once, with its registers, and no silence is waited for")
def _(t):
    t.board(BOOT + SHELL + "hook suspend {\n" + EL3 + "hang\n}\n")
    r = t.run(minimal_job(inline(["hook suspend", "true"]), silence=20))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (1, "fail", "panic"), f"verdict ({r.verdict})")
    check_eq(r.kinds(), ["panic"], "incidents")
    i = r.result["incidents"][0]
    check_eq((i["title"], i["lr"]), ("firmware panic: PANIC in EL3 (TF-A)", "0x0000000000046a58"), "incident")
    check(b"mpidr_el1" in r.raw(), "its registers are not whole")
    check(r.result["duration_s"] < 12, f"took {r.result['duration_s']} s")


@case("secure firmware that panics and resets the board is no reset without a word")
def _(t):
    t.board(BOOT + SHELL + "hook suspend {\n" + EL3 + "delay 300\nreboot\n}\n")
    r = t.run(minimal_job(inline(["hook suspend", "true"]), silence=20))
    check_eq((r.code, r.verdict["kind"]), (1, "panic"), f"verdict ({r.verdict})")
    check_eq(r.kinds(), ["panic"], "incidents")


@case("a test that shows a log with the words of dying firmware passes")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["echo 'the log said: PANIC in EL3.'", "echo '### ERROR ### Please RESET the board ###'",
                                  "echo '[    1.000000] PANIC in EL3.'; echo '[    1.100000] x30            = 0x46a58'"])))
    check_eq(r.code, 0, f"verdict ({r.verdict})")
    check_eq(r.kinds(), [], "incidents")


@case("a kernel that U-Boot's own vectors catch in its first steps has failed, and it is told at once")
def _(t):
    t.board(FIRMWARE + "say \"Starting kernel ...\" \"\"\n" + r'''say "\"Synchronous Abort\" handler, esr 0x8a000000, far 0x2080003" "elr: 0000000002080003 lr : 00000000e3a590f8"
say "Resetting CPU ..." "" "### ERROR ### Please RESET the board ###"
hang
''')
    r = t.run(minimal_job(inline(["true"]), silence=20))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (1, "fail", "panic"), f"verdict ({r.verdict})")
    check_eq(r.result["incidents"][0]["fault_address"], "0x2080003", "far")
    check(r.result["duration_s"] < 12, f"took {r.result['duration_s']} s")


@case("an oops that leaves the shell alive is still fatal")
def _(t):
    t.board(BOOT + SHELL + "hook crash {\n" + console("null-deref") + "}\n")
    r = t.run(minimal_job(inline(["hook crash", "true", "sleep 20"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "null-deref", "kind")
    check(r.result["duration_s"] < 12, f"took {r.result['duration_s']} s")


@case("panic and reboot again and again is a panic with three boots")
def _(t):
    t.board(BOOT + "delay 100\n" + PANIC + REBOOTING + "delay 1000\nreboot\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check(r.result["boots"] >= 3, f"boots is {r.result['boots']}, want 3 or more")
    check(r.kinds() and set(r.kinds()) == {"panic"}, f"incidents: {r.kinds()}")
    causes = [x["cause"] for x in r.result["resets"] if x["cause"] != "commanded"]
    check(causes and set(causes) == {"panic"}, f"resets: {r.result['resets']}")


@case("a loop that is faster than its reports settle is three boots as well")
def _(t):
    t.board(BOOT + PANIC + REBOOTING + "delay 300\nreboot\n")
    r = t.run(minimal_job())
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check_eq(r.result["boots"], 3, "boots")


@case("a panic that reboots into a good system decides, and the run ends there")
def _(t):
    t.board(BOOT + "boot 1 {\n" + PANIC + REBOOTING + "delay 500\nreboot\n}\n" + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check_eq(r.result["boots"], 2, "boots")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s")


@case("resets without a word are a boot loop")
def _(t):
    t.board(BOOT + "delay 300\nreboot\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "boot-loop", "kind")
    check(r.result["boots"] >= 3, f"boots is {r.result['boots']}")


@case("one firmware banner that nobody commanded is a reset")
def _(t):
    t.board(BOOT + "boot 1 { delay 300; reboot }\n" + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "reset", "kind")
    check_eq(r.result["boots"], 2, "boots")
    causes = [x["cause"] for x in r.result["resets"] if x["boot"] == 2]
    check(causes and causes != ["commanded"], f"resets: {r.result['resets']}")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s after the prompt came back")


DDR = 'say "DDR 9fffbe1e78 cym 24/02/04-10:09:20,fwver: v1.16"\nsay "U-Boot SPL 2024.10 (Oct 01 2024)"\n'


@case("a board that starts over and over before any kernel has a bad supply, and the lab is broken")
def _(t):
    t.board(DDR + "delay 200\nreboot\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 131, f"exit status ({r.verdict})")
    check_eq((r.verdict["status"], r.verdict["kind"]), ("lab", "boot-loop"), "verdict")
    check("USB-C PD" in r.verdict["reason"], r.verdict["reason"])
    check_eq({x["cause"] for x in r.result["resets"]}, {"supply"}, "causes")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s")


@case("a power-on reset under a running kernel, the relays untouched, is the supply's and the lab's")
def _(t):
    t.board(DDR + 'boot 1 { say "U-Boot 2024.10 (Oct 01 2024)" "Reset cause: POR" }\n'
            'boot 2 { say "U-Boot 2024.10 (Oct 01 2024)" "Reset cause: POR" }\n' + KERNEL +
            "boot 1 { delay 300; reboot }\n" + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 125, f"exit status ({r.verdict})")
    check_eq((r.verdict["status"], r.verdict["kind"]), ("lab", "reset"), "verdict")
    check("supply" in r.verdict["reason"], r.verdict["reason"])
    reset = r.result["resets"][0]
    check_eq((reset["cause"], reset["said"]), ("supply", "Reset cause: POR"), "the reset")


@case("a watchdog that bites under a running kernel is the kernel's")
def _(t):
    t.board(DDR + 'say "U-Boot 2024.10 (Oct 01 2024)"\nboot 2 { say "boot mode: watchdog" }\n' + KERNEL +
            "boot 1 { delay 300; reboot }\n" + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, f"exit status ({r.verdict})")
    check_eq([x["cause"] for x in r.result["resets"]], ["watchdog"], "causes")
    check_eq([s["stage"] for s in r.result["stages"]][:3], ["ddr", "spl", "u-boot"], "stages")


@case("a reset during a test is a reset, and the test that was running failed")
def _(t):
    t.board(BOOT + SHELL + "hook away { reboot }\n")
    r = t.run(minimal_job(inline(["true", "hook away", "true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "reset", "kind")
    check(r.result["duration_s"] < 15, f"took {r.result['duration_s']} s after the prompt came back")
    check_eq([x["result"] for x in r.result["tests"]][:2], ["pass", "fail"], "tests")


@case("a warning is recorded and does not fail the run")
def _(t):
    t.board(BOOT + console("warn") + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 0, "exit status")
    check_eq(r.kinds(), ["warn"], "incidents")
    check_eq(r.result["incidents"][0]["fatal"], False, "fatal")
    check_eq(r.result["incidents"][0]["function"], "vb2_start_streaming", "function")


@case("a job can raise a warning to a failure")
def _(t):
    t.board(BOOT + console("warn") + SHELL)
    r = t.run(minimal_job(inline(["true"]), watch={"fatal": ["warn"]}))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "warn", "kind")


@case("expect: a failure that matches is exit status 1")
def _(t):
    t.board(BOOT + console("null-deref") + console("fatal-exception") + "hang\n")
    r = t.run(minimal_job(inline(["true"]),
                          expect={"kind": "null-deref", "function": "dma_resv_*"}))
    check_eq(r.code, 1, "exit status")


@case("expect: another failure is untestable, exit status 125")
def _(t):
    t.board(BOOT + PANIC + END + "hang\n")
    r = t.run(minimal_job(inline(["true"]), expect={"kind": "null-deref"}))
    check_eq(r.code, 125, "exit status")
    check_eq(r.verdict["status"], "fail", "status")


@case("a crash of the board's second boot after a clean first is of boot 2")
def _(t):
    t.board(BOOT + "boot 1 { delay 200; reboot }\n" + PANIC + END + "hang\n")
    r = t.run(minimal_job(inline(["true"]), timeout=8))
    check_eq(r.code, 1, "exit status")
    check("panic" in r.kinds(), f"incidents: {r.kinds()}")
    panic = [i for i in r.result["incidents"] if i["kind"] == "panic"][0]
    check_eq(panic["boot"], 2, "boot of the panic")


@case("a crash a moment after the last step is no pass")
def _(t):
    t.board(BOOT + SHELL + "hook late {\ndelay 150\n" + PANIC + "hang\n}\n")
    r = t.run(minimal_job(inline(["true", "(hook late &) ; true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")


@case("a panic cut off in the middle is still a panic")
def _(t):
    t.board(BOOT + console("null-deref").replace("null-deref", "null-deref-cut") + "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "null-deref", "kind")
    check_eq(r.result["incidents"][0]["truncated"], True, "truncated")


if __name__ == "__main__":
    main()
