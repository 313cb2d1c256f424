#!/usr/bin/env python3
"""crash_test.py: kill -9 of the job at random moments, now and then of a service under it, while payloads keep coming.
Afterwards the tables must be what the oracle says: nothing lost, nothing twice.

8 kills over 200,000 samples; with --soak 100 kills over 2 million.
"""
import time

import live
from health_test import ALL_COUNTS, FLUSH, MISTAKES, verify
from live import Topic, check


def restart_service(run, name):
    run.services.kill(name)
    time.sleep(run.random.uniform(0.1, 1.5))
    run.services.up(name)


def crash(run, job, services, kills, samples):
    """Kill and start the job while the topic fills; every fourth time a service goes down with it, or instead of it."""
    payloads, seconds = samples // 10, kills * 2.5
    topic = job.topic
    job.supervised = True
    producer = topic.generate(wait=False, count=payloads, rate=payloads / seconds, **MISTAKES)
    job.start()
    for number in range(1, kills + 1):
        time.sleep(run.random.uniform(0.3, 3.5))
        job.kill()
        if services and number % 4 == 0:
            name = run.random.choice(services)
            print(f"kill {number}: the job and {name}", flush=True)
            restart_service(run, name)
        job.start()
    if services:  # one that the job lives through
        name = run.random.choice(services)
        job.wait_runs()
        print(f"{name} goes down under the running job", flush=True)
        restart_service(run, name)
    text = producer.communicate(timeout=600)[1]
    check(producer.returncode == 0, f"the generator: {text}")
    topic.generate(count=0, flush=FLUSH)
    job.catch_up(timeout=600)
    job.stop()
    print(f"{kills} kills, {job.starts} starts")


def rest_on_s3(run):
    job = run.job(Topic(run), catalog="rest", files="s3")
    kills, samples = (100, 2_000_000) if run.soak else (8, 200_000)
    crash(run, job, ["kafka", "minio", "iceberg-rest"], kills, samples)
    verify(job, ALL_COUNTS, names=("pyiceberg", "duckdb"))


def hadoop_local(run):
    job = run.job(Topic(run, partitions=3, form="json"))
    kills, samples = (50, 500_000) if run.soak else (4, 60_000)
    crash(run, job, [], kills, samples)
    verify(job, ALL_COUNTS, names=("pyiceberg", "duckdb"))


def hadoop_on_s3a(run):
    job = run.job(Topic(run, partitions=1), files="s3a")
    kills, samples = (50, 500_000) if run.soak else (4, 60_000)
    crash(run, job, ["minio"], kills, samples)
    verify(job, ALL_COUNTS, names=("pyiceberg", "duckdb"))


if __name__ == "__main__":
    live.main([rest_on_s3, hadoop_local, hadoop_on_s3a])
