"""jobs.py: the jobs: which file of SQL, which topic, how weir, Flink and the bare program run them. Each run gives
{"seconds", "cpu_s", "peak_mib": {process: MiB}, "rows_missing", ...}."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "common"))
import flink_cluster
import machine
import session
import tables

HERE = pathlib.Path(__file__).resolve().parent
NEXMARK = (0, 1, 2, 14, 21, 22)
PARTITIONS = 2


class Setup:
    """What all runs share."""

    def __init__(self, arguments):
        self.build = pathlib.Path(arguments.build).resolve()
        self.brokers = session.address("KAFKA")
        self.kafka_pid = session.service_pid(os.environ["WEIR_RUN"], "kafka")
        self.folder = pathlib.Path(os.environ["WEIR_RUN"], "bench-sql")
        self.checkpoint_ms, self.parallelism, self.timeout_s = arguments.checkpoint_ms, arguments.parallelism, arguments.timeout
        self.flink = None

    def load(self, *words):
        """What sql-load says on standard output."""
        command = [str(self.build / "bench" / "sql-load"), self.brokers, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        return done.stdout

    def script(self, folder, texts, **values):
        """A file of SQL with its ${...} filled in."""
        folder.mkdir(parents=True, exist_ok=True)
        values = {"CHECKPOINT_MS": self.checkpoint_ms, "PARALLELISM": self.parallelism, "NAME": folder.name, "FOLDER": folder,
                  "BROKERS": self.brokers, "WAREHOUSE": f"file://{folder}/warehouse", **values}
        text = "".join((HERE / name).read_text() for name in texts)
        file = folder / "job.sql"
        file.write_text(re.sub(r"\$\{(\w+)\}", lambda m: str(values[m[1]]), text))
        return file


def generator(count):
    return f"'connector' = 'nexmark', 'rate-limited' = 'false', 'events.num' = '{count}'"


def nexmark_topic(setup, topic):
    return (f"'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{setup.brokers}', "
            "'properties.group.id' = 'nexmark', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', "
            "'format' = 'json'")


# --- topics -----------------------------------------------------------------------------------------------------------------

class Topic:
    """A topic of generated messages; made once and kept, as they are the same every time."""

    def __init__(self, setup, kind, count):
        self.name, self.count = f"bench-{kind}-{count}", count
        if self.name not in topics(setup):
            setup.load("create", self.name, PARTITIONS)
        there = int(setup.load("ends", self.name))
        if there not in (0, count):
            raise SystemExit(f"topic {self.name} holds {there} messages, not {count}: delete it (services.sh clean kafka)")
        if there == 0 and kind == "nexmark":
            self.fill_nexmark(setup)
        elif there == 0:
            setup.load(kind, self.name, count)
        self.expected = None  # what filter and projection leave of it; known after a bare copy

    def fill_nexmark(self, setup):
        """weir's generator, written to the topic by weir: whoever reads it has the same events."""
        folder = setup.folder / "fill-nexmark"
        text = (HERE / "nexmark" / "tables.sql").read_text()
        columns = re.search(r"CREATE TABLE nexmark \((.*?),\n  dateTime AS", text, re.S)[1]
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "fill.sql"
        file.write_text(f"CREATE TABLE made ({columns}) WITH ({generator(self.count)});\n"
                        f"CREATE TABLE kept ({columns}) WITH ('connector' = 'kafka', 'topic' = '{self.name}', "
                        f"'properties.bootstrap.servers' = '{setup.brokers}', 'format' = 'json');\n"
                        "INSERT INTO kept SELECT * FROM made;\n")
        done = subprocess.run([setup.build / "weir", "sql", "-f", file], capture_output=True, text=True, cwd=folder)
        if done.returncode:
            raise SystemExit(f"filling {self.name}: {done.stdout}{done.stderr}")


def topics(setup):
    return setup.load("topics").split()


def new_topic(setup, name):
    setup.load("create", name, PARTITIONS)
    return name


# --- systems ----------------------------------------------------------------------------------------------------------------

def run_process(setup, command, folder):
    """A program from its start to its exit: seconds, CPU, memory, and what it said."""
    folder.mkdir(parents=True, exist_ok=True)
    watch, began = machine.Watch({"kafka": setup.kafka_pid}), time.monotonic()
    with open(folder / "log", "w+") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            usage = wait_for(process, setup.timeout_s)
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - began
        log.seek(0)
        said = log.read()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{said[-3000:]}")
    used, others = watch.result()
    others["harness_cpu_s"] = round(others["harness_cpu_s"] - usage.ru_utime - usage.ru_stime, 2)  # a child that was waited for
    return {"seconds": round(seconds, 3), "cpu_s": round(usage.ru_utime + usage.ru_stime, 3), "kafka_cpu_s": round(used["kafka"], 2),
            "peak_mib": {pathlib.Path(command[0]).name: round(usage.ru_maxrss / 1024, 1)}, **others}, said


def wait_for(process, limit_s):
    until = time.monotonic() + limit_s
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.monotonic() > until:
            raise SystemExit(f"{process.args[0]} has not ended within {limit_s} s")
        time.sleep(0.005)


def run_weir(setup, file):
    command = [setup.build / "weir", "sql", "-D", f"execution.checkpointing.dir=file://{file.parent}/checkpoints", "-f", file]
    return run_process(setup, command, file.parent)[0]


def run_flink(setup, file):
    cost = flink_cluster.Cost(setup.kafka_pid)
    job = setup.flink.submit(file)
    state = setup.flink.finish(job, setup.timeout_s)
    return {"seconds": round(state["duration"] / 1000, 3), "checkpoints": setup.flink.checkpoints(job).get("completed", 0), **cost.result()}


SYSTEMS = {"weir": run_weir, "flink": run_flink}


# --- jobs -------------------------------------------------------------------------------------------------------------------

def bronze(setup, system, topic, folder):
    if system == "bare":
        return run_process(setup, [setup.build / "bench" / "sql-load", setup.brokers, "read", topic.name], folder)[0]
    result = SYSTEMS[system](setup, setup.script(folder, ["jobs/bronze.sql"], TOPIC=topic.name))
    found = tables.snapshots(folder / "warehouse" / "bronze" / "trades")
    return {**result, "commits": len(found), "files": found[-1][2], "rows_missing": topic.count - found[-1][1]}


def k2k(setup, system, topic, folder):
    out = new_topic(setup, f"out-{folder.name}")
    if system == "bare":
        result, said = run_process(setup, [setup.build / "bench" / "sql-load", setup.brokers, "copy", topic.name, out], folder)
        topic.expected = json.loads(said)["sent"]
    else:
        file = setup.script(folder, ["jobs/k2k.sql"], TOPIC=topic.name, OUT=out, RANGE="'scan.bounded.mode' = 'latest-offset', ", PROPERTIES="")
        result = SYSTEMS[system](setup, file)
    there = int(setup.load("ends", out))
    return {**result, "rows": there, "rows_missing": topic.expected - there if topic.expected else 0}


def nexmark(query, from_topic):
    def run(setup, system, topic, folder):
        source = nexmark_topic(setup, topic.name) if from_topic else generator(topic.count)
        return SYSTEMS[system](setup, setup.script(folder, ["nexmark/tables.sql", f"nexmark/q{query}.sql"], SOURCE=source))
    return run


# {name: (kind of topic, whether Flink can run it, whether there is a bare program, what runs it)}
JOBS = {"bronze": ("trades", True, True, bronze), "k2k": ("events", True, True, k2k)}
for number in NEXMARK:
    JOBS[f"q{number}"] = ("nexmark", True, False, nexmark(number, True))
for number in NEXMARK:
    JOBS[f"q{number}-generated"] = ("nexmark", False, False, nexmark(number, False))
