#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a UART does to bytes: garbage, endless lines, split and mixed ones, hang-ups."""
import os
import socket
import subprocess
import threading

from rig import (BOOT, FIRMWARE, KERNEL, SHELL, PROMPT, Failure, case, check, check_eq, console, inline, main,
                 minimal_job, seconds)

JOB_STEPS = ["true", "test -d /"]


def passes(t, script, *board_args, **job):
    b = t.board(script, *board_args)
    r = t.run(minimal_job(inline(JOB_STEPS), **job))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.kinds(), [], "incidents")
    return b, r


@case("garbage before the first banner and between lines does no harm")
def _(t):
    _, r = passes(t, "garbage 300 7\n" + FIRMWARE + "garbage 20000 11\n" + 'say ""\n' + KERNEL +
                  "garbage 5000 13\n" + 'say ""\n' + SHELL)
    check_eq(r.result["boots"], 1, "boots")


@case("three megabytes without a line end, then a prompt")
def _(t):
    _, r = passes(t, BOOT + 'fill 3000000\nsay ""\n' + SHELL)
    check(len(r.raw()) > 3000000, "bytes are missing")


@case("invalid UTF-8 and NULs stay in console.raw as they came")
def _(t):
    _, r = passes(t, BOOT + 'print "\\xff\\xfe bad \\xc3\\x28 \\xf0\\x9f\\x92 text\\r\\n"\nnul 5000\n'
                  'print "\\xed\\xa0\\x80\\r\\n"\n' + SHELL)
    check(b"\xff\xfe bad \xc3\x28" in r.raw() and r.raw().count(b"\0") == 5000, "bytes changed")


@case("ANSI escapes around banners and prompts are looked through")
def _(t):
    passes(t, 'print "\\e[2J\\e[1;1H\\e[0m"\n' + BOOT + 'print "\\e[6n\\e[1m"\n' + SHELL)


@case("an oops that arrives byte by byte is one incident")
def _(t):
    t.board(BOOT + "slowly 150\n" + console("null-deref") + console("fatal-exception") +
            "slowly 0\nhang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.kinds(), ["null-deref"], "incidents")
    check_eq(r.result["incidents"][0]["function"], "dma_resv_add_fence", "function")


@case("a prompt that arrives byte by byte is found")
def _(t):
    passes(t, FIRMWARE + "slowly 300\n" + KERNEL + SHELL)


@case("two CPUs that print at once, with caller ids, give one oops with its own lines")
def _(t):
    t.board(BOOT + console("two-cpus") + "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.kinds(), ["null-deref"], "incidents")
    trace = [f["function"] for f in r.result["incidents"][0]["call_trace"]]
    check_eq(trace[:3], ["dma_resv_add_fence", "fencer_attach", "fencer_buf_queue"], "trace")


@case("a prompt broken by a printk is asked for again")
def _(t):
    passes(t, BOOT + 'shell "%s" "[   12.100000] random: crng init done"\n' % PROMPT, silence=3)


@case("kernel messages in the middle of a step's output do not change its result")
def _(t):
    t.board(BOOT + SHELL + 'hook noise { say "[   31.000000] usb 1-1: new device found" }\n')
    r = t.run(minimal_job(inline(["(sleep 0.2; hook noise) & sleep 0.5; echo done",
                                  "hook noise; false; hook noise; true"])))
    check_eq(r.code, 0, "exit status")


@case("a console that hangs up for longer than console_gap is a lab fault")
def _(t):
    t.board(BOOT + "delay 300\neof\nhang\n")
    r = t.run(minimal_job(inline(["true"])), limit_s=30)
    check_eq(r.code, 131, "exit status")
    check_eq(r.verdict["status"], "lab", "status")
    check("console" in r.verdict["reason"], f"reason: {r.verdict['reason']}")
    check_eq(r.result["error_type"], "Infrastructure", "error_type")
    check(r.result["statistics"]["gaps"] >= 1, "no gap was counted")


@case("a console that comes back within console_gap goes on")
def _(t):
    t.board(BOOT + "delay 200\neof\ndelay 300\nreopen\ndelay 700\n"
            'say "[    5.000000] usb 2-1: ftdi attached again"\n' + SHELL)
    r = t.run(minimal_job(inline(JOB_STEPS)), t.board_file(limits={"console_gap": seconds(3)}))
    check_eq(r.code, 0, "exit status")
    check(r.result["statistics"]["gaps"] >= 1, "no gap was counted")


@case("a unix socket that closes for good is a lab fault")
def _(t):
    t.board(BOOT + "delay 300\neof\nhang\n", "--unix")
    r = t.run(minimal_job(inline(["true"])), t.board_file(transport="unix"), limit_s=30)
    check_eq(r.code, 131, "exit status")
    check_eq(r.verdict["status"], "lab", "status")


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def ser2net(path, listener):
    """The board's socket on a TCP port, one client at a time."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        board = socket.socket(socket.AF_UNIX)
        board.connect(path)
        for pair in ((client, board), (board, client)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


@case("a console behind TCP, as ser2net gives it, is a console like any other")
def _(t):
    b = t.board(BOOT + SHELL, "--unix")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=ser2net, args=(os.path.join(b.dir, "console"), listener), daemon=True).start()
        at = f"localhost:{listener.getsockname()[1]}"
        r = t.run(minimal_job(inline(JOB_STEPS)),
                  t.board_file(console={"transport": "tcp", "device": at}))
    check_eq(r.code, 0, f"exit status ({r.verdict})")
    check_eq(r.tests(), {"step-1": "pass", "step-2": "pass"}, "tests")


@case("a flood of kernel messages loses no byte")
def _(t):
    _, r = passes(t, BOOT + "flood 8000000\n" + SHELL)
    check(len(r.raw()) > 8000000, "bytes are missing")


@case("a terminal that stops reading holds up neither the record nor the verdict")
def _(t):
    b = t.board(BOOT + "flood 2000000\nmark flooded\n" + console("panic") + "hang\n")
    nobody_reads, write_end = os.pipe()
    process = t.start(minimal_job(inline(["true"])), stdout=write_end)
    os.close(write_end)
    try:
        b.wait_for("mark", "flooded", limit_s=20)
        process.wait(timeout=20)
    except subprocess.TimeoutExpired as e:
        raise Failure("the run waits for somebody to read its output") from e
    finally:
        os.close(nobody_reads)
    check_eq(t.finish(process).verdict["kind"], "panic", "kind")


@case("a terminal that goes away does not end the run")
def _(t):
    t.board(BOOT + "flood 300000\n" + SHELL)
    nobody_reads, write_end = os.pipe()
    process = t.start(minimal_job(inline(["true"])), stdout=write_end)
    os.close(write_end)
    os.close(nobody_reads)
    check_eq(t.finish(process).code, 0, "exit status")


@case("more console than limits.console_bytes ends the job")
def _(t):
    t.board(BOOT + "flood 400000000\n" + SHELL)
    r = t.run(minimal_job(inline(["true"])), t.board_file(limits={"console_bytes": 2000000}),
              same_bytes=False)
    check(r.code != 0, "the run passed")
    check(len(r.raw()) < 20000000, f"console.raw has {len(r.raw())} bytes")


@case("a typed line that contains a marker's text proves nothing by its echo")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["# Kernel panic - not syncing: only a comment",
                                  "true # Linux version 9.9 Unable to handle kernel"])))
    check_eq(r.code, 0, "exit status")
    check_eq(r.kinds(), [], "incidents")


if __name__ == "__main__":
    main()
