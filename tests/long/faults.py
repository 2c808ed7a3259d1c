"""``make faults``: thousands of spoilt files in processes of their own; nothing unaccounted for, nothing aborted.

Every way of spoiling a file (``tests/spoil_*.py``) is taken in turn with another seed. A process that ends with
another code than 0, or writes a traceback or a warning, is a failure, and so is every promise that was not kept.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
CHILD_FILES = 240
"""Files that one process takes in."""


@dataclass
class Outcome:
    """The sums over all processes."""

    sums: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(files: int, seed: int, workers: int = 2, child_files: int = CHILD_FILES, minutes: float = 30) -> Outcome:
    """Spoil and take in so many files; ``wrong`` holds everything that is not as it must be."""
    outcome, until = Outcome(), time.monotonic() + minutes * 60
    parts = [(first, min(child_files, files - first)) for first in range(0, files, child_files)]
    with ThreadPoolExecutor(workers) as pool:
        for told in pool.map(lambda part: _child(seed, *part, until), parts):
            outcome.wrong += told.pop("wrong")
            outcome.rules.update(told.pop("rules", {}))
            outcome.sums.update(told)
    if outcome.sums["files"] != files:
        outcome.wrong.append(f"{outcome.sums['files']:,} of {files:,} files were taken in hand")
    return outcome


def _child(seed: int, first: int, count: int, until: float) -> dict[str, Any]:
    command = [sys.executable, "-W", "error", str(TESTS / "spoil_run.py"), str(seed), str(first), str(count)]
    paths = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    which = f"files {first} to {first + count - 1}"
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=max(1.0, until - time.monotonic()),
            env={**os.environ, "PYTHONPATH": paths, "POLARS_MAX_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        return {"wrong": [f"{which}: out of time"]}
    if done.returncode or "Traceback" in done.stderr or "Warning" in done.stderr:
        last = done.stderr.strip()[-2_000:]
        return {"wrong": [f"{which}: the process ended with {done.returncode}: {last}"]}
    return dict(json.loads(done.stdout))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the sums, and end with 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_080)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=30, help="stop after so long (default: 30)")
    given = parser.parse_args(arguments)
    start = time.monotonic()
    outcome = run(given.files, given.seed, minutes=given.minutes)
    told = {"seed": given.seed, "seconds": round(time.monotonic() - start), **outcome.sums}
    sys.stdout.write(json.dumps(told | {"rules": dict(sorted(outcome.rules.items()))}, indent=1) + "\n")
    for fault in outcome.wrong:
        sys.stderr.write(f"{fault}\n")
    sys.stdout.write(f"{len(outcome.wrong)} promises broken\n")
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
