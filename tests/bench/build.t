#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bootrig build` on a kernel that takes a second (tests/data/tiny-kernel): real make, git, tar and
compiler, whole program, killed at every step."""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios
import time

from rig import BOOTRIG, IS_SLOW, LIMIT_S, TOP, Failure, Skip, case, check, check_eq, main

TINY = os.path.join(TOP, "tests", "data", "tiny-kernel")
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.invalid", "GIT_COMMITTER_NAME": "a",
       "GIT_COMMITTER_EMAIL": "a@b.invalid", "GIT_CONFIG_GLOBAL": "/dev/null"}

SECOND = """A second driver that triples.
---
--- a/drivers/second.c
+++ b/drivers/second.c
@@ -4,5 +4,5 @@
 
 int second(int x)
 {
-\treturn x * 2;
+\treturn x * 3;
 }
"""
NEW_FILE = """diff --git a/include/linux/fresh.h b/include/linux/fresh.h
new file mode 100644
--- /dev/null
+++ b/include/linux/fresh.h
@@ -0,0 +1 @@
+#define FRESH 7
diff --git a/drivers/first.c b/drivers/first.c
--- a/drivers/first.c
+++ b/drivers/first.c
@@ -1,6 +1,7 @@
 // SPDX-License-Identifier: GPL-2.0-or-later
 /* The first driver: one function, with lines around it that patches can be about. */
 #include <linux/tiny.h>
+#include <linux/fresh.h>
 
 int first(int x)
 {
"""
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
BROKEN = """--- a/drivers/second.c
+++ b/drivers/second.c
@@ -4,5 +4,5 @@
 
 int second(int x)
 {
-\treturn x * 2;
+\treturn x * nothing;
 }
"""
PATCHES = {"0001-second.patch": SECOND, "0002-fresh.patch": NEW_FILE}


class Build:
    """What one `bootrig build` said."""

    def __init__(self, done):
        self.code, self.err = done.returncode, done.stderr
        self.said = json.loads(done.stdout) if done.returncode == 0 and done.stdout[:1] == "{" else None
        self.out = done.stdout.strip()

    def __getattr__(self, name):
        check(self.said is not None, f"exit status {self.code}\n{self.err}")
        return self.said[name]


def argv_of(t, *args, base=TINY, config="OF MODULES", json_out=True):
    fragment = os.path.join(t.tmp, "some.config")
    with open(fragment, "w", encoding="utf-8") as f:
        f.writelines(f"CONFIG_{name}=y\n" for name in config.split())
    return [BOOTRIG, "build", "--base", base, "--cross", "", "--config", fragment, "--pool",
            os.path.join(t.tmp, "pool"), *(["--json"] if json_out else []), *args]


def build(t, *args, expect=0, env=None, **how):
    done = subprocess.run(argv_of(t, *args, **how), capture_output=True, text=True, check=False,
                          timeout=LIMIT_S, cwd=t.tmp, env={**t.env, **(env or {})})
    check_eq(done.returncode, expect, f"exit status\n{done.stdout}{done.stderr}")
    return Build(done)


def series(t, patches=None, name="series1"):
    path = os.path.join(t.tmp, name)
    os.makedirs(path, exist_ok=True)
    for file, text in (PATCHES if patches is None else patches).items():
        with open(os.path.join(path, file), "w", encoding="utf-8") as f:
            f.write(text)
    with open(os.path.join(path, "series"), "w", encoding="utf-8") as f:
        f.write("# in this order\n" + "".join(f"{file}\n" for file in (PATCHES if patches is None else patches)))
    return path


def tiny_copy(t, name="tree"):
    path = os.path.join(t.tmp, name)
    shutil.copytree(TINY, path)
    return path


def git(path, *args):
    done = subprocess.run(["git", "-C", path, *args], capture_output=True, text=True, check=True,
                          env={**os.environ, **GIT})
    return done.stdout.strip()


def repository(t):
    """The tiny kernel and three commits on top; their ids, the base's first."""
    path = tiny_copy(t, "repo")
    git(path, "init", "-q", "-b", "main")
    git(path, "add", ".")
    git(path, "commit", "-q", "-m", "tiny: begin")
    ids = [git(path, "rev-parse", "HEAD")]
    for subject, text in (("tiny: triple", SECOND), ("tiny: fresh", NEW_FILE)):
        subprocess.run(["git", "-C", path, "apply", "--index", "-"], input=text, text=True, check=True)
        git(path, "commit", "-q", "-m", subject)
        ids.append(git(path, "rev-parse", "HEAD"))
    return path, ids


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def pool_file(t, *parts):
    """A file of the pool's one source tree."""
    src = os.path.join(t.tmp, "pool", "src")
    tree = [n for n in os.listdir(src) if not n.endswith((".state", ".new"))]
    check_eq(len(tree), 1, f"source trees {tree}")
    return os.path.join(src, tree[0], *parts)


@case("a build leaves kernel, vmlinux, map, configuration, device trees, modules, log and manifest")
def _(t):
    out = os.path.join(t.tmp, "out")
    b = build(t, "--out", out, config="OF MODULES")
    files = sorted(os.path.relpath(os.path.join(d, f), out) for d, _, names in os.walk(out) for f in names)
    check_eq(files, ["Image", "System.map", "build.json", "build.log", "config", "dtbs/acme/board.dtb",
                     "vmlinux"], "files")
    check_eq((b.release, b.image, b.compiled, b.from_cache), ("1.0.0-tiny", "Image", 3, False), "what it says")
    manifest = json.loads(read(os.path.join(out, "build.json")))
    check_eq((manifest["schema"], manifest["key"]), ("bootrig.build/1", b.key), "build.json")
    notes = subprocess.run(["readelf", "-n", os.path.join(out, "vmlinux")], capture_output=True, text=True,
                           check=True).stdout
    check(b.build_id in notes, f"build id {b.build_id}\n{notes}")


@case("modules are installed below their release, without links into the pool")
def _(t):
    fragment = os.path.join(t.tmp, "sound.config")
    with open(fragment, "w", encoding="utf-8") as f:
        f.write("CONFIG_SOUND=m\n")
    out = os.path.join(t.tmp, "out")
    build(t, "--config", fragment, "--out", out)
    check(os.path.exists(os.path.join(out, "lib/modules/1.0.0-tiny/kernel/drivers/sound.ko")), "no sound.ko")
    check(not os.path.lexists(os.path.join(out, "lib/modules/1.0.0-tiny/build")), "a link is left")


@case("the same content is built once, whatever it is called and when")
def _(t):
    first = build(t, "--series", series(t))
    again = build(t, "--series", series(t, name="elsewhere"), base=tiny_copy(t))
    check_eq((again.from_cache, again.compiled, again.key), (True, 0, first.key), "the copy")
    other = build(t, "--series", series(t), "--upto", "1")
    check(other.key != first.key, "another point has the same key")
    cached = build(t, "--series", series(t), "--cached")
    check_eq(cached.from_cache, True, "from the cache")


@case("--cached builds nothing and says what is missing")
def _(t):
    b = build(t, "--series", series(t), "--cached", expect=129)
    check("is not built yet" in b.err, b.err)
    check(not os.path.exists(os.path.join(t.tmp, "pool")), "a pool was made")


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


@case("the bar's numbers are those of the objects that make will compile")
def _(t):
    s = series(t)
    first = build(t)
    check("compiling: 3/~3 objects" in first.err or "/~" in first.err, first.err)
    b = build(t, "--series", s)
    check("compiling: 0/2 objects" in b.err, b.err)
    check("compiling: 2/2 objects" in b.err, b.err)
    check("\033" not in b.err, "colours or cursor moves in a log")


def on_terminal(t, columns):
    """What a terminal that wide is sent."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    pool = os.path.join(t.tmp, f"pool{columns}")
    p = subprocess.Popen(argv_of(t, "--pool", pool), stdout=subprocess.DEVNULL, stderr=slave, cwd=t.tmp,
                         env={**t.env, "TERM": "xterm"})
    os.close(slave)
    said = b""
    try:
        while data := os.read(master, 4096):
            said += data
    except OSError:  # EIO: nobody has the other end any more
        pass
    os.close(master)
    check_eq(p.wait(), 0, f"exit status\n{said}")
    return said.decode()


@case("on a terminal the bar is one line that is written over, however narrow")
def _(t):
    for columns in (80, 40, 20):
        lines = on_terminal(t, columns).split("\r\033[K")
        shown = [re.sub(r"\033\[\d*m", "", line) for line in lines[1:-1]]
        check(any(line.startswith("compiling") for line in shown), f"no bar in {lines}")
        check_eq([line for line in shown if len(line) > columns or "\n" in line], [], f"too wide for {columns}")
        check_eq(any(re.search(r"\[[#.]{6,24}\] ", line) for line in shown), columns >= 40, f"a bar with {columns} columns")


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


@case("an option that was asked for and is not there is named with its line")
def _(t):
    b = build(t, config="OF NEEDY", expect=129)
    check(f"{t.tmp}/some.config:2: CONFIG_NEEDY=y is asked, it is not set" in b.err, b.err)
    b = build(t, config="OF NOSUCH", expect=129)
    check("some.config:2: CONFIG_NOSUCH=y is asked" in b.err, b.err)


@case("a later fragment has the last word, and defconfig is a base for fragments")
def _(t):
    later = os.path.join(t.tmp, "later.config")
    with open(later, "w", encoding="utf-8") as f:
        f.write('# CONFIG_OF is not set\nCONFIG_NAME="later"\n')
    out = os.path.join(t.tmp, "out")
    build(t, "--config", later, "--out", out)
    config = read(os.path.join(out, "config"))
    check('CONFIG_NAME="later"' in config and "CONFIG_OF=y" not in config, config)
    build(t, "--config-base", "defconfig", "--out", out, config="EXTRA")
    config = read(os.path.join(out, "config"))
    check("CONFIG_OF=y" in config and "CONFIG_EXTRA=y" in config, config)


@case("source that does not compile is told by its first error and the log that has them all")
def _(t):
    b = build(t, "--series", series(t, {"broken.patch": BROKEN}), expect=125)
    check(re.search(r"the kernel does not build: .*second\.c:7:20: error: .nothing. undeclared", b.err), b.err)
    log = re.search(r"log in (\S+)\)", b.err)
    check(log and "nothing" in read(log.group(1)), b.err)
    check_eq(build(t).compiled > 0, True, "the next point builds")


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


@case("an mbox that never ends is refused")
def _(t):
    b = build(t, "--series", "/dev/zero", expect=129)
    check("/dev/zero: expected a directory of patches or an mbox" in b.err, b.err)


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


@case("any other builder: a shell line that leaves a kernel, kept by content as well")
def _(t):
    line = ('grep -q "x \\* 3" "$BOOTRIG_SOURCE/drivers/second.c" && '
            'echo "$BOOTRIG_ARCH $BOOTRIG_UPTO" >"$BOOTRIG_OUT/Image"')
    b = build(t, "--series", series(t), "--upto", "1", "--command", line, json_out=False)
    check_eq(read(os.path.join(b.out, "Image")), "arm64 1\n", "Image")
    again = build(t, "--series", series(t), "--upto", "1", "--command", line)
    check_eq(again.from_cache, True, "the second time")
    b = build(t, "--command", "true", expect=129)
    check("the command left no Image in $BOOTRIG_OUT" in b.err, b.err)
    b = build(t, "--command", "echo 'x.c:1:1: error: no luck'; exit 3", expect=125)
    check("the command does not build: x.c:1:1: error: no luck" in b.err, b.err)


@case("an out-of-tree module is built along, and is part of what the build is known by")
def _(t):
    module = os.path.join(t.tmp, "module")
    os.makedirs(module)
    with open(os.path.join(module, "thing.c"), "w", encoding="utf-8") as f:
        f.write("int thing;\n")
    plain = build(t)
    b = build(t, "--module", module, json_out=False)
    check(os.path.exists(os.path.join(b.out, "thing.ko")), "no thing.ko")
    check_eq(sorted(os.listdir(module)), ["thing.c"], "the module's own directory")
    check(not b.out.endswith(plain.key[:16]), "the same build")


@case("--out replaces an earlier build and nothing else")
def _(t):
    out = os.path.join(t.tmp, "out")
    os.makedirs(out)
    build(t, "--out", out)
    first = build(t, "--out", out).key
    second = build(t, "--series", series(t), "--out", out).key
    check_eq(json.loads(read(os.path.join(out, "build.json")))["key"], second, "the second")
    check(first != second, "one key")
    home = os.path.join(t.tmp, "home")
    os.makedirs(home)
    with open(os.path.join(home, "letter"), "w", encoding="utf-8") as f:
        f.write("dear")
    b = build(t, "--out", home, expect=129)
    check("holds something else than a build" in b.err, b.err)
    check_eq(os.listdir(home), ["letter"], "the directory")
    with open(os.path.join(out, "Image"), "w", encoding="utf-8") as f:
        f.write("mine")
    again = build(t, "--series", series(t), json_out=False)
    check(read_bytes(os.path.join(again.out, "Image"))[:4] == b"\x7fELF", "the pool's Image was changed")


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def slow_make(t, seconds):
    """A compiler that takes its time, as the real one does."""
    path = os.path.join(t.tmp, "bin")
    os.makedirs(path, exist_ok=True)
    gcc = shutil.which("gcc")
    with open(os.path.join(path, "gcc"), "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\ncase " $* " in *" -c "*) echo x >>{t.tmp}/compiled; sleep {seconds} ;; esac\n'
                f'exec {gcc} "$@"\n')
    os.chmod(os.path.join(path, "gcc"), 0o755)
    return {"PATH": path + ":" + os.environ["PATH"], "CCACHE_DISABLE": "1"}


def start(t, *args, env=None, **how):
    return subprocess.Popen(argv_of(t, *args, **how), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, cwd=t.tmp, env={**t.env, **(env or {})})


def wait_until(condition, what, limit_s=LIMIT_S):
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise Failure("never: " + what)
        time.sleep(0.005)


@case("killed at any moment, the same command goes on and gives the same kernel")
def _(t):
    s = series(t)
    reference = build(t, "--series", s, "--pool", os.path.join(t.tmp, "other-pool"))
    want = read_bytes(os.path.join(reference.dir, "Image"))
    delay, kills, killed_in = 0.004, 0, set()
    while True:
        # From the unpatched point to the patched one, killed later and later.
        p = start(t, "--series", s)
        try:
            out, err = p.communicate(timeout=delay)
            check_eq(p.returncode, 0, f"exit status\n{err}")
            break
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            out, err = p.communicate()
            lines = re.findall(r"^build: (\w+)", err, re.MULTILINE)
            killed_in.add(lines[-1] if lines else "start")
            kills += 1
        delay *= 1.12 if not IS_SLOW else 1.3
    check(kills >= 5 and len(killed_in) >= 2, f"{kills} kills in {killed_in}")
    print(f"# {kills} kills in {sorted(killed_in)}")
    got = json.loads(out)
    check_eq(got["key"], reference.key, "key")
    check_eq(read_bytes(os.path.join(got["dir"], "Image")), want, "the kernel's bytes")
    left = [n for n in os.listdir(os.path.join(t.tmp, "pool", "built")) if n.startswith(".")]
    check_eq(left, [], "left in built/")


@case("what was compiled before a kill is not compiled again, and a half-written object is")
def _(t):
    env = slow_make(t, 0.4)
    log = os.path.join(t.tmp, "compiled")
    p = start(t, "--jobs", "1", env=env)
    wait_until(lambda: os.path.exists(log) and len(read(log).split()) >= 2, "two compilations")
    p.send_signal(signal.SIGKILL)
    p.communicate()
    objects = os.path.join(t.tmp, "pool", "obj")
    tree = os.path.join(objects, os.listdir(objects)[0])
    done = [f for f in ("init/main.o", "drivers/first.o", "drivers/second.o") if os.path.exists(os.path.join(tree, f))]
    check(len(done) >= 1, "nothing was compiled")
    # The machine stopped while the assembler wrote: newer than what Kbuild noted of it.
    with open(os.path.join(tree, done[0]), "wb") as f:
        f.write(b"half")
    os.remove(log)
    b = build(t, env=env)
    n = len(read(log).split())
    check(1 <= n <= 3 - len(done) + 1 + 1, f"{n} compilations after {done} were done")
    check_eq(read_bytes(os.path.join(b.dir, "Image"))[:4], b"\x7fELF", "the kernel")


@case("Ctrl-C ends make and all that it runs, with exit status 130")
def _(t):
    env = slow_make(t, 30)
    log = os.path.join(t.tmp, "compiled")
    p = start(t, env=env)
    wait_until(lambda: os.path.exists(log), "a compilation")
    begin = time.monotonic()
    p.send_signal(signal.SIGINT)
    _out, err = p.communicate(timeout=LIMIT_S)
    check_eq(p.returncode, 130, f"exit status\n{err}")
    check(time.monotonic() - begin < 5, "it took its time")
    left = subprocess.run(["pgrep", "-f", os.path.join(t.tmp, "bin", "gcc")], capture_output=True, text=True,
                          check=False).stdout
    check_eq(left, "", "processes left")


@case("two builds at once: one waits for the other, and both are right")
def _(t):
    env = slow_make(t, 0.3)
    a = start(t, env=env)
    wait_until(lambda: os.path.exists(os.path.join(t.tmp, "compiled")), "a compilation")
    b = start(t, "--series", series(t), env=env)
    out_b, err_b = b.communicate(timeout=LIMIT_S)
    out_a, err_a = a.communicate(timeout=LIMIT_S)
    check_eq((a.returncode, b.returncode), (0, 0), f"exit status\n{err_a}{err_b}")
    check("waiting for another build" in err_b, err_b)
    check(json.loads(out_a)["key"] != json.loads(out_b)["key"], "one key")


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


@case("a compiler that the OOM killer took is the lab's fault, not the source's")
def _(t):
    path = os.path.join(t.tmp, "bin")
    os.makedirs(path)
    with open(os.path.join(path, "gcc"), "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nwrap=\ncase \" $* \" in *\" -c \"*) wrap='-wrapper sh,-c,kill${IFS}-9${IFS}$$' ;; esac\n"
                f'exec {shutil.which("gcc")} $wrap "$@"\n')
    os.chmod(os.path.join(path, "gcc"), 0o755)
    b = build(t, env={"PATH": path + ":" + os.environ["PATH"], "CCACHE_DISABLE": "1"}, expect=131)
    check("Killed" in b.err and "log in " in b.err, b.err)


@case("what the user's shell has set for other builds changes no kernel")
def _(t):
    evil = os.path.join(t.tmp, "evil.mk")
    with open(evil, "w", encoding="utf-8") as f:
        f.write("$(error not this one)\n")
    wrong = os.path.join(t.tmp, "wrong/linux")
    os.makedirs(wrong)
    with open(os.path.join(wrong, "tiny.h"), "w", encoding="utf-8") as f:
        f.write("#error not this one\n")
    b = build(t, env={"MAKEFILES": evil, "MAKEFLAGS": "-n", "KBUILD_NOCMDDEP": "1", "INSTALL_MOD_STRIP": "1",
                      "CPATH": os.path.dirname(wrong), "ARCH": "mips", "O": "/nowhere"})
    check_eq(b.compiled, 3, "objects")


@case("a finished build that is not all there any more is built again")
def _(t):
    b = build(t)
    for name in ("Image", "dtbs/acme/board.dtb", "build.json"):
        os.remove(os.path.join(b.dir, name))
        check_eq(build(t, "--cached", expect=129).said, None, f"without {name}")
        again = build(t)
        check_eq((again.from_cache, again.dir), (False, b.dir), f"without {name}")
        check(os.path.exists(os.path.join(b.dir, name)), f"{name} is still missing")


@case("a clock that was set back hides no change from make")
def _(t):
    s = series(t)
    plain = build(t)
    later = time.time() + 3600
    for top in ("obj", "built"):
        for d, _dirs, names in os.walk(os.path.join(t.tmp, "pool", top)):
            for name in names:
                os.utime(os.path.join(d, name), (later, later))
    patched = build(t, "--series", s)
    check_eq(patched.compiled, 3, "objects made by a later clock are used")
    check(read_bytes(os.path.join(patched.dir, "Image")) != read_bytes(os.path.join(plain.dir, "Image")),
          "the old kernel under the new key")
    check_eq(build(t, "--series", s, "--upto", "1").compiled, 1, "and from there on as ever")


@case("what is missing is named: base, package, series, configuration, usage")
def _(t):
    check("base /nowhere/x.tar: No such file" in build(t, base="/nowhere/x.tar", expect=129).err, "base")
    b = build(t, base="linux-source-1.0", expect=131)
    check("apt install linux-source-1.0" in b.err, b.err)
    check("series /nowhere: No such file" in build(t, "--series", "/nowhere", expect=129).err, "series")
    b = build(t, "--config", "nowhere.config", expect=129)
    check("configuration nowhere.config: No such file" in b.err, b.err)
    check("patch 9 is asked for, it has 2" in build(t, "--series", series(t), "--upto", "9", expect=129).err, "upto")
    check("none of its 2 patches" in build(t, "--series", series(t), "--upto", "x", expect=129).err, "upto")
    for args in (["--jobs", "0"], ["what"], ["--job", "x"], ["--nothing"]):
        build(t, *args, expect=129)


@case("a full disk is the lab's fault, and leaves no half build")
def _(t):
    pool = os.path.join(t.tmp, "small")
    os.makedirs(pool)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=140k", "tmpfs", pool], capture_output=True, check=False)
    if mounted.returncode:
        raise Skip("cannot mount a tmpfs: not root")
    try:
        b = build(t, "--pool", pool, expect=131)
        check("No space left on device" in b.err, b.err)
        check_eq(os.listdir(os.path.join(pool, "built")), [], "in built/")
    finally:
        subprocess.run(["umount", pool], check=False)


main()
