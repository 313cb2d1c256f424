#!/usr/bin/env python3
"""function_test.py: functions that users write in C: made, shown, called, dropped, and each way of being wrong.

function_test.py --weir BUILD/weir [--record]

functions/*.sql are executed by `weir sql -f`; beside each lies what comes out, NAME.out. Statements behind a line
`-- each by itself:` are executed alone, after those before it, and only what they say counts. The
libraries of tests/sql/functions and examples/functions, built beside weir, lie in the folder where they run. --record
writes the .out files anew, to be read by a person. Cases are printed as cmocka does, so that test.sh can count them.
"""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "functions"
PATIENCE_S = 60  # for what should take no time: machines are busy


def blot(text):
    text = re.sub(r"\(\d+\.\d\d seconds\)", "(0.00 seconds)", text)
    text = re.sub(r"\[INFO\] Waiting for \d+ job\(s\) to end\.\n", "", text)
    text = re.sub(r"cannot be loaded: .*", "cannot be loaded: <why>", text)
    text = re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:.*\n", "", text)  # the log
    return text


def run(weir, script):
    build = weir.parent
    env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    text = script.read_text()
    libraries = [build / "tests/sql/test_functions.so", build / "examples/places.so"]
    before, line, alone = text.partition("-- each by itself:\n")
    with tempfile.TemporaryDirectory(prefix="weir-functions-") as folder:
        file = pathlib.Path(folder) / script.name
        for library in libraries:
            (file.parent / library.name).symlink_to(library)

        def execute(statements):
            file.write_text(statements)
            done = subprocess.run([weir, "sql", "-f", file], capture_output=True, text=True, cwd=folder,
                                  env={**env, "HOME": folder}, timeout=PATIENCE_S)
            return blot(done.stdout + done.stderr).replace(folder + "/", "")

        if not line:
            return execute(text)
        parts = [execute(before + statement).rpartition("Flink SQL> ")[2].replace("\nShutting down the session...\ndone.\n", "")
                 for statement in alone.splitlines() if not statement.startswith("--")]
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    weir, failed = pathlib.Path(arguments.weir).resolve(), 0
    scripts = sorted(GOLDEN.glob("*.sql"))
    for script in scripts:
        print(f"[ RUN      ] {script.stem}", flush=True)
        got, golden = run(weir, script), script.with_suffix(".out")
        if arguments.record:
            golden.write_text(got)
        want = golden.read_text() if golden.exists() else ""
        if got != want:
            failed += 1
            sys.stdout.writelines(difflib.unified_diff(want.splitlines(True), got.splitlines(True), "want", "got"))
        print(f"[  FAILED  ] {script.stem}" if got != want else f"[       OK ] {script.stem}", flush=True)
    print(f"[  PASSED  ] {len(scripts) - failed} test(s).")
    return 1 if failed else 0


sys.exit(main())
