# SPDX-License-Identifier: GPL-2.0-or-later
"""Relays by hand and what may be wrong with them."""
import json
import signal

from lab import HERE, case, check, check_eq, inline, job

POWER, RESET, SENSE = "bench1-power", "bench1-reset", "bench1-sense"


def power(t, *words, board=None, want=0):
    c = t.bootrig("power", *words, "--board", board or t.board_file())
    code = t.wait_end(c)
    check(want is None or code == want, f"bootrig power {' '.join(words)}: exit status {code}, said {c.out!r}")
    return c.out


def lines(t, **change):
    spec = t.board_spec()
    spec["power"]["lines"].update(change)
    return t.write("board.yaml", spec)


@case("bootrig power switches, and status reads the lines back")
def _(t):
    check("off" in power(t, "status"), "status of a board that is off")
    power(t, "on")
    check_eq(t.level(POWER), "1", "the power line")
    t.until("U-Boot speaks", lambda: b"U-Boot 2023" in t.dut.sent)
    status = json.loads(power(t, "status", "--json"))
    values = {line["name"]: line["value"] for line in status["lines"]}
    check_eq((values["power"], values["reset"], values["sense"]), (True, False, True), f"values in {status}")
    # The line is pulled away from under bootrig: what it reads is the line, not its memory.
    t.guest.tell(f"pull {SENSE} 0")
    t.until("the sense line fell", lambda: t.level(SENSE) == "0")
    status = json.loads(power(t, "status", "--json"))
    check_eq({line["name"]: line["value"] for line in status["lines"]}["sense"], False, "the sense line")
    power(t, "off")
    check_eq(t.level(POWER), "0", "the power line")


@case("a line that another program holds, that is not there or that two chips have: each says so, and nothing moves")
def _(t):
    holder = t.sh(f"exec python3 {HERE}/hold.py /dev/gpiochip1 0 somebody")
    t.until("the line is held", lambda: holder.out)
    before = t.moves()
    for line, words in (({"line": "opto-power"}, ["opto-power", "somebody"]),
                        ({"line": "bench9-power"}, ["bench9-power", "no line"]),
                        ({"line": "twice"}, ["twice", "bench1-relays", "opto-relays"]),
                        ({"chip": "attic", "offset": 0}, ["attic", "no chip"]),
                        ({"chip": "bench1-relays", "offset": 50}, ["50", "bench1-relays"]),
                        ({"path": "/dev/gpiochip7", "offset": 0}, ["/dev/gpiochip7"])):
        board = lines(t, power=line)
        said = power(t, "on", board=board, want=None)
        check(all(w in said for w in words), f"{line}: {said!r} lacks one of {words}")
        r = t.run(job(inline(["true"])), board)
        check_eq((r.code, r.verdict["status"]), (131, "lab"), f"exit status and verdict with {line}")
        check(all(w in r.verdict["reason"] for w in words), f"{line}: {r.verdict['reason']!r} lacks one of {words}")
    check_eq(t.moves(), before, "lines that moved")


@case("a chip that vanishes under the run is the lab's fault, and says which")
def _(t):
    c = t.start(job(inline(["true"])))
    t.wait_event(c, '"stage":"u-boot"')
    t.do("echo 0 > /sys/kernel/config/gpio-sim/bench/live")
    r = t.finish(c, holds=False)
    check(r.code in (125, 131), f"exit status {r.code}")
    check_eq(r.verdict["status"], "lab", "status")
    check(r.result["power"]["final"] != "off", "a board whose relay is gone is called off")
    t.dut.stop()


@case("an active-low relay never closes by itself: not while it is requested, not while it is off")
def _(t):
    t.dut.lines = {"power": ("opto-power", "0"), "reset": ("opto-reset", "0"), "maskrom": ("bench1-maskrom", "1")}
    board = lines(t, power={"line": "opto-power", "active_low": True},
                  reset={"line": "opto-reset", "active_low": True, "type": "momentary", "max_press": {"seconds": 2}})
    check("off" in power(t, "status", board=board), "status")
    power(t, "off", board=board)
    check_eq(t.moves("opto-power", "opto-reset"), [], "lines that moved")
    power(t, "on", board=board)
    check_eq(t.moves("opto-power", "opto-reset"), [("opto-power", "0")], "lines that moved")
    power(t, "reset", board=board)
    power(t, "off", board=board)
    check_eq(t.moves("opto-power", "opto-reset"), [("opto-power", "0"), ("opto-reset", "0"), ("opto-reset", "1"),
                                                   ("opto-power", "1")], "lines that moved")


@case("a press ends in time although bootrig hangs in the middle of it")
def _(t):
    power(t, "on")
    c = t.bootrig("power", "press", "reset", "--board", t.board_file(), "--for", "1500ms")
    t.until("the button is down", lambda: t.level(RESET) == "1")
    c.signal(signal.SIGSTOP)
    t.until("the button is up again", lambda: t.level(RESET) == "0", 4)
    down, up = [when for when, name, _ in t.trace if name == RESET][-2:]
    check(1.4 < up - down < 2.3, f"the press took {up - down:.2f} s")
    check_eq(t.level(POWER), "1", "the power line")
    c.signal(signal.SIGCONT)
    check_eq(t.wait_end(c), 0, f"exit status, which said {c.out!r},")
    power(t, "off")


@case("maskrom closes only in a sequence that also moves reset or power")
def _(t):
    power(t, "on")
    said = power(t, "press", "maskrom", want=None)
    check_eq(t.level("bench1-maskrom"), "0", "the maskrom line")
    check(("bench1-maskrom", "1") not in t.moves(), "the contact closed")
    check("only" in said and "reset" in said, f"it says {said!r}")
    power(t, "run", "maskrom")
    t.until("the boot ROM's USB device", t.is_usb_there)
    power(t, "off")


@case("a relay that sticks is found by the sense line: the board is not called off")
def _(t):
    c = t.start(job(inline(["true"])))
    t.wait_event(c, '"stage":"kernel"')
    t.dut.is_stuck = True
    r = t.finish(c, holds=False)
    check_eq((r.code, r.verdict["status"]), (131, "lab"), f"exit status and verdict ({r.verdict['reason']})")
    check(r.result["power"]["final"] != "off", "power.final is off, and it is on")
    t.dut.stop()


@case("a board in use is left alone by bootrig power")
def _(t):
    c = t.start(job(inline(["true"])))
    t.wait_event(c, '"stage":"u-boot"')
    said = power(t, "off", want=None)
    check("bench1" in said, f"it says {said!r}")
    check_eq(t.level(POWER), "1", "the power line of a board in use")
    check_eq(t.finish(c).code, 0, "exit status of the run")


def doctor(t, board):
    """(exit status, {check: {...}})"""
    c = t.bootrig("doctor", "--board", board, "--yes", "--json", "--runs", t.runs)
    code = t.wait_end(c, 150)
    found = json.loads(c.out[c.out.index("{"):])
    return code, {check["name"]: check for check in found["checks"]}


@case("the doctor proves relays, sense, UART and TFTP of this bench, and leaves it off", 180)
def _(t):
    _, checks = doctor(t, t.board_file())
    for name in ("claim", "relay lines", "power off", "power on", "power sense", "power cut", "autoboot", "reset",
                 "UART rate", "UART latency", "UART loss", "TFTP from here", "board's network", "TFTP by the board"):
        check(name in checks and checks[name]["status"] == "pass", f"{name}: {checks.get(name)}; has {sorted(checks)}")
    check(("bench1-reset", "1") in t.moves(), "the reset line never closed")
    check(t.dut.process is None, "the board is on")
    check_eq((t.level(POWER), t.level(RESET)), ("0", "0"), "power and reset lines")


@case("the doctor finds a relay that does nothing, by its sense line, and without one by the UART", 120)
def _(t):
    # Line 1 of the other chip: a relay with no board behind it.
    seen_by_sense = t.board_spec(limits={"firmware": {"seconds": 5}})
    seen_by_sense["power"]["lines"]["power"] = {"line": "opto-power"}
    seen_by_uart = {**seen_by_sense, "power": {**seen_by_sense["power"]}}
    del seen_by_uart["power"]["sense"]
    for spec, words in ((seen_by_sense, "the sense line says that the board has no power"),
                        (seen_by_uart, "not a byte from the console within 5 s")):
        code, checks = doctor(t, t.write("board.yaml", spec))
        check_eq(code, 131, "exit status")
        broken = {name: c for name, c in checks.items() if c["status"] == "fail"}
        check(list(broken) == ["power on"], f"what is broken is {broken}, want the power alone")
        check(words in broken["power on"]["finding"], f"it found {broken}")
        check("relay" in broken["power on"]["fix"], f"it advises {broken}")
        check_eq(t.level(POWER), "0", "the power line of the board")
        check_eq(t.level("opto-power"), "0", "the relay at the end")
