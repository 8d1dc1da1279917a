# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole program against a scripted board.

A case is a function under @case("sentence"); it gets a fresh Bench and asserts what the
program did. Whatever a case is about, every run is also held to what holds for all runs:
the exit code fits the verdict, the board is off, nothing was typed into a dead board,
console.raw is exactly what the board sent, and replay finds the same result from the
recorded bytes.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from tap import Failure, Skip, check, check_eq, problem_of, run_cases  # noqa: F401

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BOOTRIG_BUILD", os.path.join(TOP, "build", "release"))
BOOTRIG = os.path.join(BUILD, "bootrig")
RECEIVER = os.path.join(BUILD, "tools", "receiver")
FAKEBOARD = os.path.join(BUILD, "tools", "fakeboard")
CONSOLES = os.path.join(TOP, "tests", "bench", "consoles")
IS_SLOW = os.path.basename(BUILD) in ("san", "coverage")
LIMIT_S = 180 if IS_SLOW else 60
MAC = "52:54:00:12:34:56"
PROMPT = "virt:~# "

# What most boards print before their script gets interesting.
FIRMWARE = """
say "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)"
say "Trying to boot from MMC1"
say "U-Boot 2023.01+dfsg-2 (Jan 12 2023 - 01:38:39 +0000)"
"""
KERNEL = """
say "Starting kernel ..." ""
file "%s/boot.txt"
""" % CONSOLES
BOOT = FIRMWARE + KERNEL
SHELL = 'shell "%s"\n' % PROMPT


def console(name):
    """The script line that sends a recorded text."""
    return 'file "%s/%s.txt"\n' % (CONSOLES, name)


def seconds(n):
    return {"seconds": n}


def inline(steps, name="smoke"):
    """A test action with one inline definition."""
    return {"test": {"definitions": [{
        "from": "inline", "name": name, "path": f"inline/{name}.yaml",
        "repository": {"metadata": {"format": "Lava-Test Test Definition 1.0", "name": name,
                                    "description": "a case of tests/bench"},
                       "run": {"steps": steps}}}]}}


def minimal(**more):
    return {"boot": {"method": "minimal", "prompts": [r"virt:~# $"], **more}}


def minimal_job(*actions, boot=None, silence=20, timeout=30, **bootrig):
    """A `method: minimal` job: boot, then the given actions."""
    return {"job_name": "bench", "device_type": "fake", "visibility": "public",
            "priority": "medium",
            "timeouts": {"job": seconds(timeout), "action": seconds(timeout),
                         "connection": seconds(timeout)},
            "actions": [minimal(**(boot or {})), *actions],
            "bootrig": {"silence": seconds(silence), **bootrig}}


class Run:
    """One finished bootrig run."""

    def __init__(self, bench, code, out, err, run_dir):
        self.bench, self.code, self.out, self.err, self.dir = bench, code, out, err, run_dir
        self.result = self.load("result.json")

    def path(self, name):
        return os.path.join(self.dir, name)

    def load(self, name):
        if not self.dir or not os.path.exists(self.path(name)):
            return None
        with open(self.path(name), encoding="utf-8") as f:
            return json.load(f)

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def raw(self):
        with open(self.path("console.raw"), "rb") as f:
            return f.read()

    @property
    def verdict(self):
        check(self.result is not None, f"there is no result.json\n{self.tail()}")
        return self.result["verdict"]

    def check_exit_status(self):
        """One of ours, and in result.json as it was; the verdict fits it and has a reason."""
        check(self.code in EXIT_CODES, f"exit status {self.code} is none of ours\n{self.tail()}")
        if self.result is None:
            return
        check(self.code in EXIT_OF[self.verdict["status"]],
              f"exit status {self.code} does not fit {self.verdict}")
        check_eq(self.result["exit_code"], self.code, "exit_code in result.json")
        check(self.verdict["reason"], "the verdict has no reason")

    def kinds(self):
        return [i["kind"] for i in self.result["incidents"]]

    def tests(self):
        return {t["name"]: t["result"] for t in self.result["tests"]}

    def tail(self):
        return f"exit status {self.code}\n{self.err[-1500:]}"


EXIT_CODES = (0, 1, 125, 129, 130, 131)
EXIT_OF = {"pass": {0}, "fail": {1, 125}, "lab": {125, 131}, "job": {129}, "canceled": {130},
           "bug": {134}}


class Receiver:
    """tests/tools/receiver: stores each body once, and can misbehave (its --script)."""

    def __init__(self, bench, *args):
        self.dir = os.path.join(bench.tmp, "received")
        port_file = os.path.join(bench.tmp, "port")
        os.makedirs(self.dir)
        self.process = subprocess.Popen([RECEIVER, "--port", "0", "--port-file", port_file,
                                         "--dir", self.dir, *args], stderr=subprocess.DEVNULL)
        bench.helpers.append(self.process)
        end = time.monotonic() + 10
        while not (os.path.exists(port_file) and os.path.getsize(port_file)):
            check(time.monotonic() < end, "the receiver never listened")
            time.sleep(0.02)
        with open(port_file, encoding="ascii") as f:
            self.url = f"http://127.0.0.1:{f.read().strip()}/results"

    def ids(self):
        return sorted(n.removesuffix(".json") for n in os.listdir(self.dir) if n.endswith(".json"))

    def n_stored(self):
        """Different bodies; a result that changed on its way would count twice."""
        return len(os.listdir(os.path.join(self.dir, "keys")))

    def get(self, run_id):
        with open(os.path.join(self.dir, run_id + ".json"), encoding="utf-8") as f:
            return json.load(f)


class Board:
    """A running fakeboard."""

    def __init__(self, bench, script, args):
        self.dir = os.path.join(bench.tmp, "board")
        self.bench = bench
        path = os.path.join(bench.tmp, "script.board")
        with open(path, "w", encoding="utf-8") as f:
            f.write(script)
        os.makedirs(self.dir, exist_ok=True)
        self.process = subprocess.Popen(
            [FAKEBOARD, "run", self.dir, path, "--set", f"mac={MAC}",
             "--set", "release=6.1.0-fake", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise Failure("fakeboard: " + self.process.stderr.read().decode("utf-8", "replace"))

    def ctl(self, *words):
        done = subprocess.run([FAKEBOARD, "ctl", self.dir, *words], capture_output=True,
                              timeout=10, check=True)
        return done.stdout.decode()

    def state(self):
        return json.loads(self.ctl("state"))

    def log(self):
        with open(os.path.join(self.dir, "log.jsonl"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def clicks(self):
        """Power and reset in order: ["on", "off", ...]; repeated states left out."""
        return [e["what"] for e in self.log()
                if e["what"] in ("on", "off", "reset") and e.get("detail") != "no change"]

    def marks(self, name):
        return [e["t_ns"] for e in self.log() if e["what"] == "mark" and e["detail"] == name]

    def typed(self):
        """All that was typed into the powered board."""
        return "".join(e["detail"] for e in self.log() if e["what"] == "typed")

    def sent(self):
        with open(os.path.join(self.dir, "sent.raw"), "rb") as f:
            return f.read()

    def wait_for(self, what, detail=None, count=1, limit_s=LIMIT_S):
        """Until the log has that entry count times."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            hits = [e for e in self.log() if e["what"] == what and
                    (detail is None or e.get("detail") == detail)]
            if len(hits) >= count:
                return hits
            if self.process.poll() is not None:
                raise Failure("fakeboard died: " +
                              self.process.stderr.read().decode("utf-8", "replace"))
            ended = [p for p in self.bench.children if p.poll() is not None]
            if ended:
                err = read_text(ended[0].err_path)
                raise Failure(f"bootrig ended with {ended[0].returncode} before the board came to "
                              f"{what} {detail or ''}\n{err[-1500:]}")
            time.sleep(0.01)
        raise Failure(f"the board never came to {what} {detail or ''}")

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Bench:
    """A directory with a board file, job files and runs; gone after the case."""

    def __init__(self):
        self.tmp = tempfile.mkdtemp(prefix="brbench-")
        self.runs = os.path.join(self.tmp, "runs")
        self.boards, self.children, self.helpers, self.started = [], [], [], []
        self.n_jobs = 0
        self.seen_bytes = 0
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self.tmp, HOME=self.tmp, TERM="dumb",
                        BOOTRIG_SPOOL=os.path.join(self.tmp, "spool"))

    # ---- the board ----
    def board(self, script, *args):
        b = Board(self, script, args)
        self.boards.append(b)
        self.seen_bytes = 0
        return b

    def board_file(self, transport="pty", power=None, limits=None, **more):
        b = os.path.join(self.tmp, "board")
        ctl = f"{FAKEBOARD} ctl {b}"
        spec = {"board": "fake", "device_type": "fake",
                "console": {"transport": transport, "device": os.path.join(b, "console")},
                "power": {"backend": "command", "on": f"{ctl} on", "off": f"{ctl} off",
                          "reset": f"{ctl} reset", **(power or {})},
                "limits": {"console_gap": seconds(1), "firmware": seconds(5), **(limits or {})},
                **more}
        spec["power"] = {k: v for k, v in spec["power"].items() if v is not None}
        return self.write("board.yaml", spec)

    def write(self, name, spec):
        """YAML is a superset of JSON. What stands there already is left alone: a program may be reading it,
        and a board file is a lock as well, so it is never replaced by another file."""
        path = os.path.join(self.tmp, name)
        text = spec if isinstance(spec, str) else json.dumps(spec, indent=1)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                if f.read() == text:
                    return path
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    # ---- the program ----
    def job_file(self, job):
        self.n_jobs += 1
        return self.write(f"job{self.n_jobs}.yaml", job)

    def start(self, job, board_file=None, args=(), env=None, stdout=None):
        """A run in the background, with a folder of runs of its own."""
        runs = os.path.join(self.runs, str(len(self.started)))
        argv = [BOOTRIG, "run", self.job_file(job), "--board",
                board_file or self.board_file(), "--runs", runs, *args]
        # Files, not pipes: nobody reads while a case waits for its board.
        paths = [os.path.join(self.tmp, f"{kind}{len(self.started)}") for kind in ("out", "err")]
        with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=err,
                                       stdout=out if stdout is None else stdout,
                                       env={**self.env, **(env or {})}, cwd=self.tmp)
        process.runs, process.out_path, process.err_path = runs, *paths
        self.started.append(process)
        self.children.append(process)
        return process

    def run_dirs(self, process=None):
        """The run directories of one run, or of all."""
        return sorted(os.path.join(p.runs, d) for p in ([process] if process else self.started)
                      if os.path.isdir(p.runs) for d in os.listdir(p.runs))

    def finish(self, process, limit_s=LIMIT_S, holds=True, **but):
        try:
            process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired as e:
            process.kill()
            process.wait()
            raise Failure(f"bootrig was still running after {limit_s} s\n"
                          + read_text(process.err_path)[-2000:]) from e
        self.children.remove(process)
        made = self.run_dirs(process)
        check(len(made) <= 1, f"one run made {len(made)} directories")
        run = Run(self, process.returncode, read_text(process.out_path),
                  read_text(process.err_path), made[0] if made else None)
        if holds:
            self.check_what_always_holds(run, **but)
        return run

    def run(self, job, board_file=None, args=(), limit_s=LIMIT_S, **but):
        return self.finish(self.start(job, board_file, args), limit_s, **but)

    # ---- what holds for every run ----
    def check_what_always_holds(self, run, is_off=True, same_bytes=True, replays=True):
        check(run.code != 99, f"a sanitizer found something\n{run.tail()}")
        run.check_exit_status()
        if run.result is None or not self.boards:
            return
        board = self.boards[-1]
        if is_off:
            check_eq(board.state()["power"], "off", "power after the run")
        check(not [e for e in board.log() if e["what"] == "typed-while-off"],
              "something was typed while the board was off")
        if same_bytes:
            sent = board.sent()[self.seen_bytes:]
            raw = run.raw()
            # What the board sent in the moment it was cut may still lie in the tty.
            check(hashlib.sha256(raw).digest() == hashlib.sha256(sent).digest(),
                  f"console.raw has {len(raw)} bytes, the board sent {len(sent)}; "
                  f"they differ from byte {first_difference(raw, sent)}")
        self.seen_bytes = len(board.sent())
        if replays:
            check_replay(run.dir)

    def stop(self):
        for process in self.children + self.helpers:
            process.kill()
            process.wait()
        for b in self.boards:
            b.end()

    def end(self):
        self.stop()
        shutil.rmtree(self.tmp, ignore_errors=True)


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def first_difference(a, b):
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f"{i}: {a[max(0, i - 20):i + 40]!r} / {b[max(0, i - 20):i + 40]!r}"
    return f"{min(len(a), len(b))}: {a[len(b):][:60]!r} / {b[len(a):][:60]!r}"


def check_replay(run_dir):
    """events.jsonl and result.json must follow, byte for byte, from the recorded truth."""
    with tempfile.TemporaryDirectory(prefix="brreplay-") as tmp:
        copy = os.path.join(tmp, os.path.basename(run_dir))
        os.mkdir(copy)
        for name in ("job.yaml", "board.yaml", "console.raw", "console.idx", "actions.jsonl"):
            if os.path.exists(os.path.join(run_dir, name)):
                shutil.copy(os.path.join(run_dir, name), copy)
        for option, name in (("--events", "events.jsonl"), ("--json", "result.json")):
            done = subprocess.run([BOOTRIG, "replay", option, copy], capture_output=True,
                                  timeout=LIMIT_S, check=False)
            check_eq(done.returncode, 0, f"exit status of replay {option} "
                     f"({done.stderr.decode('utf-8', 'replace')})")
            with open(os.path.join(run_dir, name), "rb") as f:
                want = f.read()
            check(done.stdout == want, f"replay gives another {name}; they differ from byte "
                  f"{first_difference(done.stdout, want)}")
    done = subprocess.run([BOOTRIG, "replay", "--diff", run_dir], capture_output=True,
                          timeout=LIMIT_S, check=False)
    check_eq(done.returncode, 0, f"exit status of replay --diff ({done.stdout[-500:]!r})")


# ---- cases ----
cases = []


def case(sentence):
    def add(fn):
        cases.append((sentence, fn))
        return fn
    return add


def main():
    """Runs the cases (all, or those whose sentence holds a word of the command line)."""
    keep = bool(os.environ.get("BENCH_KEEP"))
    missing = [p for p in (BOOTRIG, FAKEBOARD) if not os.access(p, os.X_OK)]

    def run(i):
        return f"{missing[0]} is not there: make" if missing else run_case(cases[i][1], keep)
    sys.exit(1 if run_cases([sentence for sentence, _ in cases], run, sys.argv[1:]) else 0)


def run_case(fn, keep):
    """As problem_of, with a bench of its own."""
    bench = Bench()
    problem = problem_of(fn, bench)
    if keep:
        bench.stop()
        print(f"# kept: {bench.tmp}")
    else:
        bench.end()
    return problem
