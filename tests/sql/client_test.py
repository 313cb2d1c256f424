#!/usr/bin/env python3
"""client_test.py: `weir sql` and `weir run FILE.sql` as a user has them: by files, by pipes, on a terminal.

client_test.py --weir BUILD/weir [--record] [CASE...]

Golden scripts lie in client/: NAME.sql is executed by `weir sql -f`, NAME.out is what comes out. A first line
`-- exit: 1` says how it exits. --record writes the .out files anew, to be read by a person. Times and the ids of jobs
are blotted out. Cases are printed as cmocka does, so that test.sh can count them.
"""
import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "client"
PATIENCE_S = 60  # for what should take no time: machines are busy


class Failed(Exception):
    pass


def check(true, text):
    if not true:
        raise Failed(text)


def blot(text):
    text = re.sub(r"\[INFO\] Waiting for \d+ job\(s\) to end\.\n", "", text)  # if they have not ended by then
    text = re.sub(r"\(\d+\.\d\d seconds\)", "(0.00 seconds)", text)
    return re.sub(r"Job(ID| ID:) [0-9a-f]{32}", r"Job\1 <id>", text)


class Client:
    def __init__(self, weir):
        self.weir = str(pathlib.Path(weir).resolve())
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weir-client-"))
        self.env = {**os.environ, "HOME": str(self.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for name in ("FLINK_CONF_DIR", "FLINK_PROPERTIES", "NO_COLOR"):
            self.env.pop(name, None)

    def run(self, *args, stdin="", cwd=None):
        return subprocess.run([self.weir, *args], input=stdin, capture_output=True, text=True, env=self.env,
                              cwd=cwd or self.folder, timeout=PATIENCE_S)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


# --- a terminal -------------------------------------------------------------------------------------------------------


class Terminal:
    """weir on a pseudo-terminal, with what it has written so far."""

    def __init__(self, client, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(client.folder)
            os.execve(client.weir, [client.weir, *args], client.env)
        self.text = ""
        self.seen = 0

    def type(self, text):
        os.write(self.fd, text.encode())

    def read(self, timeout_s):
        """Something more; False at the end or when nothing comes."""
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def prompt(self):
        self.expect("weir> ")

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def expect(self, what):
        """Wait until what is written behind the last thing that was expected; what stands before it."""
        until = time.monotonic() + PATIENCE_S
        while what not in self.text[self.seen:]:
            left = until - time.monotonic()
            if left <= 0 or not self.read(left):
                raise Failed(f"{what!r} did not come; there is {self.text[self.seen:]!r}")
        at = self.text.index(what, self.seen)
        before = self.text[self.seen:at]
        self.seen = at + len(what)
        return before

    def leave(self):
        """Ctrl-D at the next prompt."""
        self.prompt()
        self.type("\x04")
        check(self.end() == 0, "it ends")

    def end(self):
        """The exit code."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read(0):
                    pass
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise Failed(f"it does not end; there is {self.text[self.seen:]!r}")


UNBOUNDED = "CREATE TABLE gen (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20');\n"
BLACKHOLE = "CREATE TABLE hole (id BIGINT) WITH ('connector' = 'blackhole');\n"


def case_terminal_statement(client):
    t = Terminal(client, "sql")
    t.prompt()
    t.type("SELECT 40 + 2\r")
    t.expect("    > ")
    t.type("AS answer;\r")
    t.expect("answer")
    t.expect("42")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("QUIT;\r")
    t.expect("Exiting")
    check(t.end() == 0, "QUIT ends with 0")


def case_terminal_history(client):
    t = Terminal(client, "sql")
    t.prompt()
    t.type("SELECT 7 AS lucky;\r")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("\x04")
    check(t.end() == 0, "Ctrl-D ends with 0")
    check((client.folder / ".weir-sql-history").exists(), "the history is kept")
    t = Terminal(client, "sql")
    t.prompt()
    t.type("\x1b[A")
    t.expect("lucky")
    t.type("\r")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("SELECT 8\r")
    t.expect("    > ")
    t.type("AS lines;\r")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("\x1b[A")
    t.expect("SELECT 8 AS lines;")
    t.type("\r")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("exit\r")
    check(t.end() == 0, "exit without ; leaves")


def case_terminal_completion(client):
    t = Terminal(client, "sql")
    t.prompt()
    t.type("CREATE TABLE quaint_name (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '1');\r")
    t.expect("succeeded")
    t.prompt()
    t.type("describ\tquai\t;\r")
    t.expect("1 row in set")
    t.leave()


# What is typed before Tab, in turn, and what Tab puts in behind it; BELL: nothing fits.
BELL = "\x07"
COMPLETIONS = (
    (("sel", "ect "),),
    (("INS", "ERT "), ("INTO quai", "nt_name ")),
    (("SELECT * FROM tri", BELL),),
    (("select * from quai", "nt_name "), ("q where q.unus", "ual "), ("gr", "oup "), ("b", "y "), ("unus", "ual ")),
    (("SELECT * FROM default_c", "atalog."), ("default_d", "atabase."), ("quai", "nt_name ")),
    (("SELECT * FROM `od", "d name` "),),
    (("SELECT * FROM od", "`odd name` "),),
    (("SELECT char_l", "ength("),),
    (("SELECT CHAR_L", "ENGTH("),),
    (("SELECT EXTRACT(DAY FROM CURRENT_TIMEST", "AMP "),),
    (("WITH brief AS (SELECT 1 AS a) SELECT * FROM br", "ief "),),
    (("SHOW CREATE TA", "BLE "), ("quai", "nt_name ")),
    (("SELECT CAST(1 AS STR", "ING "),),
    (("SELECT * FROM quaint_name th", BELL),),
    (("SELECT CASE WHEN TRUE TH", "EN "),),
    (("DROP VIEW IF EX", "ISTS "),),
    (("USE CATALOG def", "ault_catalog "),),
    (("SET ", "'"), ("sql-client.execution.r", "esult-mode' = '"), ("tablea", "u'")),
    (("SET 'execution.checkpointing.mode' = 'e", "XACTLY_ONCE'"),),
    (("RESET 'table.local-t", "ime-zone'"),),
    (("CREATE TABLE n (a INT) WITH (", "'"), ("conn", "ector' = '"), ("files", "ystem'"), (", 'form", "at' = '"),
     ("js", "on'"), (", 'json.ign", "ore-parse-errors' = '"), ("t", "rue'"), (", 'conn", BELL)),
)


def case_terminal_completion_places(client):
    t = Terminal(client, "sql")
    t.resize(200, 50)
    t.prompt()
    t.type("CREATE TABLE quaint_name (unusual INT) WITH ('connector' = 'datagen');\r")
    t.expect("succeeded")
    t.prompt()
    t.type("CREATE VIEW `odd name` AS SELECT 1 AS a;\r")
    t.expect("succeeded")
    for case in COMPLETIONS:
        t.prompt()
        for typed, put_in in case:
            t.type(typed)
            if typed:
                t.expect(typed)
            t.type("\t")
            t.expect(put_in)
        t.type("\x03")
        t.expect("^C")
    t.leave()


def case_terminal_completion_of_before(client):
    """Columns of a table that is named behind the cursor, and on another line than it."""
    t = Terminal(client, "sql")
    t.prompt()
    t.type("CREATE VIEW quaint_name AS SELECT 5 AS unusual;\r")
    t.expect("succeeded")
    t.prompt()
    t.type("SELECT unus FROM quaint_name;" + "\x1b[D" * len(" FROM quaint_name;") + "\t\r")
    t.expect("Received a total of 1 row")
    t.prompt()
    t.type("SELECT * FROM quaint_name\r")
    t.expect("    > ")
    t.type("WHERE unus\t= 5;\r")
    t.expect("Received a total of 1 row")
    t.leave()


def case_terminal_typed_ahead(client):
    """What is typed while a statement runs is for the next lines; Ctrl-D too."""
    t = Terminal(client, "sql")
    t.prompt()
    t.type("SELECT 1 AS first_of;\rSELECT 2\rAS second_of;\rSELECT 3 AS third_of;\r\x04")
    for name in ("first_of", "second_of", "third_of"):
        t.expect(f"| {name:>11} |")
    check(t.end() == 0, "Ctrl-D ends it")


def case_terminal_gives_back(client):
    """The terminal is as it was, however the client ends."""
    ends = os.openpty()
    before = termios.tcgetattr(ends[0])
    for end in ends:
        os.close(end)
    for last in ("\x04", "QUIT;\r", "sigterm"):
        t = Terminal(client, "sql")
        t.prompt()
        check(termios.tcgetattr(t.fd) != before, "keys are read one by one")
        if last == "sigterm":
            os.kill(t.pid, signal.SIGTERM)
        else:
            t.type(last)
        t.expect("Exiting")
        check(termios.tcgetattr(t.fd) == before, "the terminal is as it was")
        check(t.end() == 0, "it ends")


def case_terminal_narrow(client):
    """The place of an error is marked below it, in a line that fits the window."""
    t = Terminal(client, "sql")
    t.resize(60, 24)
    t.prompt()
    t.type("SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS d, 5 AS e, 6 AS f, missing, 8 AS h, 9 AS i;\r")
    t.expect("Reason:")
    shown = t.expect("weir> ").split("\r\n")
    line = next(i for i, text in enumerate(shown) if text.startswith("  1 | "))
    check(len(shown[line]) < 60, f"{shown[line]!r} is too long")
    at = shown[line].index("missing")
    check(shown[line + 1] == "    | ".ljust(at) + "^" * len("missing"), f"{shown!r}")
    t.type("SELECT 'a text', 'another', 'and one more';\r")
    t.expect("rows are wider than this window")
    t.leave()


def case_terminal_setting_refused(client):
    t = Terminal(client, "sql")
    t.prompt()
    t.type("SET 'sql-client.execution.result-mode' = 'pages';\r")
    t.expect("is not one of tableau, table, changelog")
    t.prompt()
    t.type("SELECT 5 AS still_here;\r")
    t.expect("Received a total of 1 row")
    t.leave()


def case_terminal_interrupt(client):
    t = Terminal(client, "sql")
    t.prompt()
    t.type("SELECT half a stat")
    t.expect("stat")
    t.type("\x03")
    t.expect("^C")
    t.prompt()
    t.type(UNBOUNDED.replace("\n", "\r"))
    t.expect("succeeded")
    t.prompt()
    t.type("SELECT * FROM gen;\r")
    t.expect("| +I |")
    t.type("\x03")
    t.expect("Query terminated, received a total of ")
    t.prompt()
    t.type("SELECT 5 AS still_here;\r")
    t.expect("Received a total of 1 row")
    t.leave()


def case_terminal_table(client):
    for mode, title in (("table", "(Table)"), ("changelog", "(Changelog)")):
        t = Terminal(client, "sql", "-D", f"sql-client.execution.result-mode={mode}")
        t.prompt()
        t.type("SELECT 'on the screen' AS a;\r")
        t.expect(title)
        t.expect("on the screen")
        t.type("q")
        t.expect("Result retrieval cancelled.")
        t.leave()


def case_terminal_table_forgets_oldest(client):
    t = Terminal(client, "sql", "-D", "sql-client.execution.result-mode=table",
                 "-D", "sql-client.execution.max-table-result.rows=5")
    t.prompt()
    t.type("CREATE TABLE seq (id INT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', "
           "'fields.id.start' = '1001', 'fields.id.end' = '3000');\r")
    t.expect("succeeded")
    t.prompt()
    t.type("SELECT id FROM seq;\r")
    t.expect("rows: 5 ")
    t.expect("ended: ")
    shown = t.expect("q quit")
    check(re.findall(r"\d{4}", shown) == ["2996", "2997", "2998", "2999", "3000"], f"the last rows are kept: {shown!r}")
    t.type("q")
    t.leave()


def insert_forever(client):
    """A terminal in which a job without end has been submitted; it is read up to the job's id."""
    t = Terminal(client, "sql")
    t.prompt()
    t.type((UNBOUNDED + BLACKHOLE).replace("\n", "\r"))
    t.expect("succeeded")
    t.expect("succeeded")
    t.type("INSERT INTO hole SELECT * FROM gen;\r")
    t.expect("Job ID: ")
    return t


def case_terminal_jobs(client):
    t = insert_forever(client)
    job = t.expect("\r\n")
    check(re.fullmatch("[0-9a-f]{32}", job), f"{job!r} is no id of a job")
    t.prompt()
    t.type("SHOW JOBS;\r")
    t.expect("insert-into_default_catalog.default_database.hole")
    t.type(f"STOP JOB '{job}';\r")
    t.expect("succeeded")
    t.type("SHOW JOBS;\r")
    t.expect("STOPPED")
    t.leave()


def case_terminal_leaving_stops_jobs(client):
    t = insert_forever(client)
    t.prompt()
    t.type("\x04")
    t.expect("1 job runs in this client: stopping")
    check(t.end() == 0, "it ends")


def case_terminal_sigterm(client):
    t = Terminal(client, "sql")
    t.prompt()
    os.kill(t.pid, signal.SIGTERM)
    check(t.end() == 0, "SIGTERM ends it")


# --- pipes ------------------------------------------------------------------------------------------------------------


def case_pipe(client):
    r = client.run("sql", stdin="SELECT 1 AS a;")
    check(r.returncode == 0, f"exit {r.returncode}: {r.stderr}")
    want = ("+----+-------------+\n| op |           a |\n+----+-------------+\n| +I |           1 |\n"
            "+----+-------------+\nReceived a total of 1 row (0.00 seconds)\n")
    check(blot(r.stdout) == want, r.stdout)
    check(r.stderr == "", r.stderr)


def case_pipe_error(client):
    r = client.run("sql", stdin="SELECT 1;\nSELEC 2;\nSELECT 3;")
    check(r.returncode == 1, f"exit {r.returncode}")
    check("[ERROR] Could not execute SQL statement. Reason:" in r.stdout, r.stdout)
    check("SQL parse failed." in r.stdout and "^" in r.stdout, r.stdout)
    check("3" not in r.stdout.split("[ERROR]")[1].split("SELECT 3")[0].replace("2;", ""), r.stdout)


def case_pipe_reader_leaves(client):
    text = UNBOUNDED.replace("'20'", "'100000'") + "SELECT * FROM gen;"
    p = subprocess.Popen([client.weir, "sql"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=client.env)
    p.stdin.write(text.encode())
    p.stdin.close()
    for _ in range(10):
        p.stdout.readline()
    p.stdout.close()
    check(p.wait(PATIENCE_S) == 1, "it ends when nobody reads")


def case_init_and_define(client):
    init = client.file("init.sql", "CREATE TABLE t (a INT) WITH ('connector' = 'datagen', 'number-of-rows' = '2');\n")
    r = client.run("sql", "-i", str(init), "-D", "sql-client.display.print-time-cost=false",
                   stdin="SHOW TABLES; SELECT COALESCE(1, a) AS b FROM t;")
    check(r.returncode == 0, r.stdout + r.stderr)
    check("succeeded" not in r.stdout and "Received a total of 2 rows\n" in r.stdout, r.stdout)


def case_options(client):
    for args, code, want in ((["--help"], 0, "usage: weir sql"), (["gateway"], 1, "no gateway"),
                             (["-e", "x:1"], 1, "no gateway"), (["--nonsense"], 1, "no option --nonsense"),
                             (["-f"], 1, "wants a value"), (["-f", "nowhere.sql"], 1, "nowhere.sql"),
                             (["embedded", "-s", "x"], 0, ""), (["-D", "a.b"], 0, "")):
        r = client.run("sql", *args)
        check(r.returncode == code, f"{args}: exit {r.returncode}: {r.stdout}{r.stderr}")
        check(want in r.stdout + r.stderr, f"{args}: {r.stdout}{r.stderr}")


def case_check(client):
    good = client.file("good.sql", UNBOUNDED + BLACKHOLE + "INSERT INTO hole SELECT id FROM gen;\n")
    bad = client.file("bad.sql", UNBOUNDED + "SELEC 1;\nSELECT missing FROM gen;\nSELECT 1 +;\n")
    r = client.run("sql", "--check", str(good))
    check(r.returncode == 0, r.stdout + r.stderr)
    r = client.run("sql", "--check", str(good), str(bad))
    check(r.returncode == 1, r.stdout + r.stderr)
    for line in (2, 3, 4):
        check(f"bad.sql:{line}:" in r.stderr, f"line {line}: {r.stderr}")
    check("3 errors" in r.stdout, r.stdout)


def case_signal_stops_script(client):
    path = client.file("endless.sql", UNBOUNDED + BLACKHOLE + "INSERT INTO hole SELECT * FROM gen;\n")
    for number in (signal.SIGTERM, signal.SIGINT):
        p = subprocess.Popen([client.weir, "sql", "-f", str(path)], stdout=subprocess.PIPE, text=True, env=client.env)
        while "Waiting for 1 job" not in (line := p.stdout.readline()):
            check(line, "it ended")
        p.send_signal(number)
        rest, _ = p.communicate(timeout=PATIENCE_S)
        check(p.returncode == 0, f"exit {p.returncode}: {rest}")


# --- weir run ---------------------------------------------------------------------------------------------------------


def case_run(client):
    path = client.file("app.sql", BLACKHOLE + "INSERT INTO hole VALUES (1);\n")
    r = client.run("run", str(path), "-p", "1", "-D", "log.level=WARN")
    check(r.returncode == 0, r.stdout + r.stderr)
    check("Job has been submitted with JobID" in r.stdout and "FINISHED" in r.stdout, r.stdout)
    r = client.run("run", "-s", "/nowhere", str(client.file("two.sql", BLACKHOLE + "INSERT INTO hole VALUES (1);\n" * 2)))
    check(r.returncode == 1 and "makes 2" in r.stderr, r.stderr)
    r = client.run("run", str(client.file("wrong.sql", BLACKHOLE + "INSERT INTO hole SELECT nix;\nSELEC 1;\n")))
    check(r.returncode == 1 and "wrong.sql:3:" in r.stderr, r.stderr)
    r = client.run("run", str(path), "argument")
    check(r.returncode == 1 and "takes no arguments" in r.stderr, r.stderr)


def case_run_overrides(client):
    """Options that the configuration gives; and a last checkpoint that only lives in the process is warned of."""
    text = "CREATE TABLE gen (x INT) WITH ('connector' = 'datagen');\n" + BLACKHOLE + "INSERT INTO hole SELECT x FROM gen;\n"
    path = str(client.file("elsewhere.sql", text))
    kept = ["-D", f"execution.checkpointing.dir=file://{client.folder}/kept", "-D", "log.level=WARN"]
    often = ["-D", "execution.checkpointing.interval=1h"]
    r = client.run("run", path, "-D", "override.table.gen.number-of-rows=3", *often, *kept)
    check(r.returncode == 0 and r.stderr == "" and "[INFO] gen: 1 option is as the configuration says" in r.stdout,
          r.stdout + r.stderr)
    r = client.run("run", path, "-D", "override.connector.datagen.number-of-rows=3", "-D", "override.table.gem.x=y", *often)
    check(r.returncode == 0 and "override.table.gem.x has no effect" in r.stderr and
          "are kept in this process" in r.stderr, r.stdout + r.stderr)
    r = client.run("run", path, "-D", "override.table.gen.number-of-row=3")
    check(r.returncode == 1 and "did you mean 'number-of-rows'" in r.stderr, r.stdout + r.stderr)


def case_run_detached(client):
    path = client.file("background.sql", UNBOUNDED + BLACKHOLE + "INSERT INTO hole SELECT * FROM gen;\n")
    with open(client.folder / "log", "w+") as log:
        p = subprocess.run([client.weir, "run", "-d", str(path)], stdout=log, stderr=log, env=client.env,
                           timeout=PATIENCE_S)
        log.seek(0)
        text = log.read()
    check(p.returncode == 0, text)
    match = re.search(r"as process (\d+)", text)
    check(match, text)
    child = int(match[1])
    os.kill(child, signal.SIGTERM)
    until = time.monotonic() + PATIENCE_S
    while pathlib.Path(f"/proc/{child}/stat").exists() and time.monotonic() < until:
        if pathlib.Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    check(time.monotonic() < until, "it does not end")


# --- golden scripts ---------------------------------------------------------------------------------------------------


def golden(client, path, record):
    first = path.read_text().split("\n", 1)[0]
    code = int(first.split(":")[1]) if first.startswith("-- exit:") else 0
    r = client.run("sql", "-f", path.name, cwd=GOLDEN)
    got = blot(r.stdout)
    out = path.with_suffix(".out")
    if record:
        out.write_text(got)
    check(r.returncode == code, f"exit {r.returncode}, not {code}: {r.stdout}{r.stderr}")
    check(r.stderr == "", r.stderr)
    want = out.read_text() if out.exists() else ""
    check(got == want, f"want\n{want}\ngot\n{got}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weir", required=True)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    cases = {name[5:]: run for name, run in globals().items() if name.startswith("case_")}
    for path in sorted(GOLDEN.glob("*.sql")):
        cases["golden_" + path.stem] = lambda client, path=path: golden(client, path, arguments.record)
    failed = 0
    chosen = {n: r for n, r in cases.items() if not arguments.cases or n in arguments.cases}
    print(f"[==========] Running {len(chosen)} test(s).")
    for name, run in chosen.items():
        print(f"[ RUN      ] {name}", flush=True)
        try:
            run(Client(arguments.weir))
            print(f"[       OK ] {name}", flush=True)
        except (Failed, subprocess.TimeoutExpired, OSError) as e:
            failed += 1
            print(f"{e}\n[  FAILED  ] {name}", flush=True)
    print(f"[  PASSED  ] {len(chosen) - failed} test(s).")
    if failed:
        print(f"[  FAILED  ] {failed} test(s).")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
