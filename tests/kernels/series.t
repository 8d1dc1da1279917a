#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The patch series of kernels/patches are what a maintainer could take.

    tests/kernels/series.t

Each patch of each series is applied by `git am` to the source that the series names (`# base:`),
in a repository of only the files that are touched, and read by that source's checkpatch.pl. The
source is a Debian package's archive in /usr/src, or in BOOTRIG_SOURCES; a series whose source is
not there is skipped.
"""
import glob
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATCHES = os.path.join(TOP, "kernels", "patches")
SOURCES = os.environ.get("BOOTRIG_SOURCES", "/usr/src")
CHECKPATCH = ("scripts/checkpatch.pl", "scripts/spelling.txt", "scripts/const_structs.checkpatch")
# The messages begin with "BROKEN:" where a patch is wrong on purpose.
BROKEN_SERIES = re.compile(r"BROKEN on purpose")


class Series:
    """A directory with a `series` file: the patches in order, some by reference to a sibling."""

    def __init__(self, path):
        self.path, self.dir = path, os.path.dirname(path)
        self.name = os.path.basename(self.dir)
        with open(path, encoding="utf-8") as f:
            self.text = f.read()
        lines = [line.strip() for line in self.text.split("\n")]
        self.entries = [line for line in lines if line and not line.startswith("#")]
        self.patches = [os.path.normpath(os.path.join(self.dir, e)) for e in self.entries]
        base = re.search(r"^# base: (\S+)$", self.text, re.M)
        self.base = base.group(1) if base else None


def call(argv, **more):
    env = dict(os.environ, LC_ALL="C", GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null",
               GIT_COMMITTER_NAME="test", GIT_COMMITTER_EMAIL="test@test.invalid",
               GIT_AUTHOR_NAME="test", GIT_AUTHOR_EMAIL="test@test.invalid")
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, env=env, timeout=120, **more)


def touched(patch):
    with open(patch, encoding="utf-8") as f:
        return set(re.findall(r"^diff --git a/(\S+) b/", f.read(), re.M))


def archive(base):
    return os.path.join(SOURCES, f"{base}.tar.xz")


class Source:
    """The few files of a kernel source that the patches need, in git."""

    def __init__(self, base, files, into):
        self.dir = os.path.join(into, base)
        os.mkdir(self.dir)
        wanted = {f"{base}/{name}" for name in files | set(CHECKPATCH)}
        with tarfile.open(archive(base), "r|xz") as tar:
            for member in tar:
                if member.isfile() and member.name in wanted:
                    wanted.discard(member.name)
                    member.name = os.path.relpath(member.name, base)
                    tar.extract(member, self.dir)
                    if not wanted:
                        break
        for argv in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "base"],
                     ["tag", "base"]):
            self.git(*argv)

    def git(self, *argv):
        done = call(["git", "-C", self.dir, *argv])
        return done.returncode, (done.stdout + done.stderr).strip()

    def applies(self, patches):
        """What is wrong, or None."""
        self.git("checkout", "-q", "-f", "--detach", "base")
        for patch in patches:
            status, said = self.git("am", "-q", patch)
            if status:
                self.git("am", "--abort")
                return f"{os.path.relpath(patch, PATCHES)}: {said}"
        return None

    def complains(self, patch):
        done = call([os.path.join(self.dir, CHECKPATCH[0]), "--strict", "--no-tree", "--terse",
                     "--show-types", patch], cwd=self.dir)
        return None if done.returncode == 0 else done.stdout.strip()


def has_licence(series):
    return None if series.text.startswith("# SPDX-License-Identifier: GPL-2.0\n") \
        else "its first line is not the SPDX line of GPL-2.0"


def names_existing_patches(series):
    missing = [e for e, p in zip(series.entries, series.patches) if not os.path.isfile(p)]
    return f"not there: {', '.join(missing)}" if missing or not series.entries else None


def says_what_is_broken(series):
    """A broken patch in a series that does not say so would be taken for a fix, and the reverse."""
    broken = []
    for patch in series.patches:
        with open(patch, encoding="utf-8") as f:
            if re.search(r"^Subject: \[PATCH\] BROKEN: ", f.read(), re.M):
                broken.append(patch)
    if bool(broken) == bool(BROKEN_SERIES.search(series.text)):
        return None
    return f"{len(broken)} of its patches are BROKEN, and the series says otherwise"


class Tap:
    """Counts and prints."""

    def __init__(self):
        self.n = 0

    def result(self, sentence, problem, skip=None):
        self.n += 1
        print(f"{'not ok' if problem else 'ok'} {self.n} - {sentence}"
              + (f" # SKIP {skip}" if skip else ""), flush=True)
        for line in (problem or "").split("\n") if problem else ():
            print(f"# {line}")


def main():
    tap = Tap()
    every = [Series(p) for p in sorted(glob.glob(os.path.join(PATCHES, "*", "series")))]
    if not every:
        print("Bail out! no series in kernels/patches")
        return 1
    used = {p for s in every for p in s.patches}
    unused = sorted(set(glob.glob(os.path.join(PATCHES, "*", "*.patch"))) - used)
    tap.result("every patch belongs to a series",
               "\n".join(os.path.relpath(p, PATCHES) for p in unused))
    whole = []
    for s in every:
        problem = has_licence(s) or names_existing_patches(s) or says_what_is_broken(s)
        tap.result(f"{s.name}: the series has its licence, all patches, and says whether it is broken",
                   problem)
        if not problem:
            whole.append(s)
    for base in sorted({s.base or "" for s in every}):
        check_base(tap, base, [s for s in whole if (s.base or "") == base])
    print(f"1..{tap.n}")
    return 0


def check_base(tap, base, series):
    patches = {p for s in series for p in s.patches}
    sentences = {s: f"{s.name}: {len(s.patches)} patches apply with git am" for s in series}
    clean = f"{base or 'no base'}: checkpatch.pl --strict has nothing to say about {len(patches)} patches"
    skip = f"no {archive(base)}" if base else None
    if base and os.path.exists(archive(base)):
        with tempfile.TemporaryDirectory(prefix="brseries-") as tmp:
            source = Source(base, set().union(*map(touched, patches)), tmp)
            for s in series:
                tap.result(sentences[s], source.applies(s.patches))
            said = [f"{os.path.relpath(p, PATCHES)}: {c}" for p in sorted(patches)
                    if (c := source.complains(p))]
            tap.result(clean, "\n".join(said))
        return
    for sentence in [*sentences.values(), clean]:
        tap.result(sentence, None if base else "the series has no line `# base: SOURCE`", skip)


if __name__ == "__main__":
    sys.exit(main())
