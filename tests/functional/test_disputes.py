"""A household says that its income is recorded wrongly: the next night does without it, and the last one stays."""

from pathlib import Path

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, hashes, say, staffed, xunfang

NEXT = "2026-01-05"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staffed(copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("disputes") / "home"))


@pytest.fixture(scope="module")
def household(home: Path) -> str:
    gaps = frame(home, "findings").filter(code="GAP-DB")["household_id"]
    listed = frame(home, "items")["household_id"]
    return str(gaps.filter(gaps.is_in(listed.implode())).sort()[0])


def test_what_cannot_be_contested_by_these_words_or_by_this_person_is_refused(home: Path, household: str) -> None:
    words = ("dispute", "open", household, "--reason", "the work ended", "--home", home)
    unknown = xunfang("--as", "near", *words, "--fact", "colour")
    assert (unknown.code, "income (收入, income)" in unknown.err) == (2, True)
    far = xunfang("--as", "far", *words, "--fact", "income")
    assert far.code != 0
    assert "not of your area" in far.err
    named = ("dispute", "open", household, "--fact", "income", "--reason", "call 13800001234", "--home", home)
    assert xunfang("--as", "near", *named).code == 2


def test_a_contested_income_is_unknown_to_the_next_night_and_the_last_one_stays_as_it_was(
    home: Path, household: str
) -> None:
    before = hashes(home / "nights" / NIGHT)
    opened = ("dispute", "open", household, "--fact", "income", "--reason", "the work ended in May")
    told = say(home, "near", *opened)
    assert (told["state"], told["owner"], told["frozen"], told["already"]) == ("open", "reviewer", True, False)
    assert told["due_on"] > told["since"]
    assert say(home, "near", *opened)["already"]
    done(xunfang("--as", "op", "night", "--home", home, "--date", NEXT))
    verdicts = frame(home, "verdicts", NEXT).filter(household_id=household, programme="DB")
    assert [str(each) for each in verdicts["verdict"]] == ["insufficient_data"]
    row = frame(home, "columns", NEXT).filter(household_id=household)
    assert row["income_to_line_12m"].to_list() == [None]
    assert frame(home, "columns", NIGHT).filter(household_id=household)["income_to_line_12m"][0] is not None
    found = frame(home, "findings", NEXT).filter(household_id=household)
    assert not found["evidence"].struct.field("source").str.contains("income").any()
    assert frame(home, "given/disputed", NEXT).rows() == [(household, "income")]
    page = say(home, "rev", "explain", household, "--date", NEXT)
    assert any("正在核实异议" in notice["zh"] for notice in page["notices"])
    assert page["rules"]["traced"]
    assert hashes(home / "nights" / NIGHT) == before
    for night in (NIGHT, NEXT):
        assert say(home, "op", "replay", "--date", night)["identical"]


def test_a_dispute_is_settled_by_somebody_else_and_ends_when_the_record_is_put_right(
    home: Path, household: str
) -> None:
    number = say(home, "near", "dispute", "list")["disputes"][0]["id"]
    assert say(home, "far", "dispute", "list")["disputes"] == []
    settle = ("dispute", "settle", number, "--upheld", "--result", "the employer confirms it")
    mine = xunfang("--as", "near", *settle, "--home", home)
    assert mine.code != 0
    assert say(home, "rev", *settle)["state"] == "upheld"
    assert say(home, "rev", "dispute", "list")["disputes"][0]["frozen"]
    again = xunfang("--as", "rev", *settle, "--home", home)
    assert again.code == 2
    ended = say(home, "rev", "dispute", "corrected", number, "--result", "in the delivery of June")
    assert (ended["state"], ended["frozen"]) == ("corrected", False)
    assert say(home, "rev", "dispute", "list")["disputes"] == []
    chain = say(home, "rev", "household", household)["chain"]
    said = [each["said"]["en"] for each in chain if each["kind"] == "dispute"]
    assert said == [
        "contests income on record: the work ended in May",
        "the dispute about income has ended: put right",
    ]


def test_nobody_settles_what_they_recorded_and_a_rejected_dispute_says_why(home: Path) -> None:
    household = str(frame(home, "items").sort("household_id")["household_id"][0])
    opened = ("dispute", "open", household, "--fact", "benefit", "--reason", "nothing is paid", "--worker")
    number = say(home, "rev", *opened)["id"]
    own = xunfang(
        "--as", "rev", "dispute", "settle", number, "--rejected", "--result", "it is paid", "--home", home
    )
    assert own.code != 0
    assert "nobody settles their own" in own.err
    told = say(home, "op", "dispute", "settle", number, "--rejected", "--result", "the register shows it")
    assert (told["state"], told["raised_by"], told["result"]) == ("rejected", "worker", "the register shows it")
    text = done(xunfang("--as", "op", "dispute", "list", "--all", "--home", home)).out
    assert "异议不成立 / rejected" in text
    assert pl.DataFrame(say(home, "op", "dispute", "list", "--all")["disputes"]).height == 2
