#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the source of `bootrig build` comes from: git, tarballs, and trees that somebody works in."""
import fcntl
import os
import subprocess

from rig import LIMIT_S, case, check, check_eq, main
from tiny_kernel import SECOND, build, git, pool_file, read, repository, series, start, tiny_copy


@case("a git repository and a range: each commit is a point, the repository is only read")
def _(t):
    repo, ids = repository(t)
    before = sorted(os.path.join(d, f) for d, _, names in os.walk(repo) for f in names)
    b = build(t, "--series", f"{ids[0]}..main", base=repo)
    check_eq(b.base_commit, ids[2], "the last commit")
    check_eq([p["name"] for p in b.patches], ["tiny: triple", "tiny: fresh"], "commits")
    one = build(t, "--series", f"{ids[0]}..main", "--upto", "1", base=repo)
    check_eq((one.base_commit, one.compiled), (ids[1], 1), "the first commit: one file differs")
    check_eq(build(t, "--series", f"{ids[0]}..main", "--upto", ids[1][:10], base=repo).key, one.key, "by its id")
    check_eq(build(t, "--series", ids[1], base=repo).key, one.key, "a commit alone")
    check_eq(build(t, base=f"{repo}#{ids[1]}").key, one.key, "a revision behind the base")
    zero = build(t, "--series", f"{ids[0]}..main", "--upto", "0", base=repo)
    check_eq(zero.base_commit, ids[0], "none of the range")
    after = sorted(os.path.join(d, f) for d, _, names in os.walk(repo) for f in names)
    check_eq(after, before, "files of the repository")
    b = build(t, "--series", f"{ids[1]}..main", "--upto", ids[0], base=repo, expect=129)
    check("is not in it" in b.err, b.err)
    b = build(t, "--series", "nothing..main", base=repo, expect=129)
    check("no commit nothing" in b.err, b.err)


@case("a merge is one point of a range, and a range that goes nowhere is refused")
def _(t):
    repo, ids = repository(t)
    git(repo, "checkout", "-q", "-b", "side", ids[0])
    append(os.path.join(repo, "drivers/extra.c"), "int side;\n")
    git(repo, "commit", "-q", "-a", "-m", "tiny: side")
    side = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "-m", "tiny: merge", "side")
    b = build(t, "--series", f"{ids[0]}..main", base=repo)
    check_eq([p["name"] for p in b.patches], ["tiny: triple", "tiny: fresh", "tiny: merge"], "points")
    for series_of in (f"{ids[1]}..{ids[0]}", f"{ids[1]}..{side}"):
        b = build(t, "--series", series_of, base=repo, expect=129)
        check("is no ancestor of the second" in b.err, b.err)


@case("what a checkout that was killed left in the pool's tree is not built")
def _(t):
    repo, ids = repository(t)
    build(t, base=f"{repo}#{ids[0]}")
    tree = pool_file(t)
    os.remove(os.path.join(tree.rstrip("/") + ".state", "base"))
    append(os.path.join(tree, "include/linux/fresh.h"), "of another commit\n")
    build(t, "--series", f"{ids[0]}..main", "--upto", "1", base=repo)
    check(not os.path.exists(pool_file(t, "include/linux/fresh.h")), "a file of no commit is there")


@case("patches go on top of a commit, and off again for the next commit")
def _(t):
    repo, ids = repository(t)
    patched = build(t, "--series", series(t, {"a.patch": SECOND}), base=f"{repo}#{ids[0]}")
    check_eq(patched.base_commit, ids[0], "base")
    check("x * 3" in read(pool_file(t, "drivers/second.c")), "not patched")
    build(t, base=f"{repo}#{ids[2]}")
    check(os.path.exists(pool_file(t, "include/linux/fresh.h")), "not the last commit")
    build(t, base=f"{repo}#{ids[0]}")
    check("x * 2" in read(pool_file(t, "drivers/second.c")), "the patch stayed")


@case("a tarball is unpacked once, and anew when its content changes")
def _(t):
    tree = tiny_copy(t, "linux-tiny")
    tar = os.path.join(t.tmp, "linux-tiny.tar.xz")
    subprocess.run(["tar", "-C", t.tmp, "-cJf", tar, "linux-tiny"], check=True)
    first = build(t, base=tar)
    check_eq(first.key != build(t, "--series", series(t), base=tar).key, True, "keys")
    with open(os.path.join(tree, "drivers/second.c"), "a", encoding="utf-8") as f:
        f.write("int more;\n")
    subprocess.run(["tar", "-C", t.tmp, "-cJf", tar, "linux-tiny"], check=True)
    again = build(t, base=tar)
    check_eq((again.from_cache, again.compiled), (False, 3), "the new tarball")
    check("int more;" in read(pool_file(t, "drivers/second.c")), "the old source")
    bad = os.path.join(t.tmp, "bad.tar")
    with open(bad, "w", encoding="utf-8") as f:
        f.write("this is no tarball" * 1000)
    b = build(t, base=bad, expect=129)
    check("bad.tar" in b.err, b.err)
    check_eq([n for n in os.listdir(os.path.join(t.tmp, "pool/src")) if n.startswith("bad")], [], "left behind")


@case("a tree that somebody works in: what changed there is built, what went is gone")
def _(t):
    tree = tiny_copy(t)
    build(t, base=tree)
    with open(os.path.join(tree, "drivers/second.c"), "a", encoding="utf-8") as f:
        f.write("int more;\n")
    check_eq(build(t, base=tree).compiled, 1, "the file that changed")
    os.remove(os.path.join(tree, "drivers/extra.c"))
    build(t, base=tree)
    check(not os.path.exists(pool_file(t, "drivers/extra.c")), "a removed file stayed")
    # Under a patch: the base of the file changes, the patch stays on top.
    s = series(t, {"a.patch": SECOND})
    build(t, "--series", s, base=tree)
    with open(os.path.join(tree, "drivers/second.c"), "a", encoding="utf-8") as f:
        f.write("int evenmore;\n")
    build(t, "--series", s, base=tree)
    text = read(pool_file(t, "drivers/second.c"))
    check("evenmore" in text and "x * 3" in text, text)
    check("x * 2" in read(os.path.join(tree, "drivers/second.c")), "the user's tree was patched")


class PoolHeld:
    """Another build has the pool: this one reads what it is made of, and waits."""

    def __init__(self, t):
        pool = os.path.join(t.tmp, "pool")
        os.makedirs(pool, exist_ok=True)
        self.path = os.path.join(pool, "lock")

    def __enter__(self):
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self.fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_):
        os.close(self.fd)


def edited_before_it_begins(t, edit, *args, **how):
    """The build that read its inputs, waited, and found them edited."""
    with PoolHeld(t):
        p = start(t, *args, **how)
        said = ""
        while "waiting for another build" not in said:
            said += (line := p.stderr.readline())
            check(line, f"it did not wait: {said}")
        edit()
    out, err = p.communicate(timeout=LIMIT_S)
    return p.returncode, out, said + err


def append(path, text):
    with open(path, "a", encoding="utf-8") as f:
        f.write(text)


@case("a tree, tarball or module that is edited between its reading and its build is not built under the old name")
def _(t):
    tree = tiny_copy(t, "linux-tiny")
    second = os.path.join(tree, "drivers/second.c")
    code, out, err = edited_before_it_begins(t, lambda: append(second, "int more;\n"), base=tree)
    check_eq(code, 129, f"exit status\n{out}{err}")
    check("drivers/second.c changed while it was read; start again" in err, err)
    check("int more;" in read(pool_file(t, "drivers/second.c")), "not brought up to date")
    edited = build(t, base=tree)
    check(edited.key != build(t).key, "the edited tree has the key of the other")

    tar = os.path.join(t.tmp, "linux-tiny.tar")
    subprocess.run(["tar", "-C", t.tmp, "-cf", tar, "linux-tiny"], check=True)
    append(second, "int evenmore;\n")
    code, out, err = edited_before_it_begins(
        t, lambda: subprocess.run(["tar", "-C", t.tmp, "-cf", tar, "linux-tiny"], check=True), base=tar)
    check_eq(code, 129, f"exit status\n{out}{err}")
    check("linux-tiny.tar: changed while it was read" in err, err)

    module = os.path.join(t.tmp, "module")
    os.makedirs(module)
    append(os.path.join(module, "thing.c"), "int thing;\n")
    code, out, err = edited_before_it_begins(
        t, lambda: append(os.path.join(module, "thing.c"), "int more;\n"), "--module", module)
    check_eq(code, 129, f"exit status\n{out}{err}")
    check("module: changed while it was read" in err, err)


main()
