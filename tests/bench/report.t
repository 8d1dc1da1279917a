#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Results on their way out: posted, kept for later, and never in the way of the verdict."""
import os
import subprocess

from rig import (BOOT, BOOTRIG, LIMIT_S, SHELL, Receiver, case, check, check_eq, console, inline,
                 main, minimal_job)


def flush(t):
    done = subprocess.run([BOOTRIG, "post", "--flush"], env=t.env, capture_output=True,
                          timeout=LIMIT_S, check=False)
    return done


@case("the result reaches the receiver that the job names, as result.json has it")
def _(t):
    receiver = Receiver(t)
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), results=[{"post": receiver.url}]))
    check_eq(r.code, 0, "exit status")
    flush(t)
    check_eq(receiver.ids(), [r.result["id"]], "runs received")
    check_eq(receiver.get(r.result["id"]), r.result, "the body")


@case("a receiver that is down costs no verdict, and the result waits for it")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["false"]), results=[{"post": "http://127.0.0.1:9/results"}]))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "test", "kind")
    pending = os.listdir(os.path.join(t.tmp, "spool", "pending"))
    check_eq(len(pending), 1, "entries in the outbox")


@case("an answer that is lost does not post a result twice")
def _(t):
    receiver = Receiver(t, "--script", "lostok,ok")
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"]), results=[{"post": receiver.url}]))
    check_eq(r.code, 0, "exit status")
    for _ in range(2):
        flush(t)
    check_eq(receiver.ids(), [r.result["id"]], "runs received")


@case("kcidb.json and junit.xml tell the same verdict")
def _(t):
    t.board(BOOT + console("null-deref") + console("fatal-exception") + "hang\n")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 1, "exit status")
    kcidb = r.load("kcidb.json")
    check_eq(kcidb["version"]["major"], 5, "KCIDB version")
    boot = [x for x in kcidb["tests"] if x.get("path", "").split(".")[0] == "boot"]
    check(boot and boot[0]["status"] == "FAIL", f"KCIDB boot test: {boot}")
    with open(r.path("junit.xml"), encoding="utf-8") as f:
        check("<failure" in f.read(), "junit.xml has no failure")


@case("a lab fault before the kernel is MISS for KCIDB and an error for JUnit")
def _(t):
    t.board("hang\n")
    r = t.run(minimal_job(inline(["true"]), silence=2, timeout=15),
              t.board_file(limits={"firmware": {"seconds": 3}}))
    check_eq(r.verdict["status"], "lab", "status")
    boot = [x for x in r.load("kcidb.json")["tests"] if x.get("path", "").split(".")[0] == "boot"]
    check(boot and boot[0]["status"] == "MISS", f"KCIDB boot test: {boot}")
    with open(r.path("junit.xml"), encoding="utf-8") as f:
        check("<error" in f.read(), "junit.xml has no error")


if __name__ == "__main__":
    main()
