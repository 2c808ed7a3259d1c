"""``python -m bench``: the night's stages at 100,000 and 1,000,000 people, and the same columns in pandas.

Each stage runs in a process of its own, one after the other, on the same data; seconds depend on the machine and on
who else uses it, the ratio of two stages of one run does so much less.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import psutil

from bench.homes import MOST_AS_TEXT
from bench.stages import OPENFISCA
from bench.table import printed
from engine.libraries import tell_libraries

SIZES: Final = (100_000, 1_000_000)
QUICK: Final = (20_000,)
SEED: Final = 1
STAGES: Final = (
    ("make", ""),
    ("read_csv", "the records as CSV, by pl.read_csv with types"),
    ("checking", "the same files read, counted, parsed, judged, written"),
    ("intake", "raw files → record store"),
    ("moves", "who goes on under another number"),
    ("features", "record store → columns"),
    ("pandas", "the same columns in pandas"),
    ("groups", "what drafting needs to know"),
    ("models", ""),
    ("scores", "two models, reasons of the listed"),
    ("verdicts", "every programme for everybody"),
    ("rules", "29 programmes on facts in memory, traces of the listed"),
    ("three", "three of them, no traces"),
    ("openfisca", "three variables of its country template"),
    ("drafting", "who is visited by whom"),
    ("writing", "the night's folder"),
    ("night", "all of it in one process"),
    ("fairness", "as many households, 4 groupings, 15 figures, 200 samples"),
    ("fairlearn", "1 grouping, 3 figures, 5 samples, 100,000 households at most"),
)
UNMEASURED: Final = ("make", "models")
AS_TEXT: Final = ("read_csv", "checking")
DISK_A_PERSON: Final = 6_500
"""Bytes of the delivery, the record store and one night, for each person."""
MEMORY_A_PERSON: Final = 9_000
"""Bytes that the largest process (pandas) holds at once for each person, besides half a gigabyte for itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    given = _given(arguments)
    people = tuple(given.people or (QUICK if given.quick else SIZES))
    _require_room(max(people))
    deadline = time.monotonic() + given.minutes * 60
    told: dict[str, Any] = {"machine": _machine(), "load_before": os.getloadavg()[0], "stages": []}
    tell_libraries()
    folder = Path(tempfile.mkdtemp(prefix="xunfang-bench-"))
    try:
        for size in people:
            for row in _measured(folder / str(size), size, deadline):
                told["stages"].append(row)
                _say(f"{size:>9,}  {row['stage']:<9} {row['seconds']:8.1f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told["load_after"] = os.getloadavg()[0]
    print(json.dumps(told, indent=1) if given.json else printed(told, dict(STAGES)))
    return 0


def _measured(home: Path, people: int, deadline: float) -> Iterator[dict[str, Any]]:
    """The stages of one size in their order; stops the whole run with a message where one fails."""
    home.mkdir()
    for stage, _ in STAGES:
        if (stage in AS_TEXT and people > MOST_AS_TEXT) or (stage == "openfisca" and OPENFISCA not in os.environ):
            continue
        _say(f"{people:>9,}  {stage} …")
        command = [sys.executable, "-m", "bench.one", stage, str(home), str(people), str(SEED)]
        left = deadline - time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=max(left, 1), check=False)
        except subprocess.TimeoutExpired:
            _stop("out of time; give it more with --minutes, or fewer --people")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it was killed: too little memory?"])[-1]
            _stop(f"{stage} of {people:,} people failed: {last}")
        if stage not in UNMEASURED:
            yield {"people": people} | json.loads(done.stdout)


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", help="sizes of the population (default: 100000 1000000)")
    parser.add_argument("--quick", action="store_true", help="20,000 people only")
    parser.add_argument("--json", action="store_true", help="JSON on stdout")
    parser.add_argument("--minutes", type=float, default=25, help="stop after so long (default: 25)")
    given = parser.parse_args(arguments)
    if any(size < 1_000 for size in given.people or ()):
        parser.error("--people: at least 1,000, or there is nothing for the models to learn from")
    return given


def _require_room(people: int) -> None:
    """Stop where disk or memory are too small, before anything is made."""
    free, needed = shutil.disk_usage(tempfile.gettempdir()).free, people * DISK_A_PERSON
    if free < needed:
        _stop(f"{tempfile.gettempdir()} has {free / 1e9:.1f} GB free of {needed / 1e9:.1f}; set TMPDIR elsewhere")
    there, needed = psutil.virtual_memory().available, people * MEMORY_A_PERSON + 500_000_000
    if there < needed:
        _stop(f"{there / 1e9:.1f} GB of memory are free of {needed / 1e9:.1f}; try fewer --people")


def _machine() -> dict[str, Any]:
    memory = psutil.virtual_memory().total
    return {"cores": os.cpu_count(), "memory_gb": round(memory / 1e9, 1), "python": platform.python_version()}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stop(why: str) -> NoReturn:
    print(f"bench: {why}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main())
