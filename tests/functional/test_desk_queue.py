"""The queue of the bureau's desk: what a night puts there, who may read it, and how a late visit comes to it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, database_of, demo_home, done, frame, set_policy, xunfang

from outreach.wording_reviews import HEARING, REVIEWS

NEXT = "2026-01-20"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def later(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks on: nobody has been visited, and the lists are not released by themselves."""
    mine = copy_of(home, tmp_path_factory.mktemp("later") / "home")
    set_policy(mine, "release", "automatic", False)
    done(xunfang("night", "--date", NEXT, "--home", mine))
    return mine


def queue(home: Path, *more: object) -> Any:
    return done(xunfang("--as", "reviewer", "desk", "--home", home, "--json", *more)).json


def test_urgent_visits_that_nobody_has_room_for_are_told_to_the_desk(home: Path) -> None:
    told = queue(home)
    beyond = frame(home, "items").filter("over_capacity")
    rows = [row for row in told["queue"] if row["kind"] == "over_capacity"]
    assert sorted(row["household_id"] for row in rows) == sorted(beyond["household_id"])
    assert told["kinds"].get("over_capacity", 0) == beyond.height
    assert all(row["due_on"] for row in told["queue"])


def test_a_visit_whose_time_has_run_out_is_escalated_and_told_and_stays_with_its_caseworker(later: Path) -> None:
    listed = frame(later, "items", NIGHT)["household_id"].to_list()
    late = [row["household_id"] for row in queue(later)["queue"] if row["kind"] == "overdue"]
    assert sorted(late) == sorted(listed)
    items = database_of(later)["outreach_item"]
    assert sum("escalated" in row for row in items) == len(listed)
    waiting = done(xunfang("status", "--home", later, "--json")).json["waiting"]["visits_to_make"]
    assert waiting == len(listed)
    report = (later / "nights" / NEXT / "report.html").read_text("utf-8")
    assert "visits whose time has run out" in report
    assert "What changed in the plan" in report


def test_an_unreleased_plan_is_kept_from_night_to_night_but_for_what_the_policy_lets_go(later: Path) -> None:
    done(xunfang("night", "--date", "2026-01-21", "--home", later))
    first, second = (frame(later, "items", day) for day in (NEXT, "2026-01-21"))
    planned = ["gap", "recheck", "risk", "silent"]
    before = first.filter(pl.col("lane").cast(pl.String).is_in(planned))
    after = set(second["household_id"])
    assert before.height == 0 or sum(name in after for name in before["household_id"]) >= 0.7 * before.height - 1
    given = frame(later, "given/history", "2026-01-21")
    assert given.filter(pl.col("state") == "drafted").height == first.height


def test_reading_the_queue_is_for_reviewers_and_is_noted(home: Path, tmp_path: Path) -> None:
    mine = copy_of(home, tmp_path / "home")
    refused = xunfang("--as", "caseworker", "desk", "--home", mine)
    assert refused.code != 0
    queue(mine)
    log = done(xunfang("--as", "auditor", "audit", "list", "--home", mine)).out
    assert "desk queue read" in log
    text = done(xunfang("--as", "reviewer", "desk", "--home", mine, "--date", NIGHT)).out
    assert "for the desk" in text
    gone = xunfang("--as", "reviewer", "desk", "--home", mine, "--date", "2020-01-01")
    assert gone.code == 2
    assert "no desk queue of this night" in gone.err


def test_the_desk_reads_what_each_review_is_about_and_that_the_household_is_heard(
    home: Path, tmp_path: Path
) -> None:
    mine = copy_of(home, tmp_path / "home")
    codes = {row["code"] for row in queue(mine)["queue"]} & set(REVIEWS)
    text = done(xunfang("--as", "reviewer", "desk", "--home", mine)).out
    assert codes
    for code in codes:
        assert f"{code}  {REVIEWS[code].said.zh}: {REVIEWS[code].look.zh} ({REVIEWS[code].basis})" in text
    assert HEARING.zh in text
    assert HEARING.en in text
