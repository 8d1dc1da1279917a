#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with a board that failed: capture, the ladder, harvest, repair, wedged."""
import hashlib
import os

from rig import (BOOT, FAKEBOARD, PROMPT, TOP, case, check, check_eq, console, inline, main,
                 minimal_job, seconds)

SYSRQ = os.path.join(TOP, "tests", "data", "sysrq")
RKTOOL = os.path.join(TOP, "tests", "bench", "rkdeveloptool")
GOOD = 'shell "good:~# "\n'
PROOF = {"prompts": [r"good:~# $"], "timeout": seconds(15)}
PANIC = console("panic") + 'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\n'
# A prompt without a shell behind it: nothing that is typed runs on this host.
DUMB = 'print "%s"\n' % PROMPT


def rung(kind, **more):
    return {"rung": kind, **PROOF, **more}


def actions(r, *kinds):
    return [a for a in r.lines("actions.jsonl") if a["do"] in kinds]


def order(r):
    """What was done to the board since the ladder began or a wedged kernel was asked."""
    words = []
    for a in r.lines("actions.jsonl"):
        if a["do"] in ("power", "sysrq"):
            words.append(a.get("what") or "sysrq-" + a["key"])
        elif a["do"] == "harvest":
            words.append("harvest")
    return words


def rungs(r):
    return [(s["name"], s["ok"]) for s in r.result["recovery"]["steps"]]


def board_file(t, recovery, **more):
    return t.board_file(recovery=recovery, **more)


def breaking(t):
    """The console of a board that gets its BREAK by a command of the lab."""
    return {"transport": "pty", "device": os.path.join(t.tmp, "board", "console"),
            "break_command": f"{FAKEBOARD} ctl {os.path.join(t.tmp, 'board')} break"}


def wedge_job():
    return minimal_job(inline(["true"]), silence=2, timeout=60)


# The step's line, the probe, and the BREAK; a letter comes next.
BREAK = 'expect "."\nexpect "^$"\nkey\n'
CAPTURE = {"quiet": {"milliseconds": 400}, "timeout": seconds(5)}


@case("a wedged kernel is asked before it is touched, and its blocked task names the incident")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK + f'key\nfile "{SYSRQ}/zoo.log"\nhang\n}}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("warm-reset", harvest=["echo evidence"]),
                                          rung("power-cycle")],
                                      console=breaking(t), capture=CAPTURE))
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "silence"), "verdict")
    check_eq(r.kinds(), ["silence"], "incidents")
    check_eq(r.result["incidents"][0]["title"],
             "silence in userspace; blocked: task sh in mutex_hold", "title")
    check("blocked: task sh in mutex_hold" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    got = r.result["incidents"][0]["capture"]
    check_eq([b["comm"] for b in got["blocked_tasks"]], ["sh", "holder"], "blocked tasks")
    check_eq(got["locks"][1]["comm"], "holder", "who holds the locks")
    check_eq(got["answers"]["w"], "ok", "answer to w")
    check_eq(order(r), ["off", "on", "sysrq-w", "sysrq-l", "sysrq-d", "sysrq-m", "sysrq-t", "reset",
                        "harvest", "off", "on", "off"], "what was done")
    check_eq(r.result["recovery"]["evidence"], "kept", "evidence")


@case("a processor that stands still answers nothing, and the capture says so in plain words")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + 'deaf\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t), capture=CAPTURE))
    got = r.result["incidents"][0]["capture"]
    check_eq(got["answers"], {"w": "none"}, "answers")
    check("no answer to SysRq by BREAK" in got["reason"], f"reason: {got['reason']}")
    check_eq(r.result["incidents"][0]["title"], "silence in userspace", "title")


@case("a kernel whose SysRq mask forbids it is asked once")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK +
            'key\nsay "[   30.149924] sysrq: This sysrq operation is disabled."\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t), capture=CAPTURE))
    got = r.result["incidents"][0]["capture"]
    check_eq(got["answers"], {"w": "disabled"}, "answers")
    check("sysrq_always_enabled" in got["reason"], f"reason: {got['reason']}")


@case("a FIQ debugger that answers to the BREAK is asked in its own words, and left again")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + BREAK + 'print "debug> "\nexpect "^sysrq w$"\n' +
            f'file "{SYSRQ}/vb2.log"\nprint "debug> "\nexpect "^sysrq t$"\nprint "debug> "\n'
            'expect "^console$"\nmark left\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], console=breaking(t),
                                      capture={**CAPTURE, "sysrq": ["w", "t"]}))
    got = r.result["incidents"][0]["capture"]
    check_eq([b["function"] for b in got["blocked_tasks"]], ["mutex_hold", "hold_fn"], "blocked tasks")
    check_eq(len(t.boards[0].marks("left")), 1, "times the debugger was left")


@case("a board that nobody may ask is not asked")
def _(t):
    t.board(BOOT + 'boot 1 {\n' + DUMB + 'deaf\nhang\n}\n' + GOOD)
    r = t.run(wedge_job(), board_file(t, [rung("power-cycle")], capture={"sysrq": []}))
    check_eq(actions(r, "sysrq", "capture"), [], "questions")


@case("a newline is not typed where an autoboot may be counting behind banners that were lost")
def _(t):
    t.board(BOOT + DUMB + 'delay 100\nsay "" "\\x01\\xfe"\nprint "Hit any key to stop autoboot:  2 "\nhang\n')
    r = t.run(wedge_job())
    probes = actions(r, "probe")
    check_eq([p.get("not") for p in probes], ["autoboot may be counting"], "probes")
    check("\n" not in t.boards[0].typed().partition("true")[2].partition("\n")[2],
          "something was typed at the countdown")


@case("a board without recovery is neither asked nor climbed")
def _(t):
    t.board(BOOT + DUMB + 'deaf\nhang\n')
    r = t.run(wedge_job(), t.board_file(console=breaking(t)))
    check_eq(r.verdict["kind"], "silence", "kind")
    check_eq(order(r), ["off", "on", "off"], "what was done")


# ---- the ladder -----------------------------------------------------------------------

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


# ---- maskrom --------------------------------------------------------------------------

class Usb:
    """A bus with one hub, where maskrom makes the board appear."""

    def __init__(self, t, port="1-2.3"):
        self.t, self.bus = t, os.path.join(t.tmp, "usb")
        self.port, self.log = port, os.path.join(t.tmp, "rk.log")
        self.plug("1-2", "05e3", "0610", "hub")
        self.loader = t.write("loader.bin", "loader")
        here = os.path.join(self.bus, port)
        ctl = f"{FAKEBOARD} ctl {os.path.join(t.tmp, 'board')}"
        # The contact: the CPU stays in its ROM and says nothing.
        self.contact = (f"{ctl} off; mkdir -p {here}; echo 2207 >{here}/idVendor; echo 350b >{here}/idProduct; "
                        f"echo Maskrom >{here}/mode")
        self.env = {"BOOTRIG_USB_DEVICES": self.bus, "FAKE_RK_LOG": self.log,
                    "BOOTRIG_MASKROM_LOCK": os.path.join(t.tmp, "maskrom.lock"),
                    "FAKE_RK_RUNS": f"{ctl} on"}

    def plug(self, port, vendor, product, mode):
        os.makedirs(os.path.join(self.bus, port))
        for name, text in (("idVendor", vendor), ("idProduct", product), ("mode", mode)):
            with open(os.path.join(self.bus, port, name), "w", encoding="ascii") as f:
                f.write(text + "\n")

    def rung(self, **more):
        return rung("maskrom", timeout=seconds(10),
                    maskrom={"loader": self.loader, "usb": self.port, "tool": RKTOOL, **more})

    def said(self):
        try:
            with open(self.log, encoding="utf-8") as f:
                return [line.split()[0] for line in f]
        except OSError:
            return []

    def run(self, rungs_, env=None, **more):
        spec = board_file(self.t, rungs_, power={"maskrom": self.contact}, **more)
        process = self.t.start(minimal_job(timeout=90), spec, env={**self.env, **(env or {})})
        return self.t.finish(process)


DEAD = BOOT + 'boot 1 {\n' + PANIC + 'hang\n}\nboot 2 {\nhang\n}\nboot 3 {\nhang\n}\n' + GOOD


@case("maskrom: the loader runs from RAM, nothing is written, and a clean boot proves the board")
def _(t):
    t.board(DEAD)
    usb = Usb(t)
    r = usb.run([rung("power-cycle", timeout=seconds(2)), usb.rung()])
    check_eq([(s["name"], s.get("proof", False), s["ok"]) for s in r.result["recovery"]["steps"]],
             [("power-cycle", False, False), ("maskrom", False, True), ("power-cycle", True, True)],
             f"rungs ({r.result['recovery']['steps']})")
    check_eq(usb.said(), ["ld", "db"], "commands of the tool")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")


@case("maskrom: flash is written where the file allows it, with files that are what they should be")
def _(t):
    t.board(DEAD)
    usb = Usb(t)
    image = t.write("u-boot.bin", "u-boot")
    sha = hashlib.sha256(b"u-boot").hexdigest()
    write = {"storage": "spinor", "sector": 64, "file": image, "sha256": sha}
    r = usb.run([rung("power-cycle", timeout=seconds(2)), usb.rung(flash=True, writes=[write])])
    check_eq(usb.said(), ["ld", "db", "cs", "wl", "rd"], "commands of the tool")
    with open(os.path.join(usb.bus, usb.port, "flash-64"), encoding="ascii") as f:
        check_eq(f.read(), "u-boot", "what was written")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")


@case("maskrom: a file with another checksum is not written, and the board is wedged")
def _(t):
    t.board(DEAD.replace(GOOD, "hang\n"))
    usb = Usb(t)
    write = {"storage": "emmc", "sector": 0, "file": t.write("u-boot.bin", "other"), "sha256": "0" * 64}
    r = usb.run([usb.rung(flash=True, writes=[write])])
    check_eq(usb.said(), ["ld", "db"], "commands of the tool")
    check("nothing was written" in r.result["recovery"]["steps"][0]["reason"], f"{r.result['recovery']}")
    check_eq(r.result["recovery"]["wedged"], True, "wedged")


@case("maskrom: another board in that state stops it before the contact closes")
def _(t):
    t.board(DEAD)
    usb = Usb(t)
    usb.plug("1-4", "2207", "350b", "Maskrom")
    r = usb.run([usb.rung()])
    reason = r.result["recovery"]["steps"][0]["reason"]
    check("USB port 1-4" in reason, f"reason: {reason}")
    check_eq(usb.said(), [], "commands of the tool")
    check(not os.path.exists(os.path.join(usb.bus, usb.port)), "the contact was closed")


@case("maskrom: a board that does not appear on its port is told with what to look at")
def _(t):
    t.board(DEAD)
    usb = Usb(t)
    usb.contact = "true"
    r = usb.run([{**usb.rung(), "timeout": seconds(4)}])
    reason = r.result["recovery"]["steps"][0]["reason"]
    check("USB port 1-2.3 has nothing" in reason, f"reason: {reason}")


if __name__ == "__main__":
    main()
