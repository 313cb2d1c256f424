#!/usr/bin/env python3
"""report.py: the tables of results files of run.sh and latency.sh, as Markdown: medians over the runs, and ratios.

  report.py RESULTS.jsonl... [--into docs/benchmarks.md]

Of each part the last session that has it counts. Runs that other processes disturbed are left out, unless no others are
there; the table says so. --into puts the tables between the lines "<!-- sql results -->" and "<!-- end of sql results -->".
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
from session import chosen, machine_line, median, number, sessions, times, write_between

BEGIN, END = "<!-- sql results -->", "<!-- end of sql results -->"
JOBS = {"bronze": "bronze: raw messages to Iceberg", "k2k": "JSON to JSON: filter, projection"}
SYSTEMS = {"weir": "weir", "flink": "Flink", "bare": "bare librdkafka"}
# Records a second of Flink 1.20.5 with the Nexmark project's own generator, two cores of the same kind, another day.
FLINK_GENERATED = {"q0": 726000, "q1": 764000, "q2": 775000, "q22": 526000}


def title(job):
    query, _, generated = job.partition("-")
    return JOBS.get(job) or f"Nexmark {query}, {'generated' if generated else 'from a topic'}"


def by_job(records):
    """{job: {system: its runs that count}}, {(job, system): runs that were disturbed count}."""
    out, disturbed = {}, set()
    for r in records:
        if r["kind"] == "run":
            out.setdefault(r["job"], {}).setdefault(r["system"], []).append(r)
    for job, systems in out.items():
        for system, runs in systems.items():
            systems[system], quiet, _ = chosen(runs)
            if not quiet:
                disturbed.add((job, system))
    return out, disturbed


def throughput(setup, records):
    found, disturbed = by_job(records)
    if not found:
        return []
    lines = [machine_line(setup), "",
             f"Messages: {setup['trades']:,} trades, {setup['events']:,} events, {setup['nexmark']:,} events of Nexmark, in 2 partitions; "
             f"parallelism {setup['parallelism']}, a checkpoint every {setup['checkpoint_ms'] / 1000:g} s.", "",
             "| | | records/s | CPU s per million | peak memory, MiB | runs |", "|---|---|---:|---:|---:|---|"]
    for job, systems in found.items():
        for system in (s for s in SYSTEMS if s in systems):
            runs = systems[system]
            lines.append(f"| {title(job)} | {SYSTEMS[system]} | {number(median(runs, 'records_s'))} | {number(median(runs, 'cpu_s_per_million'), 2)} | "
                         f"{number(median(runs, 'peak_total_mib'))} | {len(runs)}{', all disturbed' if (job, system) in disturbed else ''} |")
    return lines + ratios(found) + generated(found) + notes(found)


def ratios(found):
    lines = ["", "weir beside the others, in the same session:", "",
             "| | records/s, to Flink | records per CPU s, to Flink | memory, to Flink | records/s, to the bare program |", "|---|---:|---:|---:|---:|"]
    before = len(lines)
    for job, systems in found.items():
        weir, flink, bare = (systems.get(name, []) for name in ("weir", "flink", "bare"))
        if not weir or not (flink or bare):
            continue
        share = median(weir, "records_s") / median(bare, "records_s") if bare else None
        lines.append(f"| {title(job)} | {times(median(weir, 'records_s'), median(flink, 'records_s'))} | "
                     f"{times(median(flink, 'cpu_s_per_million'), median(weir, 'cpu_s_per_million'))} | "
                     f"{times(median(flink, 'peak_total_mib'), median(weir, 'peak_total_mib'))} less | {'–' if share is None else f'{share:.0%}'} |")
    return lines if len(lines) > before else []


def generated(found):
    lines = []
    for query, theirs in FLINK_GENERATED.items():
        runs = found.get(f"{query}-generated", {}).get("weir")
        if runs:
            lines.append(f"| {query} | {number(median(runs, 'records_s'))} | {theirs:,} | {times(median(runs, 'records_s'), theirs)} |")
    if not lines:
        return []
    return ["", "weir's generator beside what Flink did with the Nexmark project's own, on another day: not the same session, and not "
            "the same program making the events.", "", "| | weir, events/s | Flink, events/s | |", "|---|---:|---:|---:|", *lines]


def notes(found):
    lines = [""]
    for job, systems in found.items():
        for system, runs in systems.items():
            missing = [r["rows_missing"] for r in runs if r.get("rows_missing")]
            if missing:
                lines.append(f"- {title(job)}, {SYSTEMS[system]}: in {len(missing)} of {len(runs)} runs rows are missing at the end, up to {max(missing):,}.")
    busiest = max(r["others_cores"] for systems in found.values() for runs in systems.values() for r in runs)
    lines.append(f"- Other processes (the broker not counted among them) had up to {number(busiest, 2)} cores during the runs that count.")
    return lines


def short(setup, records):
    starts, plans = ([r for r in records if r["kind"] == kind] for kind in ("start", "plan"))
    if not starts and not plans:
        return []
    lines = [machine_line(setup)]
    for r in starts:
        lines += ["", f"`weir sql -f` with a query of one row, from the start of the process to its exit: {r['median_ms']} ms "
                  f"(median of {r['runs']}; {r['least_ms']} to {r['most_ms']})."]
    planned, refused = [r for r in plans if "ms" in r], [r for r in plans if "refused" in r]
    if planned:
        lines += ["", "Parsing, planning and printing the plan (EXPLAIN), ms: " + ", ".join(f"{r['query']} {r['ms']:.2f}" for r in planned) + "."]
    reasons = {}
    for r in refused:
        reasons.setdefault(r["refused"].removesuffix(" is not in this version of weir"), []).append(r["query"])
    if reasons:
        lines += ["", "Not planned, as not in this version: " + "; ".join(f"{why}: {', '.join(queries)}" for why, queries in reasons.items()) + "."]
    return lines


def latency(setup, records):
    found = [r for r in records if r["kind"] == "latency"]
    if not found:
        return []
    first = found[0]
    lines = [machine_line(setup), "", f"{first['rate']:,} events/s for {first['seconds']} s after {first['warm_up_s']} s; from the event's time, "
             "taken before it is sent, to its being received again.", "",
             "| | p50, ms | p90, ms | p99, ms | p99.9, ms | max, ms | CPU, cores | memory, MiB | others, cores |",
             "|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for system in (s for s in SYSTEMS if any(r["system"] == s for r in found)):
        runs = [r for r in found if r["system"] == system]
        cells = [number(median(runs, key), 2) for key in ("p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms", "cores")]
        lines.append(f"| {SYSTEMS[system]} | {' | '.join(cells)} | {number(median(runs, 'peak_total_mib'))} | {number(median(runs, 'others_cores'), 2)} |")
    lost = [r for r in found if r["arrived"] != r["expected"]]
    return lines + (["", f"In {len(lost)} of {len(found)} runs other events arrived than should have."] if lost else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--into")
    arguments = parser.parse_args()
    found, parts = sessions(arguments.files), []
    for heading, table in (("Throughput, CPU, memory", throughput), ("Short statements", short), ("Latency", latency)):
        tables = [t for t in (table(setup, records) for setup, records in found) if t]
        if tables:
            parts += [f"### {heading}", "", *tables[-1], ""]
    text = "\n".join(parts).rstrip() + "\n"
    print(text)
    if arguments.into:
        write_between(arguments.into, BEGIN, END, text)


if __name__ == "__main__":
    sys.exit(main())
