#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What ran is what was staged: each witness that says otherwise makes the run the lab's, with its likely cause."""
import os
import struct

from loader import UBOOT, Loader, image
from rig import KERNEL, PROMPT, SHELL, case, check, check_eq, console, inline, main

NAME = "videobuf2_common"
STALE, OWN = "aa" * 20, "bb" * 20


def lab(r, *words):
    check_eq((r.verdict["status"], r.code), ("lab", 125), f"status and exit status ({r.verdict})")
    for word in words:
        check(word in r.verdict["reason"], f"{r.verdict['reason']!r} lacks {word!r}")
    proof = r.result["attempts"][-1]["provenance"]
    check_eq(proof["proven"], False, "proven")
    return proof


def note(build):
    """A GNU build id as the kernel shows it (include/uapi/linux/elf.h)."""
    return struct.pack("<III4s", 4, len(build) // 2, 3, b"GNU") + bytes.fromhex(build)


def module(build):
    """As much of a .ko file as says which build it is of: a header and its one note."""
    body = note(build)
    head = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 3, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 4, 0, 120, 0, 0, len(body), len(body), 4) + body


def built(l, job):
    """The job boots a kernel's directory as `bootrig build` leaves it, with a module of the build OWN."""
    top = os.path.join(l.t.tmp, "built")
    tree = os.path.join(top, "lib/modules/6.1.0-fake")
    os.makedirs(tree)
    for path, data in ((os.path.join(top, "Image"), image()), (os.path.join(tree, "videobuf2-common.ko"), module(OWN))):
        with open(path, "wb") as f:
            f.write(data)
    del job["actions"][0]["deploy"]["kernel"]
    job.setdefault("bootrig", {})["kernel"] = {"select": [{"name": "own", "from": {"url": "file:" + top}}]}
    return job


def load_module(l, build):
    """On the board a module of this build is loaded."""
    notes = os.path.join(l.board.dir, "sys/module", NAME, "notes")
    os.makedirs(notes)
    with open(os.path.join(notes, ".note.gnu.build-id"), "wb") as f:
        f.write(note(build))


@case("a file that U-Boot receives with another size is named, with both sizes")
def _(t):
    l = Loader(t, "set tftp_extra 7\n" + UBOOT + KERNEL + SHELL)
    proof = lab(l.run(l.job(inline(["true"]))), "bytes of", "staged were", "another TFTP server")
    check(any(f["transferred_bytes"] == f["size"] + 7 for f in proof["files"]), f"files: {proof['files']}")


@case("an older build of the same release is no pass, and its build is told")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    with open(os.path.join(t.tmp, "Image"), "wb") as f:
        f.write(image().replace(b"#1 SMP", b"#2 SMP"))
    lab(l.run(l.job(inline(["true"]))), "build #1 SMP", "staged was build #2 SMP", "own media")


@case("a stale module of the root file system is caught though nobody named it")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    load_module(l, STALE)
    proof = lab(l.run(built(l, l.job(inline(["true"])))), f"the module {NAME} that was loaded has build id {STALE}",
                f"the one of this kernel has {OWN}", "root file system")
    check_eq(proof["modules"], [{"name": NAME, "staged": OWN, "seen": STALE}], "modules")
    check_eq(proof["module_tree"]["release"], "6.1.0-fake", "release of the modules")


@case("the kernel's own module is proven, and one that is not loaded is not missed")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    load_module(l, OWN)
    r = l.run(built(l, l.job(inline(["true"]))))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    proof = r.result["attempts"][-1]["provenance"]
    check_eq(proof["modules"], [{"name": NAME, "staged": OWN, "seen": OWN}], "modules")
    check("v4l2_mem2mem" not in " ".join(proof["why"]), f"why: {proof['why']}")


@case("a panic of the next label in U-Boot's menu is no verdict on the chosen one")
def _(t):
    menu = ('answer "^pxe boot" {\n say "1:\\tbootrig" "Skipping bootrig for failure retrieving kernel"\n'
            ' say "2:\\trescue" "append: root=/dev/mmcblk0p2"\n set cmdline "root=/dev/mmcblk0p2"\n'
            + KERNEL + console("panic")
            + 'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\nhang\n}\n')
    l = Loader(t, menu + UBOOT)
    proof = lab(l.run(l.job(inline(["true"]))), "U-Boot booted the label rescue, not bootrig")
    check_eq(proof["label"], {"staged": "bootrig", "seen": "rescue"}, "label")


@case("without a shell behind the prompt the console's own words prove the label, and the rest is told")
def _(t):
    l = Loader(t, UBOOT + KERNEL + f'echo on\nprint "{PROMPT}"\nhang\n')
    job = l.job()
    r = l.run(job, limit_s=50)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    proof = r.result["attempts"][-1]["provenance"]
    check_eq((proof["nonce"]["seen"], proof["label"]["seen"]), ("console", "bootrig"), "nonce and label")
    check_eq(proof["proven"], False, "proven")
    check(any("build id" in w for w in proof["why"]), f"why: {proof['why']}")


main()
