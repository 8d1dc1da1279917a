# SPDX-License-Identifier: GPL-2.0-or-later
"""TAP for suites in Python, as tests/unit/tap.h is for C: how a case fails or is skipped, and
what is printed of it."""
import os
import time
import traceback


class Failure(AssertionError):
    """What is not as it should be; ends the case."""


class Skip(Exception):
    """What this host lacks; ends the case."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def check_eq(got, want, what):
    check(got == want, f"{what} is {got!r}, want {want!r}")


def problem_of(fn, bench):
    """Runs a case: None, a Skip, or the text of what went wrong."""
    try:
        fn(bench)
    except Skip as e:
        return e
    except Failure as e:
        at = [f for f in traceback.extract_tb(e.__traceback__) if f.name == fn.__name__]
        return f"{os.path.basename(at[-1].filename)}:{at[-1].lineno}: {e}" if at else str(e)
    except Exception:  # a case that breaks is a failed case
        return traceback.format_exc()
    return None


def run_cases(sentences, run, words=(), why_skip=None):
    """Runs all cases, or those whose sentence holds one of the words: run(index) is as
    problem_of. Returns how many failed."""
    failed = 0
    print(f"1..{len(sentences)}")
    for i, sentence in enumerate(sentences):
        result = f"{i + 1} - {sentence}"
        if why_skip or (words and not any(w in sentence for w in words)):
            print(f"ok {result} # SKIP {why_skip or 'not asked for'}", flush=True)
            continue
        begin = time.monotonic()
        problem = run(i)
        if isinstance(problem, Skip):
            print(f"ok {result} # SKIP {problem}")
        elif problem is None:
            print(f"ok {result}")
        else:
            failed += 1
            print(f"not ok {result}")
            for line in problem.rstrip().split("\n"):
                print(f"# {line}")
        print(f"# {time.monotonic() - begin:.1f} s", flush=True)
    return failed
