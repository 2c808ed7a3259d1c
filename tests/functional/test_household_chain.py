"""``xunfang household``: one household's chain as it was known on any day, for those who may see it, and noted."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from homes import NIGHT, copy_of, demo_home, done, xunfang

from engine.settings import Home
from engine.workplace import Workplace


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one visit that was recorded, and one that was taken back."""
    copy = copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("chain") / "home")
    first, second = items(copy)[:2]
    record = ("--home", copy, "--on", "2026-01-05", "--note", "daughter works away")
    done(xunfang("outcome", "record", first["item"], "V13", "--about", "YB", *record))
    done(xunfang("outcome", "record", second["item"], "V31", *record))
    done(xunfang("outcome", "undo", second["item"], "--home", copy, "--reason", "a slip"))
    return copy


def items(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(xunfang("outcome", "list", "--home", home, "--json")).json["items"]
    return found


def chain(home: Path, place: int, *words: object) -> dict[str, Any]:
    household = items(home)[place]["household"]
    told: dict[str, Any] = done(
        xunfang("--as", "reviewer", "household", household, "--home", home, "--json", *words)
    ).json
    return told


def test_the_chain_holds_records_nights_visits_and_what_was_handed_on(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "chain.html"
    told = chain(home, 0, "--page", page)
    kinds = {each["kind"] for each in told["chain"]}
    assert kinds >= {"household", "member", "night", "visit", "referral"}
    assert len(kinds) > 6
    days = [each["on"] for each in told["chain"]]
    assert days == sorted(days)
    assert all(each["source"]["zh"] and each["said"]["zh"] and each["said"]["en"] for each in told["chain"])
    (visit,) = [each for each in told["chain"] if each["kind"] == "visit"]
    assert "V13" in visit["said"]["en"]
    assert "daughter works away" in visit["said"]["en"]
    assert "taken back" not in visit["said"]["en"]
    (night,) = [each for each in told["chain"] if each["kind"] == "night"]
    assert (night["on"], "at place 1" in night["said"]["en"]) == (NIGHT, True)
    text = page.read_text("utf-8")
    assert "一户一条救助链" in text
    assert not re.search(r"<script|<img|https?://", text)


def said(link: dict[str, Any]) -> tuple[str, ...]:
    """A link without whom it is about, who is older on a later day."""
    return link["on"], link["known_on"], link["kind"], link["said"]["en"]


def test_an_outcome_that_was_taken_back_is_told_so(home: Path) -> None:
    (visit,) = [each for each in chain(home, 1)["chain"] if each["kind"] == "visit"]
    assert "(taken back)" in visit["said"]["en"]


def test_what_was_not_known_on_a_day_is_not_in_the_chain_of_that_day(home: Path) -> None:
    then = chain(home, 0, "--as-of", "2025-06-30")
    assert then["chain"]
    assert all(each["known_on"] <= "2025-06-30" for each in then["chain"])
    assert {"night", "visit", "referral"}.isdisjoint(each["kind"] for each in then["chain"])
    whole = chain(home, 0)["chain"]
    happened = {"household", "member", "medical", "event", "employment"}
    later = [each for each in whole if each["kind"] in happened and each["known_on"] > "2025-06-30"]
    early = [each for each in whole if each["kind"] == "medical" and each["known_on"] <= "2025-06-30"]
    assert later
    said_then = [said(each) for each in then["chain"]]
    assert all(said(each) in said_then for each in early)
    assert all(said(each) not in said_then for each in later)


def test_who_looked_is_noted_and_who_may_not_is_refused(home: Path) -> None:
    household = items(home)[0]["household"]
    told = chain(home, 0)
    log = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--household", household, "--json")).json
    noted = [each for each in log["entries"] if each["action"] == "household shown"]
    assert told["entry"] in [each["seq"] for each in noted]
    for role in ("operator", "data_scientist", "auditor", "contractor"):
        assert xunfang("--as", role, "household", household, "--home", home).code == 6
    far = xunfang("--as", "caseworker", "household", household, "--home", home, "--purpose", "visit")
    assert (far.code, "own area" in far.err) == (6, True)


def test_a_household_that_nobody_knows_and_a_day_to_come_are_refused(home: Path) -> None:
    run = xunfang("--as", "reviewer", "household", "000000000000", "--home", home)
    assert (run.code, "no such household" in run.err, "000000000000" in run.err) == (2, True, False)
    household = items(home)[0]["household"]
    run = xunfang("--as", "reviewer", "household", household, "--home", home, "--as-of", "2099-01-01")
    assert (run.code, "a day to come" in run.err) == (2, True)


@pytest.mark.parametrize(("how", "times"), [("moved", 1), ("split", 0)])
def test_what_was_done_under_an_earlier_number_is_in_the_chain_but_not_of_the_other_half_after_a_split(
    how: str, times: int, home: Path, tmp_path: Path
) -> None:
    copy = copy_of(home, tmp_path / "home")
    followed = Workplace.open(Home(copy)).population().successions(date.fromisoformat(NIGHT)).filter(how=how)
    old, new = followed.row(0)[:2]
    done(xunfang("rights", "opt-out", "--home", copy, "--household", old))
    told = done(xunfang("--as", "reviewer", "household", new, "--home", copy, "--json")).json
    asked = [each["said"] for each in told["chain"] if each["kind"] == "rights"]
    assert [each["en"] for each in asked] == [
        f"asks not to be contacted (under the earlier number {old})" for _ in range(times)
    ]
    assert all("原户号" in each["zh"] for each in asked)
