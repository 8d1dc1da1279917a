# SPDX-License-Identifier: GPL-2.0-or-later
"""The board: a QEMU with real U-Boot that follows the guest's relays.

Power switches it on and off, reset holds and restarts it, maskrom held at a start brings it up as
a bare USB device instead. Its serial port is the far end of the guest's adapter.
"""
import json
import os
import subprocess
import time

from guest import pair

ASSETS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                      "build", "demo-assets")
UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"


class Dut:
    """Levels in, a machine out. `wire` takes the bytes that it prints."""

    def __init__(self, tftp_root, on_sense, on_usb):
        self.tftp_root, self.on_sense, self.on_usb = tftp_root, on_sense, on_usb
        self.lines = {"power": ("bench1-power", "1"), "reset": ("bench1-reset", "1"),
                      "maskrom": ("bench1-maskrom", "1")}
        self.levels = {}
        self.is_stuck = False        # the power relay's contact does not open any more
        self.process = self.serial = self.qmp = None
        self.is_in_maskrom = False
        self.sent = bytearray()      # all that it printed
        self.typed = bytearray()     # all that it was sent while it was on
        self.typed_while_off = bytearray()
        self.starts = []             # when it was powered
        self.first_byte = None       # when it printed its first byte ever
        self.n_breaks = 0

    # ---- relays ----
    def is_closed(self, what):
        name, active = self.lines[what]
        return self.levels.get(name) == active

    def line(self, name, level):
        before = {what: self.is_closed(what) for what in self.lines}
        self.levels[name] = level
        for what, handle in (("power", self.power), ("reset", self.reset)):
            if self.is_closed(what) != before[what]:
                handle(self.is_closed(what))

    def power(self, is_on):
        if is_on:
            self.starts.append(time.monotonic())
            self.start()
        elif not self.is_stuck:
            self.stop()

    def reset(self, is_pressed):
        if not self.is_closed("power"):
            return
        if is_pressed and self.process:
            self.tell_qmp("system_reset")
            self.tell_qmp("stop")
        elif not is_pressed and (self.is_in_maskrom or self.is_closed("maskrom")):
            self.stop(False)
            self.start()
        elif not is_pressed:
            self.tell_qmp("cont")

    # ---- the machine ----
    def start(self):
        self.on_sense(True)
        if self.is_closed("maskrom"):
            self.is_in_maskrom = True
            self.on_usb(True)
        elif not self.process:
            self.start_qemu()

    def start_qemu(self):
        self.serial, serial = pair()
        self.qmp, qmp = pair()
        stick = os.path.join(ASSETS, "recovery.img")
        argv = ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-smp", "1", "-m", "1G",
                "-nodefaults", "-display", "none", "-bios", UBOOT,
                "-drive", f"if=pflash,unit=1,format=raw,readonly=on,file={ASSETS}/env.img",
                "-netdev", f"user,id=n0,tftp={self.tftp_root},bootfile=pxe,restrict=on",
                "-device", "virtio-net-device,netdev=n0,mac=52:54:00:12:34:56",
                "-drive", f"if=none,id=stick,format=raw,readonly=on,file={stick}",
                "-device", "nvme,drive=stick,serial=recovery",
                "-chardev", f"socket,id=uart,fd={serial.fileno()}", "-serial", "chardev:uart",
                "-chardev", f"socket,id=qmp,fd={qmp.fileno()}", "-mon", "chardev=qmp,mode=control"]
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], stdin=subprocess.DEVNULL,
                                        pass_fds=[serial.fileno(), qmp.fileno()])
        serial.close()
        qmp.close()
        self.tell_qmp("qmp_capabilities")

    def stop(self, is_power=True):
        if self.is_in_maskrom:
            self.is_in_maskrom = False
            self.on_usb(False)
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.serial.close()
            self.qmp.close()
        if is_power:
            self.on_sense(False)

    def tell_qmp(self, command, **arguments):
        if self.process:
            self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")

    def ask(self, line):
        """What a program of the guest asks of its debug cable."""
        words = line.split()
        if words[:1] == ["break"]:
            self.n_breaks += 1
            self.tell_qmp("chardev-send-break", id="uart")
        elif words[:1] == ["reset"] and self.is_in_maskrom:
            self.stop(False)
            self.start()
        elif words[:1] == ["loaded"] and self.is_in_maskrom:  # a loader came over USB
            self.is_in_maskrom = False
            self.on_usb(False)
            self.start_qemu()

    # ---- the serial port ----
    def sockets(self):
        return [self.serial, self.qmp] if self.process else []

    def read(self):
        """What it printed since the last call."""
        try:
            self.qmp.recv(65536)
        except (BlockingIOError, ConnectionError):
            pass
        try:
            data = self.serial.recv(65536)
        except (BlockingIOError, ConnectionError):
            return b""
        self.first_byte = self.first_byte or time.monotonic()
        self.sent += data
        return data

    def write(self, data):
        if not self.process:
            self.typed_while_off += data
            return
        self.typed += data
        try:
            self.serial.sendall(data)
        except BlockingIOError:
            pass
