# SPDX-License-Identifier: GPL-2.0-or-later
"""The recovery of a board that failed: rungs as its file has them, and what was done to it."""
import os

from rig import FAKEBOARD, PROMPT, console, seconds

GOOD = 'shell "good:~# "\n'
PROOF = {"prompts": [r"good:~# $"], "timeout": seconds(15)}
PANIC = console("panic") + 'say "[   21.502700] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---"\n'
# A prompt without a shell behind it: nothing that is typed runs on this host.
DUMB = 'print "%s"\n' % PROMPT


def rung(kind, **more):
    return {"rung": kind, **PROOF, **more}


def actions(r, *kinds):
    return [a for a in r.lines("actions.jsonl") if a["do"] in kinds]


def order(r):
    """What was done to the board since the ladder began or a wedged kernel was asked."""
    words = []
    for a in r.lines("actions.jsonl"):
        if a["do"] in ("power", "sysrq"):
            words.append(a.get("what") or "sysrq-" + a["key"])
        elif a["do"] == "harvest":
            words.append("harvest")
    return words


def board_file(t, recovery, **more):
    return t.board_file(recovery=recovery, **more)


def breaking(t):
    """The console of a board that gets its BREAK by a command of the lab."""
    return {"transport": "pty", "device": os.path.join(t.tmp, "board", "console"),
            "break_command": f"{FAKEBOARD} ctl {os.path.join(t.tmp, 'board')} break"}
