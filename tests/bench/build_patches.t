#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches that `bootrig build` puts on a base: series, mboxes, and what does not apply."""
import os

from rig import case, check, check_eq, main
from tiny_kernel import NEW_FILE, SECOND, TINY, build, git, pool_file, read, repository, series

TWO_HUNKS = """--- a/drivers/first.c
+++ b/drivers/first.c
@@ -5,4 +5,4 @@
 int first(int x)
 {
-\tint y = x;
+\tint y = -x;
 
@@ -16,4 +16,4 @@
 \ty += 8;
-\ty += 99;
+\ty += 90;
 \ty += 10;
 \treturn y;
"""


@case("from one point of a series to another only what differs is compiled, and back again")
def _(t):
    s = series(t)
    check_eq(build(t, "--series", s).compiled, 3, "all of it")
    check_eq(build(t).compiled, 2, "without the patches: their two files")
    check(not os.path.exists(pool_file(t, "include/linux/fresh.h")), "the new file stayed")
    check_eq(read(pool_file(t, "drivers/second.c")), read(os.path.join(TINY, "drivers/second.c")), "the base's file")
    two = build(t, "--series", s, "--upto", "0001-second")
    check_eq((two.compiled, [p["name"] for p in two.patches]), (1, ["0001-second.patch"]), "one patch")
    check("x * 3" in read(pool_file(t, "drivers/second.c")), "not patched")


@case("a patch that was edited since needs no taking back")
def _(t):
    build(t, "--series", series(t, {"a.patch": SECOND}))
    b = build(t, "--series", series(t, {"a.patch": SECOND.replace("x * 3", "x * 4")}))
    check_eq(b.compiled, 1, "objects")
    check("x * 4" in read(pool_file(t, "drivers/second.c")), "the old patch is still there")


@case("a patch that does not apply is named with its file, hunk and line, and nothing is compiled")
def _(t):
    s = series(t, {"0001-second.patch": SECOND, "0002-first.patch": TWO_HUNKS})
    b = build(t, "--series", s, expect=125)
    check(f"{s}/0002-first.patch: hunk 2 of drivers/first.c (line 16) does not apply" in b.err, b.err)
    check("compiling" not in b.err, "it compiled")
    check_eq(read(pool_file(t, "drivers/second.c")), read(os.path.join(TINY, "drivers/second.c")), "the tree")
    gone = series(t, {"x.patch": SECOND.replace("second.c", "third.c")}, "gone")
    b = build(t, "--series", gone, expect=125)
    check("x.patch: does not apply: drivers/third.c: No such file" in b.err, b.err)


@case("a patch that leads out of the tree is refused before anything is touched")
def _(t):
    evil = SECOND.replace("drivers/second.c", "../../../evil")
    b = build(t, "--series", series(t, {"evil.patch": evil}), expect=129)
    check("evil.patch:5: a file name leads out of the source tree" in b.err, b.err)
    check(not os.listdir(os.path.join(t.tmp, "pool", "src")), "a tree was made")


@case("patches of a sibling series, with -p0, and a series file that names what is not there")
def _(t):
    series(t, {"0001-second.patch": SECOND}, "common")
    s = series(t, {}, "variant")
    with open(os.path.join(s, "own.patch"), "w", encoding="utf-8") as f:
        f.write(NEW_FILE.replace("a/", "").replace("b/", ""))
    with open(os.path.join(s, "series"), "w", encoding="utf-8") as f:
        f.write("../common/0001-second.patch  # shared\nown.patch -p0\n")
    b = build(t, "--series", s)
    check_eq([p["name"] for p in b.patches], ["0001-second.patch", "own.patch"], "patches")
    with open(os.path.join(s, "series"), "a", encoding="utf-8") as f:
        f.write("\nnothing.patch\n")
    b = build(t, "--series", s, expect=129)
    check(f"{s}/series:4:1: there is no {s}/nothing.patch" in b.err, b.err)


@case("an mbox that never ends is refused")
def _(t):
    b = build(t, "--series", "/dev/zero", expect=129)
    check("/dev/zero: expected a directory of patches or an mbox" in b.err, b.err)


@case("an mbox is a series too, mail encodings undone, its cover letter left out")
def _(t):
    repo, ids = repository(t)
    box = os.path.join(t.tmp, "all.mbox")
    with open(box, "w", encoding="utf-8") as f:
        f.write(git(repo, "format-patch", "--stdout", "--cover-letter", f"{ids[0]}..main") + "\n")
    b = build(t, "--series", box, base=f"{repo}#{ids[0]}")
    check_eq([p["name"] for p in b.patches], ["tiny: triple", "tiny: fresh"], "mails")
    with open(box, encoding="utf-8") as f:
        text = f.read()
    # As b4 sends it: what changed since the last version, and the diffstat, below a line of its own.
    with open(box, "w", encoding="utf-8") as f:
        f.write(text.replace("*** BLURB HERE ***", "Three is more.\n\n---\nChanges in v2:\n- as v1, with a letter", 1))
    b = build(t, "--series", box, base=f"{repo}#{ids[0]}")
    check_eq([p["name"] for p in b.patches], ["tiny: triple", "tiny: fresh"], "mails behind such a letter")
    text = text.replace("Subject: [PATCH 1/2]", "Content-Transfer-Encoding: quoted-printable\nSubject: [PATCH 1/2]")
    check("quoted-printable" in text, "no first mail")
    with open(box, "w", encoding="utf-8") as f:
        f.write(text.replace("x * 3", "x =2A 3").replace("= ", "=3D "))
    b = build(t, "--series", box, "--upto", "1", base=f"{repo}#{ids[0]}")
    check("x * 3" in read(pool_file(t, "drivers/second.c")), "the encoding was not undone")


main()
