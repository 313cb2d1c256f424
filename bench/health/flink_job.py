"""flink_job.py: runs one of flink/*.sql on the cluster of flink.sh and measures it."""
import json
import pathlib
import re
import subprocess
import time
import urllib.request

import machine
import tables
import weir_job

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = HERE.parent / "flink" / "flink.sh"
POLL_S = 0.1
ENDED = ("FINISHED", "FAILED", "CANCELED")

EVENT_TIME = """,
  payload_time AS TO_TIMESTAMP(`timestamp`, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  WATERMARK FOR payload_time AS payload_time - INTERVAL '10' MINUTE"""
RANGES = {"bounded": "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'",
          "unbounded": "'scan.startup.mode' = 'earliest-offset'"}


def call(verb, *arguments):
    done = subprocess.run([SCRIPT, verb, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"flink.sh {verb}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def pids():
    return {name: int(pid) for name, pid in (line.split() for line in call("pids").splitlines())}


class Flink:
    """The cluster and its REST API."""

    def __init__(self):
        self.up_s = None
        self.rest = re.search(r"WEIR_FLINK_REST=(\S+)", call("env"))[1]

    def up(self):
        words = call("up").split()
        self.up_s = float(words[-1]) if words else self.up_s
        return self

    def get(self, path, method="GET"):
        with urllib.request.urlopen(urllib.request.Request(self.rest + path, method=method), timeout=20) as reply:
            body = reply.read()
        return json.loads(body) if body else {}

    def jobs(self):
        return {job["jid"] for job in self.get("/jobs/overview")["jobs"]}

    def submit(self, setup, topic, job, folder, bounded=True):
        """The id of the job that a file of flink/ became."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        timed = job != "raw"
        values = {
            "CHECKPOINT_MS": setup.checkpoint_ms, "PARALLELISM": setup.parallelism, "NAME": folder.name, "TOPIC": topic,
            "BROKERS": setup.brokers, "WAREHOUSE": f"file://{folder}/warehouse", "EVENT_TIME": EVENT_TIME if timed else "",
            "EVENT_TIME_COLUMN": ", payload_time" if timed else "", "RANGE": RANGES["bounded" if bounded else "unbounded"]}
        text = "".join((HERE / "flink" / f"{name}.sql").read_text() for name in ("tables", job))
        file = folder / "job.sql"
        file.write_text(re.sub(r"\$\{(\w+)\}", lambda m: str(values[m[1]]), text))
        before = self.jobs()
        said = call("sql", file)
        found = self.jobs() - before
        if "[ERROR]" in said or not found:
            raise SystemExit(f"Flink did not take {file}:\n{said[-3000:]}")
        return found.pop()

    def offsets(self, job, cache):
        """Payloads the source has read, as far as metrics tell; None when they tell nothing yet."""
        if "names" not in cache:
            for vertex in self.get(f"/jobs/{job}")["vertices"]:
                names = [m["id"] for m in self.get(f"/jobs/{job}/vertices/{vertex['id']}/metrics")
                         if re.search(r"\.KafkaSourceReader\.topic\..*\.partition\.\d+\.currentOffset$", m["id"])]
                if names:
                    cache.update(vertex=vertex["id"], names=names)
        if "names" not in cache:
            return None
        found = self.get(f"/jobs/{job}/vertices/{cache['vertex']}/metrics?get=" +
                         ",".join(urllib.request.quote(name, safe="") for name in cache["names"]))
        return sum(float(m["value"]) + 1 for m in found)


def run(setup, topic, job, folder):
    """A bounded read of the topic, until the job has finished."""
    flink = setup.flink
    processes = pids()
    for pid in processes.values():
        machine.forget_peak(pid)
    watch = machine.Watch({**processes, "kafka": setup.kafka_pid})
    clock = time.time()
    jid = flink.submit(setup, topic.name, job, folder)
    submitted = time.time()
    series, cache = [], {}
    while True:
        state = flink.get(f"/jobs/{jid}")
        if state["state"] in ENDED:
            break
        if time.time() - submitted > setup.timeout_s:
            flink.get(f"/jobs/{jid}?mode=cancel", "PATCH")
            raise SystemExit(f"Flink has not read the topic within {setup.timeout_s} s")
        try:
            offset = flink.offsets(jid, cache)
        except OSError:
            offset = None
        if offset is not None:
            series.append((time.time(), offset))
        time.sleep(POLL_S)
    used, others = watch.result()
    if state["state"] != "FINISHED":
        raise SystemExit(f"Flink's job ended as {state['state']}: {flink.get(f'/jobs/{jid}/exceptions').get('root-exception')}")
    started = state["start-time"] / 1000
    counts = flink.get(f"/jobs/{jid}/checkpoints")["counts"]
    found = tables.summary(pathlib.Path(folder) / "warehouse", started)
    first = min(t["first_commit_s"] for t in found.values())
    return {
        "read_s": round(state["duration"] / 1000, 3), "done_s": round(state["duration"] / 1000, 3),
        "steady_payloads_s": weir_job.steady(distinct(series), topic.payloads),
        "cpu_s": round(used["jobmanager"] + used["taskmanager"], 2), "cpu_parts_s": {name: round(used[name], 2) for name in processes}, "kafka_cpu_s": round(used["kafka"], 2),
        "peak_mib": {name: round(machine.memory_mib(pid, "VmHWM"), 1) for name, pid in processes.items()},
        "resident_mib": {name: round(machine.memory_mib(pid, "VmRSS"), 1) for name, pid in processes.items()},
        "first_commit_s": first, "submit_s": round(started - clock, 3), "cluster_up_s": flink.up_s,
        "first_commit_cold_s": round(first + started - clock + (flink.up_s or 0), 3), "tables": found,
        "checkpoints": counts["completed"], "checkpoints_failed": counts["failed"], **others}


def distinct(series):
    """The metrics come by the half second: the first time of each value."""
    out = []
    for t, n in series:
        if not out or n != out[-1][1]:
            out.append((t, n))
    return out
