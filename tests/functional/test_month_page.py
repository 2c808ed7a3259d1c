"""``xunfang month``: what became of a month's lists, with small counts suppressed, on one page and as JSON."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from homes import copy_of, demo_home, done, xunfang


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose every item has an outcome: two in three found need."""
    copy = copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("month") / "home")
    with sqlite3.connect(copy / "xunfang.db") as database:
        items = database.execute("SELECT id, household_id FROM outreach_item ORDER BY id").fetchall()
        database.executemany(
            "INSERT INTO visit (item_id, household_id, outcome, visited_on, visited_by, recorded_at, minutes)"
            " VALUES (?, ?, ?, '2026-01-05', 'w0001', '2026-01-05 10:00:00', 25)",
            [(item, name, ("V10", "V12", "V31")[number % 3]) for number, (item, name) in enumerate(items)],
        )
        database.execute("UPDATE outreach_item SET state = 'done'")
        (taken_back,) = database.execute("SELECT max(id) FROM visit").fetchone()
        database.execute(
            "INSERT INTO visit_undone VALUES (?, '2026-01-06 10:00:00', 'li', 'a slip')", (taken_back,)
        )
    database.close()
    return copy


@pytest.fixture(scope="module")
def told(visited: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    page = tmp_path_factory.mktemp("pack") / "month.html"
    answer: dict[str, Any] = done(xunfang("month", "2025-12", "--home", visited, "--page", page, "--json")).json
    return answer | {"page": page.read_text("utf-8")}


def counts(value: Any) -> list[int]:
    """Every whole number in an answer, at any depth, but for amounts of money."""
    if isinstance(value, dict):
        return [found for name, each in value.items() if name != "unmet_month" for found in counts(each)]
    if isinstance(value, list):
        return [found for each in value for found in counts(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def test_the_funnel_narrows_and_the_rate_is_that_of_the_outcomes(told: dict[str, Any]) -> None:
    (whole,) = told["funnel"]["all"]
    assert whole["listed"] >= whole["contacted"] >= whole["reached"] >= whole["verified"] >= whole["assisted"] > 7
    (rate,) = told["hits"]["all"]
    assert rate["low"] < rate["rate"] < rate["high"]
    assert rate["rate"] == pytest.approx(0.67, abs=0.03)
    assert told["waits"]["signal_to_visit"]["median"] >= 5
    assert told["burden"]["minutes_median"] == 25
    assert told["overridden"]["outcomes_taken_back"] == 0, "it was taken back a month later"
    assert {row["group"] for row in told["hits"]["lane"]} > {"urgent"}


def test_no_count_of_households_is_small_and_the_others_are_rounded(told: dict[str, Any]) -> None:
    shown = counts({name: told[name] for name in ("funnel", "hits", "unmet", "referrals")})
    assert len(shown) > 20
    assert all(count > 7 and count % 5 == 0 for count in shown)


def test_the_page_speaks_both_languages_and_loads_nothing(told: dict[str, Any]) -> None:
    page = told["page"]
    for text in ("月度评估", "The month, evaluated", "见到或谈过", "Still assisted after 90 days", "≤ 7"):
        assert text in page
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<img|https?://", page)
    assert "w0001" not in page


def test_a_month_without_lists_or_that_is_none_is_refused(visited: Path) -> None:
    assert "no list of this month has gone out" in xunfang("month", "2024-01", "--home", visited).err
    for wrong in ("2025-13", "December", "2025-1"):
        run = xunfang("month", wrong, "--home", visited)
        assert (run.code, "is no month" in run.err) == (2, True)
