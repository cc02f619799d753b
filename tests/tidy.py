#!/usr/bin/env python3
"""The repository's own linter: the rules of CONTRIBUTING.md that a machine can hold.

Prints one line a breach, `file:line: rule`, and exits 1 if there is any. Files listed in tests/tidy-exceptions.txt
("path rule reason") are let off that rule; an exception that is no longer needed is itself a breach, so the list
only shrinks.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 600
MOST_COLUMNS = 100
MOST_FUNCTION_LINES = 70
PURE = ("calendar", "sip", "rtp", "routing", "recording", "centre/flow")

files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                       cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
files = sorted({f for f in files if f and (ROOT / f).is_file()})
breaches = []


def breach(path, line, rule, text):
    breaches.append((path, line, rule, text))


def is_pure(path):
    return any(path.startswith(f"src/{module}/") for module in PURE)


def check_cpp(path, lines):
    is_test = path.endswith("_test.cc") or path.startswith("tests/")
    if path.endswith(".h"):
        if not lines or not lines[0].startswith("//"):
            breach(path, 1, "header-comment", "a header opens with a paragraph: what it is for, who owns it")
        if "#pragma once" not in lines:
            breach(path, 1, "pragma-once", "#pragma once is missing")
    for number, line in enumerate(lines, 1):
        if len(line) > MOST_COLUMNS:
            breach(path, number, "columns", f"{len(line)} columns, at most {MOST_COLUMNS}")
        if path.endswith(".h") and re.match(r"\s*using namespace ", line):
            breach(path, number, "using-namespace", "using namespace in a header")
        if "system_clock::now" in line or "steady_clock::now" in line:
            if path != "src/base/time.cc" and not path.startswith("bench/") and not is_test:
                breach(path, number, "clock", "now() exists only where the clock is made: use base/time.h's Clock")
        if is_test and re.search(r"\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", line):
            breach(path, number, "sleep", "a test waits for an event, never for a duration")
        if is_pure(path) and not is_test and re.search(
                r"std::(thread|mutex|random_device|condition_variable)\b|base/log\.h|spdlog", line):
            breach(path, number, "pure", "no threads, randomness or logging in a pure module")
        if re.match(r'#include "\.\.?/', line):
            breach(path, number, "include", "includes are root-relative")
    check_functions(path, lines)


def check_functions(path, lines):
    # clang-format puts a function's closing brace alone at the indentation of its first line.
    start, indent, seen = None, 0, ""
    for number, line in enumerate(lines, 1):
        opens = re.match(r"^( {0,4})(?! )[\w:~<>&*,\[\]()= ]*\)[\w ]*(?:noexcept|const|override|final|-> [\w:<>&*, ]+| )*\{$",
                         line) or re.match(r"^( {0,4}) {4,}.*\)(?: const| override| noexcept| final)* \{$", line)
        if start is None and opens and not re.match(r"\s*(if|for|while|switch|catch|namespace|class|struct|enum|else|\})\b", line):
            start, seen = number, line
            indent = len(opens.group(1))
        elif start is not None and re.match(r"^( {0,4})\}[;,]?$", line) and len(line) - len(line.lstrip()) <= indent:
            if number - start + 1 > MOST_FUNCTION_LINES:
                breach(path, start, "function", f"{number - start + 1} lines, at most {MOST_FUNCTION_LINES}: {seen.strip()[:50]}")
            start = None


def check_any(path, text, lines):
    code = path.endswith((".cc", ".h", ".ts", ".tsx", ".css", ".py", ".proto", ".cmake"))
    if code and len(lines) > MOST_LINES:
        breach(path, 1, "lines", f"{len(lines)} lines, at most {MOST_LINES}")
    if path == "tests/tidy.py":
        return
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line) and not path.endswith(".json"):
            breach(path, number, "mark", "no marks of unfinished work: finish it or write an issue")
        if re.search(r"(?<![\w.])/(home|root)/\w", line):
            breach(path, number, "path", "a path of one machine")
        if path.endswith((".ts", ".tsx")) and re.search(r"waitForTimeout\(", line):
            breach(path, number, "sleep", "a test waits for an event, never for a duration")
    if code and text and not text.endswith("\n"):
        breach(path, len(lines), "newline", "no newline at the end")


def check_format():
    sources = [f for f in files if f.endswith((".cc", ".h")) and f.startswith(("src/", "bench/", "tests/"))]
    if not sources:
        return
    done = subprocess.run(["clang-format", "--dry-run", "-ferror-limit=1", *sources], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    for path in sorted({m.group(1) for m in re.finditer(r"^(\S+?):\d+:\d+: (?:warning|error)", done.stderr, re.M)}):
        breach(path, 1, "format", "clang-format -i would change it")


def exceptions():
    listed = {}
    for line in (ROOT / "tests/tidy-exceptions.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            path, rule, _reason = line.split(" ", 2)
            listed[(path, rule)] = False
    return listed


for path in files:
    if path.endswith((".png", ".wav", ".ico", ".woff2", "package-lock.json")):
        continue
    text = (ROOT / path).read_text(errors="replace")
    lines = text.splitlines()
    check_any(path, text, lines)
    if path.endswith((".cc", ".h")):
        check_cpp(path, lines)
check_format()

allowed = exceptions()
bad = 0
for path, line, rule, text in breaches:
    if (path, rule) in allowed:
        allowed[(path, rule)] = True
        continue
    bad += 1
    print(f"{path}:{line}: {rule}: {text}")
for (path, rule), used in allowed.items():
    if not used:
        bad += 1
        print(f"tests/tidy-exceptions.txt:1: {path} {rule}: no longer needed, take it out")
print(f"tidy: {len(files)} files, {bad} breaches")
sys.exit(1 if bad else 0)
