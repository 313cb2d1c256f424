"""flink_cluster.py: the cluster of flink.sh: its jobs from files of SQL, by its REST API."""
import json
import pathlib
import re
import subprocess
import time
import urllib.request

import machine

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "flink" / "flink.sh"
POLL_S = 0.1
ENDED = ("FINISHED", "FAILED", "CANCELED")


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

    def submit(self, file):
        """The id of the job that a file of SQL became."""
        before = self.jobs()
        said = call("sql", file)
        found = self.jobs() - before
        if "[ERROR]" in said or not found:
            raise SystemExit(f"Flink did not take {file}:\n{said[-3000:]}")
        return found.pop()

    def finish(self, job, limit_s, look=lambda: None):
        """Wait until a job has finished, calling look() now and then; what the API says of it then."""
        until = time.monotonic() + limit_s
        while True:
            state = self.get(f"/jobs/{job}")
            if state["state"] == "FINISHED":
                return state
            if state["state"] in ENDED:
                raise SystemExit(f"Flink's job ended as {state['state']}: {self.get(f'/jobs/{job}/exceptions').get('root-exception')}")
            if time.monotonic() > until:
                self.cancel(job)
                raise SystemExit(f"Flink's job has not finished within {limit_s} s")
            look()
            time.sleep(POLL_S)

    def cancel(self, job):
        self.get(f"/jobs/{job}?mode=cancel", "PATCH")
        while self.get(f"/jobs/{job}")["state"] not in ENDED:
            time.sleep(POLL_S)

    def checkpoints(self, job):
        """{completed, failed, ...}: how many; all absent before the first."""
        return self.get(f"/jobs/{job}/checkpoints").get("counts", {})


class Cost:
    """CPU and memory of the cluster and the broker, from here on."""

    def __init__(self, kafka_pid):
        self.pids = pids()
        for pid in self.pids.values():
            machine.forget_peak(pid)
        self.watch = machine.Watch({**self.pids, "kafka": kafka_pid})

    def result(self):
        used, others = self.watch.result()
        return {"cpu_s": round(used["jobmanager"] + used["taskmanager"], 2),
                "cpu_parts_s": {name: round(used[name], 2) for name in self.pids}, "kafka_cpu_s": round(used["kafka"], 2),
                "peak_mib": {name: round(machine.memory_mib(pid, "VmHWM"), 1) for name, pid in self.pids.items()},
                "resident_mib": {name: round(machine.memory_mib(pid, "VmRSS"), 1) for name, pid in self.pids.items()}, **others}
