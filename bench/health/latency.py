#!/usr/bin/env python3
"""latency.py: how long a sample takes from being produced to being in the Iceberg table; latency.sh brings up what it needs.

  latency.py --build DIR [--systems weir,flink] [--rate SAMPLES_PER_S] [--seconds N] [--checkpoint-ms N] [--out FILE]

The job runs on an empty topic; then the generator sends payloads at a steady rate. Produced is the timestamp that the
generator's Kafka client gives a message. Visible is the moment in which a look at the raw table's metadata folder, every
10 ms, first finds the metadata file with the snapshot: from then on each reader sees it. Afterwards the topic is read for
{sample id: produced}, and each snapshot's new data files, as its manifests list them, for their sample ids; every id has to
be there, once. Both clocks are this machine's. The first seconds warm up and do not count, nor do those after the generator.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import confluent_kafka
import fastavro
import pyarrow.parquet

import measure
import flink_cluster
import flink_job
import machine
import session
import tables
import weir_job

LOOK_S = 0.01


class Watcher(threading.Thread):
    """{version of the metadata: when it was first seen}, by looking into the folder."""

    def __init__(self, table):
        super().__init__(daemon=True)
        self.folder, self.seen, self.over = pathlib.Path(table) / "metadata", {}, threading.Event()

    def run(self):
        names = set()
        while not self.over.wait(LOOK_S):
            try:
                found = os.listdir(self.folder)
            except OSError:
                continue
            now = time.time()
            for name in found:
                if name not in names and (match := tables.NAME.match(name)):
                    names.add(name)
                    self.seen[int(match[1])] = now

    def stop(self):
        self.over.set()
        self.join()


def generate(setup, topic, arguments):
    payloads = arguments.rate // arguments.samples
    subprocess.run([str(word) for word in (
        setup.build / "examples" / "health-generator", "--brokers", setup.brokers, "--topic", topic, "--format", "json", "--count",
        payloads * arguments.seconds, "--rate", payloads, "--samples", arguments.samples, "--users", 1000)], check=True)


def create_topic(setup, topic, partitions=2):
    session.services("tool", "topics", "--create", "--topic", topic, "--partitions", str(partitions))
    return partitions


def produced_times(setup, topic, partitions, expected):
    """{sample id: when its message was produced}."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": setup.brokers, "group.id": "latency-look", "enable.auto.commit": False})
    consumer.assign([confluent_kafka.TopicPartition(topic, p, confluent_kafka.OFFSET_BEGINNING) for p in range(partitions)])
    out = {}
    while len(out) < expected:
        messages = consumer.consume(5000, timeout=10)
        if not messages:
            raise SystemExit(f"topic {topic} holds {len(out)} samples, not {expected}")
        for message in messages:
            at = message.timestamp()[1] / 1000
            for sample in json.loads(message.value())["samples"]:
                out[sample["id"]] = at
    consumer.close()
    return out


def local(path):
    return path.removeprefix("file://").removeprefix("file:")


def visible_times(table, seen):
    """[(sample id, when it was visible)] of all snapshots: the ids in the files that a snapshot added."""
    when = {}
    for version, path in tables.metadata_files(table):
        current = tables.read_metadata(path).get("current-snapshot-id", -1)
        if current not in (-1, None):
            when.setdefault(current, (seen[version], path))
    out = []
    for snapshot, (at, path) in when.items():
        found = next(s for s in tables.read_metadata(path)["snapshots"] if s["snapshot-id"] == snapshot)
        with open(local(found["manifest-list"]), "rb") as f:
            manifests = [m for m in fastavro.reader(f) if m["added_snapshot_id"] == snapshot]
        for manifest in manifests:
            with open(local(manifest["manifest_path"]), "rb") as f:
                files = [e["data_file"]["file_path"] for e in fastavro.reader(f) if e["status"] == 1]
            for file in files:
                with open(local(file), "rb") as f:  # a file by itself: folders' names are no columns
                    ids = pyarrow.parquet.ParquetFile(f).read(columns=["sample_id"])["sample_id"].to_pylist()
                out += [(sample, at) for sample in ids]
    return out, len(when)


class Weir:
    title = "weir, health job: all five tables"

    def __init__(self, setup, topic, folder):
        self.job = weir_job.WeirJob(setup, topic, "json", folder)
        self.pids = {"weir": self.job.start()}

    def ready(self):
        return self.job.metrics().get("flink_jobmanager_job_numberOfCompletedCheckpoints", 0) > 0

    def stop(self):
        self.job.stop()

    def kill(self):
        self.job.kill()


class Flink:
    title = "Flink, b1: raw table"

    def __init__(self, setup, topic, folder):
        self.flink = setup.flink = flink_cluster.Flink().up()
        self.id = flink_job.submit(setup, topic, "raw", folder, bounded=False)
        self.pids = flink_cluster.pids()

    def ready(self):
        return self.flink.checkpoints(self.id).get("completed", 0) > 0

    def stop(self):
        self.flink.cancel(self.id)

    kill = stop


def wait(condition, what, limit_s=120):
    until = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(f"after {limit_s} s: {what}")
        time.sleep(0.2)


def run(setup, system, arguments):
    name = f"latency-{system.__name__.lower()}-{os.getpid()}-{time.time_ns() // 1000000}"
    folder, table = setup.folder / name, setup.folder / name / "warehouse" / "health_db" / "health_data_raw"
    partitions = create_topic(setup, name)
    total = arguments.rate // arguments.samples * arguments.seconds * arguments.samples
    job = system(setup, name, folder)
    machine.first_in_line(job.pids.values())
    watcher = Watcher(table)
    try:
        wait(job.ready, "no checkpoint was completed")
        watcher.start()
        watch = machine.Watch({**job.pids, "kafka": setup.kafka_pid})
        generate(setup, name, arguments)
        wait(lambda: tables.rows(table) >= total, f"the table has {tables.rows(table)} rows of {total}")
        used, others = watch.result()
        memory = sum(machine.memory_mib(pid, "VmHWM") for pid in job.pids.values())
        seconds = time.monotonic() - watch.began
    except BaseException:
        job.kill()
        raise
    job.stop()
    watcher.stop()
    produced = produced_times(setup, name, partitions, total)
    visible, commits = visible_times(table, watcher.seen)
    counts = collections.Counter(sample for sample, _ in visible)
    if counts.keys() != produced.keys() or max(counts.values()) > 1:
        raise SystemExit(f"of {len(produced)} samples {len(produced.keys() - counts.keys())} are missing in the table, "
                         f"{sum(n > 1 for n in counts.values())} are there more than once")
    begin = min(produced.values()) + arguments.warm_up
    waits = sorted((at - produced[sample]) * 1000 for sample, at in visible if produced[sample] >= begin)
    session.services("tool", "topics", "--delete", "--topic", name, check=False)

    def at(share):
        return round(waits[min(len(waits) - 1, int(len(waits) * share))], 1)

    return {"kind": "latency", "name": system.__name__.lower(), "title": system.title, "samples_s": arguments.rate,
            "seconds": arguments.seconds, "warm_up_s": arguments.warm_up, "checkpoint_ms": setup.checkpoint_ms,
            "samples": len(waits), "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": round(waits[-1], 1),
            "commits": commits, "cores": round(sum(used[key] for key in job.pids) / seconds, 3), "peak_total_mib": round(memory, 1),
            "kafka_cores": round(used["kafka"] / seconds, 3), **others}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(session.ROOT / "build"))
    parser.add_argument("--systems", default="weir,flink")
    parser.add_argument("--rate", type=int, default=10000, help="samples a second")
    parser.add_argument("--samples", type=int, default=10, help="in a payload")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=5, help="the first seconds, which do not count")
    parser.add_argument("--checkpoint-ms", type=int, default=1000)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--out", default="results.jsonl")
    arguments = parser.parse_args()
    systems = {"weir": Weir, "flink": Flink}
    if unknown := set(arguments.systems.split(",")) - set(systems):
        parser.error(f"unknown systems {unknown}; there are: {', '.join(systems)}")
    setup = measure.Setup(arguments)
    with open(arguments.out, "a") as out, session.kept_folders(setup):
        print(json.dumps(session.setup_line(setup, machine.first_in_line([os.getpid(), setup.kafka_pid]))), file=out, flush=True)
        for name in arguments.systems.split(","):
            machine.wait_idle(30)
            record = run(setup, systems[name], arguments)
            print(json.dumps(record), file=out, flush=True)
            print(f"{name}: p50 {record['p50_ms']:.0f} ms, p99 {record['p99_ms']:.0f} ms, max {record['max_ms']:.0f} ms over "
                  f"{record['samples']:,} samples in {record['commits']} commits; {record['cores']:.2f} cores, "
                  f"others {record['others_cores']:.2f} cores", flush=True)


if __name__ == "__main__":
    sys.exit(main())
