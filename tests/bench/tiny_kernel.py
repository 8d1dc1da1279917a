# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that builds in a second (tests/data/tiny-kernel), patches for it, and `bootrig build` of it."""
import json
import os
import shutil
import subprocess

from rig import BOOTRIG, LIMIT_S, TOP, check, check_eq

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


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def start(t, *args, env=None, **how):
    return subprocess.Popen(argv_of(t, *args, **how), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, cwd=t.tmp, env={**t.env, **(env or {})})
