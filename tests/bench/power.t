#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Power, refusals before power, retries, two runs on one board."""
import json
import os
import re
import shutil
import subprocess
import time

from rig import BOOT, SHELL, case, check, check_eq, console, inline, main, minimal_job, seconds

PANIC = console("panic") + \
    'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\n'


@case("a power command that fails is a lab fault, exit status 131")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"])), t.board_file(power={"on": "echo relay stuck >&2; exit 3"}))
    check_eq(r.code, 131, "exit status")
    check_eq(r.verdict["status"], "lab", "status")
    check_eq(r.result["error_type"], "Infrastructure", "error_type")
    check("relay stuck" in r.verdict["reason"] or "3" in r.verdict["reason"],
          f"reason: {r.verdict['reason']}")
    check("on" not in b.clicks(), f"clicks: {b.clicks()}")


@case("a power command that hangs meets limits.power_command")
def _(t):
    t.board(BOOT + SHELL)
    start = time.monotonic()
    r = t.run(minimal_job(inline(["true"])),
              t.board_file(power={"on": "sleep 50"}, limits={"power_command": seconds(2)}))
    check_eq(r.code, 131, "exit status")
    check(time.monotonic() - start < 25, "it took too long")


@case("a board that could not be switched off at the end is not called off, and it is said")
def _(t):
    t.board(BOOT + SHELL)
    flag = os.path.join(t.tmp, "powered")
    # Works until the board was switched on, as a relay that sticks.
    spec = t.board_file()
    with open(spec, encoding="utf-8") as f:
        board = json.load(f)
    board["power"]["off"] = f"test ! -e {flag} && {board['power']['off']}"
    board["power"]["on"] = f"touch {flag} && {board['power']['on']}"
    t.write("board.yaml", board)
    r = t.run(minimal_job(inline(["true"])), spec, is_off=False, same_bytes=False)
    check(r.result["power"]["final"] != "off", f"power.final: {r.result['power']}")
    check_eq((r.verdict["status"], r.code), ("lab", 131), "status and exit status")
    check("still on" in r.err and "power-off" in r.err, f"nobody is told that the board is still on: {r.err!r}")


@case("a board without power control is left alone")
def _(t):
    b = t.board(BOOT + SHELL)
    b.ctl("on")
    b.wait_for("on")
    spec = t.board_file()
    with open(spec, encoding="utf-8") as f:
        board = json.load(f)
    board["power"] = {"backend": "none"}
    t.write("board.yaml", board)
    r = t.run(minimal_job(inline(["true"])), spec, is_off=False, same_bytes=False)
    check(r.code in (0, 125, 131), f"exit status {r.code}")
    check_eq(b.clicks(), ["on"], "clicks")


@case("a job file with a mistake is refused with FILE:LINE:COL before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    job = minimal_job(inline(["true"]))
    job["actions"][0]["boot"]["methodd"] = "minimal"
    r = t.run(job)
    check_eq(r.code, 129, "exit status")
    check("job1.yaml:" in r.err and "methodd" in r.err, f"message: {r.err}")
    check_eq(b.clicks(), [], "clicks")
    check_eq(b.state()["received"], 0, "bytes typed")


@case("a board file with a mistake is refused before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"])), t.board_file(power={"backend": "magic"}))
    check_eq(r.code, 129, "exit status")
    check("board.yaml:" in r.err and "magic" in r.err, f"message: {r.err}")
    check_eq(b.clicks(), [], "clicks")


@case("a job for another device type is refused")
def _(t):
    b = t.board(BOOT + SHELL)
    job = minimal_job(inline(["true"]))
    job["device_type"] = "toaster"
    r = t.run(job)
    check_eq(r.code, 129, "exit status")
    check_eq(b.clicks(), [], "clicks")


@case("a console that is no UART is named, before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    spec = t.board_file()
    with open(spec, encoding="utf-8") as f:
        board = json.load(f)
    board["console"] = {"transport": "serial", "device": "/dev/null", "baud": 1500000}
    t.write("board.yaml", board)
    r = t.run(minimal_job(inline(["true"])), spec)
    check_eq(r.code, 131, "exit status")
    check("/dev/null" in r.verdict["reason"], f"reason: {r.verdict}")
    check_eq(b.clicks(), [], "clicks")


@case("a definition from git without a ramdisk to carry it is refused before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    repo = os.path.join(t.tmp, "tests.git")
    os.mkdir(repo)
    with open(os.path.join(repo, "smoke.yaml"), "w", encoding="utf-8") as f:
        f.write("metadata: {format: Lava-Test Test Definition 1.0, name: smoke}\nrun: {steps: ['./smoke.sh']}\n")
    git = ["git", "-C", repo, "-c", "user.name=t", "-c", "user.email=t@localhost"]
    subprocess.run(["git", "init", "-q", repo], check=True)
    subprocess.run(git + ["add", "."], check=True)
    subprocess.run(git + ["commit", "-q", "-m", "smoke"], check=True)
    r = t.run(minimal_job({"test": {"definitions": [
        {"from": "git", "repository": repo, "path": "smoke.yaml", "name": "smoke"}]}}))
    check_eq(r.code, 129, "exit status")
    check("ramdisk" in r.verdict["reason"] and "job" in r.verdict["reason"], f"reason: {r.verdict}")
    check_eq(b.clicks(), [], "clicks")


@case("an empty job file is refused")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run("")
    check_eq(r.code, 129, "exit status")
    check_eq(b.clicks(), [], "clicks")


@case("failure_retry: the second attempt starts from power-off and may pass, and the crash stays told")
def _(t):
    b = t.board(BOOT + "boot 1 {\n" + PANIC + "hang\n}\n" + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"failure_retry": 2}))
    check_eq([a["status"] for a in r.result["attempts"]], ["fail", "pass"], "attempts")
    # Who sets failure_retry asks that the last attempt decides; a pass says what came before it.
    check_eq((r.verdict["status"], r.code), ("pass", 0), "status and exit status")
    check("attempt 1 of 2 had failed" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq(r.result["attempts"][0]["kind"], "panic", "kind of the first attempt")
    check_eq(r.kinds(), ["panic"], "incidents of all attempts")
    on_off = [c for c in b.clicks() if c != "reset"]
    check_eq(on_off[-4:], ["on", "off", "on", "off"], "clicks")


@case("failure_retry: when all attempts fail, each stands in the result")
def _(t):
    t.board(BOOT + PANIC + "hang\n")
    r = t.run(minimal_job(inline(["true"]), boot={"failure_retry": 3}))
    check_eq(r.code, 1, "exit status")
    check_eq([a["status"] for a in r.result["attempts"]], ["fail"] * 3, "attempts")
    check_eq(r.kinds(), ["panic"] * 3, "incidents")
    check_eq([a["n"] for a in r.result["attempts"]], [1, 2, 3], "numbers")


@case("failure_retry: a lab fault before the kernel is tried again")
def _(t):
    t.board('boot 1 { say "U-Boot SPL 2023.01 (Jan 12 2023)"; hang }\n' + BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"failure_retry": 2, "timeout": seconds(3)}))
    check_eq(r.code, 0, "exit status")
    check_eq([a["status"] for a in r.result["attempts"]], ["lab", "pass"], "attempts")


@case("two runs on one board at once: the second is refused as the lab's, untouched")
def _(t):
    b = t.board(BOOT + SHELL)
    first = t.start(minimal_job(inline(["sleep 3"])))
    b.wait_for("typed")
    clicks = len(b.log())
    second = t.finish(t.start(minimal_job(inline(["true"]))), holds=False)
    check(second.code in (125, 131), f"exit status {second.code}")
    said = (second.out + second.err).lower()
    check("busy" in said and "another run" in said, f"it said: {said}")
    new = [e for e in b.log()[clicks:] if e["what"] in ("on", "off", "reset")]
    check_eq(new, [], "clicks by the second run")
    check_eq(t.finish(first, is_off=True).code, 0, "exit status of the first run")


@case("an editor puts a new board file in place of the old one while a run has the board: a second is still refused")
def _(t):
    b = t.board(BOOT + SHELL)
    path = t.board_file()
    first = t.start(minimal_job(inline(["sleep 3"])), path)
    b.wait_for("typed")
    before = os.stat(path).st_ino
    shutil.copy(path, path + "~")
    os.replace(path + "~", path)
    check(os.stat(path).st_ino != before, "the file was not replaced")
    clicks = len(b.log())
    second = t.finish(t.start(minimal_job(inline(["true"])), path), holds=False)
    check(second.code in (125, 131), f"exit status {second.code}")
    lock = re.search(r"board fake is busy: another run or command holds it \((\S+)\)", second.verdict["reason"])
    check(lock, second.verdict["reason"])
    fds = f"/proc/{first.pid}/fd"
    check(lock.group(1) in [os.readlink(os.path.join(fds, fd)) for fd in os.listdir(fds)],
          f"the first run does not have {lock.group(1)} open, so fuser would not show it")
    check_eq([e for e in b.log()[clicks:] if e["what"] in ("on", "off", "reset")], [], "clicks by the second run")
    check_eq(t.finish(first, is_off=True).code, 0, "exit status of the first run")


@case("a board whose last run is over can be used again at once")
def _(t):
    t.board(BOOT + SHELL)
    board_file = t.board_file()
    for _ in range(3):
        check_eq(t.run(minimal_job(inline(["true"])), board_file).code, 0, "exit status")


def commands_board(t):
    """User commands that write into a file what ran, and its undo."""
    log = os.path.join(t.tmp, "commands")
    return log, t.board_file(user_commands={
        "usb": {"do": f"echo usb-off >> {log}", "undo": f"echo usb-on >> {log}"},
        "fan": {"do": f"echo fan-on >> {log}", "undo": f"echo fan-off >> {log}; exit 3"},
        "not-called": {"do": "false", "undo": f"echo wrong >> {log}"}})


@case("user commands are undone at the end of the run, also after a panic")
def _(t):
    for then, code in ((SHELL, 0), (PANIC + "hang\n", 1)):
        t.board(BOOT + then)
        log, board_file = commands_board(t)
        job = minimal_job({"command": {"name": "fan"}}, inline(["true"]))
        job["actions"].insert(0, {"command": {"name": "usb"}})
        r = t.run(job, board_file)
        check_eq(r.code, code, f"exit status ({r.verdict})")
        with open(log, encoding="utf-8") as f:
            said = f.read().split()
        os.unlink(log)
        check_eq(said, ["usb-off"] + (["fan-on", "fan-off"] if code == 0 else []) + ["usb-on"],
                 "commands")
        if code == 0:
            warned = [a["text"] for a in r.lines("actions.jsonl") if a["do"] == "warning"]
            check(any("fan (undo) failed" in w for w in warned), f"warnings: {warned}")


@case("a run that is canceled undoes its user commands too")
def _(t):
    b = t.board(BOOT + SHELL)
    log, board_file = commands_board(t)
    job = minimal_job(inline(["sleep 20"]))
    job["actions"].insert(1, {"command": {"name": "usb"}})
    p = t.start(job, board_file)
    b.wait_for("typed")
    p.terminate()
    r = t.finish(p, same_bytes=False)
    check_eq(r.code, 130, f"exit status ({r.verdict})")
    with open(log, encoding="utf-8") as f:
        check_eq(f.read().split(), ["usb-off", "usb-on"], "commands")


if __name__ == "__main__":
    main()
