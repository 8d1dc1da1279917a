#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bootrig console: reading along with a run, and having the console by hand."""
import os
import pty
import re
import signal
import socket
import subprocess
import termios
import threading
import time

from rig import (BOOT, BOOTRIG, LIMIT_S, SHELL, case, check, check_eq, inline, main, minimal_job)
from ser2net import free_port, start_ser2net

WAITS = BOOT + 'mark up\ndelay 800\n' + SHELL


class Viewer:
    """bootrig console on a terminal of its own, or on pipes."""

    def __init__(self, t, *args, board_file=None, terminal=False):
        self.master = self.slave = -1
        stdin = subprocess.PIPE
        if terminal:
            self.master, self.slave = pty.openpty()
            self.before = termios.tcgetattr(self.slave)
            stdin = self.slave
        self.out_path = os.path.join(t.tmp, f"viewer{len(t.helpers)}")
        with open(self.out_path, "wb") as out, open(self.out_path + ".err", "wb") as err:
            self.process = subprocess.Popen(
                [BOOTRIG, "console", "--board", board_file or t.board_file(), *args],
                stdin=stdin, stdout=out, stderr=err, env=t.env, cwd=t.tmp)
        t.helpers.append(self.process)

    def out(self, name=""):
        with open(self.out_path + name, "rb") as f:
            return f.read()

    def wait_for(self, text, name=""):
        end = time.monotonic() + LIMIT_S
        while text not in self.out(name):
            check(self.process.poll() is None, f"it ended: {self.out('.err')!r}")
            check(time.monotonic() < end, f"{text!r} never came: {self.out(name)[-300:]!r}")
            time.sleep(0.01)

    def wait_for_prompts(self, count):
        end = time.monotonic() + LIMIT_S
        while self.out().count(b"virt:~# ") < count:
            check(time.monotonic() < end, f"no prompt number {count}: {self.out()[-300:]!r}")
            time.sleep(0.01)

    def wait_for_raw(self):
        end = time.monotonic() + LIMIT_S
        while termios.tcgetattr(self.slave)[3] & termios.ICANON:
            check(time.monotonic() < end and self.process.poll() is None,
                  f"the terminal never became raw: {self.out('.err')!r}")
            time.sleep(0.01)

    def type(self, text):
        if self.master >= 0:
            os.write(self.master, text)
        else:
            self.process.stdin.write(text)
            self.process.stdin.flush()

    def end(self):
        code = self.process.wait(LIMIT_S)
        if self.master >= 0:
            check_eq(termios.tcgetattr(self.slave), self.before, "the terminal's settings")
            os.close(self.master)
            os.close(self.slave)
        return code


@case("who reads along sees each byte of the run, and its end")
def _(t):
    b = t.board(WAITS)
    process = t.start(minimal_job(inline(["echo hello"])))
    b.wait_for("mark", "up")
    viewers = [Viewer(t), Viewer(t)]
    for v in viewers:
        v.wait_for(b"Starting kernel")
    r = t.finish(process)
    for v in viewers:
        check_eq(v.end(), 0, "exit status")
        check_eq(v.out(), r.raw(), "what was shown")
        check(b"the run ended" in v.out(".err"), "the end was not told")
    check(not os.path.exists(r.path("console.sock")), "the socket is still there")
    check_eq(os.listdir(os.path.join(t.tmp, "bootrig", "consoles")), [], "links left")


@case("a reader that stops reading holds up neither the run nor another reader")
def _(t):
    b = t.board(BOOT + "mark up\ndelay 300\nflood 3000000\n" + SHELL)
    process = t.start(minimal_job(inline(["true"])))
    b.wait_for("mark", "up")
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.connect(os.path.join(t.tmp, "bootrig", "consoles", "fake.sock"))
        v = Viewer(t)
        r = t.finish(process)
        check_eq(v.end(), 0, "exit status")
    check_eq(r.code, 0, "exit status of the run")
    check_eq(len(v.out()), len(r.raw()), "bytes that the other reader saw")


@case("typing into a board that a run has is refused, and the run goes on")
def _(t):
    b = t.board(WAITS)
    process = t.start(minimal_job(inline(["true"])))
    b.wait_for("mark", "up")
    v = Viewer(t, "-w")
    check_eq(v.end(), 131, "exit status")
    check(b"belongs to the run" in v.out(".err"), v.out(".err"))
    check_eq(t.finish(process).code, 0, "exit status of the run")


@case("without a run the console is ours to type, and the terminal is given back")
def _(t):
    b = t.board(BOOT + SHELL)
    v = Viewer(t, "-w", terminal=True)
    v.wait_for_raw()
    b.ctl("on")
    v.wait_for(b"virt:~# ")
    # Ctrl-C is the board's, and a ~ in a line is a ~.
    v.type(b"\x03")
    # Its terminal throws away what came before it took the signal.
    v.wait_for(b"^C")
    v.wait_for_prompts(2)
    v.type(b"echo a~.b$((40+2))\r")
    v.wait_for(b"a~.b42")
    v.type(b"~~; echo c$((1+1))\r")
    v.wait_for(b"c2")
    v.type(b"~.")
    check_eq(v.end(), 0, "exit status")
    b.ctl("off")
    check("echo a~.b$((40+2))" in b.typed(), b.typed())


@case("a signal gives the terminal back, too")
def _(t):
    t.board(BOOT + SHELL)
    v = Viewer(t, "-w", terminal=True)
    v.wait_for_raw()
    v.process.send_signal(signal.SIGTERM)
    check_eq(v.end(), 130, "exit status")


@case("without -w nothing is typed, and Ctrl-C leaves")
def _(t):
    b = t.board(BOOT + SHELL)
    v = Viewer(t, terminal=True)
    v.wait_for_raw()
    b.ctl("on")
    v.wait_for(b"virt:~# ")
    v.type(b"reboot\r~#")
    v.wait_for(b"reading only", ".err")
    v.process.send_signal(signal.SIGINT)
    check_eq(v.end(), 130, "exit status")
    check_eq(b.typed(), "", "typed")
    b.ctl("off")


@case("what a pipe gives is typed before the program leaves")
def _(t):
    b = t.board(BOOT + SHELL)
    v = Viewer(t, "-w")
    b.ctl("on")
    v.wait_for(b"virt:~# ")
    v.type(b"echo piped\r~.")
    check_eq(v.end(), 0, "exit status")
    b.wait_for("typed")
    b.ctl("off")
    check("echo piped" in b.typed(), b.typed())


@case("one console at a time; a run finds its board busy")
def _(t):
    t.board(BOOT + SHELL)
    first = Viewer(t, "-w", terminal=True)
    first.wait_for_raw()
    second = Viewer(t)
    check_eq(second.end(), 131, "exit status")
    check(b"is busy" in second.out(".err"), second.out(".err"))
    r = t.run(minimal_job(inline(["true"])), same_bytes=False)
    check("is busy" in r.verdict["reason"], r.verdict["reason"])
    first.type(b"~.")
    check_eq(first.end(), 0, "exit status")


@case("the link of a killed run does not keep others out")
def _(t):
    b = t.board(WAITS)
    process = t.start(minimal_job(inline(["true"])))
    b.wait_for("mark", "up")
    process.kill()
    process.wait()
    check_eq(os.listdir(os.path.join(t.tmp, "bootrig", "consoles")), ["fake.sock"], "links left")
    end = time.monotonic() + LIMIT_S
    while b.state()["power"] != "off":
        check(time.monotonic() < end, "the guard did not switch the board off")
        time.sleep(0.02)
    v = Viewer(t, "-w", terminal=True)
    v.wait_for_raw()
    v.type(b"~.")
    check_eq(v.end(), 0, "exit status")


class FarPort(threading.Thread):
    """The RFC 2217 port behind a ser2net: agrees to all, and keeps what it was told."""
    HELLO = b"\xff\xfd\x2c\xff\xfb\x00\xff\xfd\x00"

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = b""

    def run(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.sendall(self.HELLO)
            while data := connection.recv(4096):
                self.got += data
                for what, value in re.findall(rb"\xff\xfa\x2c(.)(.*?)\xff\xf0", data, re.S):
                    connection.sendall(b"\xff\xfa\x2c" + bytes([what[0] + 100]) + value + b"\xff\xf0")

    def wait_for(self, text):
        end = time.monotonic() + LIMIT_S
        while text not in self.got:
            check(time.monotonic() < end, f"{text!r} did not come: {self.got!r}")
            time.sleep(0.01)


def breaks_through(t, transport, accepter, want):
    """A BREAK through a real ser2net reaches the port behind it."""
    far, port = FarPort(), free_port()
    far.start()
    start_ser2net(t, port, accepter, f"telnet(rfc2217),tcp,localhost,{far.port}")
    board = t.write("board.yaml", {
        "board": "far", "console": {"transport": transport, "device": f"localhost:{port}"},
        "power": {"backend": "none"}})
    v = Viewer(t, "-w", board_file=board, terminal=True)
    v.wait_for_raw()
    v.type(b"a\r")
    far.wait_for(b"a\r")
    v.type(b"~#")
    for text in want:
        far.wait_for(text)
    v.type(b"~.")
    check_eq(v.end(), 0, "exit status")


@case("a BREAK passes through telnet")
def _(t):
    breaks_through(t, "telnet", "telnet,tcp", [b"\xff\xf3"])


@case("a BREAK passes through RFC 2217, as long as asked")
def _(t):
    breaks_through(t, "rfc2217", "telnet(rfc2217),tcp",
                   [b"\xff\xfa\x2c\x05\x05\xff\xf0", b"\xff\xfa\x2c\x05\x06\xff\xf0"])


main()
