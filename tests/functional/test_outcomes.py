"""The circle: what a visit brings is recorded once, starts the cool-down, is a label, and can be taken back."""

import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from homes import NIGHT, copy_of, demo_home, done, xunfang

from engine.db import reading
from engine.settings import Home
from engine.tables import Visit
from engine.visits import note_of
from engine.workplace import Workplace, read_calendar

NEXT = "2026-01-06"
STAFF = {
    "w0001": {"role": "caseworker", "areas": ["990101"]},
    "w0002": {"role": "caseworker", "areas": ["990101"]},
    "far": {"role": "caseworker", "areas": ["110105"]},
    "near": {"role": "caseworker", "areas": ["990101"]},
    "rev": {"role": "reviewer"},
    "op": {"role": "operator"},
    "sci": {"role": "data_scientist"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that the tests of this file share; each takes items of its own."""
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("outcomes") / "home")


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    other = copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("outcomes-staff") / "home")
    with (other / "home.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + tomli_w.dumps({"staff": STAFF}))
    return other


def listed(home: Path, *words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(xunfang(*words, "outcome", "list", "--home", home, "--json")).json["items"]
    return found


def items(home: Path, place: int, *words: object) -> dict[str, Any]:
    return listed(home, *words)[place]


def record(home: Path, item: str, code: str, *words: object) -> dict[str, Any]:
    run = xunfang("outcome", "record", item, code, "--home", home, "--on", "2026-01-05", "--json", *words)
    told: dict[str, Any] = done(run).json
    return told


def rows(home: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "xunfang.db") as database:
        found = database.execute(query, values).fetchall()
    database.close()
    return found


def test_an_outcome_closes_the_visit_and_says_what_follows(home: Path) -> None:
    item = items(home, 0)
    told = record(home, item["item"], "v10", "--contact", "phone", "--minutes", 25)
    assert (told["need"], told["attempt"], told["already"]) == (True, 1, False)
    assert (told["quiet_until"], told["again_on"], told["referral"]) == ("2026-02-04", "2026-02-04", None)
    after = items(home, 0)
    assert (after["state"], after["outcome"], after["visited_on"]) == ("done", "V10", "2026-01-05")
    found = rows(home, "SELECT visited_by, recorded_by, contact, minutes FROM visit WHERE id = ?", told["visit"])
    assert found == [(item["caseworker"], "operator", "phone", 25)]


def test_the_same_outcome_twice_is_one_outcome_and_another_is_refused(home: Path) -> None:
    item = items(home, 1)["item"]
    first = record(home, item, "V31")
    again = record(home, item, "V31")
    assert (again["visit"], again["already"]) == (first["visit"], True)
    run = xunfang("outcome", "record", item, "V32", "--home", home, "--on", "2026-01-05")
    assert run.code == 2
    assert "another outcome is recorded already" in run.err
    assert "V31, 2026-01-05" in run.err
    assert rows(home, "SELECT count(*) FROM visit WHERE item_id = ?", int(item.split("-")[0])) == [(1,)]


@pytest.mark.parametrize(
    ("code", "words", "kind", "owner", "due"),
    [
        ("V13", ("--about", "YB"), "department", "worker", 10),
        ("V13", ("--about", "other", "--owner", "w0002"), "department", "w0002", 10),
        ("V21", (), "layer", "reviewer", 20),
        ("V22", (), "doubled", "reviewer", 20),
        ("V41", (), "moved", "reviewer", 20),
        ("V42", ("--about", "address"), "data", "reviewer", 10),
        ("V50", (), "safety", "reviewer", 0),
        ("V60", (), "deceased", "reviewer", 20),
        ("V70", (), "refusal", "reviewer", 20),
    ],
)
def test_what_is_handed_on_has_an_owner_and_a_due_date(
    home: Path, code: str, words: tuple[str, ...], kind: str, owner: str, due: int
) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    referral = record(home, item["item"], code, *words)["referral"]
    assert (referral["kind"], referral["state"]) == (kind, "open")
    assert referral["owner"] == (item["caseworker"] if owner == "worker" else owner)
    opened = date.fromisoformat(referral["opened_on"])
    by = read_calendar("cn").after(opened, due) if due else opened + timedelta(days=1)
    assert date.fromisoformat(referral["due_on"]) == by
    assert referral["id"] in [each["id"] for each in open_referrals(home)]


def open_referrals(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(xunfang("outcome", "list", "--home", home, "--json")).json["referrals"]
    return found


def test_a_referral_is_settled_with_what_came_of_it(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    number = record(home, item["item"], "V13", "--about", "CL")["referral"]["id"]
    settle = ("outcome", "settle", number, "--home", home, "--result")
    refused = xunfang(*settle, "call 13800000000")
    assert refused.code == 2
    assert "13800000000" not in refused.err
    assert done(xunfang(*settle, "the certificate was issued", "--json")).json["state"] == "done"
    assert number not in [each["id"] for each in open_referrals(home)]
    assert "no open referral" in xunfang(*settle, "again").err


def test_a_referral_that_is_late_stands_in_the_status(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    number = record(home, item["item"], "V50")["referral"]["id"]
    assert "referrals_overdue" not in done(xunfang("status", "--home", home, "--json")).json["waiting"]
    with sqlite3.connect(home / "xunfang.db") as database:
        long_ago = ("2026-01-05", "2026-01-06", number)
        database.execute("UPDATE referral SET opened_on = ?, due_on = ? WHERE id = ?", long_ago)
    database.close()
    assert done(xunfang("status", "--home", home, "--json")).json["waiting"]["referrals_overdue"] == 1
    (late,) = [each for each in open_referrals(home) if each["overdue"]]
    assert late["id"] == number


def test_attempts_are_counted_while_nobody_is_met(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    told = record(home, item["item"], "V40", "--because", "away")
    assert (told["attempt"], told["need"], told["again_on"]) == (1, None, "2026-01-08")
    assert rows(home, "SELECT hindrance FROM visit WHERE id = ?", told["visit"]) == [("away",)]


def test_a_remark_is_sealed_and_opens_with_the_key_of_the_vault(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    told = record(home, item["item"], "V30", "--note", "女儿在外地，春节回来 spring festival")
    assert b"spring festival" not in (home / "xunfang.db").read_bytes()
    assert remark(home, told["visit"]) == "女儿在外地，春节回来 spring festival"
    done(xunfang("keys", "rotate", "vault", "--home", home, "--yes"))
    assert remark(home, told["visit"]) == "女儿在外地，春节回来 spring festival"


def remark(home: Path, visit: int) -> str | None:
    place = Workplace.open(Home(home))
    with reading(place.database) as session:
        row = session.get(Visit, visit)
        assert row is not None
        found = note_of(place.keys.vault, row)
    place.database.dispose()
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("999999", "V10"), "there is no item of this number"),
        (("{number}-AAAAA", "V10"), "the check behind the number is wrong"),
        (("{item}", "V99"), "there is no such outcome code"),
        (("{item}", "V10", "--on", "2025-12-01"), "dated before the list"),
        (("{item}", "V10", "--on", "2099-01-01"), "dated after today"),
        (("{item}", "V10", "--because", "away"), "somebody was met"),
        (("{item}", "V13", "--about", "address"), "does not go with the outcome"),
        (("{item}", "V40", "--because", "rain"), "no such reason"),
        (("{item}", "V10", "--contact", "dream"), "no such way of contact"),
        (("{item}", "V10", "--note", "x" * 501), "the remark is too long"),
        (("{item}", "V10", "--by", "a b"), "no name of somebody who works here"),
    ],
)
def test_what_cannot_be_is_refused_in_both_languages_and_changes_nothing(
    home: Path, words: tuple[str, ...], said: str
) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    given = [word.format(item=item["item"], number=item["item"].split("-")[0]) for word in words]
    on = () if "--on" in given else ("--on", "2026-01-05")
    run = xunfang("outcome", "record", *given, *on, "--home", home)
    assert run.code == 2, run.err
    assert said in run.err
    assert "Traceback" not in run.err
    assert next(each for each in listed(home) if each["item"] == item["item"])["state"] == "open"


def test_an_outcome_that_is_taken_back_counts_no_more_and_its_history_stays(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    told = record(home, item["item"], "V22")
    undo = ("outcome", "undo", item["item"], "--home", home, "--reason", "the wrong household", "--json")
    back = done(xunfang(*undo)).json
    assert (back["state"], back["referrals_cancelled"], back["already"]) == ("open", 1, False)
    assert done(xunfang(*undo)).json["already"]
    now = next(each for each in listed(home) if each["item"] == item["item"])
    assert (now["state"], now["outcome"]) == ("open", None)
    assert rows(home, "SELECT outcome FROM visit WHERE id = ?", told["visit"]) == [("V22",)]
    assert rows(home, "SELECT undone_by, reason FROM visit_undone WHERE visit_id = ?", told["visit"]) == [
        ("operator", "the wrong household")
    ]
    again = record(home, item["item"], "V31")
    assert (again["already"], again["visit"] != told["visit"]) == (False, True)
    log = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json["entries"]
    actions = [each["action"] for each in log]
    assert {"outcome recorded", "outcome taken back"} <= set(actions)


def test_an_outcome_taken_back_of_a_household_that_opted_out_since_opens_no_visit(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    record(home, item["item"], "V30")
    done(xunfang("rights", "opt-out", "--home", home, "--household", item["household"]))
    undo = ("outcome", "undo", item["item"], "--home", home, "--reason", "a slip", "--json")
    assert done(xunfang(*undo)).json["state"] == "withdrawn"
    page = (home / "lists" / NIGHT / f"{item['caseworker']}.html").read_text("utf-8")
    assert item["household"] not in page


def test_a_visit_that_was_taken_off_the_list_takes_no_outcome(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    done(xunfang("rights", "opt-out", "--home", home, "--household", item["household"]))
    run = xunfang("outcome", "record", item["item"], "V10", "--home", home, "--on", "2026-01-05")
    assert run.code == 2
    assert "taken off the list: opted_out" in run.err


def test_a_visit_that_was_given_to_somebody_else_names_the_new_item(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    number = int(item["item"].split("-")[0])
    with sqlite3.connect(home / "xunfang.db") as database:
        database.execute("UPDATE outreach_item SET state = 'superseded' WHERE id = ?", (number,))
        database.execute(
            "INSERT INTO outreach_item (list_id, household_id, business_date, position, lane, due_on, state) "
            "SELECT l.id, household_id, '2026-01-02', 999, lane, due_on, 'open' "
            "FROM outreach_item i, outreach_list l "
            "WHERE i.id = ? AND l.caseworker_id = 'w0002' LIMIT 1",
            (number,),
        )
    database.close()
    run = xunfang("outcome", "record", item["item"], "V10", "--home", home, "--on", "2026-01-05")
    assert run.code == 2
    assert "it is on another list by now" in run.err
    assert "w0002" in run.err


def test_a_caseworker_records_their_own_list_and_nobody_elses(staffed: Path) -> None:
    all_of_them = listed(staffed, "--as", "op")
    mine = next(each for each in all_of_them if each["caseworker"] == "w0001")
    theirs = next(each for each in all_of_them if each["caseworker"] == "w0002")
    on = ("--home", staffed, "--on", "2026-01-05")
    assert {each["caseworker"] for each in listed(staffed, "--as", "w0001")} == {"w0001"}
    assert {each["caseworker"] for each in listed(staffed, "--as", "near")} == {"w0001", "w0002"}
    assert listed(staffed, "--as", "far") == []
    done(xunfang("--as", "w0001", "outcome", "record", mine["item"], "V40", *on))
    other = xunfang("--as", "w0001", "outcome", "record", theirs["item"], "V40", *on)
    assert (other.code, "on somebody else's list" in other.err) == (6, True)
    far = xunfang("--as", "far", "outcome", "record", theirs["item"], "V40", *on)
    assert (far.code, "not of your area" in far.err) == (6, True)
    assert xunfang("--as", "sci", "outcome", "record", theirs["item"], "V40", *on).code == 6
    done(xunfang("--as", "op", "outcome", "record", theirs["item"], "V40", *on, "--by", "w0002"))
    undo = ("outcome", "undo", theirs["item"], "--home", staffed, "--reason", "a slip")
    assert xunfang("--as", "w0002", *undo).code == 6
    done(xunfang("--as", "rev", *undo))
    done(xunfang("--as", "w0001", "outcome", "undo", mine["item"], "--home", staffed, "--reason", "a slip"))


def test_a_visited_household_is_left_in_peace_the_next_night_and_is_a_label_of_the_estimate(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = copy_of(demo_home(tmp_path_factory), tmp_path / "home")
    visited, absent, taken_back = (items(home, place) for place in (0, 1, 2))
    record(home, visited["item"], "V31")
    record(home, absent["item"], "V40")
    record(home, taken_back["item"], "V32")
    done(xunfang("outcome", "undo", taken_back["item"], "--home", home, "--reason", "a slip"))
    done(xunfang("night", "--home", home, "--date", NEXT))
    left = pl.read_parquet(home / "nights" / NEXT / "left_out.parquet")
    why = {name: left.filter(pl.col("household_id") == name) for name in left["household_id"]}
    for item, reason, until in (
        (visited, "cool_down", "2026-04-05"),
        (absent, "cool_down", "2026-01-08"),
        (taken_back, "open_item", None),
    ):
        row = why[item["household"]]
        assert row["reason"].item() == reason
        assert until is None or str(row["until"].item()) == until
    found = done(xunfang("yield", "--home", home, "--json")).json
    assert found["visits"] == 2
    report = (home / "nights" / NEXT / "report.html").read_text("utf-8")
    assert "≤ 7 visits with an answer: too few for a share" in report
    assert "an outcome of a visit was taken back<" in report
    explained = done(
        xunfang("--as", "reviewer", "explain", visited["household"], "--home", home, "--date", NIGHT, "--json")
    ).json
    assert [each["outcome"] for each in explained["done"]["visits"]] == ["V31"]
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
    record(home, taken_back["item"], "V10")
    assert done(xunfang("yield", "--home", home, "--json")).json["visits"] == 3


def test_what_was_recorded_goes_with_an_erased_household(home: Path) -> None:
    item = next(each for each in listed(home) if each["state"] == "open")
    told = record(home, item["item"], "V42", "--about", "income", "--note", "a remark")
    done(xunfang("rights", "erase", "--home", home, "--household", item["household"]))
    for table in ("visit", "referral"):
        assert item["household"] not in str(rows(home, f"SELECT * FROM {table}"))
    assert rows(home, "SELECT note, outcome FROM visit WHERE id = ?", told["visit"]) == [(None, "V42")]
