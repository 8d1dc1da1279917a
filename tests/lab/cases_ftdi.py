# SPDX-License-Identifier: GPL-2.0-or-later
"""The same lab host with a true FTDI adapter: an amd64 kernel in QEMU with the ftdi_sio driver."""
from lab import BLOCK, BY_ID_FTDI, case, check, check_eq, inline, job, measured, rung


@case("on an FTDI adapter a good kernel passes, at the rate asked for, and TX is low while the board is off", 120,
      guest="lab-tcg")
def _(t):
    r = t.run(job(inline(["true"])), t.board_file(console={"device": BY_ID_FTDI, "hold_tx_low": True},
                                                  power={"off_settle": {"seconds": 1}}), limit_s=100)
    check_eq((r.code, r.verdict["status"]), (0, "pass"), f"exit status and verdict ({r.verdict['reason']})")
    check_eq(r.raw(), bytes(t.dut.sent), "console.raw")
    on = next(when for when, name, level in t.trace if (name, level) == ("bench1-power", "1"))
    off = next(when for when, name, level in t.trace if (name, level) == ("bench1-power", "0") and when > on)
    check(t.breaks, "no BREAK on the USB cable")
    times = [(round(begin - on, 3), round(end - on, 3)) for begin, end in t.breaks if end]
    check(any(end - begin > 0.8 and end < 0.1 for begin, end in times), f"TX was not low before the power came: {times}")
    for begin, end in times:
        check(end < 0.1 or begin > off - on - 0.1, f"BREAK from {begin} to {end}, power from 0 to {off - on:.3f}")
    measured(t, r)


@case("on an FTDI adapter BREAK goes out by the real driver, and the kernel answers SysRq with its blocked task", 150,
      guest="lab-tcg")
def _(t):
    board = t.board_spec(console={"device": BY_ID_FTDI})
    del board["console"]["break_command"]
    board["recovery"] = [rung("power-cycle")]
    r = t.run(job(inline([BLOCK, "stty -echo; exec /tmp/block"]), silence={"seconds": 5}), t.write("board.yaml", board),
              limit_s=140)
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (1, "fail", "silence"), "exit status and verdict")
    lengths = [end - begin for begin, end in t.breaks]
    check(lengths and all(0.1 < s < 1 for s in lengths), f"lengths of the BREAKs on the USB cable: {lengths}")
    check(b"sysrq: Show Blocked State" in r.raw(), "the kernel did not answer SysRq-w")
    incident = next(i for i in r.result["incidents"] if i["kind"] == "silence")
    check("block" in str(incident.get("capture", "")), f"the incident lacks the blocked task: {incident}")
