#!/usr/bin/env python3
"""differences.py: tests/sql/differences.txt as a Markdown table, for docs/differences.md.

  tests/sql/differences.py [--into docs/differences.md]     between the lines "<!-- table -->" and "<!-- end of table -->"
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def cell(text):
    return "`` " + text.replace("|", "\\|") + " ``" if text else ""


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
    table = "\n".join(rows)
    if sys.argv[1:2] != ["--into"]:
        print(table)
        return
    path = pathlib.Path(sys.argv[2])
    before, rest = path.read_text().split(BEGIN)
    path.write_text(before + BEGIN + "\n" + table + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
