# SPDX-License-Identifier: GPL-2.0-or-later
"""An arm64 program that sleeps uninterruptibly, small enough to be typed at a shell.

It calls vfork() and its child waits for ever, so that the parent is a blocked task (state D) as
SysRq-w shows it, on a kernel without a module, a debugger or a slow disk.
"""
import struct

BASE = 0x400000
CLONE, PPOLL = 220, 73
CLONE_VM, CLONE_VFORK, SIGCHLD = 0x100, 0x4000, 17


def movz(register, value):
    return 0xD2800000 | value << 5 | register


SVC, BACK_6 = 0xD4000001, 0x17FFFFFA  # b .-24
CODE = [movz(8, CLONE), movz(0, CLONE_VM | CLONE_VFORK | SIGCHLD), movz(1, 0), SVC,
        movz(8, PPOLL), movz(0, 0), movz(1, 0), movz(2, 0), movz(3, 0), SVC, BACK_6]


def elf():
    code = b"".join(struct.pack("<I", word) for word in CODE)
    size = 64 + 56 + len(code)
    header = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 2, 183, 1, BASE + 64 + 56, 64, 0, 0,
                         64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return header + segment + code


def step():
    """The shell line that makes /tmp/block."""
    text = "".join(chr(b) if b < 128 and chr(b).isalnum() else f"\\{b:03o}" for b in elf())
    # A digit behind an octal escape of three digits is safe; printf takes no more.
    return f"printf '{text}' >/tmp/block; chmod +x /tmp/block"
