"""One household from the list to its payment, on the command line, and what is refused on the way."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import copy_of, demo_home, done, frame, say, staffed, xunfang


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed(copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("cases") / "home"))


def poor(home: Path) -> str:
    """A listed household for which minimum living security and nothing destitute is suggested."""
    rows = frame(home, "listed/verdicts").filter(pl.col("verdict").cast(pl.String).str.starts_with("eligible"))
    db = rows.filter(programme="DB")["household_id"]
    tk = rows.filter(programme="TK")["household_id"]
    return str(sorted(set(db) - set(tk))[0])


@pytest.fixture(scope="module")
def case(home: Path) -> Any:
    household = poor(home)
    items = say(home, "op", "outcome", "list")["items"]
    item = next(each["item"] for each in items if each["household"] == household)
    say(home, "op", "outcome", "record", item, "V10", "--on", "2026-01-06")
    return next(each for each in say(home, "op", "case", "list")["cases"] if each["household"] == household)


def test_who_agrees_to_apply_has_a_case_with_the_package_an_owner_and_a_next_day(home: Path, case: Any) -> None:
    assert (case["state"], case["programme"], case["due_on"]) == ("informed", "DB", "2026-01-20")
    told = say(home, "op", "case", "show", case["case"])
    assert [each["state"] for each in told["steps"]] == ["alert", "triage", "contact", "visit", "informed"]
    assert "DB" in [part["programme"] for part in told["parts"]]
    assert all(part["owner"]["zh"] and part["due_on"] and part["state"] == "open" for part in told["parts"])
    assert set(told["onward"]) == {"application", "closed", "contact", "died", "moved", "visit", "withdrawn"}
    assert told["package_on"] == "2025-12-31"
    assert told["layer"]["zh"]
    assert "收入不足" in [kind["zh"] for kind in told["kinds"]]


def test_the_case_walks_through_the_procedure_and_every_refusal_says_what_would_be_right(
    home: Path, case: Any
) -> None:
    number = case["case"]

    def step(who: str, *words: object) -> Any:
        return say(home, who, "case", "step", number, *words)

    step("near", "application", "--on", "2026-01-08")
    assert step("near", "accepted", "--on", "2026-01-12")["due_on"] == "2026-01-15"
    early = xunfang("--as", "near", "case", "step", number, "confirmed", "--on", "2026-01-13", "--home", home)
    assert (early.code, "may become check" in early.err) == (2, False)
    step("near", "check", "--on", "2026-01-13")
    posted = step("near", "publicity", "--on", "2026-01-20")
    assert (posted["due_on"], "第十九条" in posted["clock"]["zh"]) == ("2026-01-27", True)
    soon = xunfang("--as", "near", "case", "step", number, "county_opinion", "--on", "2026-01-26", "--home", home)
    assert (soon.code, "it is still posted, to the end of 2026-01-27" in soon.err) == (2, True)
    step("near", "county_opinion", "--on", "2026-01-27")
    mine = xunfang("--as", "near", "case", "step", number, "confirmed", "--on", "2026-02-03", "--home", home)
    assert (mine.code, "is for operator, reviewer, not for caseworker" in mine.err) == (2, True)
    confirmed = step("op", "confirmed", "--on", "2026-02-03")
    assert confirmed["due_on"] == "2026-03-31"
    assert {part["state"] for part in confirmed["parts"] if part["programme"] == "DB"} == {"confirmed"}
    paid = step("op", "paid", "--on", "2026-03-10")
    assert paid["due_on"] == "2027-03-10"
    unheard = xunfang(
        "--as", "op", "case", "step", number, "closed", "--on", "2026-04-01", "--reason", "ended", "--home", home
    )
    assert unheard.code == 2
    chain = say(home, "rev", "household", case["household"])["chain"]
    assert [each["said"]["en"] for each in chain if each["kind"] == "case"][-1].endswith("in payment")


def test_a_caseworker_of_another_area_neither_sees_nor_moves_it(home: Path, case: Any) -> None:
    assert say(home, "far", "case", "list")["cases"] == []
    for words in (("show", case["case"]), ("step", case["case"], "moved")):
        run = xunfang("--as", "far", "case", *words, "--home", home)
        assert run.code != 0
        assert "not of your area" in run.err


def test_what_a_household_applies_for_by_itself_is_a_case_once(home: Path) -> None:
    household = str(frame(home, "left_out").sort("household_id")["household_id"][0])
    told = say(home, "near", "case", "open", household, "--programme", "db", "--on", "2026-02-02")
    assert (told["state"], told["owner"], told["programme"]) == ("application", "near", "DB")
    again = xunfang("--as", "op", "case", "open", household, "--programme", "TK", "--home", home)
    assert (again.code, "has an open case already" in again.err) == (2, True)
    stranger = xunfang("--as", "op", "case", "open", "000000000000", "--programme", "TK", "--home", home)
    assert stranger.code == 2
    text = done(xunfang("--as", "op", "case", "show", told["case"], "--home", home)).out
    assert "已提交申请 / application handed in" in text


def test_a_part_is_settled_with_what_its_authority_said_and_no_case_closes_over_an_open_one(home: Path) -> None:
    gaps = frame(home, "listed/findings").filter(programme="CJ-H")["household_id"]
    household = str(next(each for each in gaps.sort() if each != poor(home)))
    items = say(home, "op", "outcome", "list")["items"]
    item = next(each["item"] for each in items if each["household"] == household)
    say(home, "op", "outcome", "record", item, "V11", "--on", "2026-01-06")
    case = next(each for each in say(home, "op", "case", "list")["cases"] if each["household"] == household)
    told = say(home, "op", "case", "show", case["case"])
    say(
        home, "op", "case", "step", case["case"], "informed", "--on", "2026-01-07", "--reason", "papers are missing"
    )
    closing = ("case", "step", case["case"], "closed", "--reason", "will not apply", "--on", "2026-01-09")
    refused = xunfang("--as", "op", *closing, "--home", home)
    assert (refused.code, "parts of the package are still open" in refused.err) == (2, True)
    for part in told["parts"]:
        words = ("case", "part", case["case"], part["part"], "dropped", "--reason", "not wanted")
        say(home, "op", *words, "--on", "2026-01-08")
    assert say(home, "op", *closing)["state"] == "closed"
    wrong = xunfang("--as", "op", "case", "part", case["case"], 99, "confirmed", "--reason", "x", "--home", home)
    assert wrong.code == 2
