"""Bad deliveries through the command line: refused with a reason, or set aside and counted; never dropped."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deliveries import a_home, deliver, people, wages
from homes import copy_of, done, xunfang

from engine.settings import Home


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the default policy and nothing in its inbox."""
    folder = tmp_path_factory.mktemp("template")
    done(xunfang("init", "--home", folder / "init"))
    place = a_home(folder / "home")
    for name in ("policy.toml", "caseworkers.toml"):
        (folder / "init" / name).rename(place.root / name)
    return place.root


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    return Home(copy_of(template, tmp_path / "home"))


def hundred(**changed: Any) -> dict[str, Any]:
    return {**people(200), "income": wages(range(1, 201)), **changed}


def csv_without(kind: str, column: str) -> bytes:
    return hundred()[kind].drop(column, "known_on_assumed", "delivery_id", strict=False).write_csv().encode()


REFUSED: dict[str, tuple[Callable[[], dict[str, Any]], int, list[str]]] = {
    "a required source is missing": (
        lambda: {"income": wages(range(1, 9)), "household": people(8)["household"]},
        3,
        ["required source is missing: member", "Deliver"],
    ),
    "a column is missing": (lambda: hundred(income=csv_without("income", "amount")), 3, ["income.csv", "amount"]),
    "no row has a date": (
        lambda: hundred(income=hundred()["income"].with_columns(month=pl.lit("soon"))),
        3,
        ["income.csv", "month"],
    ),
    "nobody in it is known": (
        lambda: hundred(income=wages(range(1001, 1201))),
        3,
        ["income"],
    ),
    "too many bad rows": (
        lambda: hundred(
            income=hundred()["income"].with_columns(
                amount=pl.when(pl.int_range(pl.len()) % 10 == 0).then(pl.lit("much")).otherwise(pl.lit("100"))
            )
        ),
        4,
        ["income"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_delivery_of_the_wrong_shape_is_refused_whole(name: str, home: Home) -> None:
    make, code, said = REFUSED[name]
    deliver(home, "first", **make())
    for command in (["check"], ["check", "--json"], ["train"], ["night", "--date", "2024-12-31"]):
        run = xunfang(*command, "--home", home.root)
        assert run.code == code, run.err
        for word in ["first", *said]:
            assert word in run.err
        assert len(run.err.strip().splitlines()) >= 2
        assert "Traceback" not in run.err
    told = xunfang("check", "--home", home.root, "--json").json
    assert [each["delivery"] for each in told["refused"]] == ["first"]
    assert told["refused"][0]["exit_code"] == code
    assert told["sources"] == []
    assert not list(home.records.rglob("*.parquet"))


def test_bad_rows_are_set_aside_by_their_rule_and_every_row_is_accounted_for(home: Home) -> None:
    tables = hundred()
    income = tables["income"].with_columns(pl.all().cast(pl.String)).with_row_index("n")
    income = income.with_columns(
        month=pl.when(pl.col("n") == 3).then(pl.lit("2024-02-30")).otherwise("month"),
        amount=pl.when(pl.col("n") == 5).then(pl.lit("12.5x")).otherwise("amount"),
    ).drop("n")
    income = pl.concat([income, income[7:8]])
    lonely = pl.concat([tables["household"], people(1)["household"].with_columns(household_id=pl.lit("H999"))])
    deliver(home, "first", household=lonely, member=tables["member"], income=income)
    told = done(xunfang("check", "--home", home.root, "--json")).json
    sources = {each["name"]: each for each in told["sources"]}
    assert (sources["income"]["rows"], sources["income"]["quarantined"]) == (601, 4)
    assert (sources["household"]["rows"], sources["household"]["quarantined"]) == (101, 1)
    assert sources["member"]["quarantined"] == 0
    for each in sources.values():
        assert each["rows"] == each["accepted"] + each["quarantined"]
        assert sum(each["rules"].values()) == each["quarantined"]
    assert len(sources["income"]["rules"]) == 3
    text = " ".join(done(xunfang("check", "--home", home.root)).out.split())
    assert "income.csv: 601 rows = 597 accepted + 4 set aside" in text
    assert "household.csv: 101 rows = 100 accepted + 1 set aside" in text
    assert sources["income"]["rules"]["duplicate_key"] == 2
    assert xunfang("check", "--home", home.root, "--json").json == told


def test_one_refused_delivery_is_told_beside_those_that_were_taken_in(home: Home) -> None:
    deliver(home, "first", **hundred())
    deliver(home, "second", "2025-01-31", income=csv_without("income", "amount"))
    run = xunfang("check", "--home", home.root, "--json")
    assert run.code == 3
    assert [each["delivery_id"] for each in run.json["deliveries"]] == ["first"]
    assert [each["delivery"] for each in run.json["refused"]] == ["second"]
    assert done(xunfang("status", "--home", home.root, "--json")).json["waiting"]["deliveries_in_inbox"] == 1
    assert "REFUSED second" in xunfang("check", "--home", home.root).out


def test_a_delivery_whose_folder_has_another_name_does_not_wait_for_ever(home: Home) -> None:
    deliver(home, "first", **hundred()).rename(home.inbox / "2024 年底")
    done(xunfang("check", "--home", home.root))
    assert done(xunfang("status", "--home", home.root, "--json")).json["waiting"]["deliveries_in_inbox"] == 0


@pytest.mark.real
def test_two_files_that_share_no_key_are_refused(home: Home, shared_data: Path) -> None:
    households = pl.read_parquet(shared_data / "vietnam_lsms_1997" / "household.parquet")
    persons = pl.read_parquet(shared_data / "vietnam_lsms_1997" / "individual.parquet")
    key = [name for name in persons.columns if name in households.columns]
    template, one = people(1), date(1997, 1, 1)
    homes = households.with_row_index("n").select(household_id=pl.format("V{}", "n"))
    family = pl.coalesce(*key) if key else pl.int_range(pl.len())
    members = persons.with_row_index("n").select(
        person_id=pl.format("P{}", "n"), household_id=family.cast(pl.String)
    )
    tables = {}
    for kind, frame in (("household", homes), ("member", members)):
        rest = template[kind].drop(frame.columns)
        tables[kind] = pl.concat([frame, rest.select(pl.all().repeat_by(frame.height).explode())], how="horizontal")
        assert tables[kind].height == frame.height > 1_000
    deliver(home, "vietnam", one.isoformat(), **tables)
    run = xunfang("check", "--home", home.root)
    assert run.code in {3, 4}
    assert "vietnam" in run.err
    assert "Traceback" not in run.err
    assert json.loads(xunfang("check", "--home", home.root, "--json").out)["sources"] == []
