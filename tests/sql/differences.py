#!/usr/bin/env python3
"""differences.py: tests/sql/differences.txt, and what stands under `~` in golden/*.test, as a Markdown table for
docs/differences.md.

  tests/sql/differences.py [--into docs/differences.md]     between the lines "<!-- table -->" and "<!-- end of table -->"
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def cell(text):
    return "`` " + text.replace("|", "\\|") + " ``" if text else ""


def answer(lines):
    """Of a statement, for a cell: its rows, or the columns when they are what differs."""
    return "fails" if lines and lines[0].startswith("!") else "; ".join(lines)


def script_row(block):
    """A block of a script as a row, when weir has an answer of its own."""
    lines = block.splitlines()
    if not lines or not re.match(">1? ", lines[0]) or not any(line.startswith("~ ") for line in lines):
        return
    statement, rest = re.sub("^>1? ", "", lines[0]), lines[1:]
    while rest[0].startswith("  "):
        statement += " " + rest.pop(0).strip()
    at = next(i for i, line in enumerate(rest) if line.startswith("~ "))
    flink, weir, reason = rest[:at], rest[at + 1:], rest[at][2:]
    if not flink:  # nobody asked it: what is weir's own
        return
    ours, theirs = set(weir), set(flink)
    if not any(line.startswith("!") for line in flink[:1] + weir[:1]):  # only what is not in both
        flink, weir = [x for x in flink if x not in ours], [x for x in weir if x not in theirs]
    yield f"| {cell(statement)} | {cell(answer(flink))} | {cell(answer(weir))} | {reason} |"


def main():
    flink = {}
    for file in sorted((HERE / "golden").glob("*.expr")):
        for line in file.read_text().splitlines():
            if not line.startswith("#") and line.count("\t") >= 2:
                expression, kind, text = line.split("\t", 2)
                flink[expression] = "fails" if kind == "ERROR" else f"{text} ({kind})"
    rows = ["| expression | Flink 1.20.5 | weir | why |", "|---|---|---|---|"]
    for line in (HERE / "differences.txt").read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        expression, kind, text, reason = line.split("\t")
        rows.append(f"| {cell(expression)} | {cell(flink.get(expression, '?'))} | {cell('fails' if kind == 'ERROR' else f'{text} ({kind})')} "
                    f"| {reason} |")
    for file in sorted((HERE / "golden").glob("*.test")):
        rows += [row for block in file.read_text().split("\n\n") for row in script_row(block)]
    table = "\n".join(rows)
    if sys.argv[1:2] != ["--into"]:
        print(table)
        return
    path = pathlib.Path(sys.argv[2])
    before, rest = path.read_text().split(BEGIN)
    path.write_text(before + BEGIN + "\n" + table + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
