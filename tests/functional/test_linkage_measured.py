"""How right the proposals are: numbers damaged in known ways in two departments' files of a synthetic county."""

import shutil
from collections import Counter
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from deliveries import a_home, deliver
from descriptions import describe, put
from homes import done, xunfang
from named import COLUMNS

from engine.identity import normalised, pseudonyms
from engine.intake.inbox import take_in
from engine.linkage.proposals import listed, propose
from engine.settings import Home
from engine.workplace import Workplace
from fixtures.county.county import County

PEOPLE, SEED, ELSEWHERE = 3_000, 4, 5
KNOWN, STRANGERS = 40, 10
"""Rows per way of damage and department: of people who are known, and of people whom nobody knows."""


def _wrong(number: str, place: int, by: int) -> str:
    return number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]


def _swapped(number: str, place: int) -> str:
    """Two neighbours that differ changed about."""
    at = next(each for each in [*range(place, 16), *range(16)] if number[each] != number[each + 1])
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


WAYS: dict[str, Callable[[str, int, int], str]] = {
    "cut by a spreadsheet": lambda number, place, by: number[:15] + "000",
    "an exponent": lambda number, place, by: f"{number[0]}.{number[1:6]}E+17",
    "one digit wrong": _wrong,
    "two digits wrong": lambda number, place, by: _wrong(_wrong(number, place, by), (place + 5) % 17, by),
    "two changed about": lambda number, place, by: _swapped(number, place),
    "a digit lost": lambda number, place, by: number[:place] + number[place + 1 :],
    "missing": lambda number, place, by: "",
}


def _people(seed: int) -> pl.DataFrame:
    part = next(County(PEOPLE, seed=seed).parts())
    named = part.frames["identity"].drop_nulls("person_id").unique("person_id", maintain_order=True)
    born = part.frames["member"].unique("person_id", maintain_order=True).select("person_id", "birth_date")
    return named.select("person_id", "name", "phone").join(born, on="person_id", maintain_order="left")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """``department, way, known, outcome`` of every damaged row: right | wrong | several | none."""
    home = a_home(tmp_path_factory.mktemp("linkage") / "home", "gb11643")
    done(xunfang("init", "--home", home.root.parent / "init"))
    for name in ("policy.toml", "caseworkers.toml"):
        shutil.copy(home.root.parent / "init" / name, home.root / name)
    frames = next(County(PEOPLE, seed=SEED).parts()).frames
    deliver(
        home,
        "county",
        "2025-12-31",
        parquet=True,
        **{kind: frames[kind] for kind in ("household", "member", "identity")},
    )
    people = _people(SEED)
    strangers = _people(ELSEWHERE).join(people, on="person_id", how="anti")
    rows = []
    for place, department in enumerate(("names", "names, birth dates and phones")):
        describe(
            home,
            f"pay{place}",
            **{"from": {"files": f"pay{place}*.csv"}},
            columns=COLUMNS,
            linkage={"name": "姓名"} | ({"birth_date": "出生", "phone": "电话"} if place else {}),
        )
        chosen = _damaged(people, strangers, seed=place)
        sound = people.slice(100, 300).select("person_id", "name", "phone", "birth_date", number="person_id")
        table = pl.concat([chosen.select(sound.columns), sound])
        put(home, f"pay-{place}", **{f"pay{place}": _csv(table)})
        (home.inbox / f"pay-{place}" / "delivered_on.txt").write_text("2026-01-31", "utf-8")
        rows.append(chosen.with_columns(department=pl.lit(department), delivery_id=pl.lit(f"pay-{place}")))
    return _outcomes(home, pl.concat(rows))


def _damaged(people: pl.DataFrame, strangers: pl.DataFrame, seed: int) -> pl.DataFrame:
    """People with a damaged ``number``, ``way``, ``known`` and the ``row`` that they get in the file."""
    rng, parts = np.random.default_rng(seed), []
    for way, spoil in WAYS.items():
        for known, source, count in ((True, people, KNOWN), (False, strangers, STRANGERS)):
            some = source[rng.choice(source.height, count, replace=False).tolist()]
            draws = zip(some["person_id"], rng.integers(1, 17, count), rng.integers(1, 10, count), strict=True)
            numbers = [spoil(number, int(place), int(by)) for number, place, by in draws]
            parts.append(some.with_columns(number=pl.Series(numbers), way=pl.lit(way), known=pl.lit(known)))
    return pl.concat(parts).with_columns(row=pl.int_range(pl.len()) + 2)


def _csv(table: pl.DataFrame) -> str:
    written = table.select(
        pl.col("name").alias("姓名"),
        pl.col("number").alias("证件号"),
        pl.col("birth_date").dt.strftime("%Y%m%d").alias("出生"),
        pl.col("phone").alias("电话"),
        pl.lit("202512").alias("所属期"),
        pl.lit("100").alias("金额"),
    )
    return written.write_csv()


def _outcomes(home: Home, rows: pl.DataFrame) -> pl.DataFrame:
    take_in(home, reject_limit=1.0).raise_refused()
    place = Workplace.open(home)
    told = propose(place)
    found = pl.DataFrame(listed(place)["proposals"]).select(
        "delivery_id", "row", "person_id", "candidates", "found_by"
    )
    place.database.dispose()
    right = pseudonyms(place.keys.pseudonym, "person", normalised(rows["person_id"], "gb11643"))
    joined = rows.with_columns(right=right).join(
        found.rename({"person_id": "proposed"}), on=["delivery_id", "row"], how="left"
    )
    outcome = (
        pl.when(pl.col("proposed").is_null())
        .then(pl.lit("none"))
        .when(pl.col("candidates") > 1)
        .then(pl.lit("several"))
        .when(pl.col("proposed") == pl.col("right"))
        .then(pl.lit("right"))
        .otherwise(pl.lit("wrong"))
    )
    assert told["rows"] <= rows.height
    return joined.with_columns(outcome=outcome).unique(["delivery_id", "row"], maintain_order=True)


def _counts(rows: pl.DataFrame) -> Counter[str]:
    return Counter(rows["outcome"])


def test_a_proposal_with_one_candidate_is_right(measured: pl.DataFrame) -> None:
    known = _counts(measured.filter("known"))
    assert sum(known.values()) == 2 * KNOWN * len(WAYS)
    assert known["right"] >= 0.65 * sum(known.values())
    assert known["wrong"] <= 0.005 * known["right"]


@pytest.mark.parametrize("way", ["one digit wrong", "two changed about", "a digit lost"])
def test_one_slip_of_the_hand_is_always_found_where_the_file_has_names(measured: pl.DataFrame, way: str) -> None:
    assert _counts(measured.filter("known", pl.col("way") == way)) == {"right": 2 * KNOWN}


def test_a_number_that_is_gone_needs_a_birth_date_and_a_phone(measured: pl.DataFrame) -> None:
    gone = measured.filter("known", pl.col("way").is_in(["an exponent", "missing"]))
    told = gone.with_columns(told=(pl.col("department") != "names") & pl.col("phone").is_not_null())
    assert _counts(told.filter("told"))["right"] == told["told"].sum()
    assert set(told.filter(~pl.col("told"))["outcome"]) == {"none"}


def test_of_whom_nobody_knows_nobody_is_proposed(measured: pl.DataFrame) -> None:
    strangers = _counts(measured.filter(~pl.col("known")))
    assert sum(strangers.values()) == 2 * STRANGERS * len(WAYS)
    assert strangers["wrong"] + strangers["several"] <= 0.02 * sum(strangers.values())
