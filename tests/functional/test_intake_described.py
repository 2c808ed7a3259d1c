"""Deliveries as departments make them, read by descriptions: files in a folder, no manifest, other columns."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deliveries import a_home, deliver, people
from descriptions import INCOME, WIDE, describe, income_of, pensions, put, told
from model_examples import DATES, FEATURES, make_examples

from engine.errors import HomeError, NotAllowedError
from engine.intake.inbox import take_in
from engine.intake.quarantine import open_rows
from engine.keys import load_keys
from engine.learning import Learner, _keep_model
from engine.population import Population
from engine.registry import manifest_of
from engine.settings import Home, read_settings
from features.catalog import by_name
from models.experiment import run_experiment
from models.training import Settings, train


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = a_home(tmp_path / "home")
    deliver(place, "roster", "2024-01-31", **people(20))
    return place


def test_a_folder_without_a_manifest_is_a_delivery_of_the_described_source(home: Home) -> None:
    describe(home)
    put(home, "rs-2024-02-20", pension1=pensions("甲,P1,202401,1000.5"), pension2=pensions("乙,P2,202401,20"))
    taken = take_in(home)
    taken.raise_refused()
    receipt = taken.taken[-1]
    assert (receipt.delivery_id, receipt.delivered_on) == ("rs-2024-02-20", date(2024, 2, 20))
    assert [(file.source, file.rows, file.accepted) for file in receipt.files] == [("pensions", 1, 1)] * 2
    assert receipt.files[0].columns == ("姓名", "证件号", "所属期", "金额")
    assert income_of(taken.store) == [
        (date(2024, 1, 1), 2_000, date(2024, 2, 20), False),
        (date(2024, 1, 1), 100_050, date(2024, 2, 20), False),
    ]
    assert [each.delivery_id for each in take_in(home).taken] == []


def test_the_day_of_delivery_is_in_a_file_or_in_the_name_or_the_day_it_was_first_seen(home: Home) -> None:
    describe(home)
    (put(home, "a-2024-02-20", pension=pensions("甲,P1,202401,1")) / "delivered_on.txt").write_text("2024-02-25\n")
    put(home, "b", pension=pensions("甲,P1,202402,2"))
    assert list(take_in(home).refused) == ["b"]
    for today in (date(2024, 3, 9), date(2024, 3, 12)):
        taken = take_in(home, today=today)
        taken.raise_refused()
    days = {receipt.delivery_id: receipt.delivered_on for receipt in taken.store.receipts}
    assert (days["a-2024-02-20"], days["b"]) == (date(2024, 2, 25), date(2024, 3, 9))


def test_a_manifest_may_name_the_source_and_prove_the_rows(home: Home) -> None:
    describe(home)
    folder = put(home, "rs", pension=pensions("甲,P1,202401,1", "乙,P2,202401,2"))
    entry = '{"name": "pension.csv", "source": "pensions", "rows": %d}'
    manifest = '{"delivery_id": "rs", "delivered_on": "2024-02-20", "files": [%s]}'
    (folder / "manifest.json").write_text(manifest % (entry % 3))
    refused = take_in(home).refused
    assert "holds 2 rows where the manifest says 3" in refused["rs"].message
    (folder / "manifest.json").write_text(manifest % (entry % 2))
    assert told(take_in(home).store)["accepted"] == 2
    (folder / "manifest.json").write_text((manifest % (entry % 2)).replace("pensions", "wages"))
    assert "which no description describes" in take_in(home).refused["rs"].message


def test_a_file_that_no_description_knows_refuses_the_folder_by_name(home: Home) -> None:
    describe(home)
    put(home, "rs-2024-02-20", pension=pensions("甲,P1,202401,1"), other="a,b\n1,2\n")
    assert "other.csv: fits no description" in take_in(home).refused["rs-2024-02-20"].message
    describe(home, "all", **{"from": {"files": "*.csv"}})
    said = take_in(home).refused["rs-2024-02-20"].message
    assert "pension.csv: fits sources/all.toml and sources/pensions.toml" in said


def test_the_description_says_how_a_file_is_shaped(home: Home) -> None:
    shape = {"encoding": "gb18030", "separator": "\t", "header_row": 2}
    describe(home, shape=shape, **{"from": {"files": "*.txt"}})
    folder = put(home, "rs-2024-02-20")
    text = "养老待遇发放表\n" + pensions("甲,P1,202401,1", "乙,P2,202401,x").replace(",", "\t")
    (folder / "表一.txt").write_bytes(text.encode("gb18030"))
    found = told(take_in(home).store)
    assert (found["rows"], found["accepted"]) == (2, 1)
    assert open_rows(home, load_keys(home).vault, "rs-2024-02-20", "表一.txt")["text"].to_list() == [
        "乙\tP2\t202401\tx"
    ]


def test_a_description_that_changes_later_leaves_what_was_taken_in_alone(home: Home) -> None:
    describe(home)
    put(home, "rs-2024-02-20", pension=pensions("甲,P1,202401,1"))
    before = take_in(home).store.receipts[-1]
    assert before.descriptions == {"pensions": (home.sources / "pensions.toml").read_text("utf-8")}
    describe(home, refresh_days=12)
    again = take_in(home)
    assert (again.refused, again.taken) == ({}, [])


def test_the_same_file_under_a_mended_description_counts_and_under_the_same_one_does_not(home: Home) -> None:
    describe(home, columns=INCOME | {"amount": {"from": "金额", "unit": "wan_yuan"}})
    text = pensions("甲,P1,202401,12.5")
    put(home, "rs-2024-02-20", pension=text)
    again = put(home, "rs-2024-02-21", pension=text)
    assert take_in(home).same_as == {"rs-2024-02-21": "rs-2024-02-20"}
    shutil.rmtree(again)
    describe(home)
    put(home, "rs-2024-02-22", pension=text)
    taken = take_in(home)
    assert [receipt.delivery_id for receipt in taken.taken] == ["rs-2024-02-22"]
    (bucket,) = (
        taken.store.records("income")
        .collect()["person_id"]
        .unique()
        .to_frame()
        .join(taken.store.homes.places(), on="person_id")["bucket"]
    )
    newest = taken.store.sources(bucket).known_by(date(2024, 3, 1)).frame("income")
    assert newest.collect()["amount"].to_list() == [1_250]


def wide(*rows: str) -> str:
    return "".join(f"{row}\n" for row in ["证件号,202401,202402,202403", *rows])


def test_a_wide_row_counts_as_one_row_whatever_becomes_of_its_months(home: Home) -> None:
    describe(home, columns=WIDE, months={"columns": "YYYYMM"})
    rows = ["P1,1,2,3", "P2,1,x,3", "P3,,,", "P4,5,,6", "P99,1,2,3", "P5,1,2,3", "P5,9,,"]
    put(home, "rs-2024-04-10", pension=wide(*rows))
    store = take_in(home).store
    found = told(store)
    assert (found["rows"], found["accepted"]) == (7, 2)
    assert found["rules"] == {
        "amount|no_month_is_given": 1,
        "amount|not_an_amount_in_yuan": 1,
        "duplicate_key": 2,
        "person_not_in_any_household": 1,
    }
    assert sorted(each[1] for each in income_of(store)) == [100, 200, 300, 500, 600]
    sealed = open_rows(home, load_keys(home).vault, "rs-2024-04-10", "pension.csv")
    assert sealed.select("row", "text").rows() == [
        (3, "P2,1,x,3"),
        (4, "P3,,,"),
        (6, "P99,1,2,3"),
        (7, "P5,1,2,3"),
        (8, "P5,9,,"),
    ]


def test_a_wide_row_that_waited_for_its_owner_is_released_as_one_row(home: Home) -> None:
    describe(home, columns=WIDE, months={"columns": "YYYYMM"})
    put(home, "rs-2024-04-10", pension=wide("P1,1,2,3", "P21,4,5,6"))
    assert told(take_in(home).store)["quarantined"] == 1
    late = people(22)
    deliver(home, "late", "2024-05-01", household=late["household"][10:], member=late["member"][20:])
    store = take_in(home).store
    found = told(store)
    assert (found["rows"], found["accepted"], found["rules"]) == (2, 2, {})
    assert len(income_of(store)) == 6


FIRST = {"assumed_lag_days": 25, "first_load_until": date(2024, 6, 30)}


def test_a_first_load_is_dated_by_the_lag_and_never_after_the_delivery(home: Home) -> None:
    describe(home, **FIRST)
    put(home, "rs-2024-06-30", pension=pensions("甲,P1,202401,1", "甲,P1,202406,2"))
    put(home, "rs-2024-07-31", pension=pensions("甲,P1,202407,3", "甲,P1,202401,4"))
    store = take_in(home).store
    assert income_of(store) == [
        (date(2024, 1, 1), 100, date(2024, 2, 25), True),
        (date(2024, 6, 1), 200, date(2024, 6, 30), False),
        (date(2024, 7, 1), 300, date(2024, 7, 31), False),
        (date(2024, 1, 1), 400, date(2024, 7, 31), False),
    ]


def test_the_card_of_a_model_that_learnt_from_a_first_load_says_so(home: Home) -> None:
    put(home, "rs-2024-06-30", pension=pensions("甲,P1,202401,1"))
    column = by_name("income_drop_3m")
    examples = make_examples(200, DATES[:1]).rename({"income_drop": column.name})
    model = train(examples, [column], risk="emergency", seed=1, settings=Settings(rounds=2))
    figures = run_experiment(make_examples(10), FEATURES, risk="emergency", seed=1, lacking=("medical",))
    cards, manifests = [], []
    for entries in ({}, FIRST):
        shutil.rmtree(home.records, ignore_errors=True)
        home.database.unlink(missing_ok=True)
        describe(home, **entries)
        population = Population(take_in(home).store, None)
        learner = Learner(home, read_settings(home), population, seed=1, threads=1, list_length=None)
        model_id = _keep_model(learner, model, figures, examples, {"inputs": ""})
        cards.append((home.models / "emergency" / model_id / "card.md").read_text("utf-8"))
        manifests.append(manifest_of(home, "emergency", model_id)["assumed"])
    assert manifests == [[], [{"zh": "收入", "en": "income"}]]
    assert "assumed" not in cards[0]
    assert "the days of knowledge are assumed: income" in cards[1]


def test_a_day_that_the_department_gives_is_never_replaced_by_an_assumed_one(home: Home) -> None:
    columns = INCOME | {"known_on": {"from": "登记日"}}
    describe(home, columns=columns, **FIRST)
    text = "证件号,所属期,金额,登记日\nP1,202401,1,2024-02-02\nP1,202402,2,\n"
    put(home, "rs-2024-06-30", pension=text)
    assert income_of(take_in(home).store) == [
        (date(2024, 1, 1), 100, date(2024, 2, 2), False),
        (date(2024, 2, 1), 200, date(2024, 3, 25), True),
    ]


def test_a_spell_of_a_first_load_is_known_when_it_began_and_its_end_when_it_ended(home: Home) -> None:
    columns: dict[str, Any] = {
        "person_id": "证件号",
        "start": "起",
        "end": "止",
        "record_no": "证件号",
        "form": {"value": "contract"},
    }
    describe(home, "jobs", kind="employment", columns=columns, **FIRST | {"from": {"files": "job*.csv"}})
    put(
        home,
        "jobs-2024-06-30",
        job="证件号,起,止\nP1,2020-03-01,2023-05-31\nP2,2021-01-01,\nP3,2024-06-20,2024-06-25\n",
    )
    store = take_in(home).store
    assert told(store, "employment")["accepted"] == 3
    rows = store.records("employment").sort("start", "known_on").collect()
    assert rows.select("start", "end", "known_on", "known_on_assumed").rows() == [
        (date(2020, 3, 1), None, date(2020, 3, 26), True),
        (date(2020, 3, 1), date(2023, 5, 31), date(2023, 6, 25), True),
        (date(2021, 1, 1), None, date(2021, 1, 26), True),
        (date(2024, 6, 20), date(2024, 6, 25), date(2024, 6, 30), False),
    ]


def test_a_roster_snapshot_says_nothing_about_the_past(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    describe(
        home,
        "homes",
        kind="household",
        snapshot=True,
        columns={"household_id": "户号", "region": "区划", "area_kind": {"value": "rural"}},
        **{"from": {"files": "homes.csv"}},
    )
    describe(
        home,
        "persons",
        kind="member",
        snapshot=True,
        columns={
            "person_id": "证件号",
            "household_id": "户号",
            "relation": {"from": "关系", "codes": {"户主": "head", "妻": "spouse"}},
            "sex": {"from": "性别", "codes": {"男": 1, "女": 2}},
            "birth_date": {"from": "出生", "dates": "YYYYMMDD"},
        },
        **{"from": {"files": "persons.csv"}},
    )
    people_ = "证件号,户号,关系,性别,出生\nP1,H1,户主,男,19600101\nP2,H1,妻,女,19610101\n"
    put(home, "first-2024-06-30", homes="户号,区划\nH1,990101001001\n", persons=people_)
    store = take_in(home).store
    roster = store.sources(store.homes.households["bucket"][0])
    for day, there in ((date(2024, 6, 29), 0), (date(2024, 6, 30), 2)):
        assert roster.known_by(day).frame("member").collect().height == there
    columns = {"household_id": "户号", "region": "区划", "area_kind": {"value": "rural"}}
    from_ = {"from": {"files": "homes.csv"}}
    describe(home, "homes", kind="household", snapshot=True, columns=columns, **FIRST | from_)
    with pytest.raises(HomeError, match="no lag can date it"):
        take_in(home).raise_refused()


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"kind": "wages"}, "kind: 'wages' does not exist"),
        ({"colums": {}}, "colums: Extra inputs are not permitted"),
        ({"columns": INCOME | {"salary": "x"}}, "columns.salary: is no column of income records"),
        ({"columns": {name: INCOME[name] for name in INCOME if name != "amount"}}, "columns.amount: is required"),
        (
            {"columns": {name: INCOME[name] for name in INCOME if name != "person_id"}},
            "map person_id or household_id",
        ),
        (
            {"columns": INCOME | {"kind": {"value": "salary"}}},
            "columns.kind: 'salary' is not one of our codes (wage,",
        ),
        (
            {"columns": INCOME | {"amount": {"from": "金额", "unit": "dollar"}}},
            "unit must be one of fen, jiao, yuan",
        ),
        ({"columns": INCOME | {"quality": {"from": "a", "unit": "yuan"}}}, "has a unit of money, and is no amount"),
        ({"columns": INCOME | {"month": {"from": "a", "dates": "DAY"}}}, "'DAY' is no date format"),
        ({"columns": INCOME | {"month": {"from": "a", "value": "b"}}}, "has both from and value"),
        ({"columns": INCOME | {"amount": {"unit": "yuan"}}}, "columns.amount: has neither from nor value"),
        ({"from": {"folder": "x"}}, "needs files, or database_env and query"),
        ({"from": {"database_env": "A_URL", "query": "SELECT 1; DROP"}}, "without a semicolon"),
        ({"months": {"columns": "YYYYMM", "year": "a"}}, "the year is either in columns"),
        ({"assumed_lag_days": 3}, "belong together"),
        ({"snapshot": True}, "only a roster"),
        ({"kind": "medical", "columns": {}}, "medical records are of class P, not S"),
        ({"refresh_days": 0}, "refresh_days"),
        ({"shape": {"encoding": "latin-1"}}, "shape.encoding"),
    ],
)
def test_a_mistake_in_a_description_is_named_before_anything_is_read(
    entries: dict[str, Any], said: str, home: Home
) -> None:
    describe(home, **entries)
    with pytest.raises(HomeError) as wrong:
        take_in(home).raise_refused()
    assert said in wrong.value.message
    assert wrong.value.message.startswith(str(home.sources / "pensions.toml"))
    assert wrong.value.way_out
    assert not (home.records / "income").exists()


@pytest.mark.parametrize("entries", [{"kind": "tax_detail"}, {"sensitivity": "B"}])
def test_a_description_of_stage_b_is_not_allowed(entries: dict[str, Any], home: Home) -> None:
    describe(home, **entries)
    with pytest.raises(NotAllowedError, match="stage B"):
        take_in(home).raise_refused()
