#!/usr/bin/env python3
"""files_test.py: the filesystem connector against kill -9: a SQL file is run until it has come to its end, and killed
on the way again and again; what its tables' readers see has every row once, and no file that is half there.

files_test.py --weir BUILD/weir [--kills N] [--seed N]

With WEIR_TEST_S3 (an endpoint), WEIR_TEST_S3_BUCKET, and keys in AWS_*, once more in an object store. Cases are printed as cmocka does, so that test.sh can count them.
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROWS = 60000
PATIENCE_S = 180  # machines are busy

SCRIPT = """
SET 'execution.checkpointing.interval' = '100 ms';
SET 'execution.checkpointing.dir' = 'file://{folder}/checkpoints';
SET 'parallelism.default' = '{parallelism}';
SET 'pipeline.name' = 'files';
CREATE TABLE source (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20000',
    'number-of-rows' = '{rows}', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{rows}');
CREATE TABLE target (id BIGINT, name STRING, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem',
    'path' = '{table}', 'format' = '{format}'{options});
INSERT INTO target SELECT id, 'a, "b"', CASE id % 3 WHEN 0 THEN 'k/0' WHEN 1 THEN 'k=1' END FROM source;
"""

BACK = """
CREATE TABLE target (id BIGINT, name STRING, p STRING) PARTITIONED BY (p) WITH ('connector' = 'filesystem',
    'path' = '{table}', 'format' = '{format}');
CREATE TABLE back (id BIGINT, name STRING, p STRING) WITH ('connector' = 'filesystem',
    'path' = 'file://{folder}/back', 'format' = 'csv');
INSERT INTO back SELECT id, name, p FROM target;
"""


STORE = []
if "WEIR_TEST_S3" in os.environ:
    STORE = ["-D", "s3.endpoint=" + os.environ["WEIR_TEST_S3"], "-D", "s3.path-style-access=true"]


class Failed(Exception):
    pass


def check(true, text):
    if not true:
        raise Failed(text)


def shown(folder):
    """Data files as a reader of the folder sees them."""
    return [f for f in folder.rglob("*") if f.is_file() and not f.name.startswith((".", "_"))]


def check_whole(folder, form):
    """While the job is down: each line and each footer is whole, and no id is there twice."""
    seen = collections.Counter()
    for file in shown(folder):
        body = file.read_bytes()
        if form == "parquet":
            check(body[:4] == b"PAR1" and body[-4:] == b"PAR1", f"{file} has no end")
            continue
        check(body.endswith(b"\n"), f"{file} ends in the middle of a line")
        for line in body.decode().splitlines():
            seen[json.loads(line)["id"] if form == "json" else int(next(csv.reader([line]))[0])] += 1
    twice = [n for n, count in seen.items() if count > 1]
    check(not twice, f"{len(twice)} ids are shown twice, {twice[:5]} among them")


def start(arguments, script, folder):
    log = open(folder / "log", "ab")
    return subprocess.Popen([arguments.weir, "run", *STORE, script], stdout=log, stderr=log)


def run_killed(arguments, rand, script, folder, form):
    """How often it was killed before it came to its end."""
    kills, ends = 0, time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        job = start(arguments, script, folder)
        try:
            code = job.wait(rand.uniform(0.3, 1.5) if kills < arguments.kills else PATIENCE_S)
        except subprocess.TimeoutExpired:
            job.kill()
            job.wait()
            kills += 1
            check_whole(folder / "target", form)
            continue
        check(code == 0, f"exit code {code}: " + (folder / "log").read_text()[-2000:])
        return kills
    raise Failed("it does not come to its end")


def case_killed(arguments, rand, form, options, parallelism, in_store=False):
    with tempfile.TemporaryDirectory(prefix="weir-files-") as name:
        folder = pathlib.Path(name)
        table = f"file://{folder}/target"
        if in_store:
            table = f"s3://{os.environ['WEIR_TEST_S3_BUCKET']}{name}"
        values = dict(folder=folder, rows=ROWS, table=table, format=form, options=options, parallelism=parallelism)
        for script, text in (("job.sql", SCRIPT), ("back.sql", BACK)):
            (folder / script).write_text(text.format(**values))
        kills = run_killed(arguments, rand, folder / "job.sql", folder, form)
        check(kills > 0, "it was never killed: it ended too fast")
        check_whole(folder / "target", form)
        # A kill between the making and the naming of a file leaves an empty .tmp- one, which is never shown.
        hidden = [f for f in (folder / "target").rglob(".*") if f.is_file() and (".tmp-" not in f.name or f.stat().st_size)]
        check(not hidden, f"{len(hidden)} hidden files stay: {[str(f) for f in hidden[:3]]}")
        done = subprocess.run([arguments.weir, "run", *STORE, folder / "back.sql"], capture_output=True,
                              timeout=PATIENCE_S)
        check(done.returncode == 0, done.stderr.decode()[-2000:])
        rows = collections.Counter()
        for file in shown(folder / "back"):
            rows.update(tuple(row) for row in csv.reader(file.open()))
        want = collections.Counter((str(n), 'a, "b"', ("k/0", "k=1", "")[n % 3]) for n in range(1, ROWS + 1))
        check(rows == want, f"{sum(rows.values())} rows, {len(want - rows)} missing, {len(rows - want)} too many")
        print(f"{kills} kills" + ("" if in_store else f", {len(shown(folder / 'target'))} files"))


CASES = {
    "json_goes_on": ("json", "", 2),
    "csv_rolls": ("csv", ", 'sink.rolling-policy.file-size' = '64kb'", 1),
    "parquet": ("parquet", ", 'sink.partition-commit.policy.kind' = 'success-file'", 2),
}

if STORE:
    CASES["json_in_store"] = ("json", "", 2, True)
    CASES["parquet_in_store"] = ("parquet", "", 1, True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    rand, failed = random.Random(arguments.seed), 0
    print(f"seed {arguments.seed}")
    for name, how in CASES.items():
        print(f"[ RUN      ] {name}", flush=True)
        try:
            case_killed(arguments, rand, *how)
            print(f"[       OK ] {name}", flush=True)
        except Failed as e:
            failed += 1
            print(f"{e}\n[  FAILED  ] {name}", flush=True)
    print(f"[  PASSED  ] {len(CASES) - failed} test(s).")
    return 1 if failed else 0


sys.exit(main())
