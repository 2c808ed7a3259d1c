"""What the desk queue holds becomes reviews: the household is heard first, and nothing is stopped by one."""

from pathlib import Path
from typing import Any

import pytest
from homes import copy_of, demo_home, done, frame, xunfang

from outreach.wording_reviews import REVIEWS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("reviews") / "home")


def say(home: Path, *words: object) -> Any:
    return done(xunfang("--as", "reviewer", *words, "--home", home, "--json")).json


def test_every_misplacement_and_duplicate_on_the_desk_is_a_review_with_an_owner_and_its_day(home: Path) -> None:
    desk = frame(home, "desk")
    expected = {
        (home_, code) for home_, code in desk.select("household_id", "code").iter_rows() if code is not None
    }
    told = say(home, "review", "list")
    assert expected
    assert {(each["household_id"], each["code"]) for each in told["reviews"]} == expected
    assert {each["owner"] for each in told["reviews"]} == {"reviewer"}
    days = {(row["household_id"], row["code"]): row["due_on"].isoformat() for row in desk.iter_rows(named=True)}
    assert all(each["due_on"] == days[each["household_id"], each["code"]] for each in told["reviews"])
    assert "停发" in told["notice"]["zh"]


def test_a_conclusion_against_a_household_waits_for_its_hearing(home: Path) -> None:
    first = say(home, "review", "list")["reviews"][0]
    conclude = ("review", "conclude", first["id"], "confirmed", "--reason", "drawn twice since May")
    run = xunfang("--as", "reviewer", *conclude, "--home", home)
    assert (run.code, "was not heard" in run.err, "尚未听取" in run.err) == (2, True, True)
    heard = say(home, "review", "hear", first["id"], "--how", "home", "--on", "2026-01-12")
    assert (heard["state"], heard["heard_on"], heard["heard_by"]) == ("heard", "2026-01-12", "reviewer")
    early = xunfang("--as", "reviewer", *conclude, "--on", "2026-01-11", "--home", home)
    assert (early.code, "before the hearing" in early.err) == (2, True)
    waiting = say(home, "desk")["queue"]
    assert say(home, *conclude, "--on", "2026-01-13")["state"] == "confirmed"
    gone = [row for row in waiting if row not in say(home, "desk")["queue"]]
    assert [(row["household_id"], row["code"]) for row in gone] == [(first["household_id"], first["code"])]
    assert first["id"] not in [each["id"] for each in say(home, "review", "list")["reviews"]]
    text = done(xunfang("--as", "reviewer", "review", "list", "--all", "--home", home)).out
    assert REVIEWS[first["code"]].said.zh in text
    assert REVIEWS[first["code"]].look.en in text
    assert "情况属实 / confirmed: drawn twice since May; 入户 / at the home 2026-01-12" in text


def test_in_its_favour_a_review_ends_at_once_and_only_a_reviewer_or_operator_may(home: Path) -> None:
    second = say(home, "review", "list")["reviews"][0]
    words = ("review", "conclude", second["id"], "data_wrong", "--reason", "two persons under one number")
    assert xunfang("--as", "caseworker", *words, "--home", home).code != 0
    assert say(home, *words)["state"] == "data_wrong"
    again = xunfang("--as", "reviewer", *words, "--home", home)
    assert again.code == 2
    wrong = xunfang("--as", "reviewer", "review", "hear", second["id"], "--how", "dream", "--home", home)
    assert (wrong.code, "home, phone, office, writing" in wrong.err) == (2, True)
