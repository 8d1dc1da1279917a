#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong input, as whoever is new here gives it: a file that is not there, a directory, bytes, half a
YAML, a word that is no word. Each is answered by one message that says what, where and what to do."""
import json
import os
import subprocess

from rig import BOOTRIG, LIMIT_S, TOP, case, check, check_eq, main

BOARD = {"board": "b1", "console": {"transport": "serial", "device": "/dev/no-such-tty", "baud": 1500000},
         "power": {"backend": "gpio", "lines": {"power": {"chip": "no-such-chip", "offset": 0},
                                                "reset": {"chip": "no-such-chip", "offset": 1, "type": "momentary"}},
                   "on": [{"set": "power"}], "off": [{"clear": "power"}]}}
JOB = {"job_name": "j", "timeouts": {"job": {"minutes": 1}},
       "actions": [{"boot": {"method": "minimal", "prompts": ["# "]}}]}


class Desk:
    """A directory with one of each, where the program is called by its relative names."""

    def __init__(self, t):
        self.dir = t.tmp
        self.env = dict(t.env, BOOTRIG_KEEPER=os.path.join(t.tmp, "keeper.sock"))
        for name, data in (("empty", b""), ("bytes", bytes(range(256)) * 8), ("half.yaml", b"job_name: x\nactions:\n- boot: {me"),
                           ("board.yaml", json.dumps(BOARD).encode()), ("job.yaml", json.dumps(JOB).encode())):
            with open(os.path.join(t.tmp, name), "wb") as f:
                f.write(data)
        os.mkdir(os.path.join(t.tmp, "dir"))

    def says(self, words, code, *argv, **env):
        done = subprocess.run([BOOTRIG, *argv], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S,
                              check=False, cwd=self.dir, env={**self.env, **env})
        said = done.stderr.decode("utf-8", "replace")
        check_eq(done.returncode, code, f"exit status of {' '.join(argv)}, which said {said!r},")
        for word in words if isinstance(words, tuple) else (words,):
            check(word in said, f"{' '.join(argv)} said {said!r} without {word!r}")
        return said


@case("YAML that is not there, is a directory, is bytes or is cut off: file, line and column")
def _(t):
    d = Desk(t)
    for argv in (["check"], ["run"], ["run", "job.yaml", "--board"], ["power", "status", "--board"],
                 ["console", "--board"], ["doctor", "--board"]):
        d.says("missing:1:1: cannot be read: No such file", 129, *argv, "missing")
        d.says("dir:1:1: cannot be read: Is a directory", 129, *argv, "dir")
        d.says("empty:1:1: the file is empty", 129, *argv, "empty")
        d.says("bytes:1:1: control character 0x00", 129, *argv, "bytes")
        d.says(("half.yaml:3:12: no valid YAML", "the file ends here"), 129, *argv, "half.yaml")


@case("what is no run directory is called so, once, and is no row of a table")
def _(t):
    d = Desk(t)
    d.says("bootrig replay: run directory missing: No such file", 129, "replay", "missing")
    d.says("dir is no run directory: it has no job.yaml; expected one that `bootrig run` made", 129, "replay", "dir")
    d.says("bytes is no run directory; expected one", 129, "replay", "bytes")
    d.says("missing: No such file", 129, "report", "missing")
    d.says("dir/result.json: No such file or directory; the run has not ended, or this is no run directory", 129,
           "report", "dir")
    for verb in ("report", "post"):
        d.says("bytes: no result.json of a run: line 1", 129, verb, "bytes")
    for name, rows in (("missing", 0), ("bytes", 0), ("dir", 1)):
        done = subprocess.run([BOOTRIG, "report", "--json", name], capture_output=True, check=False, cwd=d.dir, env=d.env,
                              timeout=LIMIT_S)
        check_eq(len(json.loads(done.stdout)), rows, f"rows of report {name}")


@case("a runs directory that is a file is called so before anything else is done")
def _(t):
    d = Desk(t)
    d.says("no runs can be written to empty: Not a directory; --runs names another", 131,
           "run", "job.yaml", "--board", "board.yaml", "--runs", "empty")
    d.says("no runs can be written to empty/x: Not a directory; --runs names another", 131,
           "run", "job.yaml", "--board", "board.yaml", "--runs", "empty/x")


@case("a word that is no word gets the words that are some")
def _(t):
    d = Desk(t)
    said = d.says('"fly" is nothing that a board can do; expected one of on, off', 129, "power", "fly", "--board", "board.yaml")
    check_eq(said.count("\n"), 1, f"lines in {said!r}")
    d.says("press of what?", 129, "power", "press", "--board", "board.yaml")
    d.says('no line "led"; expected one of power, reset', 129, "power", "press", "led", "--board", "board.yaml")
    d.says('what is "board.yaml"? A board file comes with --board', 129, "doctor", "board.yaml")
    d.says("-o FILE is for --write-dnsmasq", 129, "doctor", "-o", "x")
    d.says("--loopback is for the console of a --board", 129, "doctor", "--loopback")


@case("an adapter that is not plugged in, and a build that is none: what to look at")
def _(t):
    d = Desk(t)
    d.says("/dev/no-such-tty: No such file or directory: is the adapter plugged in?", 131, "console", "--board", "board.yaml")
    said = d.says("empty: neither ELF nor BTF; expected a vmlinux", 129, "oops", "--vmlinux", "empty", "bytes")
    check_eq(said.count("empty"), 1, f"names in {said!r}")


@case("the keeper takes no other file's place for its socket")
def _(t):
    d = Desk(t)
    d.says("is there, and is no socket", 131, "keeper", "--on-demand", BOOTRIG_KEEPER=os.path.join(d.dir, "bytes"))
    check_eq(os.path.getsize(os.path.join(d.dir, "bytes")), 2048, "bytes of the file that was in its place")
    d.says(("the directory of the keeper's socket", "$BOOTRIG_KEEPER names another"), 131,
           "keeper", "--on-demand", BOOTRIG_KEEPER=os.path.join(d.dir, "nowhere", "k.sock"))


@case("./quickstart demo vb2-fence says at once that a distribution lacks the kernels' source, and what does instead")
def _(t):
    apt = os.path.join(t.tmp, "bin", "apt-cache")
    src = os.path.join(t.tmp, "src")
    os.makedirs(os.path.dirname(apt))
    os.makedirs(src)

    def asked(*packages):
        with open(apt, "w", encoding="utf-8") as f:
            f.write('#!/bin/sh\nprintf "%s\\n" ' + " ".join(packages) + ' | grep "^$2"\n')
        os.chmod(apt, 0o755)
        done = subprocess.run(["bash", "-c", f"source ./quickstart; source_dir={src}; check_source; kernel_packages | sed -n 1p"],
                              cwd=TOP, capture_output=True, text=True, check=False, timeout=LIMIT_S,
                              env={**t.env, "PATH": os.path.dirname(apt) + ":" + os.environ["PATH"]})
        return done.returncode, done.stdout.strip(), done.stderr

    ubuntu = ["linux-source-6.8.0", "linux-source-6.11.0", "linux-source", "bash"]
    code, _out, err = asked(*ubuntu)
    check_eq(code, 1, f"exit status\n{err}")
    check("linux-source-6.8.0 linux-source-6.11.0 only" in err and f"{src}/linux-source-6.12.tar.xz" in err, err)
    check_eq(asked("linux-source-6.1", "linux-source-6.12"), (0, "linux-source-6.12", ""), "where apt has it")
    check_eq(asked("bash"), (0, "linux-source-6.12", ""), "without package lists apt-get is to say")
    with open(os.path.join(src, "linux-source-6.12.tar.xz"), "wb"):
        pass
    check_eq(asked(*ubuntu), (0, "gcc-aarch64-linux-gnu", ""), "with a tarball of that name")


if __name__ == "__main__":
    main()
