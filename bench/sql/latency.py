#!/usr/bin/env python3
"""latency.py: how long an event takes from one topic through filter and projection to another, at a steady rate, in weir, in
a bare librdkafka program and in Flink; latency.sh brings up what it needs.

  latency.py --build DIR [--systems bare,weir] [--rate N] [--seconds N] [--warm-up N] [--rounds N] [--out FILE]

The job (jobs/k2k.sql, at least once; the bare program does the same by hand) runs on a new topic. Then sql-load, a process of
its own, writes events at a steady rate, each with its time, and reads the other topic: the difference to the clock is the
latency. All sides send without lingering. The first seconds warm up and do not count; CPU is counted after them.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

import jobs
import flink_cluster
import machine
import session

PROPERTIES = "'properties.linger.ms' = '0', "


class Process:
    """weir, or the bare program."""

    def __init__(self, setup, name, command, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "log", "w") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, cwd=folder)
        self.pids = {name: self.process.pid}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class FlinkJob:
    def __init__(self, setup, file):
        self.flink = setup.flink or flink_cluster.Flink().up()
        setup.flink = self.flink
        self.id, self.pids = self.flink.submit(file), flink_cluster.pids()

    def stop(self):
        self.flink.cancel(self.id)


def begin(setup, system, source, target, folder):
    if system == "bare":
        return Process(setup, system, [setup.build / "bench" / "sql-load", setup.brokers, "pass", source, target], folder)
    file = setup.script(folder, ["jobs/k2k.sql"], TOPIC=source, OUT=target, RANGE="", PROPERTIES=PROPERTIES)
    if system == "flink":
        return FlinkJob(setup, file)
    return Process(setup, system, [setup.build / "weir", "sql", "-D", f"execution.checkpointing.dir=file://{folder}/checkpoints", "-f", file], folder)


def run(setup, system, number, arguments):
    folder = setup.folder / f"latency-{system}-{os.getpid()}-{time.time_ns() // 1000000}"
    source, target = (jobs.new_topic(setup, f"{folder.name}-{end}") for end in ("in", "out"))
    job = begin(setup, system, source, target, folder)
    command = [setup.build / "bench" / "sql-load", setup.brokers, "latency", source, target, arguments.rate, arguments.seconds, arguments.warm_up]
    client = None
    try:
        machine.first_in_line(job.pids.values())
        client = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        time.sleep(arguments.warm_up)
        watch = machine.Watch({**job.pids, "kafka": setup.kafka_pid, "client": client.pid})
        time.sleep(arguments.seconds)
        used, others = watch.result()
        memory = sum(machine.memory_mib(pid, "VmHWM") for pid in job.pids.values())
        said = client.communicate(timeout=60)[0]
    finally:
        if client and client.poll() is None:
            client.kill()
            client.wait()
        job.stop()
    if client.returncode:
        raise SystemExit(f"sql-load latency ended with {client.returncode}")
    measured = json.loads(said)
    if not measured["measured"]:
        log = folder / "log"
        raise SystemExit(f"{system}: no event came out of {target}: {log.read_text()[-2000:] if log.exists() else ''}")
    return {"kind": "latency", "system": system, "round": number, "rate": arguments.rate, "seconds": arguments.seconds,
            "warm_up_s": arguments.warm_up, **{k: v for k, v in measured.items() if k.endswith("_ms") or k in ("expected", "arrived", "measured")},
            "cores": round(sum(used[name] for name in job.pids) / arguments.seconds, 3), "peak_total_mib": round(memory, 1),
            "kafka_cores": round(used["kafka"] / arguments.seconds, 3), **others}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(session.ROOT / "build"))
    parser.add_argument("--systems", default="bare,weir")
    parser.add_argument("--flink", action="store_true", help="Flink too")
    parser.add_argument("--rate", type=int, default=5000, help="events a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=15, help="the first seconds, which do not count")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--checkpoint-ms", type=int, default=10000)
    parser.add_argument("--parallelism", type=int, default=1, help="the bare program has one consumer and one producer")
    parser.add_argument("--idle-wait", type=int, default=30, help="seconds to wait for a quiet machine before each run")
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--out", default="results.jsonl")
    arguments = parser.parse_args()
    systems = arguments.systems.split(",") + (["flink"] if arguments.flink else [])
    if unknown := set(systems) - {"bare", "weir", "flink"}:
        parser.error(f"unknown systems {unknown}; there are: bare, weir, flink")
    setup = jobs.Setup(arguments)
    with open(arguments.out, "a") as out, session.kept_folders(setup):
        print(json.dumps(session.setup_line(setup, machine.first_in_line([os.getpid(), setup.kafka_pid]))), file=out, flush=True)
        run(setup, "bare", 0, arguments)  # a broker that has just started is slow; this one does not count
        for number in range(1, arguments.rounds + 1):
            for system in systems:
                machine.wait_idle(arguments.idle_wait)
                r = run(setup, system, number, arguments)
                print(json.dumps(r), file=out, flush=True)
                print(f"{system:5} round {number}: p50 {r['p50_ms']:.2f} ms, p99 {r['p99_ms']:.2f} ms, p99.9 {r['p999_ms']:.2f} ms, max {r['max_ms']:.1f} ms "
                      f"over {r['measured']:,} events; {r['cores']:.2f} cores, {r['peak_total_mib']:.0f} MiB, others {r['others_cores']:.2f} cores"
                      f"{'' if r['arrived'] == r['expected'] else ', ARRIVED ' + str(r['arrived']) + ' OF ' + str(r['expected'])}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
