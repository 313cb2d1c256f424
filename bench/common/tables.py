"""tables.py: what an Iceberg table of a hadoop catalog on local files says of its commits. Metadata only."""
import gzip
import json
import pathlib
import re

NAME = re.compile(r"v(\d+)(\.gz)?\.metadata\.json$")


def metadata_files(table):
    """[(version, path)], oldest first."""
    folder = pathlib.Path(table) / "metadata"
    if not folder.is_dir():
        return []
    found = ((NAME.match(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def read_metadata(path):
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def snapshots(table):
    """[(timestamp in seconds, rows in the table, data files in it)], oldest first."""
    files = metadata_files(table)
    if not files:
        return []
    found = read_metadata(files[-1][1]).get("snapshots", [])
    found.sort(key=lambda s: s.get("sequence-number", 0))
    return [(s["timestamp-ms"] / 1000, int(s["summary"].get("total-records", 0)),
             int(s["summary"].get("total-data-files", 0))) for s in found]


def rows(table):
    found = snapshots(table)
    return found[-1][1] if found else 0


def summary(database, began):
    """Of the tables in a database's folder, by name: commits, rows, data files, seconds from began (of the clock) to the first and last."""
    out = {}
    for folder in sorted(pathlib.Path(database).glob("*")):
        found = snapshots(folder)
        if found:
            out[folder.name] = {"commits": len(found), "rows": found[-1][1], "files": found[-1][2],
                                "first_commit_s": round(found[0][0] - began, 3), "last_commit_s": round(found[-1][0] - began, 3)}
    return out
