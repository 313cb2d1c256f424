#!/usr/bin/env python3
"""report.py: the tables of a results file of run.sh and latency.sh, as Markdown: medians over the runs, and ratios.

  report.py RESULTS.jsonl... [--into docs/benchmarks.md]

Of each setup the last session in the files counts. Runs that other processes disturbed are left out, unless no others are
there; the table says so. --into puts the tables between the lines "<!-- results -->" and "<!-- end of results -->".
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
from session import chosen, machine_line, median, number, sessions, times, write_between

TITLES = {
    "weir-raw": "weir, raw table", "weir-daily": "weir, daily aggregate", "weir-both": "weir, raw table and daily aggregate",
    "weir-json": "weir, all five tables", "weir-avro": "weir, all five tables, from Avro", "flink-raw": "Flink, b1: raw table",
    "flink-daily": "Flink, b2: daily aggregate", "flink-both": "Flink, b1 and b2 in one job"}
PAIRS = [("weir-raw", "flink-raw"), ("weir-daily", "flink-daily"), ("weir-both", "flink-both"), ("weir-json", "flink-both")]
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def title(name):
    job, _, checkpoint_ms = name.partition("@")
    return TITLES[job] + (f", checkpoints every {int(checkpoint_ms) / 1000:g} s" if checkpoint_ms else "")


def order(name):
    job, _, checkpoint_ms = name.partition("@")
    return list(TITLES).index(job), int(checkpoint_ms or 0)


def throughput(setup, records):
    runs = {}
    for r in sorted((r for r in records if r["kind"] == "run"), key=lambda r: order(r["name"])):
        runs.setdefault(r["name"], []).append(r)
    if not runs:
        return []
    lines = [machine_line(setup), "",
             f"{setup['count']:,} payloads of {setup['samples']} samples, {setup['users']:,} users, {setup['days']} days, "
             f"{setup['partitions']} partitions; parallelism {setup['parallelism']}, a checkpoint every {setup['checkpoint_ms']} ms.", "",
             "| | samples/s | steady samples/s | CPU s per million | peak memory, MiB | first commit, s | checkpoints | runs |",
             "|---|---:|---:|---:|---:|---:|---:|---|"]
    for name, found in runs.items():
        used, quiet, total = chosen(found)
        lines.append(f"| {title(name)} | {number(median(used, 'samples_s'))} | {number(median(used, 'steady_samples_s'))} | "
                     f"{number(median(used, 'cpu_s_per_million'), 2)} | {number(median(used, 'peak_total_mib'))} | "
                     f"{number(median(used, 'first_commit_s'), 2)} | {number(median(used, 'checkpoints'))} | "
                     f"{len(used)}{'' if quiet else ', all disturbed'} |")
    return lines + ratios(runs) + notes(runs)


def ratios(runs):
    pairs = [(a, b) for a, b in PAIRS if a in runs and b in runs]
    if not pairs:
        return []
    lines = ["", "weir against Flink on the same work; the last line: all of the health job against Flink doing a part of it:", "",
             "| | samples/s | steady | CPU | peak memory | first commit |", "|---|---:|---:|---:|---:|---:|"]
    for ours, theirs in pairs:
        weir, flink = chosen(runs[ours])[0], chosen(runs[theirs])[0]

        def more(key):
            return times(median(weir, key), median(flink, key))

        def less(key):
            return times(median(flink, key), median(weir, key))

        lines.append(f"| {title(ours)} : {title(theirs)} | {more('samples_s')} as many | {more('steady_samples_s')} as many | "
                     f"{less('cpu_s_per_million')} less | {less('peak_total_mib')} less | {less('first_commit_s')} sooner |")
    return lines


def notes(runs):
    lines = [""]
    for name, found in runs.items():
        missing = [r["raw_rows_missing"] for r in found if r.get("raw_rows_missing")]
        if missing:
            lines.append(f"- {title(name)}: in {len(missing)} of {len(found)} runs rows are missing in the raw table at the end, "
                         f"up to {max(missing):,}.")
        failed = sum(r["checkpoints_failed"] for r in found)
        if failed:
            lines.append(f"- {title(name)}: {failed} of {sum(r['checkpoints'] for r in found) + failed} checkpoints failed.")
    cold = [r for name, found in runs.items() if name.startswith("flink") for r in found if r.get("cluster_up_s")]
    if cold:
        lines.append(f"- Flink's first commit counts from the job's start on a warm cluster; with the start of the cluster and "
                     f"the SQL client it is {number(median(cold, 'first_commit_cold_s'), 1)} s.")
    busiest = max((r["others_cores"] for found in runs.values() for r in chosen(found)[0]), default=0)
    lines.append(f"- Other processes (the broker not counted among them) had up to {number(busiest, 2)} cores during the runs that count.")
    return lines


def latency(setup, records):
    found = [r for r in records if r["kind"] == "latency"]
    if not found:
        return []
    first = found[0]
    lines = [machine_line(setup), "", f"{first['samples_s']:,} samples/s for {first['seconds']} s, a checkpoint every "
             f"{first['checkpoint_ms']} ms; from the message's timestamp to the snapshot's being there to read.", "",
             "| | p50, ms | p99, ms | max, ms | commits | CPU, cores | others, cores |", "|---|---:|---:|---:|---:|---:|---:|"]
    for r in found:
        lines.append(f"| {r['title']} | {number(r['p50_ms'])} | {number(r['p99_ms'])} | {number(r['max_ms'])} | {r['commits']} | "
                     f"{number(r['cores'], 2)} | {number(r['others_cores'], 2)} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--into")
    arguments = parser.parse_args()
    found = sessions(arguments.files)
    parts = []
    for heading, table in (("Throughput, CPU, memory", throughput), ("Latency", latency)):
        tables = [t for t in (table(setup, records) for setup, records in found) if t]
        if tables:
            parts += [f"### {heading}", "", *tables[-1], ""]
    text = "\n".join(parts).rstrip() + "\n"
    print(text)
    if arguments.into:
        write_between(arguments.into, BEGIN, END, text)


if __name__ == "__main__":
    sys.exit(main())
