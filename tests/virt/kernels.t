#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that a job selects, on real U-Boot: device trees that it chooses among, labels beside, modules."""
import io
import os
import re
import subprocess
import tarfile

from virt import ASSETS, board, case, check, check_eq, flip, inline, job, main, sums

DEB = os.path.join(ASSETS, "linux-arm64.deb")
SETUP = "setup: [setenv autoload no]"
TFTP = "  tftp: {root: ../../build/tftp/virt, verify: local}"
RAM = "  verify_ram: true\n"
PXE = 'boot_commands: ["setenv pxe_label_override {label}", pxe get, pxe boot]'
SLOW_STOP = "  interrupt_delay: {milliseconds: 500}\n"  # time to change a file before U-Boot loads it


def tree_board(t, fdtfile=None, more="", commands=PXE):
    """virt.yaml with U-Boot's fdtfile where one is given, and more lines below `boot:`."""
    setup = f'setup: [setenv autoload no, "setenv fdtfile {fdtfile}"]' if fdtfile else SETUP
    return board(t, (SETUP, setup), (TFTP, more + TFTP), (PXE, commands))


def selected(*select, tests=("true",), **kernel):
    """A job of these kernels in place of the deploy's own; no device tree but theirs."""
    spec = job(inline(list(tests), "look"), kernel={"select": list(select), **kernel})
    for key in ("kernel", "dtb"):
        del spec["actions"][0]["deploy"][key]
    return spec


def package_members(want):
    """Of Debian's kernel package."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", DEB], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar if m.isfile() and want(m.name)}


def kernel_with_trees(t, *modules):
    """Debian's kernel with the virtual board's device tree beside that of a real one, and some of its modules."""
    path = os.path.join(t.tmp, "kernel.tar")
    found = package_members(lambda n: "/vmlinuz-" in n or n.endswith("/rk3399-rock-pi-4b.dtb") or
                            os.path.basename(n) in modules)
    with tarfile.open(path, "w") as tar:
        for name, data in found.items():
            info = tarfile.TarInfo("boot/dtbs/6.1.0/rockchip/rk3399-rock-pi-4b.dtb" if name.endswith(".dtb") else name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name in ("virt", "same"):
            tar.add(os.path.join(ASSETS, "virt.dtb"), f"boot/dtbs/6.1.0/qemu/{name}.dtb")
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
    r = t.run(spec, tree_board(t, "qemu/virt.dtb"))
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    p = provenance(r)
    check_eq((p["proven"], p["fault"], p["why"]), (True, None, []), "provenance")
    check_eq(p["fdtdir"]["files"], 3, "device trees")
    dtb = next(f for f in p["files"] if f["role"] == "dtb")
    size = os.path.getsize(os.path.join(ASSETS, "virt.dtb"))
    check_eq((dtb["name"], dtb["size"], dtb["transferred_bytes"]), ("dtbs/qemu/virt.dtb", size, size), "dtb")
    check_eq(dtb["sha256"], dtb["served_sha256"], "what TFTP served")
    check(retrieved(r)[-1].endswith("/dtbs/qemu/virt.dtb"), f"fetched: {retrieved(r)}")


@case("fdtdir: a name that no device tree has is told at once with the one that was meant; no kernel starts")
def _(t):
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    r = t.run(spec, tree_board(t, "virt.dtb"))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict ({r.verdict})")
    check("asked for the device tree virt.dtb" in r.verdict["reason"] and
          "among its 3, but qemu/virt.dtb" in r.verdict["reason"], r.verdict["reason"])
    check_eq((r.result["incidents"][0]["blame"], r.result["error_type"]), ("file", "Job"), "who has to act")
    check(b"Linux version" not in r.raw(), "a kernel started")


@case("fdtdir: without fdtfile U-Boot asks for soc and board, and Debian's package has no tree for this one")
def _(t):
    r = t.run(selected({"name": "debian", "from": {"url": DEB}, "fdtdir": True}), tree_board(t))
    check_eq((r.code, r.verdict["kind"]), (125, "no-boot"), f"verdict ({r.verdict})")
    check(re.search(r"the device tree qemu-arm\.dtb, and the kernel has none of that name among its [0-9]{3}",
                    r.verdict["reason"]), r.verdict["reason"])
    check(b"Linux version" not in r.raw(), "a kernel started")


@case("fdtdir, verify_ram: the device tree that U-Boot will take is summed in its RAM before, and that one boots")
def _(t):
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    r = t.run(spec, tree_board(t, "qemu/virt.dtb", RAM))
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    p = provenance(r)
    check_eq((p["proven"], p["fault"], p["why"]), (True, None, []), "provenance")
    dtb = next(f for f in p["files"] if f["role"] == "dtb")
    ram = dtb["ram_crc32"]
    check_eq((dtb["name"], ram["seen"], ram["as_booted"]), ("dtbs/qemu/virt.dtb", ram["staged"], False), "dtb")
    check_eq(sums(r)[-1]["bytes"], os.path.getsize(os.path.join(ASSETS, "virt.dtb")), "bytes that were summed")
    check_eq(len(sums(r)), 3, "sums")


@case("fdtdir, verify_ram: a bit of the chosen device tree that changes before U-Boot loads it is the lab's, and nothing boots")
def _(t):
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    p = t.start(spec, tree_board(t, "qemu/virt.dtb", RAM + SLOW_STOP))
    t.wait_event(p, '"type":"verified"')
    flip(t, "dtbs/qemu/virt.dtb", 200)
    r = t.finish(p)
    check_eq((r.code, r.verdict["status"]), (131, "lab"), f"verdict {r.verdict}")
    bad = [a for a in sums(r) if a["seen"] != a["staged"]]
    check_eq([a["path"].split("/", 1)[1] for a in bad], ["dtbs/qemu/virt.dtb"], "what has another sum")
    check(all(bad[0][k] in r.verdict["reason"] for k in ("seen", "staged")) and
          "does not hold dtbs/qemu/virt.dtb" in r.verdict["reason"], r.verdict["reason"])
    check(b"Starting kernel" not in r.raw(), "it booted")


@case("fdtdir, verify_ram: when U-Boot then takes another device tree, that one's sum is told to be missing")
def _(t):
    late = 'boot_commands: ["setenv fdtfile qemu/same.dtb", "pxe get", "pxe boot"]'
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    r = t.run(spec, tree_board(t, "qemu/virt.dtb", RAM, late))
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    p = provenance(r)
    dtb = next(f for f in p["files"] if f["role"] == "dtb")
    check_eq((dtb["name"], dtb["ram_crc32"]), ("dtbs/qemu/same.dtb", None), "dtb")
    check_eq((p["proven"], p["why"]), (False, ["U-Boot was not asked for its sum of dtbs/qemu/same.dtb"]), "provenance")


@case("fdtdir, verify_ram: a name that no device tree has is told as without it")
def _(t):
    spec = selected({"name": "trees", "from": {"url": kernel_with_trees(t)}, "fdtdir": True})
    r = t.run(spec, tree_board(t, "virt.dtb", RAM))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict ({r.verdict})")
    check("asked for the device tree virt.dtb" in r.verdict["reason"] and "but qemu/" in r.verdict["reason"],
          r.verdict["reason"])
    check_eq(len(sums(r)), 2, "sums")


# ---- labels beside, and modules --------------------------------------------------------

def other_image(t):
    """The same kernel, but not the same bytes: what is the same lies in the TFTP root once."""
    path = os.path.join(t.tmp, "Image-other")
    (image,) = package_members(lambda n: "/vmlinuz-" in n).values()
    with open(path, "wb") as f:
        f.write(image + bytes(4096))
    return path


@case("stage: all: of two labels the chosen one boots, with its modules; nothing of the other one is fetched")
def _(t):
    insmod = "insmod /lib/modules/*/kernel/drivers/net/dummy.ko"
    spec = selected({"name": "good", "from": {"url": kernel_with_trees(t, "dummy.ko")}, "dtb": "qemu/virt.dtb"},
                    {"name": "other", "kernel": {"url": other_image(t)}, "dtb": {"url": os.path.join(ASSETS, "virt.dtb")}},
                    tests=[insmod, "test -d /sys/module/dummy"], stage="all")
    spec["bootrig"]["provenance_modules"] = ["dummy"]
    r = t.run(spec, tree_board(t), cell="good")
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    p = provenance(r)
    check_eq((p["proven"], p["fault"]), (True, None), f"provenance ({p['why']})")
    check_eq(p["label"], {"staged": "good", "seen": "good"}, "label")
    staged = next(e for e in r.lines("events.jsonl") if e["type"] == "staged")
    check_eq([x["name"] for x in staged["labels"]], ["other"], "labels beside")
    theirs = [f["path"] for f in staged["labels"][0]["files"] if "/label-other/" in f["path"]]
    check(any(f.endswith("/label-other/Image") for f in theirs), f"files of the other label: {theirs}")
    check(not [f for f in retrieved(r) if "label-other" in f], f"fetched: {retrieved(r)}")
    dummy = next(m for m in p["modules"] if m["name"] == "dummy")
    check(re.fullmatch("[0-9a-f]{40}", dummy["seen"] or ""), f"build id: {dummy}")
    check_eq(dummy["staged"], dummy["seen"], "the build of the module that was loaded")
    check_eq(p["module_tree"]["modules_dep"], False, "modules.dep")
    check(any("modprobe" in e.get("text", "") for e in r.lines("events.jsonl") if e["type"] == "warning"),
          "no word of modules.dep")


@case("stage: all: when a file of the chosen label is gone U-Boot takes the other one, and that is told as the lab's")
def _(t):
    spec = selected({"name": "good", "from": {"url": kernel_with_trees(t)}, "dtb": "qemu/virt.dtb"},
                    {"name": "other", "kernel": {"url": other_image(t)}, "dtb": {"url": os.path.join(ASSETS, "virt.dtb")}},
                    stage="all")
    process = t.start(spec, tree_board(t), cell="good")
    t.wait_event(process, '"type":"verified"')
    for run in os.listdir(os.path.join(t.tmp, "tftp")):
        if run.startswith("bootrig-"):
            os.unlink(os.path.join(t.tmp, "tftp", run, "Image"))
    r = t.finish(process)
    check_eq((r.code, r.verdict["status"]), (125, "lab"), f"verdict ({r.verdict})")
    check("the label other, not good" in r.verdict["reason"], r.verdict["reason"])


if __name__ == "__main__":
    main()
