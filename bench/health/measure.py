#!/usr/bin/env python3
"""measure.py: weir and Flink in turn over the same topic, one JSON line a run; run.sh brings up what it needs.

  measure.py --build DIR [--count N] [--rounds N] [--jobs LIST] [--out FILE]

Throughput is the topic's samples over the time from the start (weir: of the process; Flink: of the job, on a cluster that
is up and has run each job before) to the end of reading. CPU is user and system time of the process (Flink: JobManager and
TaskManager; its SQL client is not counted), from the start until everything is committed.
"""
import argparse
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
import flink_cluster
import flink_job
import machine
import session
import weir_job

FLUSH = "2026-03-01"  # a payload of that day in each partition ends all windows before
JOBS = ("weir-raw", "weir-daily", "weir-both", "weir-json", "weir-avro", "flink-raw", "flink-daily", "flink-both")
# Also NAME@MS: with another checkpoint interval.
STANDARD = "weir-raw,flink-raw,weir-daily,flink-daily,weir-both,flink-both,weir-json,flink-raw@10000,flink-daily@10000,weir-avro"


class Setup:
    """What all runs share."""

    def __init__(self, arguments):
        self.brokers, self.registry = session.address("KAFKA"), session.address("REGISTRY")
        self.kafka_pid = session.service_pid(os.environ["WEIR_RUN"], "kafka")
        self.build = pathlib.Path(arguments.build).resolve()
        self.checkpoint_ms, self.parallelism = arguments.checkpoint_ms, arguments.parallelism
        self.timeout_s = arguments.timeout
        self.folder = pathlib.Path(os.environ["WEIR_RUN"], "bench")
        self.flink = None


class Topic:
    """Generated payloads; made once and kept, as they are the same every time."""

    def __init__(self, setup, form, arguments):
        self.name = f"bench-{form}-{arguments.count}-{arguments.samples}-{arguments.partitions}"
        self.payloads = arguments.count + arguments.partitions
        self.samples = arguments.count * arguments.samples + arguments.partitions
        there = self.ends()
        if there not in (0, self.payloads):
            raise SystemExit(f"topic {self.name} holds {there} payloads, not {self.payloads}: delete it (services.sh clean kafka)")
        if there == 0:
            self.generate(setup, form, arguments, "--count", arguments.count, "--flush", FLUSH)
        elif form == "avro":  # the registry has forgotten its schemas if it was started since
            self.generate(setup, form, arguments, "--count", 0)

    def generate(self, setup, form, arguments, *more):
        command = [setup.build / "examples" / "health-generator", "--brokers", setup.brokers, "--topic", self.name, "--create",
                   "--partitions", arguments.partitions, "--format", form, "--samples", arguments.samples, "--users", arguments.users,
                   "--days", arguments.days, *more]
        if form == "avro":
            command += ["--registry", setup.registry]
        subprocess.run([str(word) for word in command], check=True)

    def ends(self):
        text = session.services("tool", "offsets", "--topic", self.name, check=False)
        return sum(int(line.rsplit(":", 1)[1]) for line in text.splitlines() if re.fullmatch(rf"{self.name}:\d+:\d+", line))


def measure(setup, name, topics, folder):
    system, what, checkpoint_ms = parts(name)
    setup = copy.copy(setup)
    setup.checkpoint_ms = checkpoint_ms or setup.checkpoint_ms
    if system == "weir":
        return weir_job.run(setup, topics["avro" if what == "avro" else "json"], what, folder)
    return flink_job.run(setup, topics["json"], what, folder)


def parts(name):
    """weir or flink, of what, with which checkpoint interval (None: the setup's)."""
    job, _, checkpoint_ms = name.partition("@")
    return *job.split("-"), int(checkpoint_ms) if checkpoint_ms else None


def complete(name, topic, result):
    """What follows from the rest: rates, and the rows that should be there and are not."""
    rate = result["steady_payloads_s"]
    result["samples_s"] = round(topic.samples / result["read_s"])
    result["steady_samples_s"] = round(rate * topic.samples / topic.payloads) if rate else None
    result["cpu_s_per_million"] = round(result["cpu_s"] / topic.samples * 1e6, 3)
    result["peak_total_mib"] = round(sum(result["peak_mib"].values()), 1)
    if "daily" not in name:
        result["raw_rows_missing"] = topic.samples - result["tables"].get("health_data_raw", {}).get("rows", 0)
    return result


def say(record):
    r = record
    rate = f"{r['steady_samples_s']:,}/s steady" if r["steady_samples_s"] else "no steady state"
    print(f"{r['name']:17} round {r['round']}: {r['samples_s']:>9,} samples/s ({rate}), {r['cpu_s_per_million']:.2f} CPU s per million, "
          f"peak {r['peak_total_mib']:.0f} MiB, first commit {r['first_commit_s']:.2f} s, {r['checkpoints']} checkpoints, "
          f"others {r['others_cores']:.2f} cores{'' if r['quiet'] else ' (disturbed)'}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(session.ROOT / "build"))
    parser.add_argument("--count", type=int, default=300000, help="payloads")
    parser.add_argument("--samples", type=int, default=10, help="in a payload")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--partitions", type=int, default=2)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="further runs of a job, when other processes disturbed one")
    parser.add_argument("--jobs", default=STANDARD, help="in each round, in this order")
    parser.add_argument("--no-warm-up", action="store_true", help="do not run Flink's jobs once before measuring")
    parser.add_argument("--idle-wait", type=int, default=30, help="seconds to wait for a quiet machine before each run")
    parser.add_argument("--timeout", type=int, default=900, help="seconds")
    parser.add_argument("--out", default="results.jsonl")
    arguments = parser.parse_args()
    names = arguments.jobs.split(",")
    if unknown := [name for name in names if not re.fullmatch(rf"({'|'.join(JOBS)})(@[1-9]\d*)?", name)]:
        parser.error(f"unknown jobs {unknown}; there are: {', '.join(JOBS)}, each also as NAME@CHECKPOINT_MS")

    setup = Setup(arguments)
    topics = {form: Topic(setup, form, arguments) for form in ("json", "avro")
              if any(name.startswith(f"weir-{form}") or (form == "json" and name.startswith("flink")) for name in names)}
    if any(name.startswith("flink") for name in names):
        setup.flink = flink_cluster.Flink().up()
    pids = [setup.kafka_pid, os.getpid()] + (list(flink_cluster.pids().values()) if setup.flink else [])
    preferred = machine.first_in_line(pids)
    of_data = ("count", "samples", "users", "days", "partitions", "parallelism", "checkpoint_ms")
    with open(arguments.out, "a") as out, session.kept_folders(setup):
        print(json.dumps(session.setup_line(setup, preferred, {key: getattr(arguments, key) for key in of_data})), file=out, flush=True)
        if setup.flink and not arguments.no_warm_up:
            for name in dict.fromkeys(name.partition("@")[0] for name in names if name.startswith("flink")):
                one_run(setup, name, topics, 0, arguments, out)
        for number in range(1, arguments.rounds + 1):
            for name in names:
                for left in range(arguments.repeats, -1, -1):
                    if one_run(setup, name, topics, number, arguments, out) or not left:
                        break


def one_run(setup, name, topics, number, arguments, out):
    """Round 0 warms up. False: other processes had so much of the machine that it should be run again."""
    machine.wait_idle(arguments.idle_wait)
    folder = setup.folder / f"{name}-{os.getpid()}-{time.time_ns() // 1000000}"
    topic = topics["avro" if name.startswith("weir-avro") else "json"]
    result = complete(name, topic, measure(setup, name, topics, folder))
    record = {"kind": "run" if number else "warm-up", "name": name, "round": number, "quiet": result["others_cores"] < 0.2, **result}
    print(json.dumps(record), file=out, flush=True)
    say(record)
    return record["quiet"]


if __name__ == "__main__":
    sys.exit(main())
