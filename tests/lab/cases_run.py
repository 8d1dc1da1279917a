# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole runs: good, panicking, wedged; what the relays and the console did meanwhile."""
from lab import BLOCK, case, check, check_eq, inline, job, measured, read, rung

POWER, RESET = "bench1-power", "bench1-reset"


def relays(r):
    """[(line, act)] that bootrig says it did."""
    return [(a["line"], a["act"]) for a in r.lines("actions.jsonl") if a["do"] == "relay"]


def times(r, **want):
    return [a["t"] for a in r.lines("actions.jsonl") if all(a.get(k) == v for k, v in want.items())]


@case("a good kernel passes over relays and a real tty, and no byte is lost")
def _(t):
    r = t.run(job(inline(["true"])))
    check_eq((r.code, r.verdict["status"]), (0, "pass"), f"exit status and verdict ({r.verdict['reason']})")
    check_eq(t.moves(POWER), [(POWER, "1"), (POWER, "0")], "what the power relay did")
    check_eq(r.raw(), bytes(t.dut.sent), "console.raw")
    check(not t.dut.typed_while_off, f"typed into a board that was off: {t.dut.typed_while_off!r}")
    check_eq(relays(r)[-2:], [("power", "set"), ("power", "clear")], "relay moves in actions.jsonl")
    measured(t, r)


@case("a panic: pstore is read in the recovery system before the power is cut", 90)
def _(t):
    c = t.start(job(inline(["echo c >/proc/sysrq-trigger"]), kernel_args=["panic=0"]))
    t.wait_event(c, '"incident"')
    t.wait_record(c, "actions.jsonl", '"harvest"')
    check_eq(t.moves(POWER), [(POWER, "1")], "what the power relay did before the harvest")
    check((RESET, "1") in t.moves(RESET), "the reset line was not pressed")
    r = t.finish(c)
    check_eq((r.code, r.verdict["kind"]), (1, "panic"), "exit status and kind")
    check(b"Kernel panic - not syncing" in read(r.path("artifacts/evidence-1.txt")), "pstore's record lacks the panic")
    check(max(times(r, do="harvest")) < times(r, do="relay", line="power", act="clear")[-2],
          "the power was cut before the harvest")
    check_eq([(s["kind"], s["ok"]) for s in r.result["recovery"]["steps"]],
             [("warm-reset", True), ("power-cycle", True)], "recovery steps")
    check_eq([v for _, v in t.moves(POWER)], ["1", "0", "1", "0"], "what the power relay did")
    check_eq(r.raw(), bytes(t.dut.sent), "console.raw")


@case("a wedged kernel is asked by SysRq over BREAK, and the incident has the blocked task", 120)
def _(t):
    r = t.run(job(inline([BLOCK, "stty -echo; exec /tmp/block"]), silence={"seconds": 5}), limit_s=110)
    check_eq((r.code, r.verdict["status"], r.verdict["kind"]), (1, "fail", "silence"), "exit status and verdict")
    check(t.dut.n_breaks >= 1, "no BREAK came")
    check(b"sysrq: Show Blocked State" in r.raw(), "the kernel did not answer SysRq-w")
    incident = next(i for i in r.result["incidents"] if i["kind"] == "silence")
    check("block" in str(incident.get("capture", "")), f"the incident lacks the blocked task: {incident}")
    check(times(r, do="relay", line="reset", act="press")[0] > r.result["incidents"][0]["decided_s"] * 1e9,
          "the board was reset before it was asked")
    check_eq(r.result["recovery"]["recovered"], True, "recovered")


@case("a board that only its boot ROM can help is led to maskrom by relays and loaded over USB", 120)
def _(t):
    loader = t.write_bytes("loader.bin", b"LDR u-boot")
    board = t.board_spec()
    board["recovery"] = [rung("maskrom", maskrom={"loader": loader, "usb": "2-1"})]
    r = t.run(job(inline(["echo c >/proc/sysrq-trigger"]), kernel_args=["panic=0"]), t.write("board.yaml", board),
              limit_s=110)
    check_eq((r.code, r.verdict["kind"]), (1, "panic"), "exit status and kind")
    check_eq(r.result["recovery"]["recovered"], True, f"recovered, by {r.result['recovery']}")
    # Twice: the last rung of a ladder is climbed again as the clean boot that proves the board.
    check_eq([v for _, v in t.moves("bench1-maskrom")], ["1", "0"] * 2, "what the maskrom contact did")
    said = [a["says"].strip() for a in r.lines("actions.jsonl") if a["do"] == "maskrom-done"]
    check("Downloading bootloader succeeded." in said[-1], f"the tool said {said}")


@case("twenty power cycles in a row, each with U-Boot's banner", 90)
def _(t):
    board = t.board_file()
    for n in range(1, 21):
        c = t.bootrig("power", "cycle", "--board", board)
        check_eq(t.wait_end(c), 0, f"exit status of cycle {n}, which said {c.out!r},")
        t.until(f"U-Boot's banner of cycle {n}",
                lambda n=n: len(t.dut.starts) == n and t.dut.sent.count(b"U-Boot 2023") >= n)
    c = t.bootrig("power", "off", "--board", board)
    check_eq(t.wait_end(c), 0, f"exit status of off, which said {c.out!r},")
    check_eq(t.level(POWER), "0", "the power line")
    check_eq(len(t.dut.starts), 20, "times that the board was powered")
