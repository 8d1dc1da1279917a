#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`bootrig build` on a kernel that takes a second: real make, git, tar and compiler, whole program."""
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import time

from rig import BOOTRIG, TOP, Skip, case, check, check_eq, main
from tiny_kernel import argv_of, build, read, read_bytes, series, tiny_copy

BROKEN = """--- a/drivers/second.c
+++ b/drivers/second.c
@@ -4,5 +4,5 @@
 
 int second(int x)
 {
-\treturn x * 2;
+\treturn x * nothing;
 }
"""


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
    b = build(t, "--config", "nowhere", expect=129)
    check("--config nowhere: no such file, and no nowhere.config in kernels/configs" in b.err, b.err)
    check("patch 9 is asked for, it has 2" in build(t, "--series", series(t), "--upto", "9", expect=129).err, "upto")
    check("none of its 2 patches" in build(t, "--series", series(t), "--upto", "x", expect=129).err, "upto")
    for args in (["--jobs", "0"], ["what"], ["--job", "x"], ["--nothing"]):
        build(t, *args, expect=129)
    matrix = os.path.join(TOP, "jobs", "vb2-fence-matrix.yaml")
    b = subprocess.run([BOOTRIG, "build", "--job", matrix, "--kernel", "v9/plain"], capture_output=True, text=True,
                       check=False)
    check_eq(b.returncode, 129, "exit status of a kernel that the job has not")
    check('has no kernel "v9/plain"; expected one of: v1a/plain' in b.stderr, b.stderr)


@case("a fragment's name is found in kernels/configs, also where a directory has it, as a kernel tree has virt/")
def _(t):
    os.makedirs(os.path.join(t.tmp, "kernels", "configs"))
    os.makedirs(os.path.join(t.tmp, "virt"))
    with open(os.path.join(t.tmp, "kernels", "configs", "virt.config"), "w", encoding="ascii") as f:
        f.write("CONFIG_FOO=y\n")
    b = build(t, "--config", "virt", "--cached", expect=129)
    check("is not built yet" in b.err, b.err)


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
