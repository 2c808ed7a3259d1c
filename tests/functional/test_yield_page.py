"""``xunfang yield`` on a home: nothing where nobody was visited, and the estimate where visits are on record."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, xunfang


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def visited(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose night drew everybody who took part in the lottery, and whose every item was visited.

    A hundred outcomes at once are written as rows; ``tests/functional/test_outcomes.py`` records them one by one.
    """
    copy = copy_of(home, tmp_path_factory.mktemp("yield") / "home")
    chances = frame(home, "left_out").filter(pl.col("inclusion_probability").is_not_null())
    with sqlite3.connect(copy / "xunfang.db") as database:
        (list_id,) = database.execute("SELECT min(id) FROM outreach_list").fetchone()
        (place,) = database.execute("SELECT max(position) FROM outreach_item").fetchone()
        columns = "list_id, household_id, business_date, position, lane, due_on, inclusion_probability, state"
        database.executemany(
            f"INSERT INTO outreach_item ({columns}) VALUES (?, ?, ?, ?, 'random', ?, ?, 'open')",
            [
                (list_id, name, NIGHT, place + number, NIGHT, chance)
                for number, (name, chance) in enumerate(
                    chances.select("household_id", "inclusion_probability").head(120).iter_rows(), 1
                )
            ],
        )
        items = database.execute("SELECT id, household_id, lane FROM outreach_item ORDER BY id").fetchall()
        outcomes = ("V31", "V31", "V10", "V31", "V40", "V32")
        database.executemany(
            "INSERT INTO visit (item_id, household_id, outcome, visited_on, visited_by, recorded_at)"
            " VALUES (?, ?, ?, '2026-01-05', 'cw', '2026-01-05 10:00:00')",
            [
                (item, name, outcomes[number % 6] if lane == "random" else "V10")
                for number, (item, name, lane) in enumerate(items)
            ],
        )
    database.close()
    return copy


@pytest.fixture(scope="module")
def told(visited: Path) -> dict[str, Any]:
    answer: dict[str, Any] = done(xunfang("yield", "--home", visited, "--json")).json
    return answer


def test_where_nobody_was_visited_it_says_so_and_estimates_nothing(home: Path) -> None:
    run = done(xunfang("yield", "--home", home))
    assert "还没有登记过任何走访结果" in run.out
    assert "No outcome of a visit is on record yet" in run.out
    assert "%" not in run.out
    told = done(xunfang("yield", "--home", home, "--json")).json
    assert (told["visits"], told["evidence"], told["need"], told["recall"]) == (0, "insufficient", None, None)
    assert told["drawn"] == frame(home, "items").filter(pl.col("lane").cast(pl.String) == "random").height


def test_before_the_first_night_nothing_is_known(visited: Path) -> None:
    told = done(xunfang("yield", "--home", visited, "--date", "2024-06-30", "--json")).json
    assert (told["nights"], told["visits"], told["need"]) == (0, 0, None)


def test_the_estimate_is_of_the_lots_and_not_of_all_visits(told: dict[str, Any]) -> None:
    assert (told["nights"], told["first"], told["as_of"]) == (1, NIGHT, "2026-01-05")
    assert told["evidence"] == "sufficient"
    assert told["need"]["low"] < told["need"]["value"] < told["need"]["high"]
    assert told["need"]["value"] < told["naive"]["value"]
    assert told["bounds"]["least"] < told["need"]["value"] < told["bounds"]["most"]
    assert told["visited"] < told["visits"]
    assert 0 < told["recall"]["value"] < 1


def test_every_household_that_may_be_visited_counts_once_and_groups_add_up(
    home: Path, told: dict[str, Any]
) -> None:
    items, left = frame(home, "items"), frame(home, "left_out")
    lots = left.filter(pl.col("inclusion_probability").is_not_null()).height
    assert told["households"] == pytest.approx(items.height + lots, abs=0.5)
    assert told["without_lots"] == 0
    by_area = [each for each in told["groups"] if each["grouping"] == "area"]
    assert sum(each["households"] for each in by_area) == pytest.approx(told["households"])
    assert {each["evidence"] for each in told["groups"]} == {"sufficient", "insufficient"}
    pool = [each for each in told["by_stratum"] if each["part"] == "pool"]
    assert sum(each["visited"] for each in pool) == told["drawn"]


def test_the_page_speaks_both_languages_loads_nothing_and_hides_small_counts(
    visited: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    run = done(xunfang("yield", "--home", visited, "--page", tmp_path / "yield.html"))
    page = (tmp_path / "yield.html").read_text("utf-8")
    assert f"{told['need']['value']:.1%}" in run.out
    assert f"{told['need']['value']:.1%}" in page
    assert "证据不足" in page
    assert "insufficient evidence" in page
    assert not re.search(r"https?://|<script|src=", page)
    counts = [each.replace(",", "") for each in re.findall(r'class="number">([\d,]+)</td>', page)]
    assert counts
    assert all(int(each) % 5 == 0 and int(each) > 7 for each in counts)
    names = frame(visited, "items")["household_id"].to_list()
    assert not any(name in page or name in run.out for name in names)
