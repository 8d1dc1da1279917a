#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A console that is never quiet: 150,000 bytes a second, which is 1.5 Mbaud, in the packets
of a USB adapter. tests/bench/uart_rate does this for longer and measures."""
from rig import (BOOT, SHELL, case, check, check_eq, console, inline,  # noqa: E402
                 main, minimal_job)

RATE = 150000
SECOND = f"uart {RATE} {RATE}\n"


def sent_by_uart(board):
    told = [e["detail"] for e in board.log() if e["what"] == "uart"]
    return sum(int(text.split()[0].removeprefix("bytes=")) for text in told)


@case("at the full speed of a UART no byte is lost and none is out of order")
def _(t):
    b = t.board(BOOT + f'uart {RATE} {4 * RATE}\nsay ""\n' + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(sent_by_uart(b), 4 * RATE, "bytes that the board sent")
    check(len(r.raw()) > 4 * RATE, f"only {len(r.raw())} bytes are recorded")


@case("a test step that prints as fast as the UART can is told from its end")
def _(t):
    t.board(BOOT + SHELL + "hook storm {\n" + SECOND + 'say ""\n}\n')
    r = t.run(minimal_job(inline(["hook storm", "true", "false"])))
    check_eq(r.tests(), {"step-1": "pass", "step-2": "pass", "step-3": "fail"}, "tests")
    check(len(r.raw()) > RATE, f"only {len(r.raw())} bytes are recorded")


@case("a panic behind a full second of messages is seen within a second")
def _(t):
    b = t.board(BOOT + SECOND + 'say ""\n' + "mark panic\n" + console("panic") + "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.verdict["kind"], "panic", "kind")
    check(r.result["statistics"]["incident_latency_ms"] < 1000, "the verdict came late")
    check_eq(len(b.marks("panic")), 1, "boots")


if __name__ == "__main__":
    main()
