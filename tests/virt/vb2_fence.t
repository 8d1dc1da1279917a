#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The reference job on real kernels: variants of the vb2 release fence, through U-Boot, TFTP and extlinux.

The kernels come from the pool of `bootrig build`; only with CI set are they built, which takes minutes.
"""
import json
import os
import subprocess
import sys

from virt import BOOTRIG, TOP, VIRT, Failure, Lab, case, check, check_eq, get_ready, main, read

JOB = os.path.join(TOP, "jobs", "vb2-fence-matrix.yaml")
CELLS = ("v1a/plain", "v1b/plain", "v2b/plain", "v2c/plain")
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


class MatrixLab(Lab):
    """With the user's own pool of kernels: a pool of each test's own would build them all again."""

    def __init__(self, suite_tmp, number):
        super().__init__(suite_tmp, number)
        self.env["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))

    def matrix(self, cells, limit_s):
        """(exit status, what it printed, result.json)"""
        argv = [BOOTRIG, "run", JOB, "--board", VIRT, "--runs", self.runs, "--json", os.path.join(self.tmp, "all.json")]
        for cell in cells:
            argv += ["--kernel", cell]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.env,
                              check=False, timeout=limit_s)
        result = read(os.path.join(self.tmp, "all.json"))
        if not result:
            raise Failure(f"no result, exit status {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
        return done.returncode, done.stdout, json.loads(result)


def ready():
    """Besides what every virtual case needs: the ramdisk, and kernels that are built or, in CI, can be."""
    reason = get_ready()
    if reason:
        return reason
    assets = subprocess.run(["make", "-s", "-C", TOP, "vb2-assets"], capture_output=True, text=True, check=False)
    if assets.returncode:
        reason = "make vb2-assets: " + (assets.stderr.strip().split("\n") or [""])[-1]
    for cell in CELLS if not reason else ():
        argv = [BOOTRIG, "build", "--job", JOB, "--kernel", cell]
        done = subprocess.run(argv if IN_CI else [*argv, "--cached"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            reason = f"{cell}: {(done.stderr.strip().split(chr(10)) or [''])[-1]}"
            break
    if reason and IN_CI:
        print(f"Bail out! {reason}")
        sys.exit(1)
    return reason


def hypotheses_of(row):
    return {h["name"]: h["verdict"] for h in row["hypotheses"]}


@case("a matrix says of each variant of the fence what is wrong with it, and that the fix is right", 400)
def _(t):
    code, said, result = t.matrix(CELLS, 390)
    rows = {f"{r['series']}/{r['config']}": r for r in result["matrix"]}
    check_eq(sorted(rows), sorted(CELLS), "rows")
    for name, row in rows.items():
        check(row["as_expected"], f"{name} is not as expected: {json.dumps(row)}")
    check_eq(code, 0, f"exit status ({result['verdict']['reason']})")
    check_eq(result["verdict"]["status"], "pass", "verdict of the matrix")

    v1a, v1b, v2b, v2c = (rows[c] for c in CELLS)
    for row in (v1a, v1b):
        check_eq((row["verdict"]["status"], row["verdict"]["kind"]), ("fail", "null-deref"), "verdict")
        check_eq(row["incident"]["fault_address"], "0x20", "fault address")
    found = hypotheses_of(v1a)
    check_eq((found["vb2-null-slot"], found["vb2-ops-null"]), ("confirmed", "falsified"), "v1a's hypotheses")
    found = hypotheses_of(v1b)
    check_eq((found["vb2-null-slot"], found["vb2-ops-null"]), ("falsified", "confirmed"), "v1b's hypotheses")
    check_eq((v2b["verdict"]["status"], v2b["incident"]), ("fail", None), "v2b: verdict and incident")
    check_eq(v2b["functional"]["status"], "fail", "v2b's functional tests")
    check_eq((v2c["verdict"]["status"], v2c["incident"]), ("pass", None), "v2c: verdict and incident")
    check_eq(v2c["functional"]["status"], "pass", "v2c's functional tests")
    check(v2c["cycles"] and v2c["cycles"] > 100, f"cycles that v2c survived: {v2c['cycles']}")
    for name in CELLS:
        check(name in said, f"the table lacks {name}: {said[-800:]}")
    t.check_nothing_left()


@case("a cell alone is an ordinary run, which proves that it booted the kernel that was built for it", 200)
def _(t):
    code, _, run = t.matrix(CELLS[-1:], 190)
    check_eq(code, 0, f"exit status ({run['verdict']['reason']})")
    check("matrix" not in run, "one run is told as a matrix")
    check_eq(run["kernel"]["nonce_seen"], "cmdline", "where the nonce was seen")
    proof = run["attempts"][-1]["provenance"]
    check(proof["proven"], f"not proven: {json.dumps(proof)[:800]}")


main(make=MatrixLab, ready=ready)
