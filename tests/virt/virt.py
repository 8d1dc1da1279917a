# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole program on the virtual board: QEMU, U-Boot, TFTP and kernels are real.

A case is a function under @case("sentence", limit_s=N); it gets a fresh Lab. Every process
that bootrig starts inherits a word in its environment, by which a case can tell that none
is left. Every finished run is held to what holds for all runs: the exit code fits the
verdict, the board is off, no process is left, and replay finds the same result.
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if len(sys.argv) > 1 and os.path.isdir(sys.argv[1]):
    os.environ["BOOTRIG_BUILD"] = os.path.abspath(sys.argv.pop(1))
sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
from rig import BOOTRIG, IS_SLOW, RECEIVER, Receiver, Run, check_replay, inline  # noqa: E402, F401
from tap import Failure, Skip, check, check_eq, problem_of, run_cases  # noqa: E402, F401

ASSETS = os.path.join(TOP, "build", "demo-assets")
VIRT = os.path.join(TOP, "jobs", "boards", "virt.yaml")
ELSEWHERE = os.path.join(TOP, "tests", "virt", "boards", "elsewhere.yaml")
UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
PRODUCTS = ("linux-arm64.deb", "ramdisk.cpio.gz", "virt.dtb", "env.img", "recovery.img")
SLOWER = 4 if IS_SLOW else 1
MARK = "BOOTRIG_VIRT_TEST"
LOGIN = {"login_prompt": "login:", "username": "root", "password_prompt": "Password:",
         "password": "bootrig"}


def job_path(name):
    """One of jobs/, or of tests/virt/jobs/."""
    for folder in ("jobs", "tests/virt/jobs"):
        path = os.path.join(TOP, folder, name + ".yaml")
        if os.path.exists(path):
            return path
    raise Failure(f"no job {name}")


def asset(name):
    return {"url": os.path.join(ASSETS, name)}


def board(t, *changes):
    """virt.yaml with some of its texts replaced, and a TFTP root of its own."""
    text = read(VIRT).decode()
    text = text.replace("{board_dir}/../..", TOP)
    for old, new in changes:
        check(old.search(text) if hasattr(old, "search") else old in text, f"virt.yaml lacks {old!r}")
        text = old.sub(new, text) if hasattr(old, "sub") else text.replace(old, new)
    text = text.replace("../../build/tftp/virt", os.path.join(t.tmp, "tftp"))
    path = os.path.join(t.tmp, "board.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def job(*actions, boot=None, **bootrig):
    """A good boot, then the given actions."""
    return {"job_name": "virt-test", "device_type": "qemu-virt-arm64",
            "timeouts": {"job": {"minutes": 4}, "action": {"minutes": 2},
                         "connection": {"minutes": 1}},
            "actions": [{"deploy": {"to": "tftp", "kernel": {**asset("linux-arm64.deb"), "type": "image"},
                                    "ramdisk": {**asset("ramdisk.cpio.gz"), "compression": "gz"},
                                    "dtb": asset("virt.dtb")}},
                        {"boot": {"method": "u-boot", "commands": "ramdisk", "auto_login": LOGIN,
                                  "prompts": ["virt:.*# $"], **(boot or {})}},
                        *actions],
            "bootrig": bootrig}


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def sums(r):
    """What U-Boot summed in its RAM."""
    return [a for a in r.lines("actions.jsonl") if a["do"] == "ram"]


def flip(t, name, offset):
    """One bit of a staged file."""
    (path,) = glob.glob(os.path.join(t.tmp, "tftp", "bootrig-*", name))
    os.chmod(path, 0o644)
    with open(path, "r+b") as f:
        f.seek(offset)
        old = f.read(1)
        f.seek(offset)
        f.write(bytes([old[0] ^ 1]))


def processes(word):
    """[(pid, command line)] of all processes with that word in their environment."""
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) != os.getpid() and word in read(f"/proc/{pid}/environ"):
            found.append((int(pid), read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode()[:90]))
    return found


def until(what, condition, limit_s=30):
    end = time.monotonic() + limit_s * SLOWER
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise Failure(f"{what} within {limit_s} s: it never was")


class Lab:
    """A directory for the runs of one case; `tmp` is gone after the suite, not after the case."""

    prefix = ()  # what comes before bootrig: another namespace, for one

    def __init__(self, suite_tmp, number):
        self.tmp = os.path.join(suite_tmp, str(number))
        self.runs = os.path.join(self.tmp, "runs")
        os.makedirs(self.runs)
        self.helpers = []
        self.mark = f"{MARK}={os.getpid()}.{number}."
        self.env = dict(os.environ, HOME=self.tmp, TERM="dumb", XDG_RUNTIME_DIR=self.tmp,
                        XDG_CACHE_HOME=os.path.join(suite_tmp, "cache"),
                        BOOTRIG_SPOOL=os.path.join(self.tmp, "spool"))
        for name in ("BOOTRIG_POST_URL", "BOOTRIG_BOARD", "KCIDB_REST"):
            self.env.pop(name, None)
        key, value = self.mark.split("=", 1)
        self.env[key] = value

    def write_job(self, spec):
        """YAML is a superset of JSON."""
        path = os.path.join(self.tmp, f"job{len(os.listdir(self.tmp))}.yaml")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(spec, f, indent=1)
        return path

    def start(self, what, board=VIRT, env=None, cell=None):
        """Starts a job (a name, or a spec), or one cell of it, as a shell would: in a process group of its own."""
        path = self.write_job(what) if isinstance(what, dict) else job_path(what)
        known = set(os.listdir(self.runs))
        process = subprocess.Popen([*self.prefix, BOOTRIG, "run", path, "--board", board, "--runs", self.runs,
                                    *(["--kernel", cell] if cell else [])],
                                   stdin=subprocess.DEVNULL, stdout=open(path_of_log(self), "wb"),
                                   stderr=subprocess.STDOUT, env={**self.env, **(env or {})},
                                   cwd=self.tmp, start_new_session=True)
        process.known = known
        self.helpers.append(process)
        return process

    def dir_of(self, process):
        """The run directory of a running job, None while it has none."""
        new = sorted(d for d in os.listdir(self.runs)
                     if d not in process.known and not d.startswith("."))
        return os.path.join(self.runs, new[0]) if new else None

    def wait_event(self, process, word, limit_s=60):
        """Until events.jsonl has this text."""
        def seen():
            d = self.dir_of(process)
            check(process.poll() is None, f"bootrig ended with {process.returncode} before {word}")
            return d and word.encode() in read(os.path.join(d, "events.jsonl"))
        until(f"{word} in events.jsonl", seen, limit_s)

    def finish(self, process, limit_s=90, holds=True):
        try:
            process.wait(timeout=limit_s * SLOWER)
        except subprocess.TimeoutExpired as e:
            process.kill()
            process.wait()
            raise Failure(f"bootrig was still running after {limit_s} s") from e
        self.helpers.remove(process)
        r = Run(self, process.returncode, "", read(path_of_log(self)).decode("utf-8", "replace"),
                self.dir_of(process))
        if holds:
            self.check_what_always_holds(r)
        return r

    def run(self, what, board=VIRT, limit_s=90, env=None, cell=None):
        return self.finish(self.start(what, board, env, cell), limit_s)

    def check_what_always_holds(self, r):
        r.check_exit_status()
        self.check_nothing_left()
        if r.result is None:
            return
        check_eq(r.result["power"]["final"], "off", "power.final")
        check_replay(r.dir)

    def check_nothing_left(self, limit_s=3):
        """What was killed takes a moment to be gone."""
        end = time.monotonic() + limit_s
        left = processes(self.mark.encode())
        while left and time.monotonic() < end:
            time.sleep(0.02)
            left = processes(self.mark.encode())
        check(not left, f"processes are left: {left}")

    def end(self):
        for process in self.helpers:
            process.kill()
            process.wait()
        for pid, _ in processes(self.mark.encode()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def path_of_log(lab):
    return os.path.join(lab.tmp, "bootrig.log")


def why_not():
    """What the virtual board lacks on this host, or None."""
    for tool in ("qemu-system-aarch64", "atftpd"):
        if not shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed (./quickstart deps)"
    if not os.path.exists(UBOOT):
        return "u-boot-qemu is not installed (./quickstart deps)"
    missing = [p for p in PRODUCTS if not os.path.exists(os.path.join(ASSETS, p))]
    return f"build/demo-assets lacks {missing[0]} (make demo-assets)" if missing else None


def get_ready():
    """A reason to skip everything, or None. In CI a missing part is a failure, after one try to make it."""
    reason = why_not()
    in_ci = os.environ.get("CI", "").lower() in ("1", "true", "yes")
    if reason and in_ci:
        subprocess.run(["make", "-C", TOP, "demo-assets"], stdout=subprocess.DEVNULL, check=False)
        reason = why_not()
        if reason:
            print(f"Bail out! {reason}")
            sys.exit(1)
    for tool in (BOOTRIG, RECEIVER):
        if not os.access(tool, os.X_OK):
            print(f"Bail out! {tool} is not there: make")
            sys.exit(1)
    return reason


cases = []


def case(sentence, limit_s=60):
    def add(fn):
        cases.append((sentence, fn, limit_s))
        return fn
    return add


def run_case(fn, lab, limit_s):
    """As problem_of, within its time."""
    def too_long(signum, frame):
        raise Failure(f"the case took longer than {limit_s} s")
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(limit_s * SLOWER)
    try:
        return problem_of(fn, lab)
    finally:
        signal.alarm(0)
        lab.end()


def main(make=Lab, ready=get_ready):
    """Runs the cases (all, or those whose sentence holds a word of the command line)."""
    keep = bool(os.environ.get("VIRT_KEEP"))
    reason = ready()
    tmp = tempfile.mkdtemp(prefix="brvirt-")

    def run(i):
        _, fn, limit_s = cases[i]
        problem = run_case(fn, make(tmp, i + 1), limit_s)
        return f"{problem}\nkept: {tmp}/{i + 1}" if keep and isinstance(problem, str) else problem
    failed = run_cases([sentence for sentence, _, _ in cases], run, sys.argv[1:], reason)
    if not (keep and failed):
        shutil.rmtree(tmp, ignore_errors=True)
    sys.exit(1 if failed else 0)
