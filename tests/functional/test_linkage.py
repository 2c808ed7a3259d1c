"""Rows without a usable number: proposed with evidence, decided by a person, carried in by the door, undone."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deliveries import a_home, deliver
from descriptions import describe, put
from homes import done, hashes, xunfang
from named import COLUMNS, NAMES, NUMBERS, PHONES, SECRETS, identities, roster

from engine.audit import utc_now
from engine.db import open_db, reading
from engine.identity import pseudonyms
from engine.intake.quarantine import open_rows
from engine.keys import load_keys
from engine.recordstore import RecordStore, summary
from engine.settings import Home
from features.records import KINDS

HEADER = "姓名,证件号,出生,电话,所属期,金额"
CUT, MISTYPED, MISSING = NUMBERS[0][:15] + "000", NUMBERS[1][:5] + "7" + NUMBERS[1][6:], ""
BORN = f"{NUMBERS[2][6:10]}年{int(NUMBERS[2][10:12])}月{int(NUMBERS[2][12:14])}日"
ROWS = (
    f"{NAMES[0][:2]} {NAMES[0][2:]},{CUT},,,202412,100",
    f"{NAMES[1]},{MISTYPED},,,202412,200",
    f"{NAMES[2]},{MISSING},{BORN},+86 {PHONES[2]},202412,300",
    f"赵无名,{NUMBERS[3][:15]}000,,,202412,400",
    f"{NAMES[4]},{NUMBERS[4][:15]}000,,,202412,a lot",
    f"{NAMES[5]},{NUMBERS[5]},,,202412,600",
)
"""One for a pass each; one whose name nobody has; one with a second fault; one that is sound."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose people are known, and a described delivery of which five rows are set aside."""
    place = a_home(tmp_path / "home", "gb11643")
    done(xunfang("init", "--home", tmp_path / "init"))
    for name in ("policy.toml", "caseworkers.toml"):
        shutil.copy(tmp_path / "init" / name, place.root / name)
    describe(
        place,
        columns=COLUMNS,
        linkage={"name": "姓名", "birth_date": "出生", "phone": "电话"},
    )
    people = roster()
    born = pl.col("person_id").str.slice(6, 8).str.to_date("%Y%m%d")
    deliver(
        place,
        "d1",
        household=people["household"],
        member=people["member"].with_columns(birth_date=born),
        identity=identities(),
    )
    folder = put(place, "2025-01-20", pension="\n".join([HEADER, *ROWS]) + "\n")
    assert folder.is_dir()
    done(xunfang("check", "--home", place.root))
    return place


def proposed(home: Home, *more: str) -> list[dict[str, Any]]:
    return list(done(xunfang("linkage", "list", "--home", home.root, "--json", *more)).json["proposals"])


def linkage(home: Home, *words: object) -> Any:
    return done(xunfang("linkage", *words, "--home", home.root, "--json")).json


def of_income(home: Home) -> dict[str, Any]:
    return dict(next(source for source in summary(RecordStore.open(home)) if source["name"] == "income"))


def payments(home: Home, as_of: Any = None) -> dict[str, int]:
    """What each person is paid, as it is known in the end."""
    store = RecordStore.open(home)
    day = as_of or utc_now().date()
    found: dict[str, int] = {}
    for bucket in store.buckets():
        frame = store.sources(bucket).known_by(day).frame("income").collect()
        found |= dict(frame.select("person_id", "amount").iter_rows())
    return found


def persons(home: Home) -> list[str]:
    """The pseudonyms of the people, in the order of their numbers."""

    return pseudonyms(load_keys(home).pseudonym, "person", pl.Series(NUMBERS)).to_list()


def test_each_row_is_proposed_by_the_strictest_pass_and_a_stranger_is_not(home: Home) -> None:
    told = linkage(home, "propose")
    assert (told["rows"], told["one_candidate"], told["no_candidate"], told["other_faults"]) == (4, 3, 1, 0)
    people = persons(home)
    found = {row["row"]: (row["found_by"], row["person_id"], row["candidates"]) for row in proposed(home)}
    assert found == {
        2: ("number_15+name", people[0], 1),
        3: ("number_mistyped+name+birth_date_in_number", people[1], 1),
        4: ("name+birth_date+phone", people[2], 1),
    }


def test_proposing_twice_changes_nothing(home: Home) -> None:
    first = linkage(home, "propose")
    before = proposed(home)
    again = linkage(home, "propose")
    assert (first["new"], again["new"], again["changed"], again["withdrawn"]) == (3, 0, 0, 0)
    assert proposed(home) == before


def test_nothing_goes_in_before_a_person_has_said_so(home: Home) -> None:
    before, records = of_income(home), hashes(home.records)
    linkage(home, "propose")
    done(xunfang("check", "--home", home.root))
    assert of_income(home) == before
    assert {name: mark for name, mark in hashes(home.records).items() if not name.endswith(".seen")} == {
        name: mark for name, mark in records.items() if not name.endswith(".seen")
    }


def test_an_accepted_row_goes_in_under_the_known_person_and_counts_once(home: Home) -> None:
    linkage(home, "propose")
    before = of_income(home)
    assert (before["rows"], before["accepted"], before["quarantined"]) == (6, 1, 5)
    told = linkage(home, "accept", 1, 2, 3, "--reason", "confirmed by the department")
    assert told == {"accepted": [1, 2, 3], "deliveries": ["linked-1"]}
    assert proposed(home) == []
    done(xunfang("check", "--home", home.root))
    after = of_income(home)
    assert (after["rows"], after["accepted"], after["quarantined"], after["mended"]) == (6, 4, 2, 3)
    people = persons(home)
    assert payments(home) == {people[0]: 10_000, people[1]: 20_000, people[2]: 30_000, people[5]: 60_000}
    rows = RecordStore.open(home).records("income").filter(pl.col("delivery_id") == "linked-1").collect()
    assert set(rows["known_on"]) == {utc_now().astimezone().date()}
    assert linkage(home, "propose")["new"] == 0


def test_a_row_is_known_from_the_day_that_its_department_says(home: Home) -> None:
    row = identities().row(6, named=True) | {"person_id": NUMBERS[6][:15] + "000", "valid_from": "2021-01-01"}
    table = pl.DataFrame([row | {"known_on": "2025-01-05"}])
    deliver(home, "d3", "2025-02-01", proof=False, identity=table.write_csv().encode())
    done(xunfang("check", "--home", home.root))
    linkage(home, "propose")
    (found,) = (each for each in proposed(home) if each["delivery_id"] == "d3")
    linkage(home, "accept", found["id"], "--reason", "the same person")
    done(xunfang("check", "--home", home.root))
    with reading(open_db(home.database)) as session:
        rows = session.connection().exec_driver_sql(
            "SELECT subject, known_on FROM vault_identity WHERE valid_from = '2021-01-01'"
        )
        assert [tuple(each) for each in rows] == [(persons(home)[6], "2025-01-05")]
    refused = xunfang("linkage", "undo", found["id"], "--home", home.root, "--reason", "no")
    assert refused.code == 2
    assert "an identity cannot be withdrawn" in refused.err


def test_a_rejected_person_is_never_proposed_for_the_row_again(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "reject", 1, "--reason", "a namesake")
    assert linkage(home, "propose")["new"] == 0
    assert [row["id"] for row in proposed(home)] == [2, 3]
    states = {row["id"]: (row["state"], row["reason"]) for row in proposed(home, "--all")}
    assert states[1] == ("rejected", "a namesake")
    assert xunfang("linkage", "accept", 1, "--home", home.root, "--reason", "after all").code == 2


def test_what_was_accepted_and_not_taken_in_is_taken_back_whole(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "accept", 1, 2, "--reason", "confirmed")
    told = linkage(home, "undo", 1, "--reason", "too fast")
    assert told == {"undone": 1, "waits_again": True, "deliveries": []}
    done(xunfang("check", "--home", home.root))
    assert set(payments(home)) == {persons(home)[1], persons(home)[5]}
    assert of_income(home)["quarantined"] == 4
    linkage(home, "propose")
    assert [row["id"] for row in proposed(home)] == [3]


def test_what_went_in_is_withdrawn_and_the_past_keeps_it(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "accept", 1, "--reason", "confirmed")
    done(xunfang("check", "--home", home.root))
    assert persons(home)[0] in payments(home)
    seen = RecordStore.open(home).deliveries()
    told = linkage(home, "undo", 1, "--reason", "the wrong person")
    assert told == {"undone": 1, "waits_again": False, "deliveries": ["unlinked-1"]}
    done(xunfang("check", "--home", home.root))
    assert set(payments(home)) == {persons(home)[5]}
    store = RecordStore.open(home)
    then = [
        store.sources(bucket, seen).known_by(utc_now().date()).frame("income").collect()
        for bucket in store.buckets()
    ]
    assert persons(home)[0] in set(pl.concat(then)["person_id"])
    source = of_income(home)
    assert source["rows"] == source["accepted"] + source["quarantined"]
    assert linkage(home, "propose")["new"] == 0


def test_an_acceptance_that_replaced_another_version_cannot_be_undone(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "accept", 1, "--reason", "confirmed")
    put(home, "2025-01-25", pension=f"{HEADER}\n{NAMES[0]},{NUMBERS[0]},,,202412,111\n")
    done(xunfang("check", "--home", home.root))
    run = xunfang("linkage", "undo", 1, "--home", home.root, "--reason", "no")
    assert run.code == 2
    assert "stands for another version of the same record" in run.err


def test_several_candidates_are_told_and_need_a_word_of_their_own(home: Home) -> None:
    people = roster()["member"].head(2).with_columns(birth_date=pl.lit(None), valid_from=pl.lit("2023-01-01"))
    twins = people.with_columns(person_id=pl.Series(NUMBERS[:2]), birth_date=pl.lit("1980-01-01"), sex=pl.lit(1))
    lost = twins.head(1).with_columns(person_id=pl.lit(None, dtype=pl.String), valid_from=pl.lit("2024-01-01"))
    ours = [name for name in KINDS["member"].column_names() if name not in ("known_on_assumed", "delivery_id")]
    deliver(
        home, "d3", "2025-02-01", proof=False, member=pl.concat([twins, lost]).select(ours).write_csv().encode()
    )
    done(xunfang("check", "--home", home.root))
    told = linkage(home, "propose")
    assert told["several_candidates"] == 1
    both = [row for row in proposed(home) if row["delivery_id"] == "d3"]
    assert [(row["found_by"], row["candidates"]) for row in both] == [("household+birth_date+sex", 2)] * 2
    run = xunfang("linkage", "accept", both[0]["id"], "--home", home.root, "--reason", "sure")
    assert run.code == 2
    assert "one of 2 persons" in run.err
    linkage(home, "reject", both[1]["id"], "--reason", "the brother")
    linkage(home, "propose")
    (left,) = (row for row in proposed(home) if row["delivery_id"] == "d3")
    assert left["candidates"] == 2
    linkage(home, "accept", left["id"], "--reason", "the department knows", "--one-of-several")


def test_a_row_that_came_back_mended_is_proposed_no_more(home: Home, tmp_path: Path) -> None:
    linkage(home, "propose")
    done(
        xunfang("quarantine", "export", "--home", home.root, "--delivery", "2025-01-20", "--out", tmp_path / "out")
    )
    target = home.inbox / "mended"
    shutil.copytree(tmp_path / "out", target)
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    (file,) = manifest["files"]
    lines = (target / file["name"]).read_text("utf-8-sig").splitlines()
    kept = [line for line in lines if line.startswith(("mends_row", "2,"))]
    (target / file["name"]).write_text("\n".join(kept).replace(CUT, NUMBERS[0]) + "\n", "utf-8")
    done(xunfang("check", "--home", home.root))
    run = xunfang("linkage", "accept", 1, "--home", home.root, "--reason", "too late")
    assert run.code == 2
    assert "does not wait any more" in run.err
    assert linkage(home, "propose")["withdrawn"] == 1


def test_a_row_that_came_back_with_another_mistake_is_looked_at_where_it_came_last(
    home: Home, tmp_path: Path
) -> None:
    done(
        xunfang("quarantine", "export", "--home", home.root, "--delivery", "2025-01-20", "--out", tmp_path / "out")
    )
    target = home.inbox / "again"
    shutil.copytree(tmp_path / "out", target)
    (file,) = target.glob("*.csv")
    lines = file.read_text("utf-8-sig").splitlines()
    kept = [line for line in lines if line.startswith(("mends_row", "2,"))]
    file.write_text("\n".join(kept).replace(CUT, NUMBERS[0][1:]) + "\n", "utf-8")
    done(xunfang("check", "--home", home.root))
    linkage(home, "propose")
    (row,) = (each for each in proposed(home) if each["delivery_id"] != "2025-01-20")
    assert (row["row"], row["person_id"]) == (2, persons(home)[0])
    linkage(home, "accept", row["id"], "--reason", "confirmed")
    done(xunfang("check", "--home", home.root))
    assert persons(home)[0] in payments(home)
    source = of_income(home)
    assert (source["rows"], source["accepted"], source["quarantined"]) == (6, 2, 4)


def test_a_row_in_our_own_columns_is_withdrawn_as_well(home: Home) -> None:
    row = roster()["member"].row(7, named=True)
    table = pl.DataFrame([row | {"person_id": NUMBERS[7][:5] + "7" + NUMBERS[7][6:], "valid_from": "2024-06-01"}])
    deliver(
        home,
        "d3",
        "2025-02-01",
        proof=False,
        member=table.drop("known_on_assumed", "delivery_id").write_csv().encode(),
    )
    done(xunfang("check", "--home", home.root))
    linkage(home, "propose")
    (found,) = (each for each in proposed(home) if each["delivery_id"] == "d3")
    assert found["found_by"] == "number_mistyped+household"
    linkage(home, "accept", found["id"], "--reason", "the same person")
    done(xunfang("check", "--home", home.root))
    linkage(home, "undo", found["id"], "--reason", "no")
    done(xunfang("check", "--home", home.root))
    records = RecordStore.open(home).records("member").filter(pl.col("person_id") == persons(home)[7]).collect()
    late = records.filter(pl.col("valid_from") == pl.date(2024, 6, 1)).sort("known_on", "seq")
    assert late.select("delivery_id", "void").rows() == [
        (f"linked-{found['id']}", False),
        (f"unlinked-{found['id']}", True),
    ]


def test_a_decision_that_was_interrupted_is_finished_by_the_next(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "accept", 1, "--reason", "confirmed")
    first = hashes(home.inbox / "linked-1")
    shutil.rmtree(home.inbox / "linked-1")
    linkage(home, "propose")
    assert hashes(home.inbox / "linked-1") == first


def test_decisions_are_audited_and_no_value_is_shown_or_kept(home: Home) -> None:
    said = [xunfang("linkage", "propose", "--home", home.root).out]
    said.append(xunfang("linkage", "list", "--home", home.root).out)
    for words in (("accept", 1), ("reject", 2), ("undo", 1)):
        said.append(done(xunfang("linkage", *words, "--home", home.root, "--reason", "why")).out)
    said.append(xunfang("linkage", "list", "--home", home.root, "--all", "--json").out)
    database = open_db(home.database)
    with reading(database) as session:
        actions = list(session.connection().exec_driver_sql("SELECT action FROM audit_entry").scalars())
        kept = session.connection().exec_driver_sql("SELECT * FROM linkage_proposal").all()
    database.dispose()
    for action in ("linkage proposed", "linkage accepted", "linkage rejected", "linkage undone", "identities read"):
        assert action in actions
    said.append(str(kept))
    values = [*SECRETS, CUT, MISTYPED, *(each[:17] for each in NUMBERS)]
    assert [value for value in values for text in said if value in text] == []


def test_who_may_decide_and_who_may_not(home: Home) -> None:
    linkage(home, "propose")
    run = xunfang("--as", "data_scientist", "linkage", "accept", 1, "--home", home.root, "--reason", "x")
    assert (run.code != 0, "linkage accept" in run.err) == (True, True)
    assert done(xunfang("--as", "reviewer", "linkage", "accept", 1, "--home", home.root, "--reason", "x")).code == 0


def test_an_erased_household_takes_its_proposals_and_its_broken_rows_along(home: Home) -> None:
    linkage(home, "propose")
    linkage(home, "accept", 1, "--reason", "confirmed")
    done(xunfang("check", "--home", home.root))
    store, keys = RecordStore.open(home), load_keys(home)
    lived = store.homes.members.filter(pl.col("person_id").is_in(persons(home)[:2]))
    (household,) = set(lived["household_id"])
    done(xunfang("rights", "erase", "--home", home.root, "--household", household))
    assert {row["person_id"] for row in proposed(home, "--all")} == {persons(home)[2]}
    rows = open_rows(home, keys.vault, "2025-01-20", "pension.csv")
    assert rows.filter(pl.col("row") == 2)["text"].to_list() == [None]
    assert rows.filter(pl.col("row") == 4)["text"].null_count() == 0
