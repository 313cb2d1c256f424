"""live.py: what the live tests share: cases and their verdicts, services, topics, the job as a process.

A test is `NAME_test.py --build DIR [--soak] [CASE...]`; it prints its cases as cmocka does, so that test.sh can count them.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request
import uuid

import confluent_kafka

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUCKET = "warehouse"


class Failed(Exception):
    pass


class Skip(Exception):
    pass


def check(true, text):
    if not true:
        raise Failed(text)


# --- cases ------------------------------------------------------------------------------------------------------------


class Run:
    """What the command line says, and a folder for this run."""

    def __init__(self, arguments):
        self.build = pathlib.Path(arguments.build).resolve()
        self.soak = arguments.soak
        self.seed = arguments.seed
        self.random = random.Random(self.seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-live-"))
        self.jobs = []
        self.services = Services()

    def job(self, *args, **kw):
        job = Job(self, *args, **kw)
        self.jobs.append(job)
        return job

    def clean(self):
        for job in self.jobs:
            job.kill()
        self.jobs = []


def main(cases):
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    run = Run(arguments)
    passed, failed, skipped = 0, [], []
    chosen = [c for c in cases if not arguments.cases or any(part in c.__name__ for part in arguments.cases)]
    print(f"[==========] {len(chosen)} test(s), seed {run.seed}, folder {run.folder}", flush=True)
    for case in chosen:
        print(f"[ RUN      ] {case.__name__}", flush=True)
        began = time.monotonic()
        try:
            case(run)
            passed += 1
            print(f"[       OK ] {case.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Skip as skip:
            skipped.append(case.__name__)
            print(f"[  SKIPPED ] {case.__name__}: {skip}", flush=True)
        except Exception as error:
            failed.append(case.__name__)
            if isinstance(error, Failed):
                print(error)
            else:
                traceback.print_exc(file=sys.stdout)
            for job in run.jobs:
                print(f"--- the end of {job.log}:\n{job.tail(25)}")
            print(f"[  FAILED  ] {case.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        finally:
            run.clean()
    print(f"[  PASSED  ] {passed} test(s).")
    for word, names in (("FAILED  ", failed), ("SKIPPED ", skipped)):
        if names:
            print(f"[  {word}] {len(names)} test(s), listed below: {' '.join(names)}")
    if not failed and not arguments.keep:
        shutil.rmtree(run.folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


# --- services ---------------------------------------------------------------------------------------------------------


class Services:
    """Those of services/services.sh."""

    def __init__(self):
        text = self.call("env").stdout
        values = dict(line.removeprefix("export ").split("=", 1) for line in text.splitlines() if "=" in line)
        self.kafka = values["WEIR_TEST_KAFKA"]
        self.registry = values["WEIR_TEST_REGISTRY"]
        self.s3 = values["WEIR_TEST_S3"]
        self.access, self.secret = values["WEIR_TEST_S3_ACCESS_KEY"], values["WEIR_TEST_S3_SECRET_KEY"]
        self.bucket = values["WEIR_TEST_S3_BUCKET"]
        self.catalog = values["WEIR_TEST_ICEBERG_REST"]

    @staticmethod
    def call(*arguments, **kw):
        done = subprocess.run([HERE / "services" / "services.sh", *arguments], capture_output=True, text=True, **kw)
        check(done.returncode == 0, f"services.sh {' '.join(arguments)}: {done.stderr}")
        return done

    def up(self, *names):
        self.call("up", *names)

    def kill(self, *names):
        self.call("kill", *names)

    def groups(self, *arguments):
        """kafka-consumer-groups."""
        return self.call("tool", "groups", *arguments).stdout


class OwnRegistry:
    """A registry beside the usual one, for tests that need it away, or with a user."""

    log = "(a registry)"

    def __init__(self, run, user=""):
        self.user, self.port = user, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "WEIR_RUN": str(run.folder / f"registry-{self.port}"),
                            "WEIR_REGISTRY_PORT": str(self.port), "WEIR_REGISTRY_USER": user}
        run.jobs.append(self)
        self.up()

    def up(self):
        Services.call("up", "registry", env=self.environment)

    def kill(self):
        Services.call("kill", "registry", env=self.environment)

    def tail(self, lines):
        return ""


# --- topics -----------------------------------------------------------------------------------------------------------


class Topic:
    """A topic of its own, filled by health-generator."""

    def __init__(self, run, partitions=2, form="avro"):
        self.run, self.partitions, self.form = run, partitions, form
        self.name = f"health-{uuid.uuid4().hex[:8]}"

    def generate(self, *, wait=True, registry=None, **options):
        """options: the generator's, with _ for -."""
        services = self.run.services
        command = [self.run.build / "examples" / "health-generator", "--brokers", services.kafka, "--topic", self.name,
                   "--create", "--partitions", self.partitions, "--format", self.form, "--seed", self.run.seed]
        if self.form == "avro":
            command += ["--registry", registry or services.registry]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True)
        if not wait:
            self.run.jobs.append(Background(process))
            return process
        text = process.communicate()[1]
        check(process.returncode == 0, f"{' '.join(map(str, command))}: {text}")
        return text.strip()

    def ends(self):
        """The end offset of each partition."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.run.services.kafka, "group.id": "weir-look"})
        try:
            return {p: consumer.get_watermark_offsets(confluent_kafka.TopicPartition(self.name, p), timeout=30)[1]
                    for p in range(self.partitions)}
        finally:
            consumer.close()

    def lag(self, group):
        """Records that the group has not committed yet."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.run.services.kafka, "group.id": group})
        try:
            wanted = [confluent_kafka.TopicPartition(self.name, p) for p in range(self.partitions)]
            done = {t.partition: max(t.offset, 0) for t in consumer.committed(wanted, timeout=30)}
            return sum(consumer.get_watermark_offsets(t, timeout=30)[1] - done[t.partition] for t in wanted)
        finally:
            consumer.close()


class Background:
    """A process that is ended with the case."""

    log = "(a generator)"

    def __init__(self, process):
        self.process = process

    def tail(self, lines):
        return ""

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


# --- the job ----------------------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def aggregates(daily, weekly, monthly):
    return {"DAILY_WINDOW_ALLOWED_LATENESS": daily, "WEEKLY_WINDOW_ALLOWED_LATENESS": weekly,
            "MONTHLY_WINDOW_ALLOWED_LATENESS": monthly}


class Job:
    """The health job as a process; the same object starts it again after it was killed."""

    def __init__(self, run, topic, catalog="hadoop", files="local", environment=None):
        """catalog: hadoop or rest; files: local, s3 or s3a."""
        self.run, self.topic, self.catalog = run, topic, catalog
        self.name = topic.name
        self.port = free_port()
        self.process = None
        self.starts = 0
        self.supervised = False  # start it again when it ended by itself, as a supervisor would
        self.folder = run.folder / f"{self.name}-{len(run.jobs)}"
        self.folder.mkdir()
        self.log = self.folder / "log"
        services = run.services
        root = str(self.folder) if files == "local" else f"{files}://{services.bucket}/{self.name}"
        self.warehouse = f"{root}/warehouse" if catalog == "hadoop" or files == "local" else f"{files}://{services.bucket}/"
        self.database = "health_db" if catalog == "hadoop" else self.name.replace("-", "_")
        self.checkpoints = f"{root}/checkpoints"
        self.environment = {
            "KAFKA_BROKERS": services.kafka, "KAFKA_TOPIC": self.name, "KAFKA_GROUP_ID": f"{self.name}-group",
            "SCHEMA_REGISTRY_URL": services.registry if topic.form == "avro" else None,
            "ICEBERG_CATALOG_TYPE": catalog, "ICEBERG_WAREHOUSE": self.warehouse, "ICEBERG_DATABASE": self.database,
            "ICEBERG_CATALOG_URI": services.catalog if catalog == "rest" else None,
            "S3_ENDPOINT": services.s3, "S3_ACCESS_KEY": services.access, "S3_SECRET_KEY": services.secret,
            "FLINK_PARALLELISM": 2, "DAILY_AGG_PARALLELISM": 2, "WEEKLY_AGG_PARALLELISM": 2, "MONTHLY_AGG_PARALLELISM": 1,
            "CHECKPOINT_INTERVAL": 1000, "CHECKPOINT_STORAGE": self.checkpoints, "RESTART_ATTEMPTS": 1000,
            "RESTART_DELAY": 500, "PROMETHEUS_PORT": self.port, "LOG_FORMAT": "text", "STRUCTURED_LOGGING": "false",
            **aggregates(87600, 87600, 87600), **(environment or {})}

    @property
    def group(self):
        return self.environment["KAFKA_GROUP_ID"]

    def command(self, options=()):
        form = ["--", "--format", "json"] if self.topic.form == "json" else []
        return [str(self.run.build / "weir"), "run", *options, str(self.run.build / "examples" / "health.so"), *form]

    def variables(self):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "ICEBERG_", "S3_", "AWS_", "FLINK_"))}
        return {**clean, **{k: str(v) for k, v in self.environment.items() if v is not None}}

    def start(self, options=()):
        self.starts += 1
        with open(self.log, "a") as log:
            log.write(f"--- start {self.starts}\n")
            log.flush()
            self.process = subprocess.Popen(self.command(options), env=self.variables(), stdout=log, stderr=log,
                                            cwd=self.folder)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9."""
        if self.running():
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def stop(self, timeout=120):
        """SIGTERM: a last checkpoint and a clean end."""
        check(self.running(), f"the job has ended by itself: {self.tail(5)}")
        self.process.send_signal(signal.SIGTERM)
        code = self.ended(timeout)
        check(code == 0, f"the job stopped with {code}")

    def ended(self, timeout=60):
        """Its exit code once it has ended."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"the job did not end within {timeout} s") from None

    def tail(self, lines=20):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def said(self, *texts):
        text = self.log.read_text(errors="replace")
        return all(t in text for t in texts)

    def wait_runs(self, timeout=60):
        """Wait until the process that was started last has all its tasks."""
        self.wait(lambda: "runs: " in self.log.read_text(errors="replace").rsplit("--- start", 1)[-1], "it does not run", timeout)

    def wait_said(self, *texts, timeout=60):
        self.wait(lambda: self.said(*texts), f"its log does not say {texts}", timeout, alive=False)

    def wait(self, condition, otherwise, timeout, alive=True):
        until = time.monotonic() + timeout
        while not condition():
            if self.supervised and not self.running():
                self.start()
            check(not alive or self.running(), f"the job has ended: {self.tail(5)}")
            check(time.monotonic() < until, f"after {timeout} s: {otherwise}")
            time.sleep(0.2)

    def catch_up(self, timeout=300):
        """Wait until all that is in the topic was read, processed and checkpointed (offsets are committed with that)."""
        lag = [None]

        def caught_up():
            lag[0] = self.topic.lag(self.group)
            return lag[0] == 0

        try:
            self.wait(caught_up, "the job lags", timeout)
        except Failed as failed:
            raise Failed(f"{failed} (lag {lag[0]})") from None

    def metrics(self):
        """Prometheus' text, as {series: value}."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}

    def metric(self, name):
        """The sum of a metric over all its series; 0 while there are none."""
        try:
            series = self.metrics()
        except (urllib.error.URLError, ConnectionError):
            return 0
        return sum(v for k, v in series.items() if k.split("{")[0] == name)
