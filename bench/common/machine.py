"""machine.py: what /proc tells: CPU and memory of processes, and how busy the machine is besides them."""
import os
import pathlib
import platform
import re
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count()


def cpu_seconds(pid):
    """User and system time of a process, all its threads."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid, key):
    """key: VmRSS or VmHWM."""
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def forget_peak(pid):
    """VmHWM begins again at what is resident now."""
    with open(f"/proc/{pid}/clear_refs", "w") as f:
        f.write("5")


def busy_seconds():
    """CPU seconds of the whole machine, without what is idle, waiting or stolen."""
    with open("/proc/stat") as f:
        fields = [int(x) for x in f.readline().split()[1:]]
    return (sum(fields[:3]) + fields[5] + fields[6]) / TICKS


class Watch:
    """CPU of some processes and of all others, from here on. names: {name: pid}."""

    def __init__(self, pids):
        self.pids = pids
        self.began = time.monotonic()
        self.before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        self.busy = busy_seconds()
        self.own = self._own()

    @staticmethod
    def _own():
        t = os.times()
        return t.user + t.system + t.children_user + t.children_system

    def result(self, children=0.0):
        """children: CPU seconds of a child that has not been waited for and is in pids, or 0."""
        used = {name: cpu_seconds(pid) - self.before[name] for name, pid in self.pids.items()}
        seconds = time.monotonic() - self.began
        own = self._own() - self.own - children
        others = max(0.0, busy_seconds() - self.busy - sum(used.values()) - own)
        return used, {"harness_cpu_s": round(own, 2), "others_cpu_s": round(others, 2),
                      "others_cores": round(others / seconds, 2) if seconds > 0 else 0.0}


def wait_idle(limit_s, enough=0.3):
    """Wait until the machine was nearly idle for two seconds; at most limit_s."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        before = busy_seconds()
        time.sleep(2)
        if (busy_seconds() - before) / 2 < enough:
            return True
    return False


def first_in_line(pids):
    """Processes of one session share the CPU as one (autogroup): take ours before those of other sessions."""
    done = True
    for pid in pids:
        try:
            with open(f"/proc/{pid}/autogroup", "w") as f:
                f.write("-20")
        except OSError:
            done = False
    return done


def describe():
    model = "unknown"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo") as f:
        memory = int(f.readline().split()[1]) / 1024 / 1024
    return {"cpu": model, "cores": CORES, "memory_gib": round(memory, 1), "kernel": platform.release()}


def version_of(build):
    """The commit that a build folder's sources are at."""
    cache = (pathlib.Path(build) / "CMakeCache.txt").read_text()
    source = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache, re.M)[1]
    done = subprocess.run(["git", "-C", source, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
