# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole program on a lab host with real gpiochips and a real tty, its board a QEMU.

A case is a function under @case("sentence", limit_s=N); it gets a fresh Lab with a guest (guest.py)
and a board (dut.py). bootrig runs in the guest as an ordinary user. Every wait of a case goes
through Lab.until(), which also carries the UART's bytes and moves the board's power.
"""
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "virt"))
import virt  # noqa: E402  (takes BUILD_DIR from the command line)
from virt import (ASSETS, BOOTRIG, IS_SLOW, LOGIN, SLOWER, Failure, Run, Skip,  # noqa: E402, F401
                  check, check_eq, check_replay, job, read)
from rig import inline  # noqa: E402, F401
import block  # noqa: E402
from dut import Dut  # noqa: E402
from ftdi import BreakWatch  # noqa: E402
from guest import Guest, ordinary_uid  # noqa: E402

SUITE_BUILD = os.path.dirname(BOOTRIG)
AGENT = os.path.join(SUITE_BUILD, "tools", "labagent")
BY_ID = "/dev/serial/by-id/usb-Lab_Lab_UART_LABUART0001-if00"
BY_ID_FTDI = "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_LABUART0001-if00"
BLOCK = block.step()
RECOVERY = ["pci enum", "nvme scan", "load nvme 0:1 ${scriptaddr} /recovery.env",
            "env import -t ${scriptaddr} ${filesize}", "run recovery"]
UDC = "/sys/kernel/config/usb_gadget/uart/UDC"
IMAGES = {"lab-uml": "linux", "lab-tcg": "bzImage"}
KERNELS = {}  # the same names to the files that kernels/build has


def rung(kind, **more):
    return {"rung": kind, "commands": RECOVERY, "auto_login": LOGIN, "prompts": ["recovery:.*# $"],
            "timeout": {"seconds": 60}, **more}


class Lab:
    """One lab host with its board, for one case."""

    def __init__(self, suite_tmp, number):
        self.tmp = os.path.join(suite_tmp, str(number))
        self.runs = os.path.join(self.tmp, "runs")
        self.tftp = os.path.join(self.tmp, "tftp")
        os.chmod(suite_tmp, 0o755)
        for path in (self.tmp, self.runs, self.tftp):
            os.makedirs(path)
            os.chown(path, ordinary_uid(), -1)
        self.trace = []              # [(when, line, level)] of all relays
        self.to_guest = bytearray()
        self.break_watch = None      # of an FTDI adapter
        self.breaks = []             # [(begin, end)] that it sent; the end is None at first
        self.usb_moves = []          # [(is there, the command that makes it so)]
        self.dut = Dut(self.tftp, self.sense, self.usb)
        self.guest = Guest(os.path.join(self.tmp, "guest"), AGENT, self.relay, self.dut.ask)

    # ---- the guest ----
    def boot(self, kind="lab-uml"):
        kernel = shutil.copy(KERNELS[kind], self.tmp)  # the cache may be closed to ordinary users
        if kind == "lab-uml":
            self.guest.start_uml(kernel)
        else:
            self.guest.start_qemu(kernel)
            self.break_watch = BreakWatch(os.path.join(self.guest.dir, "usb.pcap"))
        self.until("the guest and its adapter are up", lambda: self.guest.is_ready and self.guest.adapters, 60)
        self.do(f"mkdir -m 700 /run/user/{self.guest.uid}; chown {self.guest.uid} /run/user/{self.guest.uid}")

    def pump(self, wait_s=0.01):
        """Everything that has arrived anywhere goes where it belongs."""
        sources = [self.guest.control, self.guest.wire, *self.dut.sockets()]
        select.select(sources, [], [], wait_s)
        if not self.guest.feed():
            raise Failure(f"the guest is gone: {read(self.guest.dir + '/console.log')[-1500:]!r}")
        try:
            self.dut.write(self.guest.wire.recv(65536))
        except BlockingIOError:
            pass
        if self.dut.process:
            self.to_guest += self.dut.read()
        for is_low, when in self.break_watch.feed() if self.break_watch else []:
            self.adapter_break(is_low, when)
        del self.to_guest[:self.guest.send(self.to_guest)]

    def until(self, what, condition, limit_s=30):
        end = time.monotonic() + limit_s * SLOWER
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Failure(f"{what} within {limit_s} s: it never was")
            self.pump()

    def sh(self, text, root=False):
        command = self.guest.sh(text, root)
        self.until("a command starts", lambda: command.pid)
        return command

    def do(self, text, limit_s=20):
        """Shell text as root, to its end."""
        command = self.sh(text, root=True)
        self.until(text, lambda: command.code is not None, limit_s)
        check_eq(command.code, 0, f"exit status of {text!r}, which said {command.out!r},")
        return command.out

    # ---- relays, sense, USB ----
    def relay(self, name, level, _guest_ms):
        self.trace.append((time.monotonic(), name, level))
        self.dut.line(name, level)

    def sense(self, is_on):
        if self.guest.is_ready:
            self.guest.tell(f"pull bench1-sense {int(is_on)}")

    def usb(self, is_there):
        """The board's own USB device, as Rockchip's boot ROM shows it."""
        verb = "plug" if is_there else "unplug"
        self.usb_moves.append((is_there, self.guest.sh(f". {HERE}/maskrom.sh; {verb}_maskrom", root=True)))

    def is_usb_there(self):
        """As the last move that is done left it."""
        done = [(is_there, c) for is_there, c in self.usb_moves if c.code is not None]
        for _, c in done:
            check_eq(c.code, 0, f"exit status of a move of the USB device, which said {c.out!r},")
        return bool(done) and done[-1][0]

    def level(self, name):
        return self.dut.levels.get(name)

    def levels(self):
        return {n: v for n, v in self.dut.levels.items() if n.startswith("bench1-")}

    def moves(self, *names):
        """[(line, level)] in order, behind the first look at all lines."""
        seen, out = set(), []
        for _, name, level in self.trace:
            if name in seen and (not names or name in names):
                out.append((name, level))
            seen.add(name)
        return out

    def adapter_break(self, is_low, when):
        """TX of the FTDI adapter went low or high again."""
        if is_low:
            self.breaks.append((when, None))
            return
        begin, _ = self.breaks.pop()
        self.breaks.append((begin, when))
        if self.dut.starts and self.dut.starts[-1] < begin:
            self.dut.ask("break")

    def unplug(self):
        self.do(f"echo '' > {UDC}")

    def plug(self):
        """Until it is there again; its name in /dev."""
        n = len(self.guest.adapters)
        self.do(f"echo dummy_udc.0 > {UDC}")
        self.until("the adapter is there again", lambda: len(self.guest.adapters) > n)
        return self.guest.adapters[-1]

    # ---- board and job files ----
    def write(self, name, spec):
        """YAML is a superset of JSON."""
        path = os.path.join(self.tmp, name)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(spec, f, indent=1)
        os.chmod(path, 0o644)
        return path

    def write_bytes(self, name, data):
        path = os.path.join(self.tmp, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def board_spec(self, console=None, power=None, **more):
        return {
            "board": "bench1", "device_type": "qemu-virt-arm64",
            "console": {"transport": "serial", "device": BY_ID, "baud": 1500000,
                        "hold_tx_low": False,  # the adapter of the guest has no BREAK
                        "break_command": "echo break >/run/lab/dut", **(console or {})},
            "power": {"backend": "gpio",
                      "lines": {"power": {"line": "bench1-power"},
                                "reset": {"line": "bench1-reset", "type": "momentary",
                                          "max_press": {"seconds": 2}},
                                "maskrom": {"line": "bench1-maskrom", "type": "momentary",
                                            "max_press": {"seconds": 15}, "only_with": ["reset", "power"]},
                                "sense": {"line": "bench1-sense", "type": "input"}},
                      "on": [{"set": "power"}], "off": [{"clear": "power"}],
                      "reset": [{"press": "reset", "for": {"milliseconds": 200}}],
                      "maskrom": [{"set": "maskrom"}, {"press": "reset", "for": {"milliseconds": 200}},
                                  {"wait": {"seconds": 1}}, {"clear": "maskrom"}],
                      "sense": {"line": "sense", "powered": 1}, **(power or {})},
            "boot": {"loader_prompt": "=> ", "mac": "52:54:00:12:34:56", "setup": ["setenv autoload no"],
                     "network": ["dhcp"], "kernel_args": "console=ttyAMA0 sysrq_always_enabled",
                     "boot_commands": ["setenv pxe_label_override {label}", "pxe get", "pxe boot"],
                     "tftp": {"root": self.tftp, "verify": "local"}},
            "recovery": [rung("warm-reset", name="evidence", harvest=["cat /sys/fs/pstore/dmesg-ramoops-0",
                                                                      "dmesg"]),
                         rung("power-cycle", name="proof")],
            "limits": {"silence": {"seconds": 20}, "console_gap": {"seconds": 3}}, **more}

    def board_file(self, **more):
        return self.write("board.yaml", self.board_spec(**more))

    # ---- the program ----
    def bootrig(self, *words, env=""):
        """Start bootrig in the guest as the ordinary user."""
        quoted = " ".join("'" + w.replace("'", "'\\''") + "'" for w in words)
        return self.sh(f"cd {self.tmp}\nexport PATH={HERE}/bin:$PATH HOME={self.tmp} TERM=dumb XDG_RUNTIME_DIR=/run/user/{self.guest.uid} "
                       f"XDG_CACHE_HOME={os.path.dirname(self.tmp)}/cache BOOTRIG_SPOOL={self.tmp}/spool "
                       f"BOOTRIG_STATE={self.tmp}/state {env}\n"
                       f"exec {BOOTRIG} {quoted}\n")

    def start(self, spec, board=None):
        known = set(os.listdir(self.runs))
        path = self.write(f"job{len(self.guest.commands)}.yaml", spec)
        command = self.bootrig("run", path, "--board", board or self.board_file(), "--runs", self.runs)
        command.known = known
        return command

    def dir_of(self, command):
        new = sorted(d for d in os.listdir(self.runs) if d not in command.known and not d.startswith("."))
        return os.path.join(self.runs, new[0]) if new else None

    def wait_record(self, command, name, word, limit_s=60):
        """Until that file of the run has this text."""
        def seen():
            d = self.dir_of(command)
            check(command.code is None, f"bootrig ended with {command.code} before {word}\n{command.out[-1500:]}")
            return d and word.encode() in read(os.path.join(d, name))
        self.until(f"{word} in {name}", seen, limit_s)

    def wait_event(self, command, word, limit_s=60):
        self.wait_record(command, "events.jsonl", word, limit_s)

    def wait_end(self, command, limit_s=90):
        self.until("the command ends", lambda: command.code is not None, limit_s)
        return command.code

    def finish(self, command, limit_s=90, holds=True):
        try:
            self.wait_end(command, limit_s)
        except Failure as e:
            raise Failure(f"{e}\n{command.out[-1500:]}") from e
        r = Run(self, command.code, "", command.out, self.dir_of(command))
        if holds:
            self.check_what_always_holds(r)
        return r

    def run(self, spec, board=None, limit_s=90):
        return self.finish(self.start(spec, board), limit_s)

    def check_what_always_holds(self, r):
        r.check_exit_status()
        check(self.dut.process is None, f"the board is on after the run\n{r.tail()}")
        check_eq(self.level("bench1-reset"), "0", "the reset line after the run")
        check_eq(self.level("bench1-maskrom"), "0", "the maskrom line after the run")
        if r.result is None:
            return
        check_eq(r.result["power"]["final"], "off", "power.final")
        check_replay(r.dir)

    def end(self):
        self.dut.on_sense = self.dut.on_usb = lambda _: None
        self.dut.stop()
        self.guest.end()


def case(sentence, limit_s=60, guest="lab-uml"):
    """As virt's, with a lab host that is up."""
    def add(fn):
        @functools.wraps(fn)
        def on_a_lab_host(lab):
            lab.boot(guest)
            fn(lab)
        return virt.case(sentence, limit_s)(on_a_lab_host)
    return add


def measured(t, r):
    """What the relays and the cable cost, beside the result."""
    on = next(when for when, name, level in t.trace if (name, level) == ("bench1-power", "1"))
    actions = r.lines("actions.jsonl")
    powered = next(a["t"] for a in actions if a["do"] == "relay" and a["act"] == "set")
    autoboot = next(a["t"] for a in actions if a.get("what") == "autoboot")
    first = next(a["t"] for a in r.lines("events.jsonl") if a["type"] == "stage")
    print(f"# relay to first stage {first * 1e3 - powered / 1e6:.0f} ms, to autoboot {(autoboot - powered) / 1e6:.0f} ms; "
          f"line to first byte {(t.dut.first_byte - on) * 1e3:.0f} ms")


def is_in_ci():
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


def get_kernels():
    """A reason to skip, or None with KERNELS filled in."""
    argv = [os.path.join(TOP, "kernels", "build"), *([] if is_in_ci() else ["--cached"]), "lab-uml", "lab-tcg"]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    last = (done.stderr.strip().split("\n") or [""])[-1]
    if done.returncode == 77:
        return "guest kernel not built: kernels/build lab-uml lab-tcg" if "is not built" in last else last
    if done.returncode != 0:
        print(f"Bail out! kernels/build: {last}")
        sys.exit(1)
    for line in done.stdout.strip().split("\n")[-2:]:
        name, path = line.split(" ", 1)
        KERNELS[name] = os.path.join(path, IMAGES[name])
    return None


def get_ready():
    for tool in ("setpriv", "ip"):
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed"
    return virt.get_ready() or get_kernels()


def is_open():
    """May the ordinary user, who runs the guest when we are root, see this tree?"""
    return os.getuid() != 0 or subprocess.run(["setpriv", "--reuid", str(ordinary_uid()), "--clear-groups",
                                               "test", "-x", BOOTRIG], check=False).returncode == 0


def run_from_copy():
    """The same suite from a copy of what it needs, where everybody may look."""
    build = os.path.relpath(SUITE_BUILD, TOP)
    with tempfile.TemporaryDirectory(prefix="brlab-") as copy:
        os.chmod(copy, 0o755)
        for part in ("tests/lab", "tests/virt", "tests/bench", "kernels", "jobs", "build/demo-assets",
                     build + "/bootrig", build + "/tools", build + "/lab"):
            os.makedirs(os.path.dirname(os.path.join(copy, part)), exist_ok=True)
            subprocess.run(["cp", "-r", os.path.join(TOP, part), os.path.join(copy, part)], check=True)
        argv = [os.path.join(copy, "tests/lab/run"), os.path.join(copy, build), *sys.argv[1:]]
        env = dict(os.environ, BOOTRIG_BUILD=os.path.join(copy, build))
        return subprocess.run(argv, env=env, check=False).returncode


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    if not get_ready() and not is_open():
        sys.exit(run_from_copy())
    virt.main(Lab, get_ready)
