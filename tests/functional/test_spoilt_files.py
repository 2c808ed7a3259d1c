"""Every way of spoiling a file, once: rows in = accepted + set aside, no abort, no traceback."""

import importlib.util
from pathlib import Path

import spoil_books
import spoil_text
from spoil import WAYS

RUNNER = Path(__file__).parent.parent / "long" / "faults.py"


def test_there_are_many_ways_of_spoiling_a_file() -> None:
    assert spoil_text.WAYS is spoil_books.WAYS is WAYS
    assert len(WAYS) >= 40


def test_however_a_file_is_spoilt_every_row_is_accounted_for_and_no_process_dies() -> None:
    spec = importlib.util.spec_from_file_location("faults", RUNNER)
    assert spec is not None
    assert spec.loader is not None
    faults = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(faults)
    outcome = faults.run(len(WAYS), seed=7, child_files=-(-len(WAYS) // 2))
    assert outcome.wrong == []
    assert outcome.sums["rows"] == outcome.sums["accepted"] + outcome.sums["quarantined"]
    assert outcome.sums["rows"] > 10_000
    assert outcome.sums["quarantined"] > 100
    assert outcome.sums["refused"] > 20
