"""``make faults``: a delivery larger than the memory that the process taking it in may use.

The parent writes a CSV file of ``--megabytes``; the child may hold ``--limit`` megabytes of private memory over
what it holds when it begins (RLIMIT_DATA), takes the delivery in, and every row must be accepted.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

import polars as pl
from builders import records
from deliveries import a_home, deliver

from engine.intake.inbox import take_in
from engine.settings import Home

PERSONS = 4_000
CHUNK_ROWS = 500_000


def main() -> int:
    """Write the delivery and take it in, in a process of its own; 1 where anything is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_500)
    parser.add_argument("--limit", type=int, default=1_300)
    parser.add_argument("--child", type=Path)
    given = parser.parse_args()
    if given.child is not None:
        return _taken_in(given.child, given.limit)
    folder = Path(tempfile.mkdtemp(prefix="xunfang-large-"))
    start = time.monotonic()
    try:
        rows, size = _written(folder / "home", given.megabytes)
        command = [sys.executable, __file__, "--child", str(folder / "home"), "--limit", str(given.limit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = json.loads(done.stdout) if done.returncode == 0 else {}
    good = told.get("rows") == told.get("accepted") == rows and size > given.limit * 10**6
    summary = {
        "file_mb": size // 10**6,
        "limit_mb": given.limit,
        "rows": rows,
        "seconds": round(time.monotonic() - start),
    }
    sys.stdout.write(json.dumps(summary | {"child": told, "exit": done.returncode, "good": good}) + "\n")
    sys.stderr.write(done.stderr[-2_000:])
    return 0 if good else 1


def _written(root: Path, megabytes: int) -> tuple[int, int]:
    """A home with a roster and a large file of wages; its rows and bytes."""
    home = a_home(root)
    households = [{"household_id": f"H{number}"} for number in range(PERSONS // 2)]
    members = [{"person_id": f"P{number}", "household_id": f"H{number // 2}"} for number in range(PERSONS)]
    folder = deliver(home, "d1", household=records("household", households), member=records("member", members))
    path, rows = folder / "income.csv", 0
    with path.open("wb") as file:
        while file.tell() < megabytes * 10**6:
            _write(file, rows)
            rows += CHUNK_ROWS
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["files"].append({"name": path.name, "kind": "income", "rows": rows})
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return rows, path.stat().st_size


def _write(file: BinaryIO, first: int) -> None:
    number = pl.int_range(first, first + CHUNK_ROWS, eager=True)
    month = pl.lit("2024-") + (number % 12 + 1).cast(pl.String).str.zfill(2)
    frame = pl.select(
        person_id="P" + (number * 7 % PERSONS).cast(pl.String),
        household_id=pl.lit(None, pl.String),
        month=month + "-01",
        period_months=pl.lit(1),
        kind=pl.lit("wage"),
        source_dept=pl.lit("RS"),
        record_no="R" + number.cast(pl.String),
        amount=number % 1_000_000 + 1,
        quality=pl.lit("registered"),
        known_on=month + "-28",
    )
    frame.write_csv(file, include_header=first == 0)


def _taken_in(root: Path, limit: int) -> int:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = used + limit * 10**6
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    result = take_in(Home(root), buckets=64)
    result.raise_refused()
    (file,) = [each for each in result.taken[0].files if each.kind == "income"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000
    sys.stdout.write(json.dumps({"rows": file.rows, "accepted": file.accepted, "peak_rss_mb": peak}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
