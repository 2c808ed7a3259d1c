"""Facts of stage B at the door: refused without a consent, counted and forgotten with one, in no feature ever."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from builders import records
from deliveries import a_home, csv_of, deliver, people, wages
from descriptions import WHY

from engine import consent
from engine.commands.guard import allow, person_of
from engine.db import open_home_db, prepare, reading
from engine.errors import NotAllowedError, UsageError
from engine.intake.door import consents_on
from engine.intake.inbox import TakenIn, take_in
from engine.intake.quarantine import open_rows
from engine.keys import load_keys
from engine.recordstore import summary
from engine.sealing import unseal
from engine.setaside import listed
from engine.settings import Home, read_settings
from engine.tables import Consent
from engine.workplace import Workplace
from outreach.stage_b import FACTS, WITH_CONSENT

DAY, PERSONS = date(2024, 12, 31), 8
NOW = datetime(2024, 12, 31, 9, tzinfo=UTC)
AMOUNT = 98_765_432
"""What stands in the rows of stage B alone."""
HEADER = {"household_id": None, "period_months": 1, "record_no": "B1", "quality": "registered", "known_on": DAY}


def stage_b_row(person: int = 1, department: str = "SW") -> dict[str, Any]:
    return HEADER | {
        "person_id": f"P{person}",
        "month": date(2024, 1, 1),
        "kind": "wage",
        "source_dept": department,
        "amount": AMOUNT,
    }


def income(*rows: dict[str, Any]) -> pl.DataFrame:
    """Wages of everybody and such rows, which no table of ours would admit."""
    admitted = records("income", [row | {"source_dept": "RS", "month": date(2024, 1, 1)} for row in rows])
    columns = {name: pl.Series([row[name] for row in rows]) for name in ("source_dept", "month")}
    return pl.concat([wages(range(1, PERSONS + 1)), admitted.with_columns(**columns)])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Four households of two; their roster has come."""
    home = a_home(tmp_path / "home")
    deliver(home, "roster", "2024-01-01", **people(PERSONS))
    take_in(home, buckets=1).raise_refused()
    return home


def refused(home: Home, delivery: str) -> NotAllowedError:
    error = take_in(home).refused[delivery]
    assert isinstance(error, NotAllowedError)
    assert error.exit_code == 6
    return error


def kept(home: Home) -> bytes:
    """Every byte that the home holds outside of its inbox, what is sealed or compressed opened."""
    key, found = load_keys(home).vault, []
    for path in sorted(home.root.rglob("*")):
        if not path.is_file() or home.inbox in path.parents:
            continue
        data = path.read_bytes()
        if path.suffix == ".sealed":
            place = f"quarantine/{path.parent.name}/{path.name.removesuffix('.sealed')}|rows"
            data = unseal(key, place, data)
        if data.startswith(b"PAR1"):
            data = pl.read_parquet(io.BytesIO(data)).write_csv().encode()
        found.append(data)
    return b"\n".join(found)


def workplace(home: Home, now: datetime = NOW) -> Workplace:
    """A home at work, without the files that a night needs."""
    from engine.audit import AuditLog

    database, keys = open_home_db(home, read_settings(home)), load_keys(home)
    prepare(database)
    log = AuditLog(database, keys.audit, "li", "operator", lambda: now)
    policy: Any = None
    return Workplace(home, read_settings(home), policy, keys, database, 0, 1, log)


def households(home: Home) -> dict[str, str]:
    """The pseudonym of each household by its number."""
    from engine.identity import pseudonyms

    numbers = [f"H{number}" for number in range(1, PERSONS // 2 + 1)]
    return dict(zip(numbers, pseudonyms(load_keys(home).pseudonym, "household", pl.Series(numbers)), strict=True))


def agree(home: Home, household: str = "H1", **options: Any) -> int:
    told = {
        "since": date(2024, 6, 1),
        "until": date(2025, 5, 31),
        "application": "A-17",
        "evidence": "form 17, township archive",
    } | options
    made: int = consent.record(workplace(home), households(home)[household], **told)["consent"]
    return made


BROUGHT: dict[str, tuple[Callable[[Home], Any], Sequence[str]]] = {
    "rows of the tax office": (
        lambda home: deliver(home, "d1", income=income(stage_b_row(1), stage_b_row(2))),
        ["income.csv: 2 rows of tax detail / 个人所得税明细"],
    ),
    "a row of the housing fund among others": (
        lambda home: deliver(home, "d1", income=income(stage_b_row(3, "GJJ"))),
        ["income.csv: 1 rows of housing fund / 住房公积金"],
    ),
    "both, in Parquet": (
        lambda home: deliver(home, "d1", parquet=True, income=income(stage_b_row(1), stage_b_row(2, "GJJ"))),
        ["1 rows of housing fund", "1 rows of tax detail"],
    ),
    "a department in words": (
        lambda home: deliver(home, "d1", income=income(stage_b_row(1, "某市税务局"))),
        ["1 rows of tax detail"],
    ),
    "a code in full-width letters": (
        lambda home: deliver(home, "d1", income=income(stage_b_row(1, " ｓｗ "))),
        ["1 rows of tax detail"],
    ),
    "a row that is broken besides": (
        lambda home: deliver(
            home,
            "d1",
            income=csv_of("income", income(stage_b_row(1))).replace(b"SW,B1", b"SW,"),
        ),
        ["1 rows of tax detail"],
    ),
    "a file of assets": (lambda home: of_kind(home, "asset"), ["asset.csv: 2 rows of assets / 财产"]),
    "a file of tax detail": (lambda home: of_kind(home, "tax_detail"), ["tax_detail.csv: 2 rows of tax detail"]),
    "a file of the housing fund": (lambda home: of_kind(home, "housing_fund"), ["2 rows of housing fund"]),
    "a column beside others": (
        lambda home: described(home, "住房公积金缴存额"),
        ["a.csv has columns", "column 4 (housing fund / 住房公积金)"],
    ),
}


def of_kind(home: Home, kind: str, owners: Sequence[str] = ("P1", "P2")) -> None:
    rows = "".join(f"{owner},cash,{AMOUNT}\n" for owner in owners)
    deliver(home, "d1", **{kind: f"person_id,item,value\n{rows}".encode()})


def described(home: Home, column: str) -> None:
    """A file that a description reads, with a column that it does not read."""
    import tomli_w

    columns = {
        "person_id": "证件号",
        "month": {"from": "所属期", "dates": ["YYYYMM"]},
        "period_months": {"value": 1},
        "kind": {"value": "transfer_pension"},
        "source_dept": {"value": "RS"},
        "record_no": "所属期",
        "amount": {"from": "金额", "unit": "yuan"},
        "quality": {"value": "registered"},
    }
    told = WHY | {"kind": "income", "from": {"files": "*.csv"}, "columns": columns}
    (home.root / "sources").mkdir()
    (home.root / "sources" / "pensions.toml").write_text(tomli_w.dumps(told), "utf-8")
    folder = home.inbox / "d1"
    folder.mkdir()
    (folder / "delivered_on.txt").write_text("2024-12-31", "utf-8")
    (folder / "a.csv").write_text(
        f"证件号,所属期,金额,{column}\nP1,202401,10,{AMOUNT}\nP2,nie,9,{AMOUNT}\n", "utf-8"
    )


@pytest.mark.parametrize("how", BROUGHT)
def test_a_delivery_with_facts_of_stage_b_is_refused_whole_and_nothing_of_it_is_kept(how: str, home: Home) -> None:
    bring, said = BROUGHT[how]
    bring(home)
    before = summary(take_in(home).store)
    error = refused(home, "d1")
    assert [each for each in said if each not in error.message] == []
    assert "consent" in error.message
    assert "inbox" in error.way_out or "without these columns" in error.way_out
    assert "P1" not in str(error)
    assert str(AMOUNT) not in str(error)
    assert str(AMOUNT).encode() not in kept(home)
    assert not list((home.root / "quarantine").rglob("d1/*"))
    assert [each["name"] for each in before] == ["household", "member"]
    assert take_in(home).refused.keys() == {"d1"}


def test_the_search_for_what_is_kept_would_find_it(home: Home) -> None:
    row = stage_b_row(1, "RS")
    deliver(
        home, "d1", income=income(row, row | {"person_id": "P2", "month": date(2024, 1, 2), "amount": 7_654_321})
    )
    take_in(home).raise_refused()
    assert str(AMOUNT).encode() in kept(home)
    assert b"7654321" in kept(home)


def test_with_the_consent_of_the_person_the_rows_are_counted_and_go_no_further(home: Home) -> None:
    agree(home)
    deliver(home, "d1", income=income(stage_b_row(1), stage_b_row(2, "GJJ")))
    result = take_in(home)
    result.raise_refused()
    (receipt,) = result.taken
    (file,) = receipt.files
    assert (file.rows, file.accepted, file.quarantined) == (26, 24, 2)
    assert file.rules == {WITH_CONSENT: 2}
    rows = open_rows(home, load_keys(home).vault, "d1", "income.csv")
    assert rows.select("rule", "text").rows() == [(WITH_CONSENT, None)] * 2
    assert str(AMOUNT).encode() not in kept(home)
    assert listed(result.store, {})["set_aside"][0]["rule"] == WITH_CONSENT
    frames = result.store.sources(0).known_by(date(2025, 1, 31))
    seen = frames.frame("income").lazy().collect()
    assert seen.height == 24
    assert set(seen["source_dept"]) == {"RS"}
    assert AMOUNT not in seen["amount"].to_list()


def test_a_file_of_such_facts_with_consent_is_counted_whatever_the_reject_limit(home: Home) -> None:
    agree(home)
    of_kind(home, "asset")
    result = take_in(home, reject_limit=0.0, tolerated_rows=0)
    result.raise_refused()
    (source,) = (each for each in summary(result.store) if each["name"] == "asset")
    assert (source["rows"], source["accepted"], source["quarantined"]) == (2, 0, 2)
    assert str(AMOUNT).encode() not in kept(home)


NOT_COVERED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another household": ({"household": "H2"}, {}),
    "other facts": ({"facts": ["bank", "vehicle"]}, {}),
    "from a later day on": ({"since": date(2024, 12, 31)}, {"delivered_on": "2024-12-30"}),
    "until an earlier day": ({"until": date(2024, 12, 30)}, {}),
}


@pytest.mark.parametrize("how", NOT_COVERED)
def test_a_consent_covers_its_persons_its_facts_and_its_days_only(how: str, home: Home) -> None:
    options, when = NOT_COVERED[how]
    agree(home, **options)
    deliver(home, "d1", **when, income=income(stage_b_row(1)))
    assert "1 rows of tax detail" in refused(home, "d1").message


def test_one_person_without_consent_stops_the_delivery_of_all(home: Home) -> None:
    agree(home)
    deliver(home, "d1", income=income(stage_b_row(1), stage_b_row(2), stage_b_row(3)))
    assert "income.csv: 1 rows of tax detail" in refused(home, "d1").message


def test_whoever_has_not_signed_is_not_covered_by_the_others(home: Home) -> None:
    from engine.identity import pseudonyms

    (signed,) = pseudonyms(load_keys(home).pseudonym, "person", pl.Series(["P1"]))
    agree(home, persons=[signed])
    deliver(home, "d1", income=income(stage_b_row(1)))
    take_in(home).raise_refused()
    deliver(home, "d2", income=income(stage_b_row(1), stage_b_row(2)))
    assert "1 rows of tax detail" in refused(home, "d2").message
    household = stage_b_row(1) | {"person_id": None, "household_id": "H1"}
    deliver(home, "d3", income=income(household))
    assert "1 rows of tax detail" in refused(home, "d3").message


def test_a_row_of_the_household_is_covered_where_everybody_in_it_agreed(home: Home) -> None:
    agree(home)
    deliver(home, "d1", income=income(stage_b_row(1) | {"person_id": None, "household_id": "H1"}))
    take_in(home).raise_refused()


def test_a_consent_that_was_withdrawn_opens_the_door_no_more(home: Home) -> None:
    number = agree(home)
    place = workplace(home)
    assert consent.listed(place, DAY)["consents"][0]["in_force"] is True
    consent.withdraw(place, number, reason="changed their mind")
    (row,) = consent.listed(place, DAY)["consents"]
    assert (row["in_force"], row["withdrawn_on"], row["persons"]) == (False, DAY, 2)
    deliver(home, "d1", income=income(stage_b_row(1)))
    refused(home, "d1")
    with pytest.raises(UsageError, match="was withdrawn"):
        consent.withdraw(place, number)


def test_a_refused_delivery_comes_in_once_the_consent_is_recorded(home: Home) -> None:
    deliver(home, "d1", income=income(stage_b_row(1)))
    refused(home, "d1")
    agree(home)
    assert [each.delivery_id for each in take_in(home).taken] == ["d1"]


def test_the_other_deliveries_of_the_day_are_taken_in(home: Home) -> None:
    deliver(home, "d1", income=income(stage_b_row(1)))
    deliver(home, "d2", income=wages(range(1, PERSONS + 1)))
    result: TakenIn = take_in(home)
    assert [each.delivery_id for each in result.taken] == ["d2"]
    assert result.refused.keys() == {"d1"}


def test_the_text_of_a_row_that_cannot_be_read_and_names_the_tax_office_is_not_kept(home: Home) -> None:
    good = csv_of("income", wages(range(1, PERSONS + 1))).decode()
    torn = f"P1,,2024-01-01,1,wage,SW,{AMOUNT}\nP1,,2024-01-01,1,wage,RS,7654321\n"
    deliver(home, "d1", proof=False, income=(good + torn).encode())
    take_in(home).raise_refused()
    rows = open_rows(home, load_keys(home).vault, "d1", "income.csv").sort("row")
    assert rows["rule"].to_list() == ["wrong_number_of_fields"] * 2
    assert [text is None for text in rows["text"]] == [True, False]
    assert str(AMOUNT).encode() not in kept(home)


def test_a_store_that_is_repaired_does_not_ask_for_consents_that_have_ended(home: Home) -> None:
    number = agree(home)
    deliver(home, "d1", income=income(stage_b_row(1)))
    take_in(home).raise_refused()
    consent.withdraw(workplace(home), number)
    again = take_in(replace_home(home), again=True)
    again.raise_refused()
    assert {each.delivery_id for each in again.taken} == {"roster", "d1"}


def replace_home(home: Home) -> Home:
    """The same inbox and keys, nothing taken in."""
    import shutil

    other = home.root.parent / "other"
    shutil.copytree(home.root, other, ignore=shutil.ignore_patterns("records", "quarantine", "*.db*"))
    return replace(home, root=other)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a day to come": ({"since": date(2025, 1, 1)}, "--on"),
    "an end before the beginning": ({"until": date(2024, 5, 31)}, "--until"),
    "facts of no class": ({"facts": ["religion"]}, "--facts religion"),
    "a phone as evidence": ({"evidence": "call 13800001234"}, "--evidence"),
    "an identity number as application": ({"application": "990101195001010010"}, "--application"),
    "no application": ({"application": " "}, "--application"),
    "a person of another household": ({"persons": ["000000000000"]}, "--person"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_consent_that_makes_no_sense_is_not_recorded(how: str, home: Home) -> None:
    options, said = WRONG[how]
    with pytest.raises(UsageError, match=said):
        agree(home, **options)
    assert consent.listed(workplace(home), DAY)["consents"] == []


def test_a_consent_names_its_facts_and_is_in_the_audit_log(home: Home) -> None:
    from engine import audit

    agree(home, facts=["vehicle", "bank"])
    place = workplace(home)
    (row,) = consent.listed(place, DAY)["consents"]
    assert row["facts"] == "bank vehicle"
    with reading(place.database) as session:
        told = audit.told(session, place.keys.audit, household=households(home)["H1"])
    assert [(each["action"], each["actor"]) for each in told] == [("consent recorded", "li")]
    assert told[0]["details"]["application"] == "A-17"


def test_without_a_list_of_facts_a_consent_is_to_all_of_them(home: Home) -> None:
    agree(home)
    given = consents_on(workplace(home).database, DAY).given
    assert {fact for _, fact in given} == {*FACTS, "asset"}
    assert Consent.__tablename__ == "consent"


@pytest.mark.parametrize("command", ["consent record", "consent list", "consent withdraw"])
@pytest.mark.parametrize("role", ["caseworker", "data_scientist", "auditor", "contractor"])
def test_consents_are_the_work_of_operators_and_reviewers(command: str, role: str) -> None:
    for allowed in ("operator", "reviewer"):
        allow(command, person_of(None, allowed), None, None)
    with pytest.raises(NotAllowedError):
        allow(command, person_of(None, role), None, None)


def test_the_answer_of_the_commands_names_nobody_and_is_json(home: Home) -> None:
    from homes import done, xunfang

    (home.root / "policy.toml").write_text(default(), "utf-8")
    household = households(home)["H1"]
    words = ["--on", "2024-06-01", "--until", "2025-05-31", "--application", "A-1", "--evidence", "form 1"]
    told = done(xunfang("consent", "record", household, "--home", home.root, *words, "--json")).json
    assert (told["consent"], told["persons"], len(told["facts"])) == (1, 2, 7)
    (row,) = done(xunfang("consent", "list", "--home", home.root, "--json")).json["consents"]
    assert (row["household_id"], row["until"]) == (household, "2025-05-31")
    assert "consent: 1" in done(xunfang("consent", "withdraw", 1, "--home", home.root)).out
    again = xunfang("consent", "withdraw", 1, "--home", home.root)
    assert (again.code, "was withdrawn" in again.err) == (2, True)
    assert json.loads(json.dumps(row)) == row


def default() -> str:
    from engine.workplace import default_policy

    return default_policy()
