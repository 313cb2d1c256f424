"""weir_job.py: runs weir's health job over a topic to its end and measures it."""
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

import machine
import tables

POLL_S = 0.1
TABLES = {"raw": "raw", "daily": "daily", "both": "raw,daily"}  # else all five


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class WeirJob:
    """A `weir run` of the health job, in a folder of its own."""

    def __init__(self, setup, topic, what, folder):
        self.setup, self.folder, self.port = setup, pathlib.Path(folder), free_port()
        self.warehouse = self.folder / "warehouse"
        self.form = "avro" if what == "avro" else "json"
        self.words = ["--format", "json" if self.form == "json" else "avro-confluent"]
        if what in TABLES:
            self.words += ["--tables", TABLES[what]]
        self.environment = {
            "KAFKA_BROKERS": setup.brokers, "KAFKA_TOPIC": topic, "KAFKA_GROUP_ID": f"weir-{self.folder.name}",
            "KAFKA_FETCH_MAX_WAIT": "50", "ICEBERG_CATALOG_TYPE": "hadoop", "ICEBERG_WAREHOUSE": f"file://{self.warehouse}",
            "CHECKPOINT_STORAGE": f"file://{self.folder}/checkpoints", "CHECKPOINT_INTERVAL": str(setup.checkpoint_ms),
            "STATE_BACKEND": "hashmap", "RESTART_ATTEMPTS": "0", "FLINK_PARALLELISM": str(setup.parallelism),
            "DAILY_AGG_PARALLELISM": str(setup.parallelism), "WEEKLY_AGG_PARALLELISM": "1", "MONTHLY_AGG_PARALLELISM": "1",
            "PROMETHEUS_PORT": str(self.port), "LOG_FORMAT": "text"}
        if self.form == "avro":
            self.environment["SCHEMA_REGISTRY_URL"] = setup.registry
        self.process = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("KAFKA_", "ICEBERG_", "S3_", "AWS_", "FLINK_", "SCHEMA_", "CHECKPOINT_"))}
        command = [str(self.setup.build / "weir"), "run", "--progress", str(self.setup.build / "examples" / "health.so")]
        command += ["--", *self.words]
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(command, env={**clean, **self.environment}, cwd=self.folder, stdout=log, stderr=log)
        return self.process.pid

    def metrics(self):
        """{name: sum over all its series}; empty while the port is not there."""
        out = {}
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as reply:
                text = reply.read().decode()
        except OSError:
            return out
        for line in text.splitlines():
            if line and line[0] != "#":
                series, _, value = line.rpartition(" ")
                name = series.partition("{")[0]
                out[name] = out.get(name, 0.0) + float(value)
        return out

    def tail(self):
        return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-15:])

    def stop(self):
        """Ends it gently; its CPU seconds over its whole life."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode:
            raise SystemExit(f"weir ended with {self.process.returncode}:\n{self.tail()}")
        return usage.ru_utime + usage.ru_stime

    def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            self.process.wait()


def run(setup, topic, what, folder):
    """Until everything in the topic was read, its offsets are committed and its rows are in the raw table."""
    job = WeirJob(setup, topic.name, what, folder)
    raw = job.warehouse / "health_db" / "health_data_raw"
    watch = machine.Watch({"kafka": setup.kafka_pid})
    began, clock = time.monotonic(), time.time()
    pid = job.start()
    read_s, series, values = None, [], {}
    try:
        while True:
            time.sleep(POLL_S)
            if job.process.poll() is not None:
                raise SystemExit(f"weir ended by itself:\n{job.tail()}")
            now = time.monotonic() - began
            if now > setup.timeout_s:
                raise SystemExit(f"weir has not read the topic within {setup.timeout_s} s:\n{job.tail()}")
            values = job.metrics()
            offset = values.get("kafka_consumer_offset", 0)
            series.append((now, offset))
            if read_s is None and offset >= topic.payloads:
                read_s = now
            if read_s and values.get("kafka_consumer_committed_offset", 0) >= topic.payloads and (what == "daily" or tables.rows(raw) >= topic.samples):
                break
        done_s = time.monotonic() - began
        cpu = machine.cpu_seconds(pid)
        peak, resident = machine.memory_mib(pid, "VmHWM"), machine.memory_mib(pid, "VmRSS")
        used, others = watch.result(children=0)
        others["others_cpu_s"] = round(max(0.0, others["others_cpu_s"] - cpu), 2)
        others["others_cores"] = round(others["others_cpu_s"] / done_s, 2)
        life_cpu = job.stop()
    finally:
        job.kill()
    found = tables.summary(job.warehouse / "health_db", clock)
    return {
        "read_s": round(read_s, 3), "done_s": round(done_s, 3), "steady_payloads_s": steady(series, topic.payloads),
        "cpu_s": round(cpu, 2), "cpu_life_s": round(life_cpu, 2), "kafka_cpu_s": round(used["kafka"], 2),
        "peak_mib": {"weir": round(peak, 1)}, "resident_mib": {"weir": round(resident, 1)},
        "first_commit_s": min(t["first_commit_s"] for t in found.values()), "tables": found,
        "checkpoints": int(values.get("flink_jobmanager_job_numberOfCompletedCheckpoints", 0)),
        "checkpoints_failed": int(values.get("flink_jobmanager_job_numberOfFailedCheckpoints", 0)), **others}


def steady(series, total):
    """Payloads a second between a tenth and nine tenths of a topic; None when it was over too soon to tell."""
    inner = [(t, n) for t, n in series if total * 0.1 <= n <= total * 0.9]
    if len(inner) < 3 or inner[-1][0] - inner[0][0] < 0.5:
        return None
    return round((inner[-1][1] - inner[0][1]) / (inner[-1][0] - inner[0][0]))
