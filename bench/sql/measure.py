#!/usr/bin/env python3
"""measure.py: SQL jobs by weir, by Flink and by bare librdkafka programs, in turn, one JSON line a run; run.sh brings up what
it needs.

  measure.py --build DIR [--jobs LIST] [--systems LIST] [--rounds N] [--out FILE]

Records a second: the messages or events that are read over the time from start to end (weir and the bare programs: of the
process; Flink: of the job, on a cluster that is up and has run each job once before). CPU is user and system time of the
process (Flink: JobManager and TaskManager; its SQL client is not counted).
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

import jobs
import flink_cluster
import machine
import session

QUERIES = range(23)


def complete(result, count):
    """What follows from the rest."""
    return {**result, "records": count, "records_s": round(count / result["seconds"]),
            "cpu_s_per_million": round(result["cpu_s"] / count * 1e6, 3), "peak_total_mib": round(sum(result["peak_mib"].values()), 1),
            "quiet": result["others_cores"] < 0.2}


def one_run(setup, job, system, topic, number, arguments, out):
    """Round 0 warms up. False: other processes had so much of the machine that it should be run again."""
    machine.wait_idle(arguments.idle_wait)
    folder = setup.folder / f"{system}-{job}-{os.getpid()}-{time.time_ns() // 1000000}"
    r = complete(jobs.JOBS[job][3](setup, system, topic, folder), topic.count)
    r = {"kind": "run" if number else "warm-up", "job": job, "system": system, "round": number, **r}
    print(json.dumps(r), file=out, flush=True)
    print(f"{job:13} {system:5} round {number}: {r['records_s']:>9,} records/s, {r['cpu_s_per_million']:.2f} CPU s per million, "
          f"peak {r['peak_total_mib']:.0f} MiB, others {r['others_cores']:.2f} cores{'' if r['quiet'] else ' (disturbed)'}"
          f"{', ROWS MISSING: ' + str(r['rows_missing']) if r.get('rows_missing') else ''}", flush=True)
    return r["quiet"]


# --- short statements ---------------------------------------------------------------------------------------------------------

def timed(setup, file):
    """Milliseconds from start to exit, and of CPU; what it said; whether it went well."""
    before, began = os.times(), time.perf_counter()
    done = subprocess.run([setup.build / "weir", "sql", "-f", file], capture_output=True, text=True, cwd=file.parent)
    wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall * 1000, cpu * 1000, done.stdout, done.returncode == 0


def start(setup, arguments, out):
    """A query of one row, from the start of the process to its exit."""
    folder = setup.folder / "start"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "one.sql"
    file.write_text("SELECT 1 + 1 AS two, 'a row' AS what;\n")
    timed(setup, file)
    runs = [timed(setup, file) for _ in range(arguments.starts)]
    if not all(went_well and "a row" in said for _, _, said, went_well in runs):
        raise SystemExit(f"{file}: {runs[-1][2]}")
    walls = sorted(wall for wall, _, _, _ in runs)
    record = {"kind": "start", "runs": len(runs), "median_ms": round(statistics.median(walls), 1), "least_ms": round(walls[0], 1),
              "most_ms": round(walls[-1], 1)}
    print(json.dumps(record), file=out, flush=True)
    print(f"a query of one row: {record['median_ms']} ms from start to exit (median of {len(runs)}; {record['least_ms']} to {record['most_ms']})")


def plan(setup, arguments, out):
    """Each Nexmark query: a script that explains it many times over one that explains it once."""
    for query in QUERIES:
        folder = setup.folder / f"plan-q{query}"
        text = setup.script(folder, ["nexmark/tables.sql", f"nexmark/q{query}.sql"], SOURCE=jobs.generator(1000)).read_text()
        head, insert, statement = text.rpartition("INSERT INTO")
        files = {}
        for times in (1, 1 + arguments.plans):
            files[times] = folder / f"{times}.sql"
            files[times].write_text(head + f"EXPLAIN {insert}{statement}\n" * times)
        _, _, said, went_well = timed(setup, files[1])
        record = {"kind": "plan", "query": f"q{query}"}
        if went_well:
            once, many = ([min(timed(setup, files[n])[which] for _ in range(3)) for which in (0, 1)] for n in files)
            record |= {"ms": round((many[0] - once[0]) / arguments.plans, 3), "plans": arguments.plans}
        else:
            record["refused"] = refusal(said)
        print(json.dumps(record), file=out, flush=True)
        print(f"planning {record['query']}: " + (f"{record['ms']} ms" if went_well else f"refused: {record['refused']}"), flush=True)


def refusal(said):
    """The reason in the client's words, without the place."""
    found = re.search(r"\.sql:\d+:\d+: (.*)", said)
    return found[1] if found else said.strip()[-200:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(session.ROOT / "build"))
    parser.add_argument("--jobs", default=",".join(jobs.JOBS), help="in each round, in this order; 'none'")
    parser.add_argument("--systems", default="bare,weir,flink", help="for each job, in this order")
    parser.add_argument("--trades", type=int, default=5000000, help="messages that bronze reads")
    parser.add_argument("--events", type=int, default=3000000, help="that k2k reads")
    parser.add_argument("--nexmark", type=int, default=3000000, help="events that the queries read")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=2, help="further runs of a job, when other processes disturbed one")
    parser.add_argument("--starts", type=int, default=20, help="of a query of one row; 0: not measured")
    parser.add_argument("--plans", type=int, default=100, help="of each Nexmark query; 0: not measured")
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=10000)
    parser.add_argument("--no-warm-up", action="store_true", help="do not run Flink's jobs once before measuring")
    parser.add_argument("--idle-wait", type=int, default=30, help="seconds to wait for a quiet machine before each run")
    parser.add_argument("--timeout", type=int, default=600, help="seconds")
    parser.add_argument("--out", default="results.jsonl")
    arguments = parser.parse_args()
    names = [] if arguments.jobs == "none" else arguments.jobs.split(",")
    systems = arguments.systems.split(",")
    if unknown := set(names) - set(jobs.JOBS):
        parser.error(f"unknown jobs {unknown}; there are: {', '.join(jobs.JOBS)}")
    if unknown := set(systems) - {"bare", "weir", "flink"}:
        parser.error(f"unknown systems {unknown}; there are: bare, weir, flink")

    setup = jobs.Setup(arguments)
    with open(arguments.out, "a") as out, session.kept_folders(setup):
        kinds = dict.fromkeys(jobs.JOBS[name][0] for name in names)
        topics = {kind: jobs.Topic(setup, kind, getattr(arguments, kind)) for kind in kinds}
        runs = [(name, system) for name in names for system in systems
                if system == "weir" or jobs.JOBS[name][1 if system == "flink" else 2]]
        if any(system == "flink" for _, system in runs):
            setup.flink = flink_cluster.Flink().up()
        pids = [setup.kafka_pid, os.getpid()] + (list(flink_cluster.pids().values()) if setup.flink else [])
        of_data = ("trades", "events", "nexmark", "parallelism", "checkpoint_ms")
        more = {key: getattr(arguments, key) for key in of_data}
        print(json.dumps(session.setup_line(setup, machine.first_in_line(pids), more)), file=out, flush=True)
        if arguments.starts:
            start(setup, arguments, out)
        if arguments.plans:
            plan(setup, arguments, out)
        for number in range(0 if setup.flink and not arguments.no_warm_up else 1, arguments.rounds + 1):
            for name, system in runs:
                for left in range(arguments.repeats if number else 0, -1, -1):
                    if not number and system != "flink":
                        continue
                    if one_run(setup, name, system, topics[jobs.JOBS[name][0]], number, arguments, out):
                        break


if __name__ == "__main__":
    sys.exit(main())
