"""``python load.py auto|disable``: sysbench's OLTP workloads, with prepared statements or without.

With one thread and a seed everything is determined, and the tables must be the same afterwards; with eight, all that
was asked for must have been done.
"""

import re
import subprocess
import sys

import pymysql
from playing import HOW, play, short

MODE = sys.argv[1]
WORKLOADS = (
    "point_select",
    "read_only",
    "read_write",
    "write_only",
    "insert",
    "delete",
    "update_index",
    "update_non_index",
)
COUNTED = re.compile(r"^\s*(read|write|other|total|transactions|queries|ignored errors|reconnects):\s+(\d+)", re.M)


def sysbench(workload, action, *options):
    login = [f"--mysql-{name}={HOW[name]}" for name in ("host", "port", "user", "password")]
    data = [f"--mysql-db={HOW['database']}", "--tables=2", "--table-size=200", "--rand-seed=7", f"--db-ps-mode={MODE}"]
    command = ["sysbench", f"oltp_{workload}", *login, *data, "--time=0", *options, action]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode or "FATAL" in done.stderr:
        raise RuntimeError(f"{workload} {action}: {done.stdout[-1000:]} {done.stderr[-1000:]}")
    return done.stdout


def connect():
    login = {"host": HOW["host"], "port": HOW["port"], "user": HOW["user"], "password": HOW["password"]}
    return pymysql.connect(**login, database=HOW["database"], autocommit=True)


def same_rows():
    """No seed determines what sysbench fills its tables with."""
    with connect() as connection, connection.cursor() as cursor:
        for number in (1, 2):
            cursor.execute(f"UPDATE sbtest{number} SET k = id, c = REPEAT(id, 9), pad = HEX(id)")


def tables():
    with connect() as connection, connection.cursor() as cursor:
        seen = []
        for number in (1, 2):
            cursor.execute(f"SELECT * FROM sbtest{number} ORDER BY id")
            seen.append(short(repr(cursor.fetchall())))
        return seen


def trial(workload):
    def run():
        sysbench(workload, "prepare")
        same_rows()
        try:
            alone = sysbench(workload, "run", "--threads=1", "--events=30")
            seen = [COUNTED.findall(alone), tables()]
            # Deadlocks are tried again, so only the events are certain.
            crowd = sysbench(workload, "run", "--threads=8", "--events=80", "--mysql-ignore-errors=1213,1020,1205")
            return [*seen, re.search(r"total number of events:\s+(\d+)", crowd)[1]]
        finally:
            sysbench(workload, "cleanup")

    return run


class Trials:
    pass


for workload in WORKLOADS:
    setattr(Trials, workload, staticmethod(trial(workload)))

if __name__ == "__main__":
    version = subprocess.run(["sysbench", "--version"], capture_output=True, text=True, check=True).stdout
    play(version.split()[1], Trials())
