#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that a job selects, on real U-Boot: device trees that it chooses among, labels beside, modules."""
import io
import os
import re
import subprocess
import tarfile

from virt import ASSETS, TOP, VIRT, case, check, check_eq, job, main, read

DEB = os.path.join(ASSETS, "linux-arm64.deb")
SETUP = "setup: [setenv autoload no]"


def board(t, fdtfile=None):
    """virt.yaml with a TFTP root of its own, and U-Boot's fdtfile where one is given."""
    text = read(VIRT).decode().replace("{board_dir}/../..", TOP)
    check(SETUP in text, "virt.yaml has another setup")
    if fdtfile:
        text = text.replace(SETUP, f'setup: [setenv autoload no, "setenv fdtfile {fdtfile}"]')
    text = text.replace("../../build/tftp/virt", os.path.join(t.tmp, "tftp"))
    path = os.path.join(t.tmp, "board.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def steps(*lines):
    return {"test": {"definitions": [{
        "from": "inline", "name": "look", "path": "inline.yaml",
        "repository": {"metadata": {"format": "Lava-Test Test Definition 1.0", "name": "look"},
                       "run": {"steps": list(lines)}}}]}}


def selected(*select, tests=("true",), **kernel):
    """A job of these kernels in place of the deploy's own; no device tree but theirs."""
    spec = job(steps(*tests), kernel={"select": list(select), **kernel})
    for key in ("kernel", "dtb"):
        del spec["actions"][0]["deploy"][key]
    return spec


def package_members(want):
    """Of Debian's kernel package."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", DEB], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile() and want(m.name)}


def kernel_with_trees(t):
    """Debian's kernel with the virtual board's device tree beside that of a real one."""
    path = os.path.join(t.tmp, "kernel.tar")
    found = package_members(lambda n: "/vmlinuz-" in n or n.endswith("/rk3399-rock-pi-4b.dtb"))
    with tarfile.open(path, "w") as tar:
        for name, data in found.items():
            info = tarfile.TarInfo("boot/dtbs/6.1.0/rockchip/rk3399-rock-pi-4b.dtb" if name.endswith(".dtb") else name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        tar.add(os.path.join(ASSETS, "virt.dtb"), "boot/dtbs/6.1.0/qemu/virt.dtb")
    return path


def provenance(r):
    return r.result["attempts"][-1]["provenance"]


def retrieved(r):
    return re.findall(r"Retrieving file: (\S+)", r.raw().decode("utf-8", "replace"))


# ---- device trees ----------------------------------------------------------------------

@case("fdtdir: U-Boot takes the device tree that its fdtfile names, and the record knows which")
def _(t):
    # The ramoops region is in virt.dtb only, not in what QEMU gives U-Boot.
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True},
                    tests=["ls -d /proc/device-tree/reserved-memory/ramoops*"])
    r = t.run(spec, board(t, "qemu/virt.dtb"))
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    p = provenance(r)
    check_eq((p["proven"], p["fault"], p["why"]), (True, None, []), "provenance")
    check_eq(p["fdtdir"]["files"], 2, "device trees")
    dtb = next(f for f in p["files"] if f["role"] == "dtb")
    size = os.path.getsize(os.path.join(ASSETS, "virt.dtb"))
    check_eq((dtb["name"], dtb["size"], dtb["transferred_bytes"]), ("dtbs/qemu/virt.dtb", size, size), "dtb")
    check_eq(dtb["sha256"], dtb["served_sha256"], "what TFTP served")
    check(retrieved(r)[-1].endswith("/dtbs/qemu/virt.dtb"), f"fetched: {retrieved(r)}")


@case("fdtdir: a name that no device tree has is told at once with the one that was meant; no kernel starts")
def _(t):
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    r = t.run(spec, board(t, "virt.dtb"))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict ({r.verdict})")
    check("asked for the device tree virt.dtb" in r.verdict["reason"] and
          "among its 2, but qemu/virt.dtb" in r.verdict["reason"], r.verdict["reason"])
    check_eq((r.result["incidents"][0]["blame"], r.result["error_type"]), ("file", "Job"), "who has to act")
    check(b"Linux version" not in r.raw(), "a kernel started")


@case("fdtdir: without fdtfile U-Boot asks for soc and board, and Debian's package has no tree for this one")
def _(t):
    r = t.run(selected({"name": "debian", "from": {"url": DEB}, "fdtdir": True}), board(t))
    check_eq((r.code, r.verdict["kind"]), (125, "no-boot"), f"verdict ({r.verdict})")
    check(re.search(r"the device tree qemu-arm\.dtb, and the kernel has none of that name among its [0-9]{3}",
                    r.verdict["reason"]), r.verdict["reason"])
    check(b"Linux version" not in r.raw(), "a kernel started")


if __name__ == "__main__":
    main()
