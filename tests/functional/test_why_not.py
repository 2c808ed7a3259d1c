"""Why was this family never flagged? An answer for any household and date, from what the nights have stored."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, xunfang

NEXT = "2026-01-05"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def asked(home: Path, household: str, *more: object) -> Any:
    words = ("--as", "reviewer", "explain", household, "--home", home, "--json", *more)
    return done(xunfang(*words)).json["why_not"]


def one(home: Path, reason: str) -> str:
    return str(frame(home, "left_out").filter(pl.col("reason") == reason)["household_id"][0])


def test_a_household_below_capacity_learns_its_place_in_each_lane_that_it_fits(home: Path) -> None:
    told = asked(home, one(home, "below_capacity"))
    lanes = {each["lane"]: each["why"]["en"] for each in told["lanes"]}
    assert list(lanes) == ["urgent", "event", "gap", "recheck", "risk", "silent", "random"]
    assert lanes["urgent"] == "nothing urgent is known"
    assert any(said.startswith("fits, number ") for said in lanes.values())
    assert "took part in the lottery" in lanes["random"]
    assert not any(each["listed"] for each in told["lanes"])


def test_the_place_in_a_lane_is_the_one_by_which_the_night_chose(home: Path) -> None:
    items = frame(home, "items").filter(pl.col("lane").cast(pl.String) == "urgent")
    told = asked(home, str(items["household_id"][0]))
    assert [each["lane"] for each in told["lanes"] if each["listed"]] == ["urgent"]
    assert told["register"]["listed"] == 1
    assert told["register"]["last_listed"] == NIGHT


def test_the_register_counts_the_nights_by_what_became_of_the_household(home: Path, tmp_path: Path) -> None:
    mine = copy_of(home, tmp_path / "home")
    done(xunfang("night", "--date", NEXT, "--home", mine))
    both = frame(mine, "items")["household_id"].to_list()
    told = asked(mine, str(both[0]))
    assert told["lanes"] == []
    assert [each["lane"] is not None for each in told["nights"]] == [True, False]
    assert told["register"] == {
        "nights": 2,
        "listed": 1,
        "last_listed": NIGHT,
        "left_out": [{"reason": "open_item", "nights": 1, "words": told["nights"][1]["words"]}],
    }
    text = done(xunfang("--as", "reviewer", "explain", str(both[0]), "--home", mine)).out
    assert "on lists of 1 of 2 nights; left out: On an earlier list and not done (1)" in text


def test_the_page_says_it_in_both_languages(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    household = one(home, "below_capacity")
    done(xunfang("--as", "reviewer", "explain", household, "--home", home, "--page", page, "--json"))
    text = page.read_text("utf-8")
    assert "Why it is not in the other lanes" in text
    assert "历次名单" in text


def test_of_a_household_that_no_night_knew_nothing_is_made_up(home: Path) -> None:
    run = xunfang("--as", "reviewer", "explain", "0000000000zz", "--home", home)
    assert run.code == 2
    assert "did not know a household of this number" in run.err
