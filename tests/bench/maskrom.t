#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The last rung: a board in its ROM, with what it loads over USB."""
import hashlib
import os

from ladder import GOOD, PANIC, board_file, rung
from rig import BOOT, FAKEBOARD, TOP, case, check, check_eq, main, minimal_job, seconds

RKTOOL = os.path.join(TOP, "tests", "bench", "rkdeveloptool")


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
