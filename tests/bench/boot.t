#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Good boots, logins, test steps and the results they leave."""
import json
import os

from rig import BOOT, FIRMWARE, SHELL, PROMPT, case, check, check_eq, inline, main, minimal_job

LOGIN = """
print "\\r\\nvirt login: "
echo on
expect "^root$"
echo off
print "Password: "
expect "^secret$"
say ""
"""


@case("a board with console and power alone boots, runs its steps and passes")
def _(t):
    b = t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true", "test -d /", "echo hello"])))
    check_eq(r.code, 0, "exit status")
    check_eq(r.verdict["status"], "pass", "status")
    check_eq(r.verdict["kind"], None, "kind")
    check_eq(r.result["boots"], 1, "boots")
    check_eq(r.result["incidents"], [], "incidents")
    check_eq(r.result["error_type"], None, "error_type")
    check_eq(len(r.result["attempts"]), 1, "attempts")
    check(r.result["tests"], "no tests in the result")
    check(all(x["result"] == "pass" for x in r.result["tests"]), f"tests: {r.result['tests']}")
    check(all(x["suite"] == "smoke" for x in r.result["tests"]), f"suites: {r.result['tests']}")
    check_eq(r.result["power"]["final"], "off", "power.final")
    check_eq(b.clicks()[-2:], ["on", "off"], "clicks")
    check("test -d /" in b.typed(), "the step was not typed")


@case("a boot without tests passes when the prompt is there")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job())
    check_eq(r.code, 0, "exit status")
    check_eq(r.result["tests"], [], "tests")
    stages = [s["stage"] for s in r.result["stages"]]
    check_eq(stages[-1], "userspace", "the last stage")
    check("spl" in stages and "kernel" in stages, f"stages: {stages}")
    check(r.result["kernel"]["seen"].startswith("Linux version 6.1.0-fake"), "kernel.seen")


@case("the greeting \"Last login:\" is no login prompt")
def _(t):
    greeting = 'say "" "Last failed login: Sun Nov 22 10:00:00 UTC 2026" "Last login: Mon Nov 23"\ndelay 100\n'
    b = t.board(BOOT + LOGIN + greeting + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"auto_login": {
        "login_prompt": "login:", "username": "root", "password_prompt": "Password:",
        "password": "secret"}}))
    check_eq(r.code, 0, "exit status")
    check_eq(b.typed().count("root"), 1, "names typed")


@case("a login prompt is answered with user and password")
def _(t):
    b = t.board(BOOT + LOGIN + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"auto_login": {
        "login_prompt": "login:", "username": "root", "password_prompt": "Password:",
        "password": "secret"}}))
    check_eq(r.code, 0, "exit status")
    check("root" in b.typed() and "secret" in b.typed(), "no login was typed")


@case("the second of two prompts may come where a password was expected")
def _(t):
    t.board(BOOT + """
print "virt login: "
echo on
expect "^root$"
echo off
""" + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"prompts": ["other:~# $", r"virt:~# $"], "auto_login": {
        "login_prompt": "login:", "username": "root", "password_prompt": "Password:",
        "password": "none"}}))
    check_eq(r.code, 0, "exit status")
    check(r.result["duration_s"] < 10, f"took {r.result['duration_s']} s")


@case("passwords and tokens are in no file but the console's")
def _(t):
    t.board(BOOT + LOGIN.replace("secret", "pa55word") + SHELL)
    action = inline(["test $API_TOKEN = t0ken5"])
    action["test"]["definitions"][0]["parameters"] = {"API_TOKEN": "t0ken5"}
    job = minimal_job(action, boot={"auto_login": {
        "login_prompt": "login:", "username": "root", "password_prompt": "Password:",
        "password": "pa55word"}})
    job["metadata"] = {"build": "https://ci:pa55word@example.org/?token=t0ken5", "secret": "t0ken5"}
    r = t.run(job)
    check_eq(r.code, 0, "exit status")
    for name in os.listdir(r.dir):
        if name == "console.raw" or os.path.isdir(r.path(name)):
            continue
        with open(r.path(name), encoding="utf-8") as f:
            text = f.read()
        for word in ("pa55word", "t0ken5"):
            lines = [line for line in text.splitlines() if word in line and "test $API_TOKEN" not in line]
            check(not lines, f"{name} has {word}: {lines[:1]}")


@case("a login without a password needs no password prompt")
def _(t):
    t.board(BOOT + """
print "virt login: "
echo on
expect "^root$"
echo off
""" + SHELL)
    r = t.run(minimal_job(inline(["true"]), boot={"auto_login": {
        "login_prompt": "login:", "username": "root"}}))
    check_eq(r.code, 0, "exit status")


@case("the console may be a unix socket")
def _(t):
    t.board(BOOT + SHELL, "--unix")
    r = t.run(minimal_job(inline(["true"])), t.board_file(transport="unix"))
    check_eq(r.code, 0, "exit status")


@case("a tty that nobody has put into raw mode yet is put there")
def _(t):
    b = t.board(BOOT + SHELL, "--cooked")
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 0, "exit status")
    check("Linux version" not in b.typed(), "the tty echoed the board's own words")


@case("a step that exits with another status than 0 is a failed test and exit status 1")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true", "test -d /no/such/directory", "true"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["status"], "fail", "status")
    check_eq(r.verdict["kind"], "test", "kind")
    check_eq(r.result["error_type"], None, "error_type (the board answered; nobody erred)")
    check(any(x["result"] == "fail" for x in r.result["tests"]), f"tests: {r.result['tests']}")


@case("a step that exits fails with its status, and the next shell goes on")
def _(t):
    t.board(BOOT + SHELL + SHELL)
    r = t.run(minimal_job(inline(["lava-test-case a --result pass", "exit 3",
                                  "lava-test-case b --result pass"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.verdict["kind"], "test", "kind")
    check_eq([x["result"] for x in r.result["tests"] if x["name"].startswith("step-")],
             ["pass", "fail", "pass"], "steps")
    check("exit status 3" in r.verdict["reason"], r.verdict["reason"])
    check_eq([x["name"] for x in r.result["tests"] if x["source"] == "lava"], ["a", "b"], "cases")


@case("a step with a syntax error is a failed test at once")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["if true; then", "echo \"unbalanced", "true"])))
    check_eq([x["result"] for x in r.result["tests"]], ["fail", "fail", "pass"], "steps")
    check(r.result["duration_s"] < 5, f"took {r.result['duration_s']} s")


@case("a step that prints what the end of a step looks like still fails")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline([
        "for i in 1 2 3 4 5 6; do echo bootrig-$i:0:; done; sleep 0.2; false"])))
    check_eq(r.code, 1, "exit status")
    check_eq(r.tests(), {"step-1": "fail"}, "tests")


@case("a step may be longer than a tty takes as one line")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline([
        "x=" + "a" * 5000 + "; test ${#x} = 5000",
        "n=$(cat <<EOF | wc -l\n" + "it's a line \u00e9\n" * 400 + "EOF\n); test $n = 400"])))
    check_eq(r.code, 0, f"exit status ({r.verdict})")


@case("LAVA signals on the console become test cases")
def _(t):
    t.board(BOOT + SHELL + """
hook signals {
    say "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=latency RESULT=pass MEASUREMENT=12.5 UNITS=us>"
    say "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=jitter RESULT=fail>"
    say "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=gpu RESULT=skip>"
}
""")
    r = t.run(minimal_job(inline(["hook signals"])))
    tests = r.tests()
    check_eq(tests.get("latency"), "pass", "latency")
    check_eq(tests.get("jitter"), "fail", "jitter")
    check_eq(tests.get("gpu"), "skip", "gpu")
    latency = [x for x in r.result["tests"] if x["name"] == "latency"][0]
    check_eq(float(latency["measurement"]), 12.5, "measurement")
    check_eq(latency["units"], "us", "units")
    check_eq(r.code, 1, "exit status")


@case("lava-test-case works at the board's prompt")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["lava-test-case root-is-there --shell test -d /",
                                  "lava-test-case no-such-file --shell test -e /no/such",
                                  "lava-test-case by-hand --result pass"])))
    tests = r.tests()
    check_eq(tests.get("root-is-there"), "pass", "root-is-there")
    check_eq(tests.get("no-such-file"), "fail", "no-such-file")
    check_eq(tests.get("by-hand"), "pass", "by-hand")
    check_eq(r.code, 1, "exit status")


@case("KTAP on the console becomes test cases, printk stamps and all")
def _(t):
    t.board(BOOT + SHELL + """
hook ktap {
    say "[   30.000001] KTAP version 1" "[   30.000002] 1..1"
    say "[   30.000003]     KTAP version 1" "[   30.000004]     # Subtest: vb2" "[   30.000005]     1..3"
    say "[   30.000006]     ok 1 fence_attach" "[   30.000007]     not ok 2 fence_signal"
    say "[   30.000008]     ok 3 fence_null # SKIP no hardware"
    say "[   30.000009] # vb2: pass:1 fail:1 skip:1 total:3" "[   30.000010] not ok 1 vb2"
}
""")
    r = t.run(minimal_job(inline(["hook ktap"])))
    tests = {k.split(".")[-1]: v for k, v in r.tests().items()}
    check_eq(tests.get("fence_attach"), "pass", "fence_attach")
    check_eq(tests.get("fence_signal"), "fail", "fence_signal")
    check_eq(tests.get("fence_null"), "skip", "fence_null")
    check_eq(r.code, 1, "exit status")


@case("a monitor reads results from what the board prints by itself")
def _(t):
    t.board(BOOT + """
print "%s"
delay 300
say "BEGIN selftests" "dma: OK" "fence: FAILED" "END selftests"
hang
""" % PROMPT)
    r = t.run(minimal_job({"test": {"monitors": [{
        "name": "selftests", "start": "BEGIN selftests", "end": "END selftests",
        "pattern": r"(?P<test_case_id>\w+): (?P<result>OK|FAILED)",
        "fixupdict": {"OK": "pass", "FAILED": "fail"}}]}},
        boot={"prompts": ["Booting Linux"]}))
    check_eq(r.tests().get("dma"), "pass", "dma")
    check_eq(r.tests().get("fence"), "fail", "fence")
    check_eq(r.code, 1, "exit status")


@case("an interactive script sends its commands and judges the answers")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job({"test": {"interactive": [{
        "name": "talk", "prompts": [r"virt:~# "], "echo": "discard", "script": [
            {"name": "greets", "command": "echo good day",
             "successes": [{"message": "good day"}]},
            {"name": "finds", "command": "ls /no/such/file",
             "successes": [{"message": "/no/such/file is there"}],
             "failures": [{"message": "No such file", "error": "not there"}]}]}]}}))
    check_eq(r.tests().get("greets"), "pass", "greets")
    check_eq(r.tests().get("finds"), "fail", "finds")
    check_eq(r.code, 1, "exit status")


@case("--json FILE holds the same as result.json")
def _(t):
    t.board(BOOT + SHELL)
    path = os.path.join(t.tmp, "out.json")
    r = t.run(minimal_job(inline(["true"])), args=["--json", path])
    with open(path, encoding="utf-8") as f:
        check_eq(json.load(f), r.result, "--json FILE")


@case("the run directory holds everything that a reader needs")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    for name in ("job.yaml", "board.yaml", "console.raw", "console.idx", "actions.jsonl",
                 "events.jsonl", "result.json", "kcidb.json", "junit.xml"):
        check(os.path.exists(r.path(name)), f"no {name}")
    check_eq(os.path.basename(r.dir), r.result["id"], "id")
    check(r.lines("actions.jsonl") and r.lines("events.jsonl"), "an empty record")


@case("test results of a step that prints its own prompt are not mixed up")
def _(t):
    t.board(BOOT + SHELL)
    r = t.run(minimal_job(inline(["printf 'virt:~# '; sleep 0.3; false", "true"])))
    check_eq(r.code, 1, "exit status")
    check_eq([x["result"] for x in r.result["tests"]][:2], ["fail", "pass"], "tests")


@case("a quiet kernel that prints nothing before its prompt passes too")
def _(t):
    t.board(FIRMWARE + 'say "Starting kernel ..." ""\ndelay 300\n' + SHELL)
    r = t.run(minimal_job(inline(["true"])))
    check_eq(r.code, 0, "exit status")


if __name__ == "__main__":
    main()
