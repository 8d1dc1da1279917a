# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab host and the board themselves: what the other cases take for granted."""
from lab import BY_ID, UDC, case, check, check_eq, read

MASKROM = "grep -l 2207 /sys/bus/usb/devices/*/idVendor"

POWER, RESET = "bench1-power", "bench1-reset"


def press_reset(t):
    """By hand: nobody drives the line, so that its pull decides."""
    for level in ("1", "0"):
        t.guest.tell(f"pull {RESET} {level}")
        t.until("the reset line follows", lambda level=level: t.level(RESET) == level)


@case("the lab host has relays and a serial adapter that an ordinary user may use, and no more")
def _(t):
    c = t.sh(f"id -u; readlink -f {BY_ID}; test -w /dev/gpiochip0 && test -w /dev/ttyACM0 "
             f"&& ! test -w {UDC} && echo fine")
    t.wait_end(c)
    check_eq(c.out.split(), [str(t.guest.uid), "/dev/ttyACM0", "fine"], "what it says")
    check(t.guest.uid != 0, "the guest runs as root")
    status = read(f"/proc/{t.guest.process.pid}/status").decode()
    check(f"Uid:\t{t.guest.uid}\t" in status and "CapEff:\t0000000000000000" in status, status)


@case("the board follows its relays: on, reset, maskrom as a USB device, off")
def _(t):
    t.guest.tell(f"pull {POWER} 1")
    t.until("U-Boot speaks", lambda: b"U-Boot 2023" in t.dut.sent)
    check_eq(t.do("cat /sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio6/value").strip(), "1", "the sense line")
    before = len(t.dut.sent)
    press_reset(t)
    t.until("U-Boot speaks again", lambda: b"U-Boot 2023" in t.dut.sent[before:])
    t.do(f"! {MASKROM}")
    t.guest.tell("pull bench1-maskrom 1")
    press_reset(t)
    t.until("the boot ROM's USB device", lambda: t.is_usb_there())
    t.do(MASKROM)
    check(t.dut.process is None, "U-Boot runs in maskrom")
    t.guest.tell("pull bench1-maskrom 0")
    t.guest.tell(f"pull {POWER} 0")
    t.until("power is off", lambda: t.level("bench1-sense") == "0")
    t.until("the USB device is gone", lambda: not t.is_usb_there())


@case("an adapter that is pulled while somebody holds it comes back under another name")
def _(t):
    c = t.sh("exec </dev/ttyACM0; echo held; exec sleep 60", root=True)
    t.until("it is held", lambda: c.out)
    t.unplug()
    t.do(f"! test -e {BY_ID}")
    check_eq(t.plug(), "ttyACM1", "its name")
    check_eq(t.do(f"readlink -f {BY_ID}").strip(), "/dev/ttyACM1", "what the name by id is")
    c.kill()
    t.unplug()
    check_eq(t.plug(), "ttyACM0", "its name once nobody holds it")


@case("typing reaches the board and back over the adapter, byte for byte, with its readers only")
def _(t):
    t.guest.tell(f"pull {POWER} 1")
    t.until("autoboot", lambda: b"stop autoboot" in t.dut.sent)
    c = t.sh(f"exec 3<>{BY_ID}; stty raw -echo 1500000 <&3; printf ' ' >&3; sleep 0.3; printf 'echo a-$((1))-b\\r' >&3; "
             "timeout 2 cat <&3")
    t.wait_end(c)
    check("U-Boot 2023" not in c.out, "bytes from before it was opened were kept")
    check(c.out.endswith("=> ") and "echo a-" in c.out, f"answer: {c.out!r}")
    check(bytes(t.dut.sent).endswith(c.out.encode()), f"{t.dut.sent!r} has not {c.out!r}")
