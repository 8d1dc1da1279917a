#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""--dry-run says what a run then does: the same moves and lines in the same order, and does none of it."""
import json
import os
import shutil
import subprocess

from loader import UBOOT, Loader
from rig import (BOOT, BOOTRIG, CONSOLES, KERNEL, LIMIT_S, MAC, SHELL, TOP, case, check, check_eq,
                 inline, main, minimal_job, seconds)

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
                          capture_output=True, env=t.env, timeout=LIMIT_S, check=False)
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
    l = Loader(t, UBOOT + KERNEL + LOGIN + SHELL)
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
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = l.job(inline(["true"]), kernel_args=["quiet", "foo=bar"])
    steps = plans(t, job, l.file)["runs"][0]["steps"]
    write = next(s for s in steps if s["do"] == "write")
    r = l.run(job)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    staged = next(a for a in r.lines("actions.jsonl") if a["do"] == "staged")
    check_eq(staged["append"], write["append"].replace("<32 random hex digits>", staged["nonce"]),
             "append")
    check_eq(write["to"], "pxelinux.cfg/01-" + MAC.replace(":", "-"), "file")
    check(f"APPEND {write['append']}\n" in write["text"], f"label: {write['text']}")
    files = {s["role"]: s for s in steps if s["do"] == "file"}
    check_eq(files["kernel"]["size"], 1 << 20, "size of the kernel")
    check_eq(staged["files"][-1]["path"], write["to"], "the configuration")
    check_eq([f["name"] for f in staged["files"][:-1]], [os.path.basename(f["to"]) for f in files.values()],
             "names in the TFTP root")


@case("a job that lists its U-Boot commands gets these and no others")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL, server_ip="192.168.5.1")
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
    job = minimal_job(inline([f"cat {CONSOLES}/panic.txt; sleep 60"]), silence=3, timeout=40)
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
    l = Loader(t, UBOOT + KERNEL + SHELL)
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


@case("a matrix says each kernel's files and label, and a soak how often and with which levels")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    image = "file:" + os.path.join(t.tmp, "Image")
    job = l.job(inline(["true"]), kernel={"select": [
        {"name": "one", "kernel": {"url": image}},
        {"name": "two", "kernel": {"url": "file:" + os.path.join(t.tmp, "NoImage")}}]},
        soak={"boots": 4, "factors": [{"name": "root", "levels": [
            {"name": "clean", "end": "shutdown"}, {"name": "dirty", "end": "cut",
                                                   "commands": ["echo to be torn"]}]}]})
    del job["actions"][0]["deploy"]["kernel"]
    said = plans(t, job, l.file)
    check_eq([p["kernel"] for p in said["runs"]], ["one", "two"], "kernels")
    states = [s["state"] for p in said["runs"] for s in p["steps"] if s.get("role") == "kernel"]
    check_eq(states, ["exists", "missing"], "kernels that are there")
    check_eq([p["kernel"] for p in plans(t, job, l.file, "--kernel", "two")["runs"]], ["two"],
             "the kernel that was asked for")
    argv = [BOOTRIG, "soak", t.job_file(job), "--board", l.file, "--runs", t.runs, "--dry-run"]
    said = json.loads(subprocess.run([*argv, "--json", "-", "--kernel", "one"], check=True,
                                     capture_output=True, env=t.env).stdout)
    check_eq(said["soak"]["boots"], 4, "boots")
    check_eq([x["end"] for x in said["soak"]["factors"][0]["levels"]], ["shutdown", "cut"], "ends")
    check_eq([p["kernel"] for p in said["runs"]], ["one"], "kernels of the soak")
    page = subprocess.run([*argv, "--failures", "3"], check=True, capture_output=True,
                          env=t.env).stdout.decode()
    for words in ("failures     3", "root=dirty", "types echo to be torn", '"setenv pxe_label_override two"', "all else as for kernel one"):
        check(words in page, f"{words} is not in the page:\n{page}")
    check("boots        4" not in page, f"an end that is given is the only one:\n{page}")
    check_eq(l.board.clicks(), [], "clicks")
    check(not os.path.exists(t.runs), "a dry run made a directory")


@case("a kernel of a matrix has the label, the arguments and the lines of its plan")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = l.job(inline(["true"]), kernel_args=["of=job"], kernel={"select": [
        {"name": "one", "kernel": {"url": "file:" + os.path.join(t.tmp, "Image")},
         "kernel_args": ["of=kernel"]},
        {"name": "two", "kernel": {"url": "file:" + os.path.join(t.tmp, "Image")}}]})
    del job["actions"][0]["deploy"]["kernel"]
    plan = plans(t, job, l.file, "--kernel", "one")["runs"][0]
    write = next(s for s in plan["steps"] if s["do"] == "write")
    r = t.run(job, l.file, args=("--kernel", "one"))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_same(r, plan)
    staged = next(a for a in r.lines("actions.jsonl") if a["do"] == "staged")
    check_eq(staged["append"], write["append"].replace("<32 random hex digits>", staged["nonce"]),
             "append")
    check("of=job of=kernel" in write["append"], f"arguments: {write['append']}")
    check_eq(staged["label"], "one", "label")
    check("LABEL one\n" in write["text"], f"label: {write['text']}")


@case("stage: all is in the plan: each label with its files, arguments and nonce")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = l.labels_job()
    plan = plans(t, job, l.file, "--kernel", "one")["runs"][0]
    text = next(s for s in plan["steps"] if s["do"] == "write")["text"]
    r = t.run(job, l.file, args=("--kernel", "one"))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_same(r, plan)
    staged = next(a for a in r.lines("actions.jsonl") if a["do"] == "staged")
    for label in (staged, staged["labels"][0]):
        append = label["append"].replace(staged["nonce"], "<32 random hex digits>").replace(
            staged["labels"][0]["nonce"], "<32 others>")
        check(f"APPEND {append}\n" in text, f"no {append} in {text}")
    check("KERNEL bootrig-RUN-1/label-two/Image\n" in text, f"kernel of two: {text}")
    check_eq(text.count("INITRD bootrig-RUN-1/ramdisk\n"), 2, f"ramdisks: {text}")


@case("the plan says of a kernel whether it is built, and builds nothing")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    fragment = os.path.join(t.tmp, "some.config")
    with open(fragment, "w", encoding="utf-8") as f:
        f.write("CONFIG_OF=y\n")
    point = {"base": os.path.join(TOP, "tests", "data", "tiny-kernel"), "arch": "arm64", "cross": "/usr/bin/",
             "configs": [fragment]}
    empty = os.path.join(t.tmp, "series0")
    os.makedirs(empty)
    with open(os.path.join(empty, "series"), "w", encoding="utf-8") as f:
        f.write("# no patches\n")
    job = l.job(inline(["true"]), kernel={"build": point, "select": [
        {"name": "one", "series": empty}, {"name": "two", "series": empty, "configs": [fragment, fragment]},
        {"name": "three", "series": empty, "base": "linux-source-1.0"}]})
    del job["actions"][0]["deploy"]["kernel"]
    t.env["XDG_CACHE_HOME"] = os.path.join(t.tmp, "cache")

    def states():
        builds = [s for p in plans(t, job, l.file)["runs"] for s in p["steps"] if s["do"] == "build"]
        return [(b["state"], b.get("last_time_s", 0) > 0) for b in builds]

    new = ("to be built: all of it", False)
    missing = ("cannot be built here", False)
    check_eq(states(), [new, new, missing], "with an empty cache")
    check(not os.path.exists(t.env["XDG_CACHE_HOME"]), "a dry run made a cache")
    subprocess.run([BOOTRIG, "build", "--job", t.job_file(job), "--kernel", "one"], check=True, env=t.env,
                   capture_output=True)
    check_eq(states(), [("built before", True), new, missing], "with one of them built")
    built = os.path.join(t.env["XDG_CACHE_HOME"], "bootrig/kernels/built")
    check_eq(len(os.listdir(built)), 1, "builds")
    shutil.rmtree(built)
    check_eq(states()[0], ("to be built: what differs from the last one", True), "objects of it are there")


@case("a --json that cannot be written is told before a relay clicks, and a pipe is no file to replace")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = t.job_file(l.job(inline(["true"])))
    for command, args in (("run", []), ("soak", ["--boots", "2"])):
        for path in ("/nowhere/x.json", t.tmp, "x/", ""):
            done = subprocess.run([BOOTRIG, command, job, "--board", l.file, "--runs", t.runs, *args, "--json", path],
                                  capture_output=True, text=True, env=t.env, timeout=LIMIT_S, check=False)
            check_eq(done.returncode, 129, f"exit status of {command}\n{done.stderr}")
            check(f"bootrig {command}: --json {path}: " in done.stderr, done.stderr)
    check(not os.path.exists(t.runs), "a run directory was made")
    check_eq(l.board.clicks(), [], "clicks")
    fifo = os.path.join(t.tmp, "fifo")
    os.mkfifo(fifo)
    p = subprocess.Popen([BOOTRIG, "run", job, "--board", l.file, "--dry-run", "--json", fifo], env=t.env)
    with open(fifo, encoding="utf-8") as f:
        check_eq(json.loads(f.read())["schema"], "bootrig.dry-run/1", "what came through the pipe")
    check_eq(p.wait(), 0, "exit status")


@case("the desk's job is sound on its board, and its plan has the repair and both ends")
def _(t):
    args = [os.path.join(TOP, "jobs", "rk3588-vb2-soak.yaml"), "--board",
            os.path.join(TOP, "jobs", "boards", "desk", "rock-5b.yaml")]
    check_eq(subprocess.run([BOOTRIG, "check", args[1], args[2], args[0]], check=False,
                            capture_output=True).returncode, 0, "exit status of check")
    said = json.loads(subprocess.run([BOOTRIG, "soak", *args, "--dry-run", "--json", "-"], check=True,
                                     capture_output=True, env=t.env).stdout)
    check_eq([p["kernel"] for p in said["runs"]],
             ["base/vanilla", "desk/vanilla", "desk/lockdep", "desk/lockdep-kasan"], "kernels")
    failure = said["runs"][1]["on_failure"]
    check(any(s["do"] == "repair" and "modules" in s["command"] for s in failure), "repair")
    check(any(s.get("name") == "stick" for s in failure), "the stick")
    builds = [s for p in said["runs"] for s in p["steps"] if s["do"] == "build"]
    check_eq([len(b["configs"]) for b in builds], [1, 1, 2, 4], "fragments")


main()
