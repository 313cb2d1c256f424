"""session.py: what measuring programs share: the services they find, the line that says where and with what they measured,
folders that are kept to the end, a run's being repeated when others disturbed it; and the reading of results."""
import contextlib
import datetime
import json
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys

import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SERVICES = ROOT / "tests" / "live" / "services" / "services.sh"


def services(*words, check=True):
    done = subprocess.run([SERVICES, *words], capture_output=True, text=True)
    if check and done.returncode:
        raise SystemExit(f"services.sh {' '.join(words)}: {done.stderr}")
    return done.stdout


def address(name):
    """Of a service, as services.sh says it to tests: KAFKA, REGISTRY."""
    return re.search(rf"WEIR_TEST_{name}=(\S+)", services("env"))[1]


def service_pid(run, name):
    return int(pathlib.Path(run, name, "pid").read_text().split()[0])


def setup_line(setup, preferred, more=()):
    """The first line of a session: where and with what it measured."""
    return {"kind": "setup", "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), **machine.describe(),
            "weir": machine.version_of(setup.build), "flink": "1.20.5", "iceberg_of_flink": "1.10.1", "autogroup": preferred, **dict(more)}


@contextlib.contextmanager
def kept_folders(setup):
    """Tables are deleted at the end only: ext4 creates files more slowly for minutes after many were deleted. What is
    started here ends with us, also when we are told to."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    try:
        yield
    finally:
        shutil.rmtree(setup.folder, ignore_errors=True)


# --- results ---------------------------------------------------------------------------------------------------------------

def sessions(files):
    """[(setup, [record])]: a setup line and what follows it."""
    out = []
    for file in files:
        for line in pathlib.Path(file).read_text().splitlines():
            record = json.loads(line)
            if record["kind"] == "setup":
                out.append((record, []))
            else:
                out[-1][1].append(record)
    return out


def chosen(runs):
    """The undisturbed ones, or all; and how many there were of each."""
    quiet = [r for r in runs if r["quiet"]]
    return quiet or runs, len(quiet), len(runs)


def median(runs, key):
    values = [r[key] for r in runs if r.get(key) is not None]
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def times(a, b, digits=1):
    """How many times b goes into a."""
    return "–" if not a or not b else f"{a / b:,.{digits}f}×"


def machine_line(s):
    return (f"{s['at'][:10]}, weir {s['weir']}, Flink {s['flink']} with Iceberg {s['iceberg_of_flink']}; {s['cores']} cores ({s['cpu']}), "
            f"{s['memory_gib']} GiB, Linux {s['kernel']}.")


def write_between(path, begin, end, text):
    """Replace what a file has between two lines."""
    path = pathlib.Path(path)
    head, _, rest = path.read_text().partition(begin)
    tail = rest.partition(end)[2]
    if not rest or not tail:
        raise SystemExit(f"{path} has no lines {begin} and {end}")
    path.write_text(f"{head}{begin}\n\n{text}\n{end}{tail}")
