#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bootrig doctor against benches that are broken, each in one way."""
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from rig import BOOTRIG, LIMIT_S, MAC, Skip, case, check, check_eq, main, seconds

SPL = """
say "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)"
say "Trying to boot from MMC1"
"""
UBOOT = SPL + """
say "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)"
uboot "=> " 1500
hang
"""


def board_file(t, console=None, **more):
    if not shutil.which("atftpd") and not os.path.exists("/usr/sbin/atftpd"):
        raise Skip("atftpd is not installed, and the staged file is fetched back through it")
    path = t.board_file(boot={"mac": MAC, "setup": ["setenv autoload no"],
                              "tftp": {"root": os.path.join(t.tmp, "tftp"), "verify": "local"}},
                        **{"limits": {"firmware": seconds(2)}, **more})
    if console:
        with open(path, encoding="utf-8") as f:
            spec = json.load(f)
        spec["console"].update(console)
        path = t.write("board.yaml", spec)
    return path


class Found:
    def __init__(self, done):
        self.code, self.err = done.returncode, done.stderr.decode()
        check(done.stdout.startswith(b"{"), f"no JSON, exit status {self.code}: {self.err[-2000:]}")
        self.all = json.loads(done.stdout)
        self.checks = {}
        for c in self.all["checks"]:
            self.checks.setdefault(c["name"], c)
        check_eq(self.all["schema"], "bootrig.doctor/1", "schema")

    def broken(self):
        return [c["name"] for c in self.all["checks"] if c["status"] == "fail"]

    def check_broken(self, name, words, fix):
        c = self.checks.get(name)
        check(c and c["status"] == "fail", f"{name} is not broken: {c}; broken: {self.broken()}")
        check(words in c["finding"], f"finding: {c['finding']}")
        check(fix in (c["fix"] or ""), f"fix: {c['fix']}")
        check_eq((self.code, self.all["ok"]), (131, False), "exit status and ok")


def doctor(t, board, *args):
    return Found(subprocess.run(
        [BOOTRIG, "doctor", "--json", "--runs", t.runs, *(["--board", board] if board else []), *args],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False, env=t.env))


def examined(t, script, **more):
    t.board(script)
    return doctor(t, board_file(t, **more), "--yes")


# ---- sound ----------------------------------------------------------------------------

@case("the host alone is examined without a board, and nothing is moved")
def _(t):
    f = doctor(t, None)
    check_eq(f.broken(), [], "what is broken")
    check_eq((f.code, f.all["board"], f.all["run"]), (0, None, None), "exit status, board and run")
    for name in ("libraries", "programs", "clock", "runs directory", "GPIO chips", "serial ports", "udev rules"):
        check(name in f.checks, f"{name} was not looked at")


@case("a sound board passes power, reset, autoboot, latency, loss and network; it ends off")
def _(t):
    b = t.board(UBOOT)
    f = doctor(t, board_file(t), "--yes")
    good = [n for n, c in f.checks.items() if c["status"] == "pass"]
    for name in ("claim", "TFTP from here", "power off", "power on", "power cut", "autoboot", "reset",
                 "UART latency", "UART loss", "board's network"):
        check(name in good, f"{name}: {f.checks.get(name)}")
    check_eq(b.clicks(), ["on", "off", "on", "reset", "off"], "clicks")
    check(not [e for e in b.log() if e["what"] == "typed-while-off"], "something was typed at a dead board")
    check_eq([n for n in os.listdir(os.path.join(t.tmp, "tftp")) if n.startswith("bootrig-")], [],
             "what is left in the TFTP root")
    with open(os.path.join(f.all["run"], "console.raw"), "rb") as raw:
        check(b"U-Boot SPL" in raw.read(), "what the board said is not recorded")
    with open(os.path.join(f.all["run"], "doctor.json"), encoding="utf-8") as j:
        check_eq(json.load(j)["checks"], f.all["checks"], "doctor.json in the run directory")


@case("nobody at the terminal and no --yes: no relay moves, and what was not checked is said")
def _(t):
    b = t.board(UBOOT)
    f = doctor(t, board_file(t))
    check_eq(b.clicks(), [], "clicks")
    check_eq(f.checks["power"]["status"], "skip", "power")
    check("--yes" in f.checks["power"]["finding"], f"finding: {f.checks['power']}")
    check_eq((f.broken(), f.code), ([], 0), "what is broken, and exit status")


# ---- power ----------------------------------------------------------------------------

@case("a relay that does not close: not a byte after on")
def _(t):
    t.board(UBOOT)
    f = doctor(t, board_file(t, power={"on": "true"}), "--yes")
    f.check_broken("power on", "not a byte", "does the relay close")


@case("a relay that does not open: the board goes on after off")
def _(t):
    t.board(SPL + "repeat 200 { say \"still here\"; delay 50; }\n")
    f = doctor(t, board_file(t, power={"off": "true"}), "--yes")
    f.check_broken("power cut", "the board still runs", "docs/wiring.md")


@case("a power command that fails is named with what it said")
def _(t):
    f = examined(t, UBOOT, power={"off": "echo no such outlet >&2; exit 3"})
    f.check_broken("power off", "no such outlet", "")


@case("a wrong rate is noise without a banner")
def _(t):
    f = examined(t, "garbage 3000 7\nhang\n")
    f.check_broken("power on", "are noise", "1500000")


@case("words without a banner are told from noise")
def _(t):
    f = examined(t, 'say "RECOVERY MODE: insert a medium"\nhang\n')
    f.check_broken("power on", "no banner of firmware", "boot medium")


@case("a board that restarts by itself before U-Boot has a bad supply, which USB-C PD explains")
def _(t):
    f = examined(t, SPL + "delay 400\nreboot\n")
    f.check_broken("supply", "began to boot", "USB-C PD")


@case("U-Boot with another prompt than the board file's")
def _(t):
    f = examined(t, UBOOT.replace('"=> "', '"rk3588# "'))
    f.check_broken("autoboot", 'prompt "=> " did not come', "loader_prompt")


# ---- UART -----------------------------------------------------------------------------

@case("a UART that loses one byte in 500 is found, with what helps")
def _(t):
    f = examined(t, UBOOT.replace("uboot", "lose 500\nuboot"))
    f.check_broken("UART loss", "came back wrong", "type_delay")


class Plug:
    """A unix socket that gives back what it gets, but for every Nth byte."""

    def __init__(self, t, lose=0):
        self.path, self.lose = os.path.join(t.tmp, "plug"), lose
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        count = 0
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                while data := peer.recv(4096):
                    kept = bytearray()
                    for byte in data:
                        count += 1
                        if not self.lose or count % self.lose:
                            kept.append(byte)
                    peer.sendall(kept)


@case("a loopback plug proves a wire without a board, and no relay moves")
def _(t):
    b = t.board(UBOOT)
    plug = Plug(t)
    f = doctor(t, board_file(t, {"transport": "unix", "device": plug.path}), "--loopback")
    check_eq(f.checks["UART loopback"]["status"], "pass", f"{f.checks['UART loopback']}")
    check_eq(f.checks["UART latency"]["status"], "pass", f"{f.checks['UART latency']}")
    check_eq((b.clicks(), f.code), ([], 0), "clicks and exit status")


@case("a loopback that loses one byte in 10000 is found")
def _(t):
    t.board(UBOOT)
    plug = Plug(t, 10000)
    f = doctor(t, board_file(t, {"transport": "unix", "device": plug.path}), "--loopback")
    f.check_broken("UART loopback", "came back wrong", "adapter")


@case("a loopback without a plug says so")
def _(t):
    t.board(UBOOT)
    f = doctor(t, board_file(t), "--loopback")
    f.check_broken("UART loopback", "none came back", "is the plug in")


@case("the rate of a tty is read back")
def _(t):
    t.board(UBOOT)
    f = doctor(t, board_file(t, {"baud": 1500000}), "--loopback")
    check_eq(f.checks["UART rate"]["status"], "pass", f"{f.checks['UART rate']}")
    check("1500000 baud, read back" in f.checks["UART rate"]["finding"], f"{f.checks['UART rate']}")


# ---- network --------------------------------------------------------------------------

@case("U-Boot without a driver for the board's network chip: PCIe, and what to build")
def _(t):
    f = examined(t, 'answer "^dhcp" { say "No ethernet found."; }\n' + UBOOT)
    f.check_broken("board's network", "No ethernet found", "pci enum")


@case("a wire without a DHCP server: how to get one")
def _(t):
    f = examined(t, 'answer "^dhcp" { say "BOOTP broadcast 1" "BOOTP broadcast 2" '
                    '"Retry time exceeded; starting again"; }\n' + UBOOT)
    f.check_broken("board's network", "Retry time exceeded", "--write-dnsmasq")


@case("a server that gives the board other bytes is found by U-Boot's CRC")
def _(t):
    f = examined(t, 'answer "^tftp" { say "Bytes transferred = 8388608 (800000 hex)"; }\n'
                    'answer "^crc32" { say "crc32 for 40400000 ... 40bfffff ==> 12345678"; }\n' + UBOOT)
    f.check_broken("TFTP by the board", "is 12345678", "boot.tftp.root")


@case("a TFTP root that cannot be written is named")
def _(t):
    if os.geteuid() == 0:
        root = "/proc"  # closed even to root
    else:
        root = os.path.join(t.tmp, "closed")
        os.mkdir(root, 0o555)
    t.board(UBOOT)
    f = doctor(t, t.board_file(boot={"mac": MAC, "tftp": {"root": root, "verify": "local"}}))
    check("TFTP from here" in f.broken(), f"broken: {f.broken()}")
    f.check_broken("TFTP root", root, "")


@case("the mark of a wedged board stays while something is broken or nothing was proven")
def _(t):
    t.board(UBOOT)
    mark = os.path.join(t.tmp, "state", "boards", "fake.json")
    os.makedirs(os.path.dirname(mark))
    t.env["BOOTRIG_STATE"] = os.path.join(t.tmp, "state")
    t.write(mark, {"schema": "bootrig.board/1", "board": "fake", "wedged": True, "since": "yesterday", "run": "r1",
                   "reason": "no rung brought it back"})
    for args, power in ((["--yes"], {"on": "true"}), ([], {})):
        f = doctor(t, board_file(t, power=power), *args)
        check_eq(f.checks["wedged mark"]["status"], "warn", f"the mark with {args}")
        check("no rung brought it back" in f.checks["wedged mark"]["finding"], str(f.checks["wedged mark"]))
        check(os.path.exists(mark), "the mark is gone")


# ---- around it ------------------------------------------------------------------------

@case("a board that another run holds is left alone")
def _(t):
    b = t.board(UBOOT)
    path = board_file(t)
    with open(path, encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        f = doctor(t, path, "--yes")
    f.check_broken("claim", "is busy", "fuser")
    check_eq(b.clicks(), [], "clicks")
    check("TFTP from here" not in f.checks, "files were staged for a board of another run")
    check("UART rate" not in f.checks, "the tty of another run was opened")


@case("of the records of earlier visits the newest stay, this one's among them")
def _(t):
    t.board(UBOOT)
    old = [f"202001{n:02d}T000000Z-fake-doctor-0123abcd" for n in range(1, 26)]
    records = os.path.join(t.runs, ".doctor")
    for name in old:
        os.makedirs(os.path.join(records, name, "artifacts"))
    f = doctor(t, board_file(t))
    check_eq(sorted(os.listdir(records)), [*old[6:], os.path.basename(f.all["run"])], "records")


@case("a console that is not there is named")
def _(t):
    b = t.board(UBOOT)
    f = doctor(t, board_file(t, {"device": os.path.join(t.tmp, "nowhere")}), "--yes")
    f.check_broken("console", "nowhere", "is the cable plugged in")
    check_eq(b.clicks(), [], "clicks")


@case("Ctrl-C ends it at once with 130, and the board is off")
def _(t):
    b = t.board(UBOOT)
    process = subprocess.Popen([BOOTRIG, "doctor", "--board", board_file(t), "--yes", "--runs", t.runs],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env=t.env)
    t.helpers.append(process)
    b.wait_for("on")
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    process.communicate(timeout=LIMIT_S)
    check_eq(process.returncode, 130, "exit status")
    check(time.monotonic() - begin < 5, "it took longer than 5 s to end")
    check_eq(b.state()["power"], "off", "power at the end")


@case("the table has a line for each finding, its fix below, and no colours in a pipe")
def _(t):
    t.board(UBOOT)
    done = subprocess.run([BOOTRIG, "doctor", "--runs", t.runs, "--yes", "--board",
                           board_file(t, power={"on": "true"})],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False, env=t.env)
    lines = done.stdout.decode().splitlines()
    check(any(x.startswith(" FAIL  power on ") for x in lines), f"{lines}")
    at = next(i for i, x in enumerate(lines) if x.startswith(" FAIL  power on "))
    check(lines[at + 1].strip().startswith("fix: "), f"{lines[at + 1]}")
    check("1 broken" in lines[-1], lines[-1])
    check("\033" not in done.stdout.decode(), "colours in a pipe")


@case("words that do not fit together are a mistake of usage")
def _(t):
    for args in (["x"], ["--loopback"], ["-o", "f"], ["--nothing"], ["--board", "/nowhere.yaml"],
                 ["--write-dnsmasq", "nosuch0"]):
        done = subprocess.run([BOOTRIG, "doctor", *args], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LIMIT_S, check=False, env=t.env, cwd=t.tmp)
        check_eq(done.returncode, 129, f"exit status of {args}")
        check(done.stderr, f"{args}: not a word")


if __name__ == "__main__":
    main()
