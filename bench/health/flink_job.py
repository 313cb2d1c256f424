"""flink_job.py: runs one of flink/*.sql on the cluster of flink.sh and measures it."""
import pathlib
import re
import time
import urllib.parse

import flink_cluster
import tables
import weir_job

HERE = pathlib.Path(__file__).resolve().parent

EVENT_TIME = """,
  payload_time AS TO_TIMESTAMP(`timestamp`, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  WATERMARK FOR payload_time AS payload_time - INTERVAL '10' MINUTE"""
RANGES = {"bounded": "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'",
          "unbounded": "'scan.startup.mode' = 'earliest-offset'"}


def submit(setup, topic, job, folder, bounded=True):
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
    return setup.flink.submit(file)


def offsets(cluster, job, cache):
    """Payloads the source has read, as far as metrics tell; None when they tell nothing yet."""
    if "names" not in cache:
        for vertex in cluster.get(f"/jobs/{job}")["vertices"]:
            names = [m["id"] for m in cluster.get(f"/jobs/{job}/vertices/{vertex['id']}/metrics")
                     if re.search(r"\.KafkaSourceReader\.topic\..*\.partition\.\d+\.currentOffset$", m["id"])]
            if names:
                cache.update(vertex=vertex["id"], names=names)
    if "names" not in cache:
        return None
    found = cluster.get(f"/jobs/{job}/vertices/{cache['vertex']}/metrics?get=" +
                        ",".join(urllib.parse.quote(name, safe="") for name in cache["names"]))
    return sum(float(m["value"]) + 1 for m in found)


def run(setup, topic, job, folder):
    """A bounded read of the topic, until the job has finished."""
    cluster, cost, clock = setup.flink, flink_cluster.Cost(setup.kafka_pid), time.time()
    jid = submit(setup, topic.name, job, folder)
    series, cache = [], {}

    def look():
        try:
            offset = offsets(cluster, jid, cache)
        except OSError:
            return
        if offset is not None:
            series.append((time.time(), offset))

    state = cluster.finish(jid, setup.timeout_s, look)
    used, started, counts = cost.result(), state["start-time"] / 1000, cluster.checkpoints(jid)
    found = tables.summary(pathlib.Path(folder) / "warehouse" / "health_db", started)
    first = min(t["first_commit_s"] for t in found.values())
    return {
        "read_s": round(state["duration"] / 1000, 3), "done_s": round(state["duration"] / 1000, 3),
        "steady_payloads_s": weir_job.steady(distinct(series), topic.payloads),
        "first_commit_s": first, "submit_s": round(started - clock, 3), "cluster_up_s": cluster.up_s,
        "first_commit_cold_s": round(first + started - clock + (cluster.up_s or 0), 3), "tables": found,
        "checkpoints": counts["completed"], "checkpoints_failed": counts["failed"], **used}


def distinct(series):
    """The metrics come by the half second: the first time of each value."""
    out = []
    for t, n in series:
        if not out or n != out[-1][1]:
            out.append((t, n))
    return out
