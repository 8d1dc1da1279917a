# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGKILL of the worker and of the keeper: what every relay does then."""
from lab import Failure, case, check, check_eq, inline, job

POWER, RESET, MASKROM = "bench1-power", "bench1-reset", "bench1-maskrom"
ALL_OPEN = {POWER: "0", RESET: "0", MASKROM: "0"}


def outputs(t):
    return {name: t.level(name) for name in ALL_OPEN}


def keepers(t):
    """Pids of the keeper's processes in the guest: what serves, and what holds copies of its lines."""
    out = t.do("for p in /proc/[0-9]*; do { tr '\\0' ' ' <$p/cmdline; } 2>/dev/null | grep -q 'bootrig keeper' && "
               "echo ${p#/proc/}; done; true")
    return [int(pid) for pid in out.split()]


def die(t, c, limit_s=5):
    """SIGKILL; then all relays open, within the time."""
    c.kill()
    t.until("the worker is gone", lambda: c.code is not None, 3)
    t.until(f"all relays are open (now {outputs(t)})", lambda: outputs(t) == ALL_OPEN, limit_s)
    t.until("the board is off", lambda: t.dut.process is None, 3)


@case("SIGKILL of the worker in any phase of a good run opens every relay, and the next run passes", 150)
def _(t):
    for phase in ('"name":"deploy"', '"name":"power-on"', '"name":"u-boot"', '"what":"loader-prompt"',
                  '"stage":"kernel"', '"stage":"userspace"', '"name":"smoke"'):
        c = t.start(job(inline(["sleep 20"])))
        t.wait_event(c, phase)
        try:
            die(t, c)
        except Failure as e:
            raise Failure(f"killed at {phase}: {e}") from e
    r = t.run(job(inline(["true"])))
    check_eq(r.code, 0, f"exit status of the next run ({r.verdict['reason']})")


@case("SIGKILL of the worker during recovery opens every relay", 90)
def _(t):
    for phase in ('"name":"recovery:evidence"', '"name":"recovery:proof"'):
        c = t.start(job(inline(["echo c >/proc/sysrq-trigger"]), kernel_args=["panic=0"]))
        t.wait_record(c, "actions.jsonl", phase)
        die(t, c)


@case("SIGKILL of the worker in the middle of a press opens the button, and the power", 60)
def _(t):
    board = t.board_spec()
    board["power"]["reset"] = [{"press": "reset", "for": {"milliseconds": 1500}}]
    c = t.start(job(inline(["echo c >/proc/sysrq-trigger"]), kernel_args=["panic=0"]), t.write("board.yaml", board))
    t.until("the button is down", lambda: t.level(RESET) == "1", 60)
    die(t, c, 2)
    down = next(when for when, name, level in t.trace if (name, level) == (RESET, "1"))
    up = next(when for when, name, level in t.trace if (name, level) == (RESET, "0") and when > down)
    check(up - down < 1.4, f"the button stayed down for {up - down:.2f} s")


@case("on_worker_death: keep leaves the power on and opens the buttons", 60)
def _(t):
    board = t.board_spec(power={"on_worker_death": "keep",
                                "reset": [{"press": "reset", "for": {"milliseconds": 1500}}]})
    c = t.start(job(inline(["echo c >/proc/sysrq-trigger"]), kernel_args=["panic=0"]), t.write("board.yaml", board))
    t.until("the button is down", lambda: t.level(RESET) == "1", 60)
    c.kill()
    t.until("the button is up", lambda: t.level(RESET) == "0", 2)
    check_eq(t.level(POWER), "1", "the power line")
    check_eq(t.wait_end(t.bootrig("power", "off", "--board", t.board_file())), 0, "exit status of power off")
    check_eq(outputs(t), ALL_OPEN, "lines")


@case("SIGKILL of the keeper in the middle of a run loses neither the power nor the run", 90)
def _(t):
    c = t.start(job(inline(["sleep 3", "true"])))
    t.wait_event(c, '"name":"smoke"')
    before = keepers(t)
    check(before, "there is no keeper")
    serving = int(t.do(f"cd {t.tmp}; ss -xlpn 2>/dev/null | sed -n 's/.*keeper.sock.*pid=\\([0-9]*\\).*/\\1/p' | head -1")
                  or before[-1])
    t.guest.tell(f"signal {serving} 9")
    t.until("that keeper is gone", lambda: serving not in keepers(t), 5)
    r = t.finish(c)
    check_eq((r.code, r.verdict["status"]), (0, "pass"), f"exit status and verdict ({r.verdict['reason']})")
    check_eq([v for n, v in t.moves(POWER) if n == POWER], ["1", "0"], "what the power relay did")


@case("SIGKILL of the keeper and its holder at once: the board is found again, and switched off", 90)
def _(t):
    c = t.start(job(inline(["sleep 3", "true"])))
    t.wait_event(c, '"name":"smoke"')
    t.do("kill -9 " + " ".join(map(str, keepers(t))))
    r = t.finish(c, holds=False)
    check(r.code in (0, 125, 131), f"exit status {r.code}")
    check(r.verdict["status"] != "fail", f"the kernel gets the blame: {r.verdict}")
    check_eq(outputs(t), ALL_OPEN, "lines")
    check_eq(t.run(job(inline(["true"]))).code, 0, "exit status of the next run")
