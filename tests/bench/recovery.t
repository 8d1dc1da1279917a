#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with a board that failed: the ladder, harvest, repair, wedged."""
import hashlib
import os

from ladder import DUMB, GOOD, PANIC, actions, board_file, breaking, order, rung
from rig import BOOT, FAKEBOARD, PROMPT, case, check, check_eq, console, inline, main, minimal_job, seconds


def rungs(r):
    return [(s["name"], s["ok"]) for s in r.result["recovery"]["steps"]]


@case("evidence is read before the power is cut: the gentlest start that works is enough")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\nboot 2 {\nhang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(t, [
        rung("sysrq-b", timeout=seconds(2)),
        rung("warm-reset", name="first", timeout=seconds(2)),
        rung("warm-reset", name="second", harvest=["echo pstore-record"]),
        rung("warm-reset", name="never"),
        rung("power-cycle")], console=breaking(t)))
    check_eq(rungs(r), [("sysrq-b", False), ("first", False), ("second", True), ("power-cycle", True)],
             "rungs")
    check_eq(order(r), ["off", "on", "sysrq-b", "reset", "reset", "harvest", "off", "on", "off"],
             "what was done")
    check_eq(r.result["recovery"]["evidence"], "kept", "evidence")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")
    check_eq(r.result["recovery"]["wedged"], False, "wedged")


@case("a harvest command that hangs is interrupted, and what comes after it is still read before the cut")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD)
    with open(os.path.join(t.tmp, "record"), "w", encoding="ascii") as f:
        f.write("pstore\n")
    r = t.run(minimal_job(timeout=60), board_file(t, [
        rung("warm-reset", harvest=["sleep 1000", "echo next"],
             files=[os.path.join(t.tmp, "record")]), rung("power-cycle")],
        limits={"recovery": seconds(16)}))
    check_eq(rungs(r), [("warm-reset", True), ("power-cycle", True)], f"rungs ({r.result['recovery']})")
    check_eq([a["command"].rpartition("/")[2] for a in actions(r, "harvest")],
             ["echo next", "record"], "harvested")
    check(any("sleep 1000" in a["text"] for a in actions(r, "warning")), "nothing tells of it")
    check_eq(r.result["recovery"]["evidence"], "kept", "evidence")


@case("a harvest that breaks off behind the cut is told, and the board that came up is no wedged one")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD + 'hang\n')
    r = t.run(minimal_job(timeout=60), board_file(t, [
        rung("power-cycle", harvest=["exit 3", "echo never"])], limits={"recovery": seconds(40)}))
    check_eq(rungs(r), [("power-cycle", True)], f"rungs ({r.result['recovery']})")
    check_eq((r.result["recovery"]["recovered"], r.result["recovery"]["wedged"]), (True, False), "recovered, wedged")
    check(any("broke off" in a["text"] for a in actions(r, "warning")), "nothing tells of it")


@case("when no start keeps RAM the power is cut all the same, and the evidence is told to be lost")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\nboot 2 {\nhang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(t, [
        rung("warm-reset", timeout=seconds(2), harvest=["echo pstore"]),
        rung("power-cycle", harvest=["echo late"])]))
    check_eq(rungs(r), [("warm-reset", False), ("power-cycle", True)], "rungs")
    check_eq(r.result["recovery"]["evidence"], "lost", "evidence")
    check_eq(len(r.result["recovery"]["harvested"]), 1, "harvested")


@case("between two attempts the evidence is read as well")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\nboot 2 {\n' + GOOD + '}\n' +
            'boot 3 {\n' + 'shell "%s"\n' % PROMPT + '}\n')
    r = t.run(minimal_job(inline(["true"]), boot={"failure_retry": 2}, timeout=60),
              board_file(t, [rung("warm-reset", harvest=["echo pstore-of-the-first"])]))
    check_eq(order(r), ["off", "on", "reset", "harvest", "off", "on", "off"], "what was done")
    check_eq([a["status"] for a in r.result["attempts"]], ["fail", "pass"], "attempts")
    check_eq(r.result["recovery"]["needed"], False, "recovery needed at the end")


@case("a living shell is asked to reboot, and the old prompt does not pass for the new one")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + console("null-deref") + DUMB +
            'expect "^$"\n' + DUMB + 'expect "reboot"\n' + DUMB + 'delay 300\n'
            'say "[   40.000000] reboot: Restarting system"\nreboot\n}\n' + GOOD)
    r = t.run(minimal_job(inline(["true"]), timeout=60),
              board_file(t, [{"rung": "soft-reboot", "prompts": [r":~# $"], "timeout": seconds(10),
                              "harvest": ["echo who"]}]))
    check_eq(rungs(r), [("soft-reboot", True)], f"rungs ({r.result['recovery']})")
    with open(r.path("artifacts/soft-reboot-1.txt"), encoding="utf-8") as f:
        check("who" in f.read(), "the harvest is empty")
    check_eq(order(r), ["off", "on", "soft-reboot", "harvest", "off"], "what was done")


@case("where no shell answers the rung fails within seconds")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(t, [rung("soft-reboot"), rung("power-cycle")]))
    check_eq(rungs(r), [("soft-reboot", False), ("power-cycle", True)], "rungs")
    check_eq(r.result["recovery"]["steps"][0]["reason"], "no shell answers", "reason")


@case("files come with their checksum, whatever is in them")
def _(t):
    data = bytes(range(256)) * 40
    odd = os.path.join(t.tmp, "evi dence'2.bin")
    for path, content in ((os.path.join(t.tmp, "evidence-1.txt"), b"dmesg of the crash\n"), (odd, data)):
        with open(path, "wb") as f:
            f.write(content)
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(t, [
        rung("warm-reset", files=[f"{t.tmp}/evi*dence*", f"{t.tmp}/nothing-*"])]))
    got = {h["command"]: h for h in r.result["recovery"]["harvested"]}
    check_eq(sorted(got), sorted([f"file {t.tmp}/evidence-1.txt", f"file {odd}"]), "files")
    for h in got.values():
        check_eq(h["verified"], True, f"checksum of {h['command']}")
    h = got[f"file {odd}"]
    check_eq(h["sha256"], hashlib.sha256(data).hexdigest(), "sha256")
    with open(r.path(h["file"]), "rb") as f:
        check_eq(f.read(), data, "content")
    check_eq([n for n in os.listdir(r.path("artifacts")) if n.endswith(".b64")], [], "leftovers")


PUT = ("python3 -c 'import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[2], "
       "open(sys.argv[1], \"rb\").read(), method=\"PUT\"))' {file} {url}")


@case("files come by the network where the board has one, and by the console when that fails")
def _(t):
    data = os.urandom(6 << 20)
    for name, content in (("big.bin", data), ("small.bin", b"small")):
        with open(os.path.join(t.tmp, name), "wb") as f:
            f.write(content)
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(
        t, [rung("warm-reset", files=[f"{t.tmp}/big.bin", f"{t.tmp}/small.bin"])],
        upload={"host": "127.0.0.1", "network": ["true"],
                "command": "case {file} in *small*) false;; *) " + PUT + ";; esac"}))
    got = {h["command"].rsplit("/", 1)[1]: h for h in r.result["recovery"]["harvested"]}
    check_eq(got["big.bin"]["sha256"], hashlib.sha256(data).hexdigest(), "sha256 of the big one")
    check_eq([got[n]["verified"] for n in sorted(got)], [True, True], "checksums")
    with open(r.path(got["small.bin"]["file"]), "rb") as f:
        check_eq(f.read(), b"small", "what came by the console")
    check_eq(len(actions(r, "warning")), 1, "warnings")
    check_eq([n for n in os.listdir(r.path("artifacts")) if n.startswith("upload-")], [], "leftovers")


@case("repair is typed in the known-good system, and a start from power-off proves it")
def _(t):
    mark = os.path.join(t.tmp, "repaired")
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\n' + GOOD)
    r = t.run(minimal_job(timeout=60), board_file(t, [rung("power-cycle")],
                                                  repair=[f"echo x >>{mark}", "exit 1", "false"]))
    check_eq([(s["name"], s.get("proof", False), s["ok"]) for s in r.result["recovery"]["steps"]],
             [("power-cycle", False, True), ("power-cycle", True, True)], "rungs")
    with open(mark, encoding="utf-8") as f:
        check_eq(f.read(), "x\n", "times it was repaired")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")
    check_eq([x["exit"] for x in r.result["recovery"]["repairs"]][0], 0, "exit of the first")


@case("a board that no rung brings back is marked, and refused until somebody put it right")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\nboot 2 {\nhang\n}\n' + 'shell "%s"\n' % PROMPT)
    spec = board_file(t, [rung("power-cycle", timeout=seconds(2))])
    r = t.run(minimal_job(timeout=60), spec)
    check_eq(r.result["recovery"]["recovered"], False, "recovered")
    check_eq(r.result["recovery"]["wedged"], True, "wedged")
    n = len(t.boards[0].clicks())
    again = t.run(minimal_job(inline(["true"])), spec)
    check_eq(again.code, 131, "exit status of the next run")
    check("is marked as wedged" in again.verdict["reason"] and "--clear-wedged" in again.verdict["reason"],
          f"reason: {again.verdict['reason']}")
    check_eq(len(t.boards[0].clicks()), n, "clicks of a run that was refused")
    fixed = t.run(minimal_job(inline(["true"])), spec, args=("--clear-wedged",))
    check_eq(fixed.code, 0, f"exit status once it is clear ({fixed.verdict})")
    check_eq(t.run(minimal_job(inline(["true"])), spec).code, 0, "exit status after that")


@case("a boot loop in the middle of a test starts the ladder")
def _(t):
    loop = 'boot 1 {\nshell "%s"\n}\n' % PROMPT
    t.board(BOOT + loop + 'boot 2 {\ndelay 200\nreboot\n}\nboot 3 {\ndelay 200\nreboot\n}\n'
            'boot 4 {\ndelay 200\nreboot\n}\n' + GOOD + 'hook crash { reboot }\n')
    r = t.run(minimal_job(inline([f"{FAKEBOARD} ctl {os.path.join(t.tmp, 'board')} hook crash; sleep 30"]),
                          timeout=60), board_file(t, [rung("power-cycle")]))
    check(r.verdict["kind"] in ("boot-loop", "reset"), f"kind: {r.verdict}")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")


if __name__ == "__main__":
    main()
