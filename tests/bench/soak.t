#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bootrig soak: repeats, counts, survives kills, and says what the times prove."""
import glob
import os
import signal
import subprocess
import time

from campaign import Campaign
from rig import (BOOT, BOOTRIG, SHELL, Receiver, case, check, check_eq, check_replay, inline, main,
                 minimal_job, seconds)

# Dies so many seconds after it was asked to.
DIE = """
hook die {
say "[   12.3] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000020"
say "[   12.3] Kernel panic - not syncing: Oops: Fatal exception"
say "[   12.4] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---"
hang
}
hook warn { say "[   11.0] Kernel panic - not syncing: another one" ; say "[   11.1] ---[ end Kernel panic - not syncing: another one ]---" ; hang }
hook down { say "reboot: Power down"; mark down; hang }
"""


# A board that stays in its firmware is the lab's.
def stuck(*boots):
    return "".join(f'boot {n} {{ say "U-Boot SPL 2023.01 (Jan 12 2023 - 01:38:39 +0000)"; hang }}\n' for n in boots)


class Soak(Campaign):
    """`bootrig soak`."""

    @property
    def soak(self):
        return self.result["soak"]


def seeded(t, times, **soak):
    """A job whose nth boot dies after times[n] seconds; "-" never does."""
    with open(os.path.join(t.tmp, "times"), "w", encoding="ascii") as f:
        f.write("\n".join(str(x) for x in times) + "\n")
    step = (f"read when < {t.tmp}/times; sed -i 1d {t.tmp}/times; "
            "case $when in -) sleep 50;; other) hook warn;; pass) ;; *) sleep $when; hook die;; esac")
    return minimal_job(inline([step]), soak=soak, expect={"kind": ["null-deref", "oops-other", "panic"],
                                                          "title": ["*NULL*", "*Oops*", "*null-deref*"]})


@case("boots are repeated until there are enough failures, and the interval is the textbook's")
def _(t):
    t.board(BOOT + SHELL + DIE)
    c = Soak(t, seeded(t, [0.4, "-", 0.8, "-", 0.2]), "--boots", "5", "--each", "4s")
    check_eq(c.run(), 1, "exit status" + c.text())
    c.check_books()
    g = c.soak["groups"][0]
    check_eq([o["failed"] for o in g["observations"]], [True, False, True, False, True], "failed")
    for o, want in zip(g["observations"], (0.4, 4, 0.8, 4, 0.2)):
        check(want - 0.05 < o["seconds"] < want + 2.5, f"{o} is not about {want} s")
    total = sum(o["seconds"] for o in g["observations"])
    rate = g["rate"]
    check_eq((rate["n_failures"], rate["n"]), (3, 5), "failures of observations")
    check(abs(rate["exposure_s"] - total) < 1e-3, f"exposure {rate['exposure_s']}, sum {total}")
    check(abs(rate["mttf_s"] - total / 3) < 1e-3, f"mttf {rate['mttf_s']}")
    # NIST e-Handbook 8.4.5.1, stopped by number of boots: chi-square 2r+2 and 2r
    check(abs(rate["mttf_low_s"] - 2 * total / 17.5345) < 1e-2, f"low {rate['mttf_low_s']}")
    check(abs(rate["mttf_high_s"] - 2 * total / 1.23734) < 1e-2, f"high {rate['mttf_high_s']}")
    check_eq(c.result["verdict"]["reason"], "3 of 5 boots failed", "reason")
    check(any("all:" in x for x in c.soak["lines"]), f"lines: {c.soak['lines']}")
    check("UNDER TEST" in c.text(), "no page was printed")
    check_eq([x["result"] for x in c.result["tests"]], ["fail", "pass", "fail", "pass", "fail"], "tests")


@case("a clean stretch is held against an earlier soak's rate")
def _(t):
    t.board(BOOT + SHELL + DIE)
    old = Soak(t, seeded(t, [0.3, 0.3]), "--failures", "2", "--each", "3s")
    check_eq(old.run(), 1, "exit status" + old.text())
    exposure, where = old.soak["groups"][0]["rate"]["exposure_s"], old.dirs[-1]
    new = Soak(t, seeded(t, ["-", "-"]), "--boots", "2", "--each", "2s", "--against", where)
    check_eq(new.run(), 0, "exit status" + new.text())
    clean = new.soak["groups"][0]["clean"]
    p = (exposure / (exposure + clean["seconds"])) ** 2
    check(abs(clean["p_old"] - p) < 1e-6 * (1 + p), f"p {clean['p_old']}, (S/(S+t))^k is {p}")
    check_eq(new.result["verdict"]["status"], "pass", "status")
    check(any("still held" in x for x in new.soak["lines"]), f"lines: {new.soak['lines']}")


@case("lab faults say nothing, other failures only how long the kernel had lived")
def _(t):
    t.board(stuck(1) + BOOT + SHELL + DIE)
    c = Soak(t, seeded(t, ["other", 0.3, "pass"]), "--boots", "3", "--each", "2s",
                 board_file=t.board_file(limits={"firmware": seconds(1)}))
    check_eq(c.run(), 1, "exit status" + c.text())
    c.check_books()
    s = c.soak
    check_eq((s["lab"], s["other"], s["failures"], s["survived"]), (1, 1, 1, 1), "counts" + c.text())
    check_eq([o["failed"] for o in s["groups"][0]["observations"]], [False, True, False], "failed")


@case("a lab that stays broken ends the soak, and it can be gone on with")
def _(t):
    t.board(stuck(1, 2, 3) + BOOT + SHELL + DIE)
    job, board = t.job_file(seeded(t, [0.2])), t.board_file(limits={"firmware": seconds(1)})
    c = Soak(t, job, "--failures", "1", "--each", "2s", board_file=board)
    check_eq(c.run(), 131, "exit status" + c.text())
    check_eq(c.load("campaign.json")["finished"], False, "finished")
    check_eq(c.run(), 1, "exit status" + c.text())
    check_eq(len(c.dirs), 1, "campaigns")
    check_eq((c.soak["lab"], c.soak["failures"]), (3, 1), "counts")


@case("SIGINT powers the board off, keeps what is known, and the same command goes on")
def _(t):
    b = t.board(BOOT + SHELL + DIE)
    job = t.job_file(seeded(t, [0.2, "-", 0.2]))
    c = Soak(t, job, "--failures", "2", "--each", "30s")
    p = c.start()
    b.wait_for("on", count=2)
    time.sleep(1.5)
    p.send_signal(signal.SIGINT)
    check_eq(c.finish(p), 130, "exit status" + c.text())
    check_eq(b.state()["power"], "off", "power")
    check_eq(c.result["exit_code"], 1, "exit_code of what is known")
    check_eq(Soak(t, job, "--failures", "2", "--each", "30s").run(), 1, "exit status" + c.text())
    c.check_books()
    check_eq(len(c.dirs), 1, "campaigns")
    obs = c.soak["groups"][0]["observations"]
    check_eq([o["failed"] for o in obs], [True, False, True], f"observations {obs}")
    check(obs[1]["seconds"] > 0.5, f"what was stopped had lived {obs[1]}")


@case("kill -9 of the soak, of its child, of both, at any moment: nothing is lost or counted twice")
def _(t):
    b = t.board(BOOT + SHELL + DIE)
    job = t.job_file(seeded(t, ["pass"] * 200))
    c = Soak(t, job, "--boots", "6", "--each", "5s")
    for whom, after in (("soak", 0.05), ("child", 0.2), ("soak", 0.5), ("both", 0.35), ("child", 0.6), ("soak", 0.8)):
        p = c.start()
        time.sleep(after)
        if whom in ("child", "both"):
            c.kill_child(p)
        if whom in ("soak", "both"):
            p.kill()
        if whom == "child":
            b_now = c.finish(p)
            check(b_now in (0, 125, 131), f"exit status {b_now} after the child's death" + c.text())
            if b_now == 0:
                break
        else:
            p.wait()
            t.children.remove(p)
        # Killed before it had begun, or behind the last boot.
        if whom == "soak" and c.dirs and os.path.exists(os.path.join(c.dirs[-1], "result.json")):
            check(c.result["campaign"]["state"] in ("running", "finished"), f"state {c.result['campaign']}")
        books = [d for d in c.dirs if os.path.exists(os.path.join(d, "campaign.json"))]
        check(len(books) <= 1, f"campaigns: {c.dirs}")
        if books and c.load("campaign.json")["finished"]:
            break
    if not books or not c.load("campaign.json")["finished"]:
        check_eq(c.run(), 0, "exit status" + c.text())
    c.check_books()
    s = c.soak
    check_eq((s["survived"], s["failures"]), (6, 0), f"counts {s}")
    check_eq(b.state()["power"], "off", "power")
    for b in c.load("campaign.json")["boots"]:
        if b["run"] and not b["broke_off"]:
            check_replay(os.path.join(c.dirs[-1], b["run"]))


@case("a soak that runs, and one that was killed, has a result that says so and how far it came")
def _(t):
    b = t.board(BOOT + SHELL + DIE)
    c = Soak(t, t.job_file(seeded(t, ["pass", "pass", "-", 0.2])), "--boots", "4", "--each", "30s")

    def told(state, status, reason, end):
        r = c.result
        check_eq((r["campaign"]["state"], r["verdict"]["status"], r["verdict"]["reason"], r["end_time"] is None),
                 (state, status, reason, end), "state, verdict, whether it has no end")
        return r

    p = c.start()
    b.wait_for("on", count=3)
    r = told("running", "lab", "so far: 2 boots without a failure", True)
    check_eq((r["exit_code"], [a["status"] for a in r["attempts"]]), (125, ["pass", "pass"]), "exit code, attempts")
    p.kill()
    p.wait()
    t.children.remove(p)
    told("running", "lab", "so far: 2 boots without a failure", True)
    line = subprocess.run([BOOTRIG, "report", "--table", c.dirs[-1], c.dirs[-1]], capture_output=True, text=True, check=True)
    check("so far: 2 boots" in line.stdout, line.stdout)
    p = c.start()
    b.wait_for("off", count=2)
    b.wait_for("on", count=4)
    check(told("running", "lab", c.result["verdict"]["reason"], True)["campaign"]["sessions"] == 2, "sessions")
    check_eq(c.finish(p), 1, "exit status" + c.text())
    told("finished", "fail", c.result["verdict"]["reason"], False)


@case("a soak's result is posted once, when it is over, and its boots each")
def _(t):
    t.board(BOOT + SHELL + DIE)
    receiver = Receiver(t)
    job = seeded(t, ["pass", "pass"])
    job["bootrig"]["results"] = [{"post": receiver.url}]
    c = Soak(t, job, "--boots", "2")
    check_eq(c.run(), 0, "exit status" + c.text())
    runs = [os.path.basename(b["run"]) for b in c.load("campaign.json")["boots"]]
    check_eq(receiver.ids(), sorted([*runs, os.path.basename(c.dirs[-1])]), "posted")
    check_eq(receiver.get(os.path.basename(c.dirs[-1]))["soak"], c.soak, "soak as posted")


@case("levels take turns; each boot finds what the boot before left, by shutdown or by a cut")
def _(t):
    b = t.board(BOOT + SHELL + DIE)
    root = [{"name": "root", "levels": [{"name": "clean", "end": "shutdown"}, {"name": "dirty", "end": "cut"}]}]
    c = Soak(t, seeded(t, ["-", 0.2, "-", "-"], shutdown="hook down", factors=root),
                 "--boots", "4", "--each", "1s")
    check_eq(c.run(), 1, "exit status" + c.text())
    c.check_books()
    boots = c.load("campaign.json")["boots"]
    told = [(x["level"], x["counted"], x["ended"]) for x in boots]
    check_eq(told, [("root=clean", "prepare", "shutdown"),  # nobody knows how it stood
                    ("root=clean", "survived", "cut"),
                    ("root=dirty", "failure", None),
                    ("root=clean", "prepare", "shutdown"),  # a panic leaves nothing clean
                    ("root=clean", "survived", "cut"),
                    ("root=dirty", "survived", "shutdown")], "boots")
    check_eq(len(b.marks("down")), 3, "shutdowns")
    s = c.soak
    check_eq([(g["level"], g["failures"], g["survived"]) for g in s["groups"]],
             [("root=clean", 0, 2), ("root=dirty", 1, 1)], "groups")
    cmp = s["comparisons"][0]
    check_eq((cmp["of"], cmp["a"], cmp["b"]), ("root", "clean", "dirty"), "comparison")
    check(any("dirty against clean" in x for x in s["lines"]), f"lines: {s['lines']}")


@case("a number of failures in all ends no single group: its limits are those of time, and a level never tried is told")
def _(t):
    t.board(BOOT + SHELL + DIE)
    levels = [{"name": "gpu", "levels": [{"name": n} for n in ("idle", "busy", "off")]}]
    c = Soak(t, seeded(t, [0.3, 0.2], factors=levels), "--failures", "2", "--each", "5s")
    check_eq(c.run(), 1, "exit status" + c.text())
    idle = c.soak["groups"][0]["rate"]
    # chi-square(0.975; 2r + 2); one group alone has 2r, which is 7.378
    check(abs(idle["mttf_low_s"] - 2 * idle["exposure_s"] / 11.14329) < 1e-4, f"low limit of {idle}")
    check("gpu: off against idle: no boot of off was under test, nothing to compare" in c.soak["lines"],
          f"lines: {c.soak['lines']}")


@case("a job whose timeouts end its tests before --each does is warned of, a job that was edited as well")
def _(t):
    t.board(BOOT + SHELL + DIE)
    spec = seeded(t, ["-", "-", "pass"])
    spec["timeouts"]["action"] = seconds(2)
    job = t.job_file(spec)
    c = Soak(t, job, "--boots", "2", "--each", "2s")
    p = c.start()
    time.sleep(2)
    p.send_signal(signal.SIGINT)
    check_eq(c.finish(p), 130, "exit status" + c.text())
    check("no boot gets as far as 2.0 s (each): the job's timeouts end its tests after 2.0 s" in c.text(), c.text())
    with open(job, "a", encoding="utf-8") as f:
        f.write("\n")
    c = Soak(t, job, "--boots", "1", "--each", "1s")
    check_eq(c.run(), 0, "exit status" + c.text())
    check(f"not gone on with: {c.dirs[0]}, whose job was changed since" in c.text(), c.text())
    check("no boot gets" not in c.text(), c.text())
    again = Soak(t, job, "--boots", "1", "--each", "1s")
    check_eq(again.run(), 0, "exit status" + again.text())
    check("not gone on with" not in again.text(), "it is told for ever" + again.text())


@case("--for ends the soak in time, also inside a boot")
def _(t):
    t.board(BOOT + SHELL + DIE)
    start = time.monotonic()
    c = Soak(t, seeded(t, ["-"] * 20), "--for", "4s")
    check_eq(c.run(), 0, "exit status" + c.text())
    check(time.monotonic() - start < 15, f"it took {time.monotonic() - start:.1f} s")
    check_eq(c.soak["survived"], len(c.soak["groups"][0]["observations"]), "survived")


@case("--for counts what ran before a kill -9, also of a board that was silent")
def _(t):
    b = t.board(BOOT + SHELL + DIE)
    c = Soak(t, t.job_file(seeded(t, ["-"] * 20)), "--for", "9s")
    start = time.monotonic()
    p = c.start()
    b.wait_for("typed", count=1)
    time.sleep(6)
    ran = time.monotonic() - start
    p.kill()
    p.wait()
    t.children.remove(p)
    check_eq(c.run(), 0, "exit status" + c.text())
    c.check_books()
    boots = c.load("campaign.json")["boots"]
    check(boots[0]["broke_off"], f"boots {boots}")
    check(ran - 2 < boots[0]["seconds"] < ran + 0.5, f"the boot that was killed counts {boots[0]['seconds']} s of {ran:.1f}")
    total = sum(x["seconds"] for x in boots)
    check(8 < total < 12, f"{total} s in all, want about 9")
    check(boots[0]["observations"][0]["seconds"] <= boots[0]["seconds"], f"under test {boots[0]['observations']}")


@case("a soak without an end, or with words that mean nothing, is refused before a relay clicks")
def _(t):
    b = t.board(BOOT + SHELL)
    job = t.job_file(minimal_job())
    for args, want in (([], "has no end"), (["--boots", "0"], "expected 1 to"),
                       (["--for", "ever"], "expected a duration"), (["--boots", "1", "--kernel", "x"], "has no kernel"),
                       (["--for", "500ms"], "at least 1s"),
                       (["--boots", "1", "--against", "/nowhere"], "--against"),
                       (["--boots", "1", "--resume", "/nowhere"], "/nowhere is no directory of a matrix or soak"),
                       (["--boots", "1", "--resume", t.tmp], "is no directory of a matrix or soak"),
                       (["--boots", "1", "--resume", t.tmp, "--new"], "contradict")):
        c = Soak(t, job, *args)
        check_eq(c.run(), 129, f"exit status of {args}")
        check(want in c.text(), f"{args}: {c.text()}")
    check_eq(b.clicks(), [], "clicks")


@case("report shows a soak's page again, and one line for it among other runs")
def _(t):
    t.board(BOOT + SHELL + DIE)
    c = Soak(t, seeded(t, ["pass"]), "--boots", "1")
    check_eq(c.run(), 0, "exit status" + c.text())
    one = subprocess.run([BOOTRIG, "report", "--table", c.dirs[-1]], capture_output=True, text=True, check=True)
    check("UNDER TEST" in one.stdout, one.stdout)
    run = glob.glob(os.path.join(c.dirs[-1], "runs", "*"))[0]
    both = subprocess.run([BOOTRIG, "report", "--table", c.dirs[-1], run], capture_output=True, text=True, check=True)
    check_eq(len(both.stdout.splitlines()), 3, both.stdout)
    check("1 boot without a failure" in both.stdout, both.stdout)


main()
