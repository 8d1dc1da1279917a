# SPDX-License-Identifier: GPL-2.0-or-later
"""One call of a command that boots many times, and what it left behind."""
import glob
import json
import os
import signal
import subprocess

from rig import BOOTRIG, LIMIT_S, Failure, check, check_eq, read_text


class Campaign:
    command = "soak"

    def __init__(self, t, job, *args, board_file=None):
        self.t = t
        self.runs = os.path.join(t.tmp, "campaigns")
        self.argv = [BOOTRIG, self.command, t.job_file(job) if isinstance(job, dict) else job, "--board",
                     board_file or t.board_file(), "--runs", self.runs, "--quiet", *args]

    def start(self):
        out = os.path.join(self.t.tmp, "campaign.out")
        err = os.path.join(self.t.tmp, "campaign.err")
        with open(out, "wb") as o, open(err, "wb") as e:
            p = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=o, stderr=e,
                                 env=self.t.env, cwd=self.t.tmp)
        self.t.children.append(p)
        return p

    def finish(self, p):
        try:
            p.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired as e:
            raise Failure("it never ended\n" + self.text()) from e
        self.t.children.remove(p)
        check(p.returncode != 99, "a sanitizer found something\n" + self.text())
        return p.returncode

    def run(self):
        return self.finish(self.start())

    @staticmethod
    def kill_child(p):
        """kill -9 of the run that is a child of p, if there is one."""
        children = subprocess.run(["pgrep", "-P", str(p.pid)], capture_output=True, text=True, check=False)
        for pid in children.stdout.split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def text(self):
        return "\n" + "".join(read_text(os.path.join(self.t.tmp, "campaign." + n)) for n in ("out", "err"))

    @property
    def dirs(self):
        return sorted(glob.glob(os.path.join(self.runs, "*")))

    def load(self, name):
        with open(os.path.join(self.dirs[-1], name), encoding="utf-8") as f:
            return json.load(f)

    @property
    def result(self):
        return self.load("result.json")

    def check_books(self):
        """Every run has one record, and every record's run has a result."""
        boots = self.load("campaign.json")["boots"]
        named = [b["run"] for b in boots if b["run"]]
        there = ["runs/" + os.path.basename(d) for d in glob.glob(os.path.join(self.dirs[-1], "runs", "*"))]
        check_eq(sorted(named), sorted(there), "runs in the books")
        check_eq(len(set(named)), len(named), "runs that are counted twice")
        check_eq([b["n"] for b in boots], list(range(1, len(boots) + 1)), "numbers of boots")
        for b in boots:
            check(not b["run"] or b["broke_off"] or
                  os.path.exists(os.path.join(self.dirs[-1], b["run"], "result.json")), f"{b['run']} has no result")
