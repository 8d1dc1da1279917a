#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""--dry-run says what a run then does: the same moves and lines in the same order, and does none of it."""
import importlib.util
import json
import os
import subprocess
from importlib.machinery import SourceFileLoader

from rig import (BOOT, BOOTRIG, KERNEL, SHELL, TOP, case, check, check_eq, console, inline, main,
                 minimal_job, seconds)

uboot = importlib.util.module_from_spec(importlib.util.spec_from_loader(
    "uboot", SourceFileLoader("uboot", os.path.join(TOP, "tests", "bench", "uboot.t"))))
uboot.__loader__.exec_module(uboot)
import rig  # noqa: E402  (uboot.t has added its cases to ours)
rig.cases.clear()

LOGIN = """
print "\\r\\nvirt login: "
echo on
expect "^root$"
echo off
print "Password: "
expect "^secret$"
say ""
"""


def plans(t, job, board, *args):
    """What --dry-run says of each run, as JSON."""
    done = subprocess.run([BOOTRIG, "run", t.job_file(job), "--board", board, "--runs", t.runs,
                           "--dry-run", "--json", "-", *args],
                          capture_output=True, env=t.env, timeout=rig.LIMIT_S, check=False)
    check_eq(done.returncode, 0, f"exit status ({done.stderr.decode()})")
    said = json.loads(done.stdout)
    check_eq(said["schema"], "bootrig.dry-run/1", "schema")
    return said


def moves(steps):
    """Power, relays, typed lines and test steps. What a shell is fed around a step is not planned, and the keys
    that stop autoboot may go out more than once."""
    out = []
    for s in steps:
        if s["do"] == "power":
            out.append(("power", s["what"]))
        elif s["do"] == "relay":
            out.append(("relay", s["line"], s["act"], s["ms"]))
        elif s["do"] == "type" and "bootrig_" not in s["text"]:
            out.append(("type", s["text"]))
        elif s["do"] == "test" and s.get("command"):
            out.append(("test", s["suite"], s["command"]))
        elif s["do"] == "rung":
            out.append(("rung", s["name"]))
    return [m for i, m in enumerate(out) if i == 0 or m != ("type", " ") or out[i - 1] != m]


def check_same(r, plan, part="steps"):
    check_eq(moves(r.lines("actions.jsonl")), moves(plan[part]), "what was done, against what was planned")


@case("a boot through U-Boot does the moves and types the lines of its plan, in order")
def _(t):
    l = uboot.Loader(t, uboot.UBOOT + KERNEL + LOGIN + SHELL)
    job = l.job(inline(["true", "echo one; echo two"]), boot={"auto_login": {
        "login_prompt": "login:", "username": "root", "password_prompt": "Password:",
        "password": "secret"}})
    plan = plans(t, job, l.file)["runs"][0]
    check_eq(l.board.clicks(), [], "clicks of a dry run")
    check_eq(os.listdir(l.root), [], "files in the TFTP root after a dry run")
    check(not os.path.exists(t.runs), "a dry run made a run directory")
    r = l.run(job)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_same(r, plan)
    check(("type", "pxe boot") in moves(plan["steps"]), "U-Boot's lines are not in the plan")
    check("secret" not in json.dumps(plan), "the password is in the plan")


@case("the label of the plan is the one that is written, but for run and nonce")
def _(t):
    l = uboot.Loader(t, uboot.UBOOT + KERNEL + SHELL)
    job = l.job(inline(["true"]), kernel_args=["quiet", "foo=bar"])
    steps = plans(t, job, l.file)["runs"][0]["steps"]
    write = next(s for s in steps if s["do"] == "write")
    r = l.run(job)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    staged = next(a for a in r.lines("actions.jsonl") if a["do"] == "staged")
    check_eq(staged["append"], write["append"].replace("<32 random hex digits>", staged["nonce"]),
             "append")
    check_eq(write["to"], "pxelinux.cfg/01-" + rig.MAC.replace(":", "-"), "file")
    check(f"APPEND {write['append']}\n" in write["text"], f"label: {write['text']}")
    files = {s["role"]: s for s in steps if s["do"] == "file"}
    check_eq(files["kernel"]["size"], 1 << 20, "size of the kernel")
    check_eq([f["name"] for f in staged["files"]], [os.path.basename(f["to"]) for f in files.values()],
             "names in the TFTP root")


@case("a job that lists its U-Boot commands gets these and no others")
def _(t):
    l = uboot.Loader(t, uboot.UBOOT + KERNEL + SHELL, server_ip="192.168.5.1")
    job = l.job(boot={"commands": ["echo {SERVER_IP}", "setenv pxe_label_override {label}", "dhcp",
                                   "pxe get", "pxe boot"]})
    plan = plans(t, job, l.file)["runs"][0]
    r = l.run(job)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_same(r, plan)


@case("a failure climbs the rungs of the plan in its order")
def _(t):
    t.board(BOOT + "boot 1 {\n" + SHELL.strip() + "\n}\nboot 2 {\nhang\n}\n" + 'shell "good:~# "\n')
    proof = {"prompts": [r"good:~# $"], "timeout": seconds(4)}
    board = t.board_file(recovery=[{"rung": "warm-reset", "name": "evidence", **proof},
                                   {"rung": "power-cycle", "name": "cycle", **proof}])
    job = minimal_job(inline([f"cat {rig.CONSOLES}/panic.txt; sleep 60"]), silence=3, timeout=40)
    plan = plans(t, job, board)["runs"][0]
    r = t.run(job, board)
    check_eq(r.verdict["status"], "fail", f"status ({r.verdict})")
    begun = next(i for i, a in enumerate(r.lines("actions.jsonl")) if a["do"] == "recovery")
    check_eq(moves(r.lines("actions.jsonl")[begun:]), moves(plan["on_failure"]), "the ladder")


@case("what counts as a failure, its limits and where results go are said")
def _(t):
    board = t.board_file(limits={"silence": seconds(42)})
    job = minimal_job(inline(["true"]), watch={"fatal": ["warn"]},
                      results=[{"post": "https://lab.example/results"}])
    del job["bootrig"]["silence"]
    said = plans(t, job, board)
    check("warn" in said["runs"][0]["watch"]["fatal"], "warn is fatal here")
    check_eq(said["runs"][0]["watch"]["silence_s"], 42, "silence")
    check_eq([p["url"] for p in said["posted"]], ["https://lab.example/results"], "posted")


@case("the page for people has every step, and ends in saying that nothing was touched")
def _(t):
    l = uboot.Loader(t, uboot.UBOOT + KERNEL + SHELL)
    job = l.job(inline(["echo something to see"]))
    r = t.run(job, l.file, args=("--dry-run",), holds=False)
    check_eq(r.code, 0, f"exit status ({r.err})")
    check_eq(r.dir, None, "run directory")
    for words in ('"setenv pxe_label_override bootrig"', "LABEL bootrig", "echo something to see",
                  "Image", "ctl", "at most", "Nothing was touched."):
        check(words in r.out, f"{words} is not in the page:\n{r.out}")
    steps = plans(t, job, l.file)["runs"][0]["steps"]
    check_eq(sum(line.startswith("    ") and line[4] != " " for line in r.out.splitlines())
             - 4, len(steps), "lines of steps")  # four more: what is watched


main()
