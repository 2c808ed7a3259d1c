"""A delivery that does not look like its own history is told in words; rows that are sound alone do not pass."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from builders import records
from deliveries import a_home, deliver, people

from engine.intake.guard import Deviation, deviations
from engine.intake.inbox import take_in
from engine.settings import Home
from engine.workplace import default_policy
from outreach.policy import Policy

VOLUME = Policy.from_toml(default_policy()).volume
PERSONS = 40


def month_of(month: int, *, persons: int = PERSONS, **changes: Any) -> pl.DataFrame:
    """A wage per person of one month of 2024, known on its 28th."""
    row = {"month": date(2024, month, 1), "known_on": date(2024, month, 28), "quality": "registered"}
    return records(
        "income", [{**row, "person_id": f"P{n}", "amount": 1_000 * n, **changes} for n in range(1, persons + 1)]
    )


def claims_of(month: int, *, oop: int | None) -> pl.DataFrame:
    """A claim per person in one month of 2024."""
    day = date(2024, month, 14)
    return records(
        "medical",
        [
            {"person_id": f"P{n}", "event_id": f"{month}-{n}", "event_date": day, "known_on": day, "oop": oop}
            for n in range(1, PERSONS + 1)
        ],
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Five months of wages, a delivery each, after the roster."""
    home = a_home(tmp_path / "home")
    deliver(home, "roster", "2024-01-02", **people(PERSONS))
    for month in range(1, 6):
        deliver(home, f"m{month}", f"2024-{month:02d}-28", income=month_of(month))
    return home


def found(home: Home, *confirmed: str) -> list[Deviation]:
    taken = take_in(home)
    taken.raise_refused()
    return deviations(taken.store.receipts, VOLUME, confirmed)


def test_an_orderly_history_is_not_doubted(home: Home) -> None:
    deliver(home, "m6", "2024-06-28", income=month_of(6))
    assert found(home) == []


def test_a_delivery_of_half_the_rows_is_doubted_until_it_is_confirmed(home: Home) -> None:
    deliver(home, "m6", "2024-06-28", income=month_of(6, persons=PERSONS // 2))
    (doubt,) = found(home)
    assert (doubt.delivery_id, doubt.kind, doubt.what) == ("m6", "income", "rows")
    assert doubt.text.en == "income: 20 rows where the last 5 deliveries had 40 (median)"
    assert "20 行" in doubt.text.zh
    assert found(home, "m6") == []


def test_a_delivery_somewhat_smaller_is_believed(home: Home) -> None:
    deliver(home, "m6", "2024-06-28", income=month_of(6, persons=int(PERSONS * 0.75)))
    assert found(home) == []


def test_a_column_that_has_gone_blank_is_doubted(home: Home) -> None:
    for month in range(1, 6):
        deliver(home, f"yb{month}", f"2024-{month:02d}-28", medical=claims_of(month, oop=month * 100))
    assert found(home) == []
    deliver(home, "yb6", "2024-06-28", medical=claims_of(6, oop=None))
    assert [(each.what, each.text.en) for each in found(home)] == [("blank", "medical: suddenly blank: oop")]


def test_codes_never_seen_before_are_doubted(home: Home) -> None:
    deliver(home, "m6", "2024-06-28", income=month_of(6, kind="farm"))
    doubts = found(home)
    assert [each.what for each in doubts] == ["codes"]
    assert "kind=farm" in doubts[0].text.en


def test_a_month_that_was_skipped_is_doubted(home: Home) -> None:
    deliver(home, "m7", "2024-07-28", income=month_of(7))
    assert [(each.what, each.text.en) for each in found(home)] == [("months", "income: no rows of 2024-06")]


def test_last_month_delivered_again_instead_of_this_one_is_doubted(home: Home) -> None:
    deliver(home, "m6", "2024-06-28", income=month_of(5, record_no="again"))
    assert [each.what for each in found(home)] == ["months"]


def test_with_fewer_deliveries_than_make_a_history_nothing_is_doubted(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "roster", "2024-01-02", **people(PERSONS))
    deliver(home, "m1", "2024-01-28", income=month_of(1))
    deliver(home, "m2", "2024-02-28", income=month_of(2))
    deliver(home, "m3", "2024-03-28", income=month_of(3, persons=5))
    assert found(home) == []
