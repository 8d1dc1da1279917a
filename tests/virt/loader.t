#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real U-Boot: each way to stop it, to give it a network and to boot, and what it says when that fails."""
import io
import os
import re
import struct
import subprocess
import tarfile

from virt import ASSETS, LOGIN, Skip, board, case, check, check_eq, flip, inline, job, main, read, sums, until

PXE = 'boot_commands: ["setenv pxe_label_override {label}", pxe get, pxe boot]'
NETWORK = "network: [dhcp]"
INTERRUPT = 'interrupt_char: " "'
TFTP = "tftp: {root: ../../build/tftp/virt, verify: local}"
STATIC = "network: {ipaddr: 10.0.2.15, gateway: 10.0.2.2, serverip: 10.0.2.2}"
ENV = re.compile(r'\n *-drive, "if=pflash,unit=1[^\n]*')
FROM_DISK = {"auto_login": {"login_prompt": "login:", "username": "root", "password_prompt": "Password:",
                            "password": "bootrig"}, "prompts": ["recovery:.*# $"]}


def raw(r):
    return r.raw().replace(b"\r", b"").decode("utf-8", "replace")


def typed(r):
    return [a["text"] for a in r.lines("actions.jsonl") if a["do"] == "type"]


def check_pass(r, nonce="cmdline"):
    check_eq(r.code, 0, f"exit status ({r.verdict['reason']})")
    check_eq(r.result["kernel"]["nonce_seen"], nonce, "where the nonce was seen")


def needs_command(r, command):
    if f"Unknown command '{command}'" in raw(r):
        raise Skip(f"this U-Boot has no {command}")


# ---- stopping it -----------------------------------------------------------------------

@case("Ctrl-C stops autoboot")
def _(t):
    r = t.run(job(inline(["true"])), board(t, (INTERRUPT, "interrupt_ctrl_list: [c]")))
    check_pass(r)
    check_eq(typed(r)[0], "\x03", "what stopped it")


@case("without a countdown the key is typed from the first byte on, and the prompt is clean")
def _(t):
    r = t.run(job(inline(["true"])), board(t, (INTERRUPT, "interrupt_ctrl_list: [c]\n  interrupt_early: true")))
    check_pass(r)
    check("Unknown command" not in raw(r), "keys were taken for a command")


@case("a stop string of several characters leaves no rest at the prompt")
def _(t):
    r = t.run(job(inline(["true"])),
              board(t, (INTERRUPT, 'interrupt_char: "stop"\n  interrupt_delay: {milliseconds: 300}')))
    check_pass(r)
    check("Unknown command" not in raw(r), "the rest of the string was taken for a command")


@case("the prompt may be a pattern, and a pause lies before each line")
def _(t):
    r = t.run(job(inline(["true"])),
              board(t, ('loader_prompt: "=> "', 'loader_prompt_pattern: "(?m)^[=]> $"\n'
                        "  line_delay: {milliseconds: 50}")))
    check_pass(r)


# ---- network ---------------------------------------------------------------------------

@case("a fixed address needs no DHCP")
def _(t):
    r = t.run(job(inline(["true"])), board(t, (NETWORK, STATIC), (PXE, "method: pxe")))
    check_pass(r)
    check("BOOTP broadcast" not in raw(r), "U-Boot asked for an address")
    check("setenv serverip 10.0.2.2" in typed(r), f"typed: {typed(r)}")


@case("a board has its own directory below the TFTP root")
def _(t):
    r = t.run(job(inline(["true"])),
              board(t, (PXE, "method: pxe"), (TFTP, "tftp: {root: ../../build/tftp/virt, subdir: rack1/virt, "
                                              "verify: local}")))
    check_pass(r)
    check("Filename 'rack1/virt/pxelinux.cfg/01-52-54-00-12-34-56'" in raw(r), "another file was fetched")
    left = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(t.tmp, "tftp")) for f in fs]
    check_eq(left, [], "what is left in the TFTP root")


# ---- ways to boot ----------------------------------------------------------------------

@case("sysboot boots what the media hold, and nothing is staged")
def _(t):
    b = board(t, (PXE, "method: sysboot\n  media: {commands: [pci enum, nvme scan], device: \"nvme 0:1\", "
                       "path: /extlinux/recovery.conf}"), (NETWORK, ""))
    spec = job(inline(["grep -q demo.host=recovery /proc/cmdline"]), boot={**FROM_DISK, "commands": "media"})
    del spec["actions"][0]
    r = t.run(spec, b)
    needs_command(r, "sysboot")
    check_pass(r, None)
    check_eq(r.tests(), {"step-1": "pass"}, "tests")


def disk_with_extlinux_conf(t):
    """The recovery disk, with its file under the name that standard boot looks for."""
    path = os.path.join(t.tmp, "disk.img")
    conf = os.path.join(t.tmp, "extlinux.conf")
    subprocess.run(["cp", "--sparse=always", os.path.join(ASSETS, "recovery.img"), path], check=True)
    text = subprocess.run(["debugfs", "-R", "cat /extlinux/recovery.conf", f"{path}?offset=1048576"],
                          capture_output=True, check=True).stdout
    with open(conf, "wb") as f:
        f.write(text)
    subprocess.run(["debugfs", "-w", "-R", f"write {conf} /extlinux/extlinux.conf", f"{path}?offset=1048576"],
                   capture_output=True, check=True)
    check(b"extlinux.conf" in subprocess.run(
        ["debugfs", "-R", "ls /extlinux", f"{path}?offset=1048576"], capture_output=True, check=True).stdout,
        "the disk did not take the file")
    return path


@case("bootflow finds an extlinux file on a disk")
def _(t):
    disk = disk_with_extlinux_conf(t)
    b = board(t, (PXE, "method: bootflow"), (NETWORK, ""), ("setup: [setenv autoload no]", "setup: [pci enum, usb start]"),
              ('-device, "nvme,drive=stick,serial=recovery"]',
               f'-drive, "if=none,id=disk,format=raw,readonly=on,file={disk}", '
               '-device, usb-ehci, -device, "usb-storage,drive=disk"]'))
    spec = job(inline(["grep -q demo.host=recovery /proc/cmdline"]), boot={**FROM_DISK, "commands": "media"})
    del spec["actions"][0]
    r = t.run(spec, b)
    needs_command(r, "bootflow")
    check_pass(r, None)
    check("bootflow scan" in typed(r), f"typed: {typed(r)}")


@case("a boot script that is fetched and sourced boots the staged kernel")
def _(t):
    r = t.run(job(inline(["true"])), board(t, (PXE, "method: script\n  script: scripts/virt.scr")))
    check_pass(r)
    check("## Executing script at" in raw(r), "no script ran")
    check("source ${scriptaddr}" in typed(r), f"typed: {typed(r)}")
    for f in r.result["kernel"]["files"]:
        check_eq(f["transferred_bytes"], f["size"], f"bytes of {f['name']} that U-Boot got")


@case("never_stop: U-Boot finds the boot script by itself, and not a byte is typed at it")
def _(t):
    before = os.path.join(t.tmp, "tftp")
    os.makedirs(before)
    with open(os.path.join(before, "boot.scr.uimg"), "w", encoding="ascii") as f:
        f.write("the lab keeper's own")
    b = board(t, (PXE, "method: script\n  never_stop: true\n  addresses: {kernel: 0x40400000, ramdisk: 0x44000000, "
                  "dtb: 0x4f000000}"), (NETWORK, ""), ("setup: [setenv autoload no]", ""),
              (ENV, ""), (re.compile(r"recovery:\n(?: +[^\n]*\n)+"), ""))
    r = t.run(job(inline(["true"])), b, limit_s=80)
    check_pass(r)
    kernel = next(e["offset"] for e in r.lines("events.jsonl") if e["type"] == "kernel")
    check(all(a["offset"] >= kernel for a in r.lines("actions.jsonl") if a["do"] == "type"),
          "something was typed at the loader")
    check_eq(read(os.path.join(before, "boot.scr.uimg")), b"the lab keeper's own", "the file from before")


@case("never_stop: a script that lacks an address says which, instead of loading one file over the other")
def _(t):
    b = board(t, (PXE, "method: script\n  never_stop: true"), (NETWORK, ""), ("setup: [setenv autoload no]", ""),
              (ENV, ""), (re.compile(r"recovery:\n(?: +[^\n]*\n)+"), ""))
    r = t.run(job(inline(["true"]), boot={"timeout": {"seconds": 25}}), b, limit_s=80)
    check_eq(r.verdict["status"], "lab", f"status ({r.verdict})")
    check("bootrig: U-Boot has no fdt_addr_r, expected boot.addresses.dtb" in raw(r), "no word of the address")


# ---- what ran is what was staged -------------------------------------------------------

@case("the build ids of the kernel and of a module are read on the board and compared")
def _(t):
    r = t.run(job(inline(["true"]), provenance_modules=["ramoops", "no-such-module"]), board(t))
    check_pass(r)
    k = r.result["kernel"]
    check(re.fullmatch("[0-9a-f]{40}", k["build_id"]["seen"] or ""), f"build id: {k['build_id']}")
    check_eq(k["build_id"]["staged"], k["build_id"]["seen"], "the staged build id")
    check_eq([m["name"] for m in k["modules"]], ["ramoops", "no_such_module"], "modules")
    check(re.fullmatch("[0-9a-f]{40}", k["modules"][0]["seen"] or ""), f"modules: {k['modules']}")
    check_eq(k["modules"][1]["seen"], None, "a module that is not there")


def module_of_another_build(t, name):
    """The kernel package's own module, but for its build id."""
    package = os.path.join(ASSETS, "linux-arm64.deb")
    names = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(names)) as tar:
        member = next(m for m in tar if m.name.endswith(f"/{name}.ko"))
        ko = bytearray(tar.extractfile(member).read())
    at = ko.index(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16
    real = ko[at:at + 20].hex()
    ko[at] ^= 0xff
    path = os.path.join(t.tmp, f"{name}.ko")
    with open(path, "wb") as f:
        f.write(ko)
    return path, real, ko[at:at + 20].hex()


@case("a stale module is the lab's fault, named with both builds, and no verdict on the kernel")
def _(t):
    path, real, other = module_of_another_build(t, "ramoops")
    # vmlinux is for incidents, and there will be none.
    r = t.run(job(inline(["true"]), provenance_modules=["ramoops"], modules=[path], vmlinux=path), board(t))
    check_eq(r.code, 125, f"exit status ({r.verdict})")
    check_eq(r.verdict["status"], "lab", "status")
    check(f"the module ramoops that was loaded has build id {real}" in r.verdict["reason"] and
          other in r.verdict["reason"] and "stale" in r.verdict["reason"], r.verdict["reason"])
    p = r.result["attempts"][0]["provenance"]
    check_eq((p["proven"], p["fault"]), (False, r.verdict["reason"]), "provenance")
    check_eq(p["modules"], [{"name": "ramoops", "staged": other, "seen": real}], "modules")


@case("a stale module that a test loads is caught behind that test")
def _(t):
    path, real, _ = module_of_another_build(t, "ramoops")
    gone = {"auto_login": {**LOGIN, "login_commands": ["rmmod ramoops"]}}
    r = t.run(job(inline(["test ! -e /sys/module/ramoops", "modprobe ramoops"]), boot=gone,
                  provenance_modules=["ramoops"], modules=[path], vmlinux=path), board(t))
    check_eq([x["result"] for x in r.result["tests"]], ["pass", "pass"], "tests")
    check_eq((r.code, r.verdict["status"]), (125, "lab"), f"verdict ({r.verdict})")
    check(f"the module ramoops that was loaded has build id {real}" in r.verdict["reason"], r.verdict["reason"])


@case("a boot is proven by every witness, and the root file system leaves its fingerprint")
def _(t):
    r = t.run(job(inline(["true"])), board(t))
    check_pass(r)
    p = r.result["attempts"][0]["provenance"]
    check_eq((p["proven"], p["fault"], p["why"]), (True, None, []), "provenance")
    check_eq(p["label"]["seen"], p["label"]["staged"], "the label that ran")
    check_eq(p["nonce"]["seen"], "cmdline", "nonce")
    check_eq(p["banner"]["seen"], p["banner"]["staged"], "banner")
    root = p["rootfs"] or {}
    check_eq((root.get("initramfs"), root.get("fstype")), (True, "rootfs"), f"rootfs {root}")


# ---- what lies in RAM ------------------------------------------------------------------

RAM = "  verify_ram: true\n  tftp: {root: ../../build/tftp/virt, verify: local}"
TYPED = ('boot_commands: ["setenv bootargs console=ttyAMA0 bootrig.nonce=none", "tftpboot ${kernel_addr_r} {KERNEL}", '
         '"tftpboot ${ramdisk_addr_r} {RAMDISK}", "setenv rdsize ${filesize}", "tftpboot %s {DTB}", '
         '"booti ${kernel_addr_r} ${ramdisk_addr_r}:${rdsize} %s"]')


@case("verify_ram: U-Boot's sums of kernel, ramdisk and device tree are those of the staged files, and pxe boots them")
def _(t):
    r = t.run(job(inline(["true"])), board(t, ("  " + TFTP, RAM)))
    check_pass(r)
    p = r.result["attempts"][0]["provenance"]
    check_eq((p["proven"], p["why"]), (True, []), "provenance")
    check_eq([f["role"] for f in p["files"] if f.get("ram_crc32")], ["kernel", "ramdisk", "dtb"], "files")
    for f in p["files"]:
        if f["role"] != "config":
            check_eq(f["ram_crc32"]["seen"], f["ram_crc32"]["staged"], f["name"])
            check_eq(f["ram_crc32"]["as_booted"], False, f"{f['name']} is loaded again by pxe")
            check_eq(f["transferred_bytes"], f["size"], f"bytes of {f['name']}")
    check_eq(len(sums(r)), 3, "sums")
    check(typed(r).index("pxe get") > max(i for i, x in enumerate(typed(r)) if x.startswith("crc32")), "the order")
    print(f"# {sum(a['bytes'] for a in sums(r)) / 1048576:.1f} MiB summed in {sum(a['ms'] for a in sums(r)):.0f} ms")


@case("verify_ram: what lines of their own load is summed where it lies and boots from there")
def _(t):
    r = t.run(job(inline(["true"])), board(t, ("  " + TFTP, RAM), (PXE, TYPED % (("${fdt_addr_r}",) * 2))))
    check_eq(len(sums(r)), 3, f"sums ({r.verdict})")
    check(all(a["as_booted"] and a["seen"] == a["staged"] for a in sums(r)), f"sums: {sums(r)}")
    check_eq(sum(x.startswith("tftpboot") for x in typed(r)), 3, "transfers")
    check("Linux version" in raw(r), "no kernel ran")


def flip_when(t, r, what):
    """One byte of the staged kernel changes, once actions.jsonl has that action."""
    def seen():
        d = t.dir_of(r)
        return d and what.encode() in read(os.path.join(d, "actions.jsonl"))
    until(what, seen)
    flip(t, "Image", 4 << 20)


@case("verify_ram: a bit that changes behind the check of the TFTP server is the lab's, with both sums, and nothing boots")
def _(t):
    # Time to change it: U-Boot is stopped half a second after it asked for a key.
    b = board(t, ("  " + TFTP, RAM), (INTERRUPT, INTERRUPT + "\n  interrupt_delay: {milliseconds: 500}"))
    p = t.start(job(inline(["true"])), b)
    flip_when(t, p, '"do":"verified"')
    r = t.finish(p)
    check_eq((r.code, r.verdict["status"]), (131, "lab"), f"verdict {r.verdict}")
    bad = [a for a in sums(r) if a["seen"] != a["staged"]]
    check_eq(len(bad), 1, f"sums {sums(r)}")
    check(bad[0]["path"].endswith("/Image") and all(bad[0][k] in r.verdict["reason"] for k in ("seen", "staged")),
          r.verdict["reason"])
    check("Starting kernel" not in raw(r), "it booted")
    check_eq(r.result["attempts"][0]["provenance"]["proven"], False, "proven")


@case("verify_ram: a device tree that is loaded into the kernel is told by the kernel's sum")
def _(t):
    r = t.run(job(inline(["true"])), board(t, ("  " + TFTP, RAM), (PXE, TYPED.replace('"setenv rdsize ${filesize}", ', "")
                                                                  % ("0x40800000", "0x40800000"))))
    check_eq((r.code, r.verdict["status"]), (131, "lab"), f"verdict {r.verdict}")
    check("does not hold Image" in r.verdict["reason"] and "overlap" in r.verdict["reason"], r.verdict["reason"])
    check("Starting kernel" not in raw(r), "it booted")


# ---- faults ----------------------------------------------------------------------------



@case("a server that does not answer is the network's, and the lab is broken", 90)
def _(t):
    r = t.run(job(inline(["true"])), board(t, (NETWORK, STATIC.replace("serverip: 10.0.2.2", "serverip: 10.0.2.99")),
                                           (PXE, "method: pxe")), limit_s=80)
    check_eq(r.code, 131, f"exit status ({r.verdict})")
    check_eq((r.verdict["status"], r.verdict["kind"]), ("lab", "no-boot"), "verdict")
    check("ARP Retry count exceeded" in r.verdict["reason"] and "the lab's network" in r.verdict["reason"],
          r.verdict["reason"])
    check_eq(r.result["incidents"][0]["blame"], "network", "who has to act")


@case("a bad image and a bad device tree are the job's files, and untestable")
def _(t):
    setup = "setup: [setenv autoload no]"
    for spoil, words in (("mw.l 0x40400038 0 1", "Bad Linux ARM64 Image magic!"),
                         ("mw.l 0x40100000 0 1", "Flattened Device Tree")):
        b = board(t, (setup, setup), (PXE, f"boot_commands: [\"tftpboot ${{kernel_addr_r}} {{KERNEL}}\", "
                                           f"\"tftpboot ${{fdt_addr_r}} {{DTB}}\", \"{spoil}\", "
                                           f"\"booti 0x40400000 - 0x40100000\"]"))
        r = t.run(job(inline(["true"])), b)
        check_eq(r.code, 125, f"exit status ({r.verdict})")
        check_eq((r.verdict["status"], r.verdict["kind"]), ("lab", "no-boot"), "verdict")
        check(words in r.verdict["reason"] and "the job's file" in r.verdict["reason"], r.verdict["reason"])
        check_eq(r.result["error_type"], "Job", "error_type")


@case("U-Boot that crashes in a command is told by its own dump")
def _(t):
    r = t.run(job(inline(["true"])), board(t, ("setup: [setenv autoload no]", 'setup: ["md.l 0x800000000000 1"]')))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict {r.verdict}")
    check('"Synchronous Abort" handler, esr 0x' in r.verdict["reason"] and "U-Boot crashed" in r.verdict["reason"],
          r.verdict["reason"])


@case("a kernel that dies on its second instruction is caught by U-Boot's vectors, and has failed")
def _(t):
    path = os.path.join(t.tmp, "Image")
    with open(path, "wb") as f:  # Documentation/arch/arm64/booting.rst; udf in place of the branch
        f.write(struct.pack("<IIQQQQQQ4sI", 0x91005A4D, 0, 0, 1 << 20, 0xA, 0, 0, 0, b"ARM\x64", 0).ljust(1 << 20, b"\0"))
    spec = job(inline(["true"]))
    spec["actions"][0]["deploy"]["kernel"] = {"url": path, "type": "image"}
    r = t.run(spec, board(t))
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (1, "fail", "panic"), f"verdict {r.verdict}")
    check("U-Boot panic as the kernel started" in r.verdict["reason"], r.verdict["reason"])
    check(r.result["incidents"][0]["esr"]["value"], "no syndrome")


@case("a command that this U-Boot does not have is the board's, and named")
def _(t):
    r = t.run(job(inline(["true"])), board(t, ("setup: [setenv autoload no]", "setup: [ums start]")))
    check_eq(r.verdict["status"], "lab", "status")
    check("Unknown command 'ums'" in r.verdict["reason"] and "built without" in r.verdict["reason"],
          r.verdict["reason"])
    check_eq(r.result["incidents"][0]["blame"], "board", "who has to act")


@case("U-Boot that resets the board instead of booting is told at once")
def _(t):
    b = board(t, (PXE, 'boot_commands: ["echo now; reset"]'))
    r = t.run(job(inline(["true"])), b)
    check_eq(r.verdict["status"], "lab", "status")
    check("started again" in r.verdict["reason"], r.verdict["reason"])
    check(r.result["duration_s"] < 20, f"took {r.result['duration_s']} s")


if __name__ == "__main__":
    main()
