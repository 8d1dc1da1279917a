#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot loader dialogue: staging, the chosen label, the nonce, and what goes wrong there."""
import json
import os

from loader import SPL, UBOOT, Loader, image
from rig import KERNEL, SHELL, case, check, check_eq, console, inline, main, seconds


@case("a second kernel that cannot be staged fails a run whose first one passed")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = l.job(inline(["true"]))
    again = json.loads(json.dumps(job["actions"][:2]))
    again[0]["deploy"]["kernel"]["url"] = "file:" + os.path.join(t.tmp, "NoImage")
    job["actions"] += again
    r = l.run(job)
    check_eq(r.verdict["status"], "job", f"status ({r.verdict})")
    check_eq(r.code, 129, "exit status")
    check("NoImage" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq([a["status"] for a in r.result["attempts"]], ["pass"], "attempts")


@case("the chosen kernel is staged, booted by its label and proven by its nonce")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    k = r.result["kernel"]
    check(k["nonce"] and k["nonce"] in k["append"], f"append {k['append']!r} without nonce {k['nonce']!r}")
    check_eq(k["nonce_seen"], "cmdline", "nonce_seen")
    check(k["append"].startswith("sysrq_always_enabled console=ttyAMA0"), f"append: {k['append']}")
    check_eq(k["release"], "6.1.0-fake", "release")
    by_role = {f["role"]: f for f in k["files"]}
    check_eq(by_role["kernel"]["served_sha256"], by_role["kernel"]["sha256"], "served kernel")
    check_eq(by_role["kernel"]["size"], 1 << 20, "size")
    typed = l.board.typed()
    check("setenv pxe_label_override" in typed and "pxe boot" in typed, "the label was not chosen")
    stages = [s["stage"] for s in r.result["stages"]]
    check("u-boot" in stages and "starting-kernel" in stages, f"stages: {stages}")


@case("nothing of a run stays in the TFTP root")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    check_eq(l.run(l.job(inline(["true"]))).code, 0, "exit status")
    left = [os.path.join(d, f) for d, _, fs in os.walk(l.root) for f in fs if "Image" in f]
    check_eq(left, [], "kernels left behind")


@case("U-Boot that falls through to another label is no pass")
def _(t):
    # The board lost our kernel on the way and boots what it had before.
    l = Loader(t, SPL + 'uboot "=> " 1500\nset cmdline "console=ttyAMA0 root=/dev/nvme0n1p1"\n'
               + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check(r.verdict["status"] in ("lab", "fail"), f"verdict {r.verdict}")
    check_eq(r.verdict["status"], "lab", "status")
    check_eq(r.result["kernel"]["nonce_seen"], None, "nonce_seen")
    check(r.code in (125, 131), f"exit status {r.code}")


@case("a kernel that dies before it prints its command line is ours by U-Boot's echo of APPEND")
def _(t):
    l = Loader(t, UBOOT + """
say "[    0.000000] Linux version 6.1.0-fake (build@lab) (gcc) #1 SMP"
""" + console("panic") +
               'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\nhang\n')
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check(r.result["kernel"]["nonce_seen"], "nonce_seen says nothing")


@case("a kernel that dies before /proc is there is ours by its own command line")
def _(t):
    l = Loader(t, UBOOT + KERNEL + console("panic") +
               'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\nhang\n')
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "panic", "kind")
    check_eq(r.result["kernel"]["nonce_seen"], "console", "nonce_seen")


@case("silence after Starting kernel is the kernel's")
def _(t):
    l = Loader(t, UBOOT + "hang\n")
    r = l.run(l.job(inline(["true"]), silence=2))
    check_eq(r.code, 1, "exit status")
    check(r.verdict["kind"] in ("silence", "no-boot"), f"kind {r.verdict['kind']}")
    check_eq(r.verdict["status"], "fail", "status")


@case("a network that gives no address is the lab's")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL + """
answer "^dhcp" {
    say "BOOTP broadcast 1" "BOOTP broadcast 2" "Retry time exceeded; starting again"
}
answer "^pxe" { say "Retrieving file: pxelinux.cfg/default" "*** ERROR: `serverip' not set" }
""")
    r = l.run(l.job(inline(["true"])))
    check(r.code in (125, 131), f"exit status {r.code}")
    check_eq(r.verdict["status"], "lab", "status")


@case("U-Boot that wedges in a command is the lab's")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL + 'answer "^dhcp" { say "BOOTP broadcast 1"; hang }\n')
    r = l.run(l.job(inline(["true"]), silence=3, boot={"timeout": seconds(10)}))
    check(r.code in (125, 131), f"exit status {r.code}")
    check_eq(r.verdict["status"], "lab", "status")


@case("U-Boot that resets in a command is the lab's, when it does so every time")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL + 'answer "^pxe boot" { say "data abort"; delay 200; reboot }\n')
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(15)}), limit_s=60)
    check(r.code in (125, 131), f"exit status {r.code}")
    check_eq(r.verdict["status"], "lab", "status")


EL3 = """
say "INFO:    PSCI Affinity Map:" "PANIC in EL3." "x30            = 0x0000000040007d9c" "x0             = 0x0000000000000000"
say "scr_el3        = 0x0000000000000638" "esr_el3        = 0x000000005e000000" "mpidr_el1      = 0x0000000080000000"
"""
ABORT = r"""
say "\"Synchronous Abort\" handler, esr 0x96000044, far 0x10" "elr: 0000000000230a8c lr : 0000000000230a70 (reloc)"
say "x0 : 0000000000000000 x1 : 000000007ff4c3c0" "Code: f9400000 b9400001 f9400402 aa0003e4 (f8000822) "
"""


def told_at_once(r, *words):
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (125, "lab", "no-boot"), f"verdict ({r.verdict})")
    for w in words:
        check(w in r.verdict["reason"], f"no {w!r} in {r.verdict['reason']}")
    check_eq(r.result["incidents"][0]["blame"], "board", "who has to act")
    a = r.result["attempts"][0]
    check(a["end_s"] - a["start_s"] < 10, f"it took {a['end_s'] - a['start_s']} s")


@case("secure firmware that panics before there is a prompt is told at once, in its own words")
def _(t):
    l = Loader(t, SPL.replace('say "U-Boot 2023', EL3 + 'hang\nsay "U-Boot 2023') + 'uboot "=> " 1500\n' + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
    told_at_once(r, "PANIC in EL3.", "TF-A", "no boot loader prompt")
    check(b"mpidr_el1" in r.raw(), "the dump of registers is not whole")


@case("an SPL that finds nothing to boot and waits for a reset is told at once, by why")
def _(t):
    l = Loader(t, """say "U-Boot SPL 2023.01 (Jan 12 2023)" "Card did not respond to voltage select! : -110"
say "SPL: failed to boot from all boot devices" "### ERROR ### Please RESET the board ###"
hang
""")
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
    told_at_once(r, "SPL: failed to boot from all boot devices", "SPL can load")


@case("a board that said all that it says while its power came up has said something")
def _(t):
    l = Loader(t, 'say "U-Boot SPL 2023.01 (Jan 12 2023)"\nhang\n')
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
    check_eq((r.code, r.verdict["status"]), (125, "lab"), f"verdict ({r.verdict})")
    check("no boot loader prompt within" in r.verdict["reason"], r.verdict["reason"])


@case("firmware that crashes once and starts again by itself is waited for")
def _(t):
    l = Loader(t, 'boot 1 {\n' + SPL.replace('say "U-Boot 2023', EL3 + 'delay 500\nreboot\nsay "U-Boot 2023') + '}\n'
               + UBOOT + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")


@case("U-Boot that crashes in a command and hangs is told at once")
def _(t):
    for name, last in (("hang", 'say "Resetting CPU ..." "" "### ERROR ### Please RESET the board ###"'),
                       ("no reset", 'say "Resetting CPU ..." "" "resetting ..."')):
        l = Loader(t, UBOOT + KERNEL + SHELL + 'answer "^pxe boot" {' + ABORT + last + "\nhang }\n")
        r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
        told_at_once(r, '"Synchronous Abort" handler, esr 0x96000044', "U-Boot crashed")


@case("secure firmware that panics in a U-Boot command is told at once, not what U-Boot complained of before")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL + 'answer "^pxe boot" { say "No ethernet found."' + EL3 + "hang }\n")
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
    told_at_once(r, "PANIC in EL3.", "TF-A")


@case("commands are typed one for each prompt, and their echo is checked")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL + """
answer "^dhcp" { delay 700; say "DHCP client bound to address 10.0.2.15 (3 ms)" }
""")
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    times = [(e["t_ns"], e["detail"]) for e in l.board.log() if e["what"] == "typed"]
    dhcp = [at for at, text in times if "dhcp" in text or text.endswith("p\n")][:1]
    after = [at for at, text in times if "pxe" in text][:1]
    check(dhcp and after and after[0] - dhcp[0] > 600e6, "something was typed while dhcp ran")


@case("a kernel file that is not there fails before power")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    os.unlink(os.path.join(t.tmp, "Image"))
    r = l.run(l.job(inline(["true"])))
    check("on" not in l.board.clicks(), f"clicks: {l.board.clicks()}")
    check(r.code in (129, 131), f"exit status {r.code}")


@case("a panic, then the recovery ladder: warm reset, known-good system, harvest, power off")
def _(t):
    good = 'set cmdline "recovery"\n'
    l = Loader(t, SPL + 'uboot "=> " 1500\n' + 'boot 1 {\n' + KERNEL + console("panic") +
               'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\nhang\n}\n'
               + good + KERNEL + 'say "Old news: Kernel panic - not syncing: from the last boot"\n'
               + 'shell "recovery:~# "\n')
    spec = l.file
    with open(spec, encoding="utf-8") as f:
        board = json.load(f)
    board["recovery"] = [{"rung": "warm-reset", "name": "evidence", "commands": ["boot"],
                          "prompts": [r"recovery:~# $"],
                          "harvest": ["echo harvested-evidence"], "timeout": seconds(20)}]
    t.write("board.yaml", board)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.kinds(), ["panic"], "incidents (what recovery prints is old)")
    check_eq(r.result["recovery"]["recovered"], True, f"recovered ({r.result['recovery']})")
    check_eq(r.result["recovery"]["harvested"][0]["command"], "echo harvested-evidence", "harvested")
    with open(r.path(os.path.join("artifacts", r.result["recovery"]["harvested"][0]["file"].split("/")[-1])),
              encoding="utf-8") as f:
        check("harvested-evidence" in f.read(), "the artifact is empty")
    clicks = l.board.clicks()
    check_eq(clicks[-3:], ["on", "reset", "off"], "clicks")


@case("rung label: the known-good set is staged, booted by the board's own way, and is not what was tested")
def _(t):
    l = Loader(t, UBOOT + 'boot 1 {\n' + KERNEL + console("panic") +
               'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\nhang\n}\n'
               + KERNEL + 'shell "good:~# "\n')
    good = os.path.join(t.tmp, "good-Image")
    with open(good, "wb") as f:
        f.write(image("Linux version 6.1.99-good (build@lab) (gcc 12) #9 SMP\n"))
    with open(l.file, encoding="utf-8") as f:
        board = json.load(f)
    board["recovery"] = [{"rung": "label", "label": {"kernel": good, "kernel_args": "rescue.mode"},
                          "prompts": [r"good:~# $"], "harvest": ["cat /proc/version"],
                          "timeout": seconds(30)}]
    t.write("board.yaml", board)
    r = l.run(l.job(inline(["true"]), kernel_args=["crash.me"]))
    check_eq((r.verdict["status"], r.verdict["kind"]), ("fail", "panic"), f"verdict ({r.verdict})")
    check_eq([(s["name"], s["ok"]) for s in r.result["recovery"]["steps"]], [("label", True)],
             f"rungs ({r.result['recovery']['steps']})")
    staged = [a for a in r.lines("actions.jsonl") if a["do"] == "staged"]
    check_eq(len(staged), 2, "sets that were staged")
    check("crash.me" in staged[0]["append"] and "crash.me" not in staged[1]["append"], "the job's words")
    check("rescue.mode" in staged[1]["append"], f"append: {staged[1]['append']}")
    check_eq(r.result["kernel"]["append"], staged[0]["append"], "append in the result")
    check_eq([n for n in os.listdir(l.root) if n.startswith("bootrig-")], [], "left in the TFTP root")


def never_stop(t, script):
    """A board whose loader takes no key: its file types nothing."""
    l = Loader(t, script)
    with open(l.file, encoding="utf-8") as f:
        board = json.load(f)
    board["boot"] = {k: board["boot"][k] for k in ("loader_prompt", "mac", "kernel_args", "tftp")}
    board["boot"]["never_stop"] = True
    board["limits"]["firmware"] = seconds(2)
    t.write("board.yaml", board)
    return l


@case("never_stop: the loader boots our file by itself, and nothing is typed before the prompt")
def _(t):
    l = never_stop(t, SPL + 'uboot "=> " 300\n' + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.result["kernel"]["nonce_seen"], "cmdline", "nonce_seen")
    kernel = [e["offset"] for e in r.lines("events.jsonl") if e["type"] == "kernel"]
    typed = [e for e in r.lines("actions.jsonl") if e["do"] == "type"]
    check(kernel and typed and min(e["offset"] for e in typed) > kernel[0],
          f"typed at {typed[0]} while the kernel began at {kernel}")


@case("never_stop: a loader that boots nothing is the lab's fault")
def _(t):
    l = never_stop(t, SPL + 'answer "^pxe boot" { say "Error reading config file" }\n'
                   + 'uboot "=> " 300\n' + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.verdict["status"], "lab", f"status ({r.verdict})")
    check("booted nothing" in r.verdict["reason"], r.verdict["reason"])


@case("never_stop: firmware that crashes is told at once")
def _(t):
    l = never_stop(t, SPL + EL3 + "hang\n")
    r = l.run(l.job(inline(["true"]), boot={"timeout": seconds(18)}))
    told_at_once(r, "PANIC in EL3.", "TF-A")


@case("never_stop: not a byte is the lab's fault, and told early")
def _(t):
    l = never_stop(t, "hang\n")
    r = l.run(l.job(inline(["true"])))
    check_eq(r.verdict["status"], "lab", f"status ({r.verdict})")
    check("not a byte" in r.verdict["reason"], r.verdict["reason"])


@case("timeouts.actions limits what is typed at the loader")
def _(t):
    l = Loader(t, UBOOT.replace("uboot ", 'answer "^dhcp" { hang }\nuboot ') + KERNEL + SHELL)
    job = l.job(inline(["true"]))
    job["timeouts"]["actions"] = {"bootloader-commands": seconds(1)}
    r = l.run(job, limit_s=15)
    check_eq(r.verdict["status"], "lab", f"status ({r.verdict})")


@case("a stop string stops an autoboot that takes nothing else")
def _(t):
    l = Loader(t, SPL + 'set stop_string "abrakadabra"\nuboot "=> " 1500\n' + KERNEL + SHELL,
               interrupt_prompt="Autoboot in", interrupt_char="abrakadabra")
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check("pxe boot" in l.board.typed(), "it booted by itself")


@case("a vendor's prompt is found by a pattern")
def _(t):
    l = Loader(t, SPL + 'uboot "rk3588# " 1500\n' + KERNEL + SHELL)
    with open(l.file, encoding="utf-8") as f:
        board = json.load(f)
    del board["boot"]["loader_prompt"]
    board["boot"]["loader_prompt_pattern"] = "(?m)^[a-z0-9]+[#>] $"
    t.write("board.yaml", board)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")


@case("a line that lost a byte is cleared and typed again, and the record says so")
def _(t):
    l = Loader(t, SPL + "set lose 25\n" + 'uboot "=> " 1500\n' + KERNEL + SHELL)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    actions = r.lines("actions.jsonl")
    wrong = [a for a in actions if a["do"] == "echo-wrong"]
    check_eq(len(wrong), 1, "wrong echoes")
    at = actions.index(wrong[0])
    check_eq(actions[at - 1]["text"], actions[at + 1]["text"], "what was typed before and after it")
    check(wrong[0]["seen"] and actions[at - 1]["text"] not in wrong[0]["seen"], f"seen: {wrong[0]}")
    check("Unknown command" not in r.raw().decode("utf-8", "replace"), "half a command ran")


@case("a command that U-Boot would cut is refused before a relay clicks")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    job = l.job(inline(["true"]), boot={"commands": ["setenv bootargs " + "x" * 600, "boot"]})
    done = t.run(job, l.file)
    check_eq(done.code, 129, "exit status")
    check("a line of 616 bytes, which U-Boot would cut" in done.err, done.err)
    check_eq(l.board.clicks(), [], "clicks")


@case("a TFTP server that stops to answer is named, with U-Boot's own marks")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL +
               'answer "^pxe get" { print "Loading: *\\b" "T " "T " "T "; hang }\n')
    job = l.job(inline(["true"]))
    job["timeouts"]["actions"] = {"bootloader-commands": seconds(2)}
    r = l.run(job, limit_s=15)
    check_eq((r.verdict["status"], r.verdict["kind"]), ("lab", "no-boot"), "verdict")
    check("T T T" in r.verdict["reason"] and "the lab's TFTP server" in r.verdict["reason"], r.verdict["reason"])
    check_eq(r.result["incidents"][0]["blame"], "server", "who has to act")


@case("a file that TFTP finds under the second name is no fault")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    with open(l.file, encoding="utf-8") as f:
        board = json.load(f)
    del board["boot"]["mac"]
    t.write("board.yaml", board)
    r = l.run(l.job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check("TFTP error: 'File not found'" in r.raw().decode("utf-8", "replace"), "the first name was there")


@case("kernel-start-message is a pattern")
def _(t):
    l = Loader(t, UBOOT + KERNEL.replace("Starting kernel ...", "Jumping to kernel at 0x40400000")
               + SHELL)
    r = l.run(l.job(inline(["true"]), boot={"parameters": {
        "kernel-start-message": "Jumping to kernel at 0x[0-9a-f]+"}}))
    check_eq(r.code, 0, f"exit status ({r.verdict})")


@case("stage: all gives every kernel a label, and what two of them share lies there once")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    r = t.run(l.labels_job(), l.file, args=("--kernel", "one"))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    staged, verified = (next(a for a in r.lines("actions.jsonl") if a["do"] == what) for what in ("staged", "verified"))
    check_eq((staged["label"], [x["name"] for x in staged["labels"]]), ("one", ["two"]), "labels")
    two = staged["labels"][0]
    check(two["nonce"] != staged["nonce"] and two["nonce"] in two["append"], f"nonce of two: {two}")
    check("of=job of=two" in two["append"] and "of=one" not in two["append"], f"arguments of two: {two['append']}")
    check_eq([f["name"] for f in two["files"]], ["label-two/Image", "ramdisk"], "files of two")
    check("label-two/Image" in verified["files"] and verified["files"].count("ramdisk") == 1, f"checked: {verified}")
    check_eq(r.load("result.json")["attempts"][0]["provenance"]["label"], {"staged": "one", "seen": "one"}, "label")


@case("a label that was not chosen is a lab fault that names both")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL, boot_commands=["setenv pxe_label_override two", "pxe get", "pxe boot"])
    r = t.run(l.labels_job(), l.file, args=("--kernel", "one"))
    check_eq(r.code, 125, f"exit status ({r.verdict})")
    check_eq(r.verdict["status"], "lab", "status")
    check("U-Boot booted the label two, not one" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq(r.load("result.json")["attempts"][0]["provenance"]["label"], {"staged": "one", "seen": "two"}, "label")


@case("a kernel beside whose file is missing is told before the board gets power")
def _(t):
    l = Loader(t, UBOOT + KERNEL + SHELL)
    r = t.run(l.labels_job(url="NoImage"), l.file, args=("--kernel", "one"))
    check_eq(r.verdict["status"], "job", "status")
    check("label two" in r.verdict["reason"] and "NoImage" in r.verdict["reason"], f"reason: {r.verdict['reason']}")


main()
