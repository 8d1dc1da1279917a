#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Consoles behind a real ser2net: raw TCP, telnet, RFC 2217."""
import os
import subprocess
import time

from rig import (BOOT, FIRMWARE, KERNEL, SHELL, case, check, check_eq, inline, main, minimal_job,
                 seconds)
from ser2net import free_port, start_ser2net

STEPS = ["true", "echo one; echo two"]
# Every byte value, many times: IACs, CRs and NULs among them.
NOISE = "garbage 20000 7\nnul 300\nsay \"\"\n"


def serve(t, accepter, baud=115200):
    """The board's pty behind ser2net; the port."""
    port = free_port()
    device = os.path.realpath(os.path.join(t.boards[-1].dir, "console"))
    process = start_ser2net(t, port, accepter, f"serialdev,{device},{baud}n81,local")
    return port, process


def board_at(t, transport, port, **more):
    return t.board_file(console={"transport": transport, "device": f"localhost:{port}", **more},
                        limits={"console_gap": seconds(5)})


def passes(t, transport, accepter):
    t.board(FIRMWARE + NOISE + KERNEL + SHELL)
    port, _ = serve(t, accepter)
    r = t.run(minimal_job(inline(STEPS)), board_at(t, transport, port))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.tests(), {"step-1": "pass", "step-2": "pass"}, "tests")
    check(b"\xff" in r.raw() and b"\0" in r.raw(), "the noise had no IAC and no NUL")


@case("a raw port of ser2net is a console, byte for byte")
def _(t):
    passes(t, "tcp", "tcp")


@case("a telnet port of ser2net is a console, byte for byte")
def _(t):
    passes(t, "telnet", "telnet,tcp")


@case("an RFC 2217 port of ser2net is a console, byte for byte")
def _(t):
    passes(t, "rfc2217", "telnet(rfc2217),tcp")


@case("an RFC 2217 port is set to the rate of the board file")
def _(t):
    b = t.board(BOOT + SHELL + 'hook rate { mark rate }\n')
    port, _ = serve(t, "telnet(rfc2217),tcp", baud=9600)
    process = t.start(minimal_job(inline(["hook rate; sleep 0.5"])), board_at(t, "rfc2217", port))
    b.wait_for("mark", "rate")
    device = os.path.realpath(os.path.join(b.dir, "console"))
    rate = subprocess.run(["stty", "-F", device, "speed"], capture_output=True, check=True, timeout=10)
    r = t.finish(process)
    check_eq(rate.stdout.decode().strip(), "1500000", "the rate of ser2net's port")
    check_eq(r.code, 0, "exit status")


@case("RFC 2217 at a port that does not speak it is a lab fault that says so")
def _(t):
    t.board(BOOT + SHELL)
    port, _ = serve(t, "telnet,tcp")
    r = t.run(minimal_job(inline(STEPS)), board_at(t, "rfc2217", port), same_bytes=False)
    check_eq(r.code, 131, "exit status")
    check("does not speak RFC 2217" in r.verdict["reason"], r.verdict["reason"])


@case("a ser2net that is started again is read on, and the gap is recorded")
def _(t):
    b = t.board(BOOT + "mark up\ndelay 2500\n" + SHELL)
    port, server = serve(t, "telnet(rfc2217),tcp")
    process = t.start(minimal_job(inline(STEPS)), board_at(t, "rfc2217", port))
    b.wait_for("mark", "up")
    time.sleep(0.3)
    server.kill()
    server.wait()
    time.sleep(0.3)
    device = os.path.realpath(os.path.join(b.dir, "console"))
    start_ser2net(t, port, "telnet(rfc2217),tcp", f"serialdev,{device},9600n81,local")
    r = t.finish(process)
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    gaps = [e["ms"] for e in r.lines("actions.jsonl") if e["do"] == "gap"]
    check(len(gaps) == 1 and 200 <= gaps[0] < 5000, f"gaps: {gaps}")


main()
