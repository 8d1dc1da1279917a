#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What users copy must be sound: every file in jobs/, and every job and board file that a
page of the documentation shows, passes `bootrig check`. Links between pages lead somewhere."""
import glob
import os
import re
import subprocess

from rig import BOOTRIG, TOP, case, check, check_eq, main

BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VIRT = "qemu-virt-arm64"
LINK = re.compile(r"\]\(([^)\s:#]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)


def bootrig_check(*args):
    done = subprocess.run([BOOTRIG, "check", *args], capture_output=True, timeout=10, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def expect_sound(*args):
    code, said = bootrig_check(*args)
    check_eq(code, 0, f"exit status of bootrig check {' '.join(args)}\n{said}")


def device_type(path):
    with open(path, encoding="utf-8") as f:
        found = re.search(r"^device_type: (\S+)$", f.read(), re.MULTILINE)
    check(found, f"{path} has no device_type")
    return found.group(1)


def pages():
    """(path, text) of the documentation."""
    for path in [os.path.join(TOP, "README.md"),
                 *sorted(glob.glob(os.path.join(TOP, "docs", "*.md")))]:
        with open(path, encoding="utf-8") as f:
            yield path, f.read()


def anchors(page):
    """As GitHub makes them from headings."""
    text = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in HEADING.findall(text)}


def examples():
    """(file:line, text) of each YAML block that is a whole job or board file."""
    for path, page in pages():
        for m in BLOCK.finditer(page):
            if re.search(r"^(board|job_name): ", m.group(1), re.MULTILINE):
                line = page.count("\n", 0, m.start()) + 2
                yield f"{os.path.relpath(path, TOP)}:{line}", m.group(1)


@case("every job, board and hypothesis file in jobs/ passes bootrig check")
def _(t):
    files = [p for d in ("", "boards/", "hypotheses/")
             for p in sorted(glob.glob(os.path.join(TOP, "jobs", d + "*.yaml")))]
    check(len(files) >= 11, f"only {len(files)} files are there")
    for path in files:
        expect_sound(path)


@case("every job in jobs/ fits the one board there that has its device_type")
def _(t):
    boards = {}
    for path in glob.glob(os.path.join(TOP, "jobs", "boards", "*.yaml")):
        kind = device_type(path)
        check(kind not in boards, f"{path} and {boards.get(kind)} have the same device_type")
        boards[kind] = path
    jobs = glob.glob(os.path.join(TOP, "jobs", "*.yaml"))
    check({device_type(p) for p in jobs} > {VIRT}, "no job is for a real board")
    for path in jobs:
        expect_sound("--board", boards[device_type(path)], path)


@case("every job and board file that the documentation shows passes bootrig check")
def _(t):
    seen = 0
    for place, text in examples():
        code, said = bootrig_check(t.write("example.yaml", text))
        check_eq(code, 0, f"exit status of the example at {place}\n{said}")
        seen += 1
    check(seen >= 5, f"only {seen} examples were found")


@case("every link from a page of the documentation leads to a file or heading that is there")
def _(t):
    have = {path: anchors(page) for path, page in pages()}
    dead = []
    for path, page in pages():
        for m in LINK.finditer(page):
            to = os.path.normpath(os.path.join(os.path.dirname(path), m.group(1))) \
                if m.group(1) else path
            if not os.path.exists(to) or (m.group(2) and m.group(2) not in have.get(to, ())):
                dead.append(f"{os.path.relpath(path, TOP)}: {m.group(0)[1:]}")
    check_eq(dead, [], "links that lead nowhere")


if __name__ == "__main__":
    main()
