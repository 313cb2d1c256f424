#!/usr/bin/env python3
"""faults_test.py: what the world does to the health job, one fault at a time: what it says, and that the tables are right
once the fault is over.

  registry_down       it is asked again until it answers
  registry_lost       a job that knows the schemas goes on without it
  broker_down         at start, and under way
  wrong_s3_keys       ended with a clear error
  no_topic            likewise
  catalog_down        REST catalog, at start and under way
  disk_full           checkpoints and tables on a full disk, then on one with room
  damaged_checkpoint  the newest checkpoint cannot be read: the one before it, loudly
  other_columns       a table that is there has other columns
  two_jobs            two jobs commit to the same tables
"""
import os
import pathlib
import shutil
import subprocess
import time

import pyarrow

import compare
import live
import oracle
import readers
from health_test import ALL_COUNTS, FLUSH, MISTAKES, verify
from live import Skip, Topic, check


def registry_down(run):
    registry = live.OwnRegistry(run)
    topic = Topic(run)
    topic.generate(count=1000, flush=FLUSH, registry=registry.url)
    registry.kill()
    job = run.job(topic, environment={"SCHEMA_REGISTRY_URL": registry.url}).start()
    job.wait_said(registry.url)
    time.sleep(2)
    check(job.running(), "the job gave up")
    registry.up()
    topic.generate(count=0, registry=registry.url)  # it forgot the schemas; they get the same ids again
    job.catch_up()
    job.stop()
    tables, want = oracle.expected(run.services.kafka, topic.name, ALL_COUNTS, oracle.Registry(registry.url))
    compare.compare_all("duckdb", tables, want, readers.read("duckdb", job))


def registry_lost(run):
    registry = live.OwnRegistry(run)
    topic = Topic(run)
    topic.generate(count=1000, registry=registry.url)
    job = run.job(topic, environment={"SCHEMA_REGISTRY_URL": registry.url}).start()
    job.catch_up()
    known = oracle.Registry(registry.url)
    check(known.schema(1) and known.schema(2), "the registry's ids are not 1 and 2")
    registry.kill()
    with_ids = Topic(run)
    with_ids.name, with_ids.form = topic.name, "json"  # for the command line without --registry
    with_ids.generate(format="avro", schema_ids="1,2", count=1000, flush=FLUSH, seed=run.seed + 1)
    job.catch_up()
    job.stop()
    tables, want = oracle.expected(run.services.kafka, topic.name, ALL_COUNTS, known)
    compare.compare_all("duckdb", tables, want, readers.read("duckdb", job))


def broker_down(run):
    topic = Topic(run)
    topic.generate(count=2000, **MISTAKES)
    run.services.kill("kafka")
    try:
        job = run.job(topic).start()
        job.wait_said(run.services.kafka)
        time.sleep(3)
        check(job.running(), "the job gave up")
    finally:
        run.services.up("kafka")
    job.catch_up()
    run.services.kill("kafka")
    time.sleep(3)
    run.services.up("kafka")
    topic.generate(count=2000, begin="2025-11-15", flush=FLUSH, seed=run.seed + 1)
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS, names=("duckdb",))


def wrong_s3_keys(run):
    topic = Topic(run)
    topic.generate(count=10)
    for key in ("S3_ACCESS_KEY", "S3_SECRET_KEY"):
        job = run.job(topic, files="s3", environment={key: "nonsense", "RESTART_ATTEMPTS": 0}).start()
        check(job.ended() == 1, f"wrong {key}: the job ends well")
        check(job.said("403") or job.said("InvalidAccessKeyId") or job.said("SignatureDoesNotMatch"),
              f"wrong {key}: it does not say why")
        check("nonsense" not in job.tail(100) or key == "S3_ACCESS_KEY", "the log has the secret key")


def no_topic(run):
    topic = Topic(run)
    job = run.job(topic, environment={"RESTART_ATTEMPTS": 0,
                                      "SCHEMA_REGISTRY_URL": run.services.registry}).start()
    check(job.ended() == 1 and job.said(topic.name), "it does not say which topic is missing")


def catalog_down(run):
    topic = Topic(run)
    topic.generate(count=2000, flush=FLUSH)
    run.services.kill("iceberg-rest")
    try:
        job = run.job(topic, catalog="rest", files="s3").start()
        job.wait_said(run.services.catalog)
        time.sleep(2)
        check(job.running(), "the job gave up")
    finally:
        run.services.up("iceberg-rest")
    job.wait_runs()
    job.wait(lambda: job.metric("iceberg_writes_total") > 0, "nothing is written", 60)
    run.services.kill("iceberg-rest")
    topic.generate(count=1000, begin="2025-11-15", seed=run.seed + 1)
    time.sleep(3)
    run.services.up("iceberg-rest")
    topic.generate(count=0, flush=FLUSH)
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS, names=("duckdb",))


# --- disks ------------------------------------------------------------------------------------------------------------


class SmallDisk:
    """A folder of so many megabytes."""

    def __init__(self, folder, megabytes):
        self.folder = folder
        self.sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        folder.mkdir()
        if subprocess.run([*self.sudo, "mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", folder],
                          capture_output=True).returncode != 0:
            raise Skip("a small file system cannot be mounted here: that takes root")

    def resize(self, megabytes):
        subprocess.run([*self.sudo, "mount", "-o", f"remount,size={megabytes}m", self.folder], check=True)

    def unmount(self):
        subprocess.run([*self.sudo, "umount", "-l", self.folder], check=True)


def disk_full(run):
    topic = Topic(run)
    topic.generate(count=4000, flush=FLUSH)
    job = run.job(topic, environment={"RESTART_ATTEMPTS": 2})
    disk = SmallDisk(job.folder / "disk", 2)
    try:
        job.warehouse = str(disk.folder / "warehouse")
        job.environment |= {"ICEBERG_WAREHOUSE": job.warehouse, "CHECKPOINT_STORAGE": str(disk.folder / "checkpoints")}
        job.start()
        check(job.ended(120) == 1, "the job ends well")
        check(job.said("disk") or job.said("No space left on device") or job.said("no space"), "it does not say why")
        disk.resize(400)
        job.start()
        job.catch_up()
        job.stop()
        verify(job, ALL_COUNTS, names=("duckdb",))
    finally:
        job.kill()
        disk.unmount()


# --- checkpoints ------------------------------------------------------------------------------------------------------


def newest_checkpoint(job):
    found = [p for p in pathlib.Path(job.checkpoints).rglob("chk-*") if (p / "_metadata").exists()]
    check(len(found) > 1, f"there are not two checkpoints to choose from: {found}")
    return max(found, key=lambda p: int(p.name[4:]))


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def state_file(checkpoint):
    """The largest file that the newest checkpoint's metadata names, beside the metadata itself."""
    text = (checkpoint / "_metadata").read_text(errors="replace")
    named = [p for p in checkpoint.parent.rglob("*") if p.is_file() and p.name != "_metadata" and p.name in text]
    check(named, f"{checkpoint} names no file")
    return max(named, key=lambda p: p.stat().st_size)


DAMAGES = {
    "metadata cut": lambda c: truncate(c / "_metadata"),
    "a bit of the metadata": lambda c: flip(c / "_metadata"),
    "metadata empty": lambda c: os.truncate(c / "_metadata", 0),
    "metadata gone": lambda c: (c / "_metadata").unlink(),
    "state cut": lambda c: truncate(state_file(c)),
    "a bit of the state": lambda c: flip(state_file(c)),
    "state gone": lambda c: state_file(c).unlink(),
}


def damaged_checkpoint(run):
    topic = Topic(run)
    topic.generate(count=1000, days=1)
    job = run.job(topic, environment={"CHECKPOINT_INTERVAL": 300})
    for number, (name, damage) in enumerate(DAMAGES.items()):
        job.start()
        topic.generate(count=1000, begin=f"2025-11-{2 + number:02d}", days=1, seed=run.seed + number + 1)
        job.catch_up()
        job.kill()
        newest = newest_checkpoint(job)
        try:
            damage(newest)
        except IsADirectoryError:
            shutil.rmtree(newest)
        before = len(job.log.read_text())
        job.start()
        job.wait(lambda: "runs: " in job.log.read_text()[before:], f"{name}: the job does not run", 30)
        said = job.log.read_text()[before:]
        check(name == "metadata gone" or "WARN" in said and newest.name in said or "ERROR" in said and newest.name in said,
              f"{name}: nothing is said of {newest.name}")
        job.catch_up()
        job.kill()
    topic.generate(count=0, flush=FLUSH)
    job.start()
    job.catch_up()
    job.stop()
    verify(job, ALL_COUNTS, names=("duckdb",))


# --- tables -----------------------------------------------------------------------------------------------------------


def other_columns(run):
    from pyiceberg.catalog.rest import RestCatalog
    from pyiceberg.schema import Schema
    from pyiceberg.types import IntegerType, NestedField

    topic = Topic(run)
    topic.generate(count=10)
    job = run.job(topic, catalog="rest", files="s3", environment={"RESTART_ATTEMPTS": 0})
    catalog = RestCatalog("live", uri=run.services.catalog, **readers.s3_properties(run.services))
    catalog.create_namespace(job.database)
    catalog.create_table((job.database, readers.TABLES["daily"]), Schema(NestedField(1, "user_id", IntegerType())))
    job.start()
    check(job.ended() == 1, "the job ends well")
    check(job.said(readers.TABLES["daily"], "user_id"), "it does not name the table and the column")
    check(not job.said("health-data-consumer runs"), "it is told only after the job had begun")


def two_jobs(run):
    two_jobs_on(run, "hadoop", "s3", 200)
    two_jobs_on(run, "rest", "s3", 1000)  # its SQLite knows one writer, and answers 500 to the other


def two_jobs_on(run, catalog, files, interval_ms):
    """Two topics, two jobs, the same tables: what both append must be there, once."""
    topics = [Topic(run), Topic(run)]
    shared = {"ICEBERG_DATABASE": f"shared_{os.urandom(3).hex()}", "CHECKPOINT_INTERVAL": interval_ms}
    if catalog == "hadoop":
        shared["ICEBERG_WAREHOUSE"] = f"{files}://{run.services.bucket}/shared"
    jobs = [run.job(topic, catalog=catalog, files=files, environment=shared) for topic in topics]
    for number, job in enumerate(jobs):
        job.database, job.warehouse = shared["ICEBERG_DATABASE"], shared.get("ICEBERG_WAREHOUSE", job.warehouse)
        job.topic.generate(count=3000, bad=0.01, seed=run.seed + number)
        job.start()
        job.wait_runs()  # the first one makes the tables
    for number, job in enumerate(jobs):
        job.topic.generate(count=3000, bad=0.01, seed=run.seed + 2 + number)
    for job in jobs:
        job.catch_up()
    for job in jobs:
        job.stop()
    registry = oracle.Registry(run.services.registry)
    both = [oracle.expected(run.services.kafka, topic.name, ALL_COUNTS, registry) for topic in topics]
    got = readers.read("duckdb", jobs[0])
    compare.compare_rows("duckdb", "raw", pyarrow.concat_tables([w["raw"] for _, w in both]), got["raw"], oracle.RAW)
    errors = sum(len(tables.errors) for tables, _ in both)
    check(got["errors"].num_rows == errors, f"{got['errors'].num_rows} errors, wanted {errors}")


if __name__ == "__main__":
    live.main([registry_down, registry_lost, broker_down, wrong_s3_keys, no_topic, catalog_down, disk_full, damaged_checkpoint,
               other_columns, two_jobs])
