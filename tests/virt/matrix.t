#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A matrix and a soak of real kernels: Debian's package, told apart by their arguments."""
import json
import os
import subprocess
import time

from virt import BOOTRIG, VIRT, asset, case, check, check_eq, check_replay, inline, job, main, until

STEPS = inline(["lava-test-case cycles --result pass --measurement 7 --units cycles",
                "if grep -q who=bad /proc/cmdline; then echo c > /proc/sysrq-trigger; fi"], "fences")


def kernels(*select, **bootrig):
    spec = job(STEPS, **bootrig)
    del spec["actions"][0]["deploy"]["kernel"]
    del spec["actions"][0]["deploy"]["dtb"]
    spec["bootrig"]["recovery"] = False
    spec["bootrig"]["kernel"] = {"select": [
        {"name": name, "from": asset("linux-arm64.deb"), "dtb": asset("virt.dtb"), "modules": False,
         "kernel_args": f"who={name}", "expect": {"status": status}} for name, status in select]}
    return spec


def load(path, name):
    with open(os.path.join(path, name), encoding="utf-8") as f:
        return json.load(f)


def campaign_of(t):
    found = [d for d in sorted(os.listdir(t.runs)) if os.path.exists(os.path.join(t.runs, d, "campaign.json"))]
    check_eq(len(found), 1, "campaigns")
    return os.path.join(t.runs, found[0])


@case("two real kernels come out as expected; killed in between, the same command goes on", 200)
def _(t):
    spec = kernels(("good", "pass"), ("bad", "fail"))
    p = t.start(spec)
    until("the second kernel is being tried",
          lambda: t.dir_of(p) and os.path.exists(os.path.join(t.dir_of(p), "campaign.json")) and
          len(load(t.dir_of(p), "campaign.json")["boots"]) == 1 and
          load(t.dir_of(p), "campaign.json")["pending"], 90)
    time.sleep(1)
    p.kill()
    p.wait()
    t.helpers.remove(p)
    p = t.start(spec)
    p.wait(timeout=150)
    t.helpers.remove(p)
    path = campaign_of(t)
    result = load(path, "result.json")
    check_eq((p.returncode, result["verdict"]["status"]), (0, "pass"), f"status and verdict ({result['verdict']})")
    check_eq([(r["cell"], r["verdict"]["status"], r["verdict"]["kind"], r["as_expected"]) for r in result["matrix"]],
             [("good", "pass", None, True), ("bad", "fail", "panic", True)], "rows")
    check_eq([r["cycles"] for r in result["matrix"]], [7, 7], "cycles")
    boots = load(path, "campaign.json")["boots"]
    check_eq([b["cell"] for b in boots], ["good", "bad", "bad"], "boots")
    check(boots[1]["broke_off"], f"the boot that was killed: {boots[1]}")
    for b in (boots[0], boots[2]):
        check_replay(os.path.join(path, b["run"]))
    t.check_nothing_left()


@case("a running step is stopped and the system shut down in order, so that the next boot finds it so", 300)
def _(t):
    spec = job(inline(["sleep 60"], "load"), soak={"shutdown": "poweroff -f", "factors": [
        {"name": "root", "levels": [{"name": "clean", "end": "shutdown"}, {"name": "dirty", "end": "cut"}]}]})
    p = subprocess.Popen([BOOTRIG, "soak", t.write_job(spec), "--board", VIRT, "--runs", t.runs, "--boots", "3",
                          "--each", "2s", "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         env=t.env, cwd=t.tmp, start_new_session=True)
    t.helpers.append(p)
    p.wait(timeout=280)
    t.helpers.remove(p)
    boots = load(campaign_of(t), "campaign.json")["boots"]
    check_eq([(b["level"], b["counted"], b["ended"]) for b in boots],
             [("root=clean", "prepare", "shutdown"), ("root=clean", "survived", "cut"),
              ("root=dirty", "survived", "shutdown"), ("root=clean", "survived", "cut")], "boots")
    check_eq(p.returncode, 0, "exit status")
    t.check_nothing_left()


main()
