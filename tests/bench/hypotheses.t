#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a job believes about its failure, and what the report says to it."""
import json
import os
import shutil
import subprocess

from rig import BOOT, BOOTRIG, TOP, case, check, check_eq, console, inline, main, minimal_job

RIVALS = [os.path.join(TOP, "jobs", "hypotheses", f"vb2-{n}.yaml")
          for n in ("null-slot", "ops-null", "reserve-forgotten")]
END = "hang\n"


def verdicts(run, incident=0):
    return {h["name"]: h["verdict"]
            for h in run.result["incidents"][incident]["diagnosis"]["hypotheses"]}


def reasons(run, name, incident=0):
    for h in run.result["incidents"][incident]["diagnosis"]["hypotheses"]:
        if h["name"] == name:
            return h["reasons"]
    return []


@case("a job's hypotheses are judged for each fatal incident, those from files as well")
def _(t):
    t.write("slot.yaml", "name: slot\nfunction: dma_resv_add_fence\nbase: null\n")
    t.board(BOOT + console("vb2-null-slot") + END)
    r = t.run(minimal_job(inline(["true"]), hypotheses=[
        "slot.yaml", {"name": "elsewhere", "function": ["vb2_*"], "description": "not there"},
        {"name": "module", "modules": ["videobuf2_common"]}]))
    check_eq(r.code, 1, "exit status")
    check_eq(verdicts(r), {"slot": "confirmed", "elsewhere": "falsified", "module": "undecided"},
             "verdicts")
    check_eq(reasons(r, "elsewhere"),
             ["function: pc is in dma_resv_add_fence, not in vb2_*: falsified"], "reasons")
    check("  hypothesis slot: confirmed\n" in r.out, f"not shown: {r.out[-900:]}")
    check("  hypothesis elsewhere: falsified, function: pc is in dma_resv_add_fence" in r.out,
          "the falsified one is not shown")
    check_eq([h["name"] for h in r.result["hypotheses"]], ["slot", "elsewhere", "module"],
             "hypotheses in the result")


@case("hypotheses from files are in the record: replay needs no file beside the job")
def _(t):
    path = t.write("slot.yaml", "- {name: a, base: null}\n- {name: b, kind: panic}\n")
    t.board(BOOT + console("vb2-null-slot") + END)
    r = t.run(minimal_job(inline(["true"]), hypotheses=["slot.yaml"]), replays=False)
    os.unlink(path)
    done = subprocess.run([BOOTRIG, "replay", "--diff", r.dir], capture_output=True, check=False)
    check_eq(done.returncode, 0, f"exit status of replay ({done.stdout!r} {done.stderr!r})")
    done = subprocess.run([BOOTRIG, "replay", r.dir], capture_output=True, check=False)
    check(b"  hypothesis a: confirmed\n" in done.stdout, f"replay says {done.stdout!r}")


@case("without a vmlinux the vb2 rivals are undecided, and the reasons say why")
def _(t):
    t.board(BOOT + console("vb2-ops-null") + END)
    r = t.run(minimal_job(inline(["true"]), hypotheses=RIVALS))
    check_eq(set(verdicts(r).values()), {"undecided"}, "verdicts")
    check("dma_fence_ops.signaled would be there, too, and fits better" in
          "\n".join(reasons(r, "vb2-null-slot")), f"reasons: {reasons(r, 'vb2-null-slot')}")


@case("a bad hypothesis or a missing vmlinux is refused before power")
def _(t):
    board = t.board(BOOT + END)
    t.write("bad.yaml", "name: bad\nfuncion: f\n")
    r = t.run(minimal_job(hypotheses=["bad.yaml"]))
    check_eq(r.code, 129, "exit status")
    check("bad.yaml:2:1: unknown key \"funcion\" in hypothesis, did you mean \"function\"?" in r.err,
          f"it says {r.err!r}")
    r = t.run(minimal_job(vmlinux="nowhere/vmlinux"))
    check_eq(r.code, 129, "exit status")
    check("nowhere/vmlinux cannot be read: No such file" in r.err, f"it says {r.err!r}")
    check_eq(board.clicks(), [], "clicks")


@case("a vmlinux that is none costs the run nothing but its explanation")
def _(t):
    path = t.write("vmlinux", "no kernel\n")
    t.board(BOOT + console("vb2-null-slot") + END)
    r = t.run(minimal_job(inline(["true"]), vmlinux="vmlinux",
                          hypotheses=[{"name": "a", "base": None}]))
    check_eq(r.code, 1, "exit status")
    vmlinux = r.result["kernel"]["vmlinux"]
    check_eq((vmlinux["path"], vmlinux["build_id"]), (path, None), "vmlinux")
    check(vmlinux["problem"], "the result does not say that the vmlinux was of no use")
    d = r.result["incidents"][0]["diagnosis"]
    check_eq(d["base_register"], "x19", "base register")
    check_eq(d["hypotheses"][0]["verdict"], "confirmed", "verdict")
    check(any(path in w for w in d["warnings"]), f"warnings: {d['warnings']}")
    check("  vmlinux: " in r.out, "the problem is not shown")


@case("a vmlinux that is gone at replay is missed aloud")
def _(t):
    path = os.path.join(t.tmp, "vmlinux")
    shutil.copy(BOOTRIG, path)
    t.board(BOOT + console("vb2-null-slot") + END)
    r = t.run(minimal_job(inline(["true"]), vmlinux=path), replays=False)
    check(r.result["kernel"]["vmlinux"]["problem"], "a program of this host passed for a vmlinux")
    os.unlink(path)
    done = subprocess.run([BOOTRIG, "replay", "--json", r.dir], capture_output=True, check=True)
    problem = json.loads(done.stdout)["kernel"]["vmlinux"]["problem"]
    check_eq(problem, f"{path}: No such file or directory", "problem")


main()
