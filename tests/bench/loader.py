# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with U-Boot and a TFTP root, for what boots a staged kernel."""
import gzip
import os
import shutil
import struct

from rig import MAC, Skip, inline, minimal_job

SPL = """
say "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)"
say "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)"
say "DRAM:  512 MiB"
"""
UBOOT = SPL + 'uboot "=> " 1500\n'


def image(banner="Linux version 6.1.0-fake (build@lab) (aarch64-linux-gnu-gcc 12.2.0, GNU ld 2.40) "
          "#1 SMP PREEMPT Mon Nov 23 10:00:00 UTC 2026\n"):
    """The head of an arm64 Image (Documentation/arm64/booting.rst) with a banner inside."""
    size = 1 << 20
    head = struct.pack("<IIQQQQQQ4sI", 0x91005A4D, 0x14000000, 0, size, 0xA, 0, 0, 0, b"ARM\x64", 0)
    body = head + b"\0" * 4096 + banner.encode() + b"\0"
    return body.ljust(size, b"\x5a")


class Loader:
    """A board with U-Boot and a TFTP root, and the files of a deploy action."""

    def __init__(self, t, script, *args, **boot):
        if not shutil.which("atftpd") and not os.path.exists("/usr/sbin/atftpd"):
            raise Skip("atftpd is not installed, and staged files are fetched back through it")
        self.t = t
        self.root = os.path.join(t.tmp, "tftp")
        os.makedirs(self.root, exist_ok=True)
        with open(os.path.join(t.tmp, "Image"), "wb") as f:
            f.write(image())
        with gzip.open(os.path.join(t.tmp, "ramdisk.cpio.gz"), "wb") as f:
            f.write(b"070701" + b"0" * 104 + b"TRAILER!!!\0\0\0\0")
        self.board = t.board(script, "--tftp", self.root, *args)
        self.file = t.board_file(boot={
            "loader_prompt": "=> ", "interrupt_prompt": "Hit any key to stop autoboot",
            "interrupt_char": " ", "mac": MAC, "setup": ["setenv autoload no"],
            "network": ["dhcp"],
            "boot_commands": ["setenv pxe_label_override {label}", "pxe get", "pxe boot"],
            "kernel_args": "console=ttyAMA0", "tftp": {"root": self.root, "verify": "local"},
            **boot})

    def job(self, *actions, boot=None, **more):
        job = minimal_job(*actions, **more)
        job["actions"][0] = {"boot": {"method": "u-boot", "commands": "ramdisk",
                                      "prompts": [r"virt:~# $"], **(boot or {})}}
        job["actions"].insert(0, {"deploy": {
            "to": "tftp", "os": "oe",
            "kernel": {"url": "file:" + os.path.join(self.t.tmp, "Image"), "type": "image"},
            "ramdisk": {"url": "file:" + os.path.join(self.t.tmp, "ramdisk.cpio.gz"),
                        "compression": "gz"}}})
        return job

    def run(self, job, **but):
        return self.t.run(job, self.file, **but)

    def labels_job(self, url="Image2"):
        """A kernel "one", and "two" that gets a label beside it."""
        with open(os.path.join(self.t.tmp, "Image2"), "wb") as f:
            f.write(image(banner="Linux version 6.2.0-other (build@lab) (gcc) #2 SMP Mon Nov 23 10:00:00 UTC 2026\n"))
        files = ["file:" + os.path.join(self.t.tmp, name) for name in ("Image", url)]
        job = self.job(inline(["true"]), kernel_args=["of=job"], kernel={"stage": "all", "select": [
            {"name": "one", "kernel": {"url": files[0]}, "kernel_args": ["of=one"]},
            {"name": "two", "kernel": {"url": files[1]}, "kernel_args": ["of=two"]}]})
        del job["actions"][0]["deploy"]["kernel"]
        return job
