#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A job of more than one kernel: each gets its own run and verdict, and one table says what
came of all of them. The scripted board tells the kernels apart by their arguments."""
import gzip
import json
import os
import shutil
import signal
import struct
import subprocess
import time

from campaign import Campaign
from rig import (BOOTRIG, KERNEL, MAC, SHELL, Receiver, Skip, case, check, check_eq, check_replay, console, inline,
                 main, minimal_job, seconds)

SPL = """
say "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)"
say "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)"
say "DRAM:  512 MiB"
"""
UBOOT = SPL + 'uboot "=> " 1500\n'
HOOKS = """
hook null {
""" + console("vb2-null-slot") + """
hang
}
hook slot { say "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=cycles RESULT=pass MEASUREMENT=100 UNITS=cycles>" }
hook many { say "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=cycles RESULT=pass MEASUREMENT=7500 UNITS=cycles>" }
hook notests { say "TAP version 13" "1..2" "ok 1 pool" "not ok 2 fence-visible" }
hook tests { say "TAP version 13" "1..2" "ok 1 pool" "ok 2 fence-visible" }
"""
# What the kernel does is told by its argument who=; cycles come as LAVA measurements.
STEP = ("case \"$(cat /proc/cmdline)\" in "
        "*who=null*) hook slot; sleep 0.3; hook null;; "
        "*who=slow*) sleep 2.5;; "
        "*who=unfixed*) hook notests;; "
        "*) hook tests; hook many;; esac")
HYPOTHESES = [{"name": "null-slot", "fault_address": "0x20", "function": ["dma_resv_add_fence"]},
              {"name": "elsewhere", "fault_address": "0x20", "function": ["vb2_core_streamoff"]}]


def image():
    """The head of an arm64 Image (Documentation/arm64/booting.rst) with a banner inside."""
    banner = (b"Linux version 6.1.0-fake (build@lab) (aarch64-linux-gnu-gcc 12.2.0, GNU ld 2.40) "
              b"#1 SMP PREEMPT Mon Nov 23 10:00:00 UTC 2026\n")
    size = 1 << 20
    head = struct.pack("<IIQQQQQQ4sI", 0x91005A4D, 0x14000000, 0, size, 0xA, 0, 0, 0, b"ARM\x64", 0)
    return (head + b"\0" * 4096 + banner + b"\0").ljust(size, b"\x5a")


class Matrix(Campaign):
    """`bootrig run` on a board with U-Boot and a TFTP root, with a job of these kernels."""

    command = "run"

    def __init__(self, t, kernels, *args, script=UBOOT + KERNEL + SHELL + HOOKS, steps=(STEP,), kernel=None, **bootrig):
        if not shutil.which("atftpd") and not os.path.exists("/usr/sbin/atftpd"):
            raise Skip("atftpd is not installed, and staged files are fetched back through it")
        root = os.path.join(t.tmp, "tftp")
        os.makedirs(root, exist_ok=True)
        with open(os.path.join(t.tmp, "Image"), "wb") as f:
            f.write(image())
        with gzip.open(os.path.join(t.tmp, "ramdisk.cpio.gz"), "wb") as f:
            f.write(b"070701" + b"0" * 104 + b"TRAILER!!!\0\0\0\0")
        self.board = t.board(script, "--tftp", root)
        board_file = t.board_file(limits={"firmware": seconds(1)}, boot={
            "loader_prompt": "=> ", "interrupt_prompt": "Hit any key to stop autoboot", "interrupt_char": " ",
            "mac": MAC, "setup": ["setenv autoload no"], "network": ["dhcp"],
            "boot_commands": ["setenv pxe_label_override {label}", "pxe get", "pxe boot"],
            "kernel_args": "console=ttyAMA0", "tftp": {"root": root, "verify": "local"}})
        job = minimal_job(inline(list(steps)), hypotheses=HYPOTHESES, kernel={"select": kernels, **(kernel or {})},
                          **bootrig)
        job["actions"][0] = {"boot": {"method": "u-boot", "commands": "ramdisk", "prompts": [r"virt:~# $"]}}
        job["actions"].insert(0, {"deploy": {"to": "tftp", "os": "oe", "ramdisk": {
            "url": "file:" + os.path.join(t.tmp, "ramdisk.cpio.gz"), "compression": "gz"}}})
        super().__init__(t, t.job_file(job), *args, board_file=board_file)

    @property
    def matrix(self):
        return self.result["matrix"]

    def rows(self):
        return [(r["cell"], r["verdict"]["status"], r["as_expected"]) for r in self.matrix]


def kernel(name, who, **more):
    return {"name": name, "kernel": {"url": "Image"}, "kernel_args": f"who={who}", **more}


@case("each kernel has its own run, verdict, incident, hypotheses, tests and cycles; the table shows them")
def _(t):
    m = Matrix(t, [
        kernel("v1a", "null", expect={"status": "fail", "kinds": ["null-deref"],
                                      "hypotheses": {"null-slot": "confirmed", "elsewhere": "falsified"}}),
        kernel("v2b", "unfixed", expect={"status": "fail", "failed_tests": ["*fence-visible"]}),
        kernel("v2c", "good", expect={"status": "pass"})])
    check_eq(m.run(), 0, "exit status" + m.text())
    m.check_books()
    check_eq(m.rows(), [("v1a", "fail", True), ("v2b", "fail", True), ("v2c", "pass", True)], "rows")
    a, b, c = m.matrix
    check_eq((a["series"], a["config"]), ("v1a", None), "series and config")
    check_eq((a["incident"]["kind"], a["incident"]["function"], a["incident"]["fault_address"]),
             ("null-deref", "dma_resv_add_fence", "0x20"), "incident")
    check_eq(a["hypotheses"], [{"name": "null-slot", "verdict": "confirmed"},
                               {"name": "elsewhere", "verdict": "falsified"}], "hypotheses")
    check_eq((a["cycles"], c["cycles"]), (100, 7500), "cycles")
    check(0.2 < a["seconds"] < 5, f"seconds under test: {a['seconds']}")
    check_eq((b["incident"], b["verdict"]["kind"]), (None, "test"), "what failed v2b")
    check_eq((b["functional"]["status"], b["functional"]["passed"], b["functional"]["failed"]), ("fail", 1, 1),
             "functional result of v2b")
    check_eq((c["functional"]["status"], c["functional"]["passed"]), ("pass", 2), "functional result of v2c")
    check_eq(m.result["verdict"], {"status": "pass", "kind": None, "reason": "3 of 3 cells as expected"}, "verdict")
    check_eq(m.result["boots"], 3, "boots")
    check_eq([i["kind"] for i in m.result["incidents"]], ["null-deref"], "incidents")
    check_eq([x["result"] for x in m.result["tests"]], ["pass"] * 3, "tests")
    for word in ("KERNEL", "0x20 in dma_resv_add_fence", "+null-slot, 1 falsified", "cell 2 of 3: v2b"):
        check(word in m.text(), f"no {word!r} in\n{m.text()}")
    for row in m.matrix:
        check_replay(os.path.join(m.dirs[-1], row["run"]))
    again = subprocess.run([BOOTRIG, "report", "--table", m.dirs[-1]], capture_output=True, text=True, check=True)
    check("+null-slot, 1 falsified" in again.stdout, again.stdout)


@case("a kernel that surprises is named in the reason, and the matrix fails")
def _(t):
    m = Matrix(t, [kernel("v1a", "null"), kernel("v2c", "good", expect={"status": "fail"})])
    check_eq(m.run(), 1, "exit status" + m.text())
    check_eq(m.rows(), [("v1a", "fail", False), ("v2c", "pass", False)], "rows")
    v = m.result["verdict"]
    check_eq((v["status"], v["kind"]), ("fail", "test"), "verdict")
    check(v["reason"].startswith("0 of 2 cells as expected; v1a: fail: "), v["reason"])
    check("v2c: pass: passed (expected to fail)" in v["reason"], v["reason"])


@case("where status is as expected and something else is not, it says what")
def _(t):
    m = Matrix(t, [kernel("v1a", "null", expect={"status": "fail", "hypotheses": {"null-slot": "falsified"}}),
                   kernel("v1b", "null", expect={"status": "fail", "kinds": ["uaf"]})])
    check_eq(m.run(), 1, "exit status" + m.text())
    why = ["expected null-slot falsified, it is confirmed", "expected uaf, the kind is null-deref"]
    check_eq([r["surprise"] for r in m.matrix], why, "surprises")
    check(m.result["verdict"]["reason"].endswith(f"({why[1]})"), m.result["verdict"]["reason"])
    for w in why:
        check_eq(m.text().count(f"({w})"), 2, f"cell and verdict say {w!r}" + m.text())


@case("of many surprises some are told, and how many more there are")
def _(t):
    m = Matrix(t, [kernel(f"k{i}", "good", expect={"status": "fail"}) for i in range(9)])
    check_eq(m.run(), 1, "exit status" + m.text())
    reason = m.result["verdict"]["reason"]
    told = reason.count("passed (expected to fail)")
    check(2 < told < 9 and reason.endswith(f"; and {9 - told} more") and len(reason) < 512, reason)


@case("--kernel runs one of them as an ordinary run, with that run's exit status")
def _(t):
    m = Matrix(t, [kernel("v1a", "null"), kernel("v2c", "good")], "--kernel", "v2c")
    check_eq(m.run(), 0, "exit status" + m.text())
    check("matrix" not in m.result, "a matrix of one")
    check("who=good" in m.result["kernel"]["append"], m.result["kernel"]["append"])
    bad = Matrix(t, [kernel("v1a", "null"), kernel("v2c", "good")], "--kernel", "v9")
    check_eq(bad.run(), 129, "exit status" + bad.text())
    check("v1a v2c" in bad.text(), "the kernels there are: " + bad.text())


@case("in a soak another kernel's clean stretch is held against the rate of the one that fails, not a level of its own")
def _(t):
    class Soak(Matrix):
        command = "soak"

    levels = [{"name": "load", "levels": [{"name": "full", "kernel_args": ["who=null"]}, {"name": "none"}]}]
    m = Soak(t, [kernel("v1a", "slow"), kernel("v2c", "slow")], "--boots", "4", "--each", "1s", soak={"factors": levels})
    check_eq(m.run(), 1, "exit status" + m.text())
    groups = {(g["cell"], g["level"]): g for g in m.result["soak"]["groups"]}
    check_eq([groups[k]["failures"] for k in sorted(groups)], [1, 0, 1, 0], "failures")
    own, other = groups["v1a", "load=none"], groups["v2c", "load=none"]
    check_eq(own["clean"]["p_old"], None, "p of a level against its own kernel")
    old = [g["rate"] for k, g in groups.items() if k[0] == "v1a"]
    s, clean = sum(r["exposure_s"] for r in old), other["clean"]["seconds"]
    check(abs(other["clean"]["p_old"] - s / (s + clean)) < 1e-6, f"p {other['clean']} of one failure in {s} s")
    told = [x for x in m.result["soak"]["lines"] if "still held" in x]
    check(len(told) == 1 and told[0].startswith("v2c, load=none: "), f"lines: {told}")


@case("a lab fault says nothing about a kernel: the cell is tried again")
def _(t):
    m = Matrix(t, [kernel("v2c", "good")] * 1 + [kernel("v1a", "null", expect={"status": "fail"})],
               script='boot 1 { say "U-Boot SPL 2023.01 (Jan 12 2023)"; hang }\n' + UBOOT + KERNEL + SHELL + HOOKS)
    check_eq(m.run(), 0, "exit status" + m.text())
    m.check_books()
    boots = m.load("campaign.json")["boots"]
    check_eq([(b["cell"], b["status"]) for b in boots], [("v2c", "lab"), ("v2c", "pass"), ("v1a", "fail")], "boots")
    check("v2c, once more" in m.text(), m.text())


@case("a broken lab ends the matrix, which goes on where it was")
def _(t):
    hang = "".join(f'boot {n} {{ hang }}\n' for n in (2, 3, 4))
    m = Matrix(t, [kernel("a", "good"), kernel("b", "good"), kernel("c", "good")],
               script=hang + UBOOT + KERNEL + SHELL + HOOKS)
    check_eq(m.run(), 131, "exit status" + m.text())
    check_eq([r[1] for r in m.rows()], ["pass", "lab", "canceled"], "rows")
    check_eq((m.result["verdict"]["status"], m.result["exit_code"]), ("lab", 131), "verdict")
    check_eq(m.run(), 0, "exit status" + m.text())
    m.check_books()
    check_eq(len(m.dirs), 1, "campaigns")
    check_eq([b["cell"] for b in m.load("campaign.json")["boots"]], ["a", "b", "b", "b", "b", "c"], "boots")


@case("a kernel whose file is missing is told, and the others run")
def _(t):
    m = Matrix(t, [{"name": "gone", "kernel": {"url": "NoImage"}}, kernel("v2c", "good")])
    check_eq(m.run(), 129, "exit status" + m.text())
    check_eq([r[1] for r in m.rows()], ["job", "pass"], "rows")
    check("NoImage" in m.matrix[0]["verdict"]["reason"], f"{m.matrix[0]}")


@case("SIGINT powers the board off, and the same command goes on")
def _(t):
    m = Matrix(t, [kernel("a", "good"), kernel("b", "slow"), kernel("c", "good")])
    p = m.start()
    m.board.wait_for("on", count=2)
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    check_eq(m.finish(p), 130, "exit status" + m.text())
    check_eq(m.board.state()["power"], "off", "power")
    check_eq(m.result["verdict"]["status"], "canceled", "verdict")
    check_eq(m.run(), 0, "exit status" + m.text())
    m.check_books()
    check_eq(len(m.dirs), 1, "campaigns")
    check_eq([(b["cell"], b["status"]) for b in m.load("campaign.json")["boots"]],
             [("a", "pass"), ("b", "canceled"), ("b", "pass"), ("c", "pass")], "boots")


@case("kill -9 of the matrix or of its child at any moment loses nothing and counts nothing twice")
def _(t):
    kernels = [kernel(f"k{i}", "good") for i in range(6)]
    m = Matrix(t, kernels)
    for whom, after in (("matrix", 0.3), ("matrix", 0.4), ("child", 0.3), ("matrix", 0.8), ("child", 0.9)):
        p = m.start()
        time.sleep(after)
        if whom == "matrix":
            p.kill()
            p.wait()
            t.children.remove(p)
        else:
            m.kill_child(p)
            m.finish(p)
        if m.load("campaign.json")["finished"]:
            break
    code = m.run() if not m.load("campaign.json")["finished"] else 0
    check_eq(code, 0, "exit status" + m.text())
    m.check_books()
    check_eq(len(m.dirs), 1, "campaigns")
    passed = [b["cell"] for b in m.load("campaign.json")["boots"] if b["status"] == "pass"]
    check_eq(passed, [f"k{i}" for i in range(6)], "cells that passed, each once")
    check_eq([r[1] for r in m.rows()], ["pass"] * 6, "rows")


@case("a finished matrix is not gone on with; --new begins another; a changed job is another")
def _(t):
    m = Matrix(t, [kernel("a", "good"), kernel("b", "good")])
    check_eq(m.run(), 0, "exit status" + m.text())
    check_eq(m.run(), 0, "exit status" + m.text())
    check_eq(len(m.dirs), 2, "campaigns")
    p = m.start()
    m.board.wait_for("on", count=5)
    p.kill()
    p.wait()
    t.children.remove(p)
    m.argv.append("--new")
    check_eq(m.run(), 0, "exit status" + m.text())
    check_eq(len(m.dirs), 4, "campaigns")
    m.argv.pop()
    first = m.dirs[0]
    with open(m.argv[2], encoding="utf-8") as f:
        job = json.load(f)
    job["job_name"] = "another"
    with open(m.argv[2], "w", encoding="utf-8") as f:
        json.dump(job, f)
    m.argv += ["--resume", first]
    check_eq(m.run(), 129, "exit status" + m.text())
    check("of another job" in m.text(), m.text())


@case("what is killed before its result is told tells it, and boots nothing again")
def _(t):
    m = Matrix(t, [kernel("a", "good"), kernel("b", "good")])
    p = m.start()
    m.board.wait_for("on", count=2)
    report = os.path.join(m.dirs[-1], "junit.xml")
    os.makedirs(os.path.join(report, "in the way"))
    check_eq(m.finish(p), 131, "exit status" + m.text())
    check("junit.xml" in m.text(), m.text())
    check_eq(m.load("campaign.json")["finished"], False, "finished")
    shutil.rmtree(report)
    check_eq(m.run(), 0, "exit status" + m.text())
    check_eq(len(m.dirs), 1, "campaigns")
    check_eq(len(m.load("campaign.json")["boots"]), 2, "boots")
    check_eq((m.load("campaign.json")["finished"], [r[1] for r in m.rows()]), (True, ["pass"] * 2), "at the end")


@case("a board belongs to its matrix, also between the boots")
def _(t):
    m = Matrix(t, [kernel("a", "slow"), kernel("b", "slow"), kernel("c", "good")])
    p = m.start()
    m.board.wait_for("on")
    other = subprocess.run([*m.argv, "--new"], capture_output=True, text=True, env=t.env, cwd=t.tmp, check=False)
    check_eq(other.returncode, 131, "exit status of a second matrix: " + other.stderr)
    check(f"a matrix or soak has it, process {p.pid}" in other.stderr, other.stderr)
    check_eq(len(m.dirs), 1, "campaigns")
    power = [BOOTRIG, "power", "--board", m.argv[4], "off"]
    while p.poll() is None:
        by_hand = subprocess.run(power, capture_output=True, text=True, env=t.env, check=False)
        check(p.poll() is not None or (by_hand.returncode == 131 and "is busy" in by_hand.stderr),
              f"somebody else got the board: {by_hand.returncode} {by_hand.stderr}")
    check_eq(m.finish(p), 0, "exit status" + m.text())
    check_eq([b["status"] for b in m.load("campaign.json")["boots"]], ["pass"] * 3, "boots")


@case("a state that cannot be read is told, and another matrix begins")
def _(t):
    m = Matrix(t, [kernel("a", "good"), kernel("b", "good")])
    p = m.start()
    m.board.wait_for("on", count=2)
    p.kill()
    p.wait()
    t.children.remove(p)
    state = os.path.join(m.dirs[-1], "campaign.json")
    with open(state, "r+b") as f:
        f.truncate(os.path.getsize(state) // 2)
    check_eq(m.run(), 0, "exit status" + m.text())
    check_eq(len(m.dirs), 2, "campaigns")
    check(f"not gone on with: {state}:" in m.text(), m.text())


@case("a pattern that fits no kernel is refused before anything begins")
def _(t):
    m = Matrix(t, [kernel("v1a", "null"), kernel("v2c", "good")], "--kernel", "*/lockdep")
    check_eq(m.run(), 129, "exit status" + m.text())
    check("*/lockdep" in m.text() and "v1a v2c" in m.text(), m.text())
    check_eq(m.dirs, [], "campaigns")


@case("the matrix is posted once, when it is over, and each run for itself")
def _(t):
    receiver = Receiver(t)
    m = Matrix(t, [kernel("a", "good"), kernel("b", "null", expect={"status": "fail"})],
               results=[{"post": receiver.url}])
    check_eq(m.run(), 0, "exit status" + m.text())
    runs = [os.path.basename(r["run"]) for r in m.matrix]
    check_eq(receiver.ids(), sorted([*runs, os.path.basename(m.dirs[-1])]), "posted")
    check_eq(receiver.get(os.path.basename(m.dirs[-1]))["matrix"], m.matrix, "the matrix as posted")


main()
