"""Depth, not only heads: the indices by hand and by a slow twin, their intervals, and what is not told."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import sources

from features.labels import COUNTY, LabelSpec
from features.standing import SCALES, standing_of
from models.depth import FEW, THETAS, Line, depth_of, lines_of

SPEC = replace(COUNTY, base="national")
HALF = Line("per_capita", "national", 0.5)


def standing(incomes: list[float | None], persons: list[int] | None = None, **more: list[Any]) -> pl.DataFrame:
    """One row per income of a household; everybody lives alone in a town unless told otherwise."""
    count = len(incomes)
    size = persons or [1] * count
    given = {
        "household_id": [f"H{number:05d}" for number in range(count)],
        "area": ["A"] * count,
        "area_kind": ["urban"] * count,
        "weight": [None] * count,
        "persons": size,
        "income": incomes,
        "per_capita": size,
        "oecd_modified": [1 + 0.5 * (each - 1) for each in size],
        "square_root": [each**0.5 for each in size],
    } | more
    floats = dict.fromkeys(("weight", "income", *SCALES), pl.Float64)
    return pl.DataFrame(given, schema_overrides=floats)


def some_town(count: int = 400, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    incomes = [None if rng.random() < 0.05 else float(each) for each in rng.lognormal(8, 0.8, count).round(2)]
    return standing(
        incomes,
        [int(each) for each in rng.integers(1, 6, count)],
        area=[f"T{each}" for each in rng.integers(0, 3, count)],
        area_kind=["urban" if each else "rural" for each in rng.integers(0, 2, count)],
        weight=[float(each) for each in rng.uniform(0.5, 3, count)],
    )


def figure(told: dict[str, Any], line: Line = HALF, group: str = "everybody") -> dict[str, Any]:
    (row,) = [
        each
        for each in told["figures"]
        if each["group"] == group and (each["scale"], each["base"], each["theta"]) == tuple(vars(line).values())
    ]
    return row


def everybody(given: pl.DataFrame, line: Line = HALF, spec: LabelSpec = SPEC, **more: Any) -> dict[str, Any]:
    return figure(depth_of(given, {}, spec, [line], seed=1, **more), line)


def test_headcount_gap_severity_and_the_money_to_the_line_are_those_of_the_hand():
    # the median of 21 persons is 1,000, half of it 500: eight have 250, a shortfall of one half each
    told = everybody(standing([250.0] * 8 + [1000.0] * 13))
    assert told["headcount"]["value"] == pytest.approx(8 / 21)
    assert told["gap"]["value"] == pytest.approx(8 / 21 / 2)
    assert told["severity"]["value"] == pytest.approx(8 / 21 / 4)
    assert told["total_gap"] == pytest.approx(8 * 250)
    assert told["margin"] == 0


def test_the_money_to_the_line_is_the_households_and_not_the_equivalent_persons():
    # couples: 1.5 equivalent persons; line 500 each, so 750 a household; eight have 300
    given = standing([300.0] * 8 + [1500.0] * 13, [2] * 21)
    told = everybody(given, Line("oecd_modified", "national", 0.5))
    assert told["total_gap"] == pytest.approx(8 * (750 - 300))


def test_the_margin_is_from_nine_tenths_to_one_and_a_half_lines():
    edges = [449.0, 450.0, 499.0, 500.0, 750.0, 751.0]
    told = everybody(standing([100.0] * 8 + edges + [1000.0] * 30))
    assert told["margin"] == pytest.approx(4 / 44)


def test_an_income_below_nothing_is_as_deep_as_none():
    debts, nothing = (everybody(standing([owed] * 8 + [1000.0] * 13)) for owed in (-900.0, 0.0))
    assert debts == nothing
    assert debts["gap"]["value"] == pytest.approx(8 / 21)


def test_an_unknown_income_is_left_out_and_counted_and_not_taken_for_none():
    known = [250.0] * 8 + [1000.0] * 13
    told = depth_of(standing([*known, None, None]), {}, SPEC, [HALF], seed=1)
    assert (told["households"], told["unknown"]) == (23, 2)
    assert figure(told)["headcount"]["value"] == everybody(standing(known))["headcount"]["value"]


def twin(given: pl.DataFrame, line: Line, spec: LabelSpec) -> tuple[float, float, float]:
    """The three indices in plain Python with fractions, from the definition."""
    rows = [row for row in given.sort("household_id").to_dicts() if row["income"] is not None]
    for row in rows:
        row["votes"] = Fraction(row["weight"] if spec.weight_column else 1) * row["persons"]
        row["own"] = row["income"] / row[line.scale]
        row["of"] = row["area_kind"] if line.base == "urban_rural_separate" else "all"
    lines = {}
    for of in {row["of"] for row in rows}:
        here = sorted((row for row in rows if row["of"] == of), key=lambda row: row["own"])
        half, reached = sum(row["votes"] for row in here) / 2, Fraction(0)
        for row in here:
            reached += row["votes"]
            if reached >= half:
                lines[of] = line.theta * row["own"]
                break
    persons = sum(row["votes"] for row in rows)
    sums = [Fraction(0)] * 3
    for row in rows:
        at = lines[row["of"]]
        if row["own"] < at:
            short = Fraction((at - max(row["own"], 0.0)) / at)
            sums = [total + row["votes"] * short**power for power, total in enumerate(sums)]
    first, second, third = (float(total / persons) for total in sums)
    return first, second, third


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_slow_twin_agrees_on_every_line(seed, weighted):
    given = some_town(seed=seed)
    spec = replace(COUNTY, weight_column="weight" if weighted else None)
    lines = lines_of(spec, SCALES)
    told = depth_of(given, {}, spec, lines, seed=1, draws=5)
    assert len(lines) == 3 * 2 * len(THETAS)
    for line in lines:
        found = [figure(told, line)[name]["value"] for name in ("headcount", "gap", "severity")]
        assert found == pytest.approx(twin(given, line, spec), abs=1e-12)


def test_groups_are_told_apart_and_weigh_into_the_whole():
    given = some_town()
    areas = given.select("household_id", group="area")
    told = depth_of(given, {"area": areas}, SPEC, [HALF], seed=1)
    parts = [figure(told, group=name) for name in ("T0", "T1", "T2")]
    persons = sum(part["persons"] for part in parts)
    assert persons == figure(told)["persons"]
    whole = sum(part["gap"]["value"] * part["persons"] for part in parts) / persons
    assert figure(told)["gap"]["value"] == pytest.approx(whole)
    assert figure(told)["total_gap"] == pytest.approx(sum(part["total_gap"] for part in parts))


def test_a_group_or_its_poor_of_seven_households_and_under_are_not_told():
    area = ["few"] * FEW + ["few poor"] * 30 + ["many"] * 40
    incomes = [1000.0] * FEW + [100.0] * FEW + [1000.0] * (30 - FEW) + [100.0] * (FEW + 1) + [1000.0] * (39 - FEW)
    given = standing(incomes, area=area)
    told = depth_of(given, {"area": given.select("household_id", group="area")}, SPEC, [HALF], seed=1)
    for name in ("few", "few poor"):
        row = figure(told, group=name)
        assert row["few"]
        assert {row[each] for each in ("headcount", "gap", "severity", "total_gap", "margin")} == {None}
    assert figure(told, group="many")["headcount"]["value"] == pytest.approx((FEW + 1) / 40)


def test_order_of_the_rows_and_of_the_groups_changes_no_byte():
    given = some_town(900)
    lines = lines_of(COUNTY, SCALES)

    def told(frame: pl.DataFrame) -> str:
        groups = frame.select("household_id", group="area").sample(fraction=1.0, shuffle=True, seed=frame.height)
        return json.dumps(depth_of(frame, {"area": groups}, COUNTY, lines, seed=7, draws=30))

    assert told(given) == told(given.sample(fraction=1.0, shuffle=True, seed=11))


def test_another_block_of_draws_is_the_same_sum(monkeypatch):
    """Blocks bound the memory; the draws go on from one block to the next."""
    given = some_town(60)
    monkeypatch.setattr("models.depth.AT_ONCE", 60)
    whole = everybody(given)
    monkeypatch.setattr("models.depth.AT_ONCE", 13)
    assert everybody(given) == whole


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """80 samples of 400 households out of a known population: of 95 % intervals at most one in eight misses."""
    rng = np.random.default_rng(5)
    people = rng.lognormal(8, 0.8, 200_000)
    line = 0.5 * np.median(people)
    truth = float((people < line).mean())
    covered = 0
    for number in range(80):
        drawn = rng.choice(people, 400)
        told = everybody(standing([float(each) for each in drawn]))["headcount"]
        covered += told["low"] <= truth <= told["high"]
        assert told["low"] < told["value"] < told["high"], number
    assert covered >= 70


def test_the_scales_and_the_month_income_of_a_household_come_from_its_records():
    given = sources(
        household="household_id | area_kind\nH1 | urban\nH2 | rural",
        member=(
            "person_id | household_id | birth_date | valid_from\nP1 | H1 | 1980-01-01 | 2020-01-01\n"
            "P2 | H1 | 1982-01-01 | 2020-01-01\n"
            "P3 | H1 | 2012-01-01 | 2020-01-01\nP4 | H2 | 1950-01-01 | 2020-01-01"
        ),
        income="\n".join(
            [
                "person_id | month | amount | kind",
                *(f"P1 | 2023-{month:02d} | 90000 | wage" for month in range(1, 13)),
            ]
        ),
    )
    told = standing_of(given, COUNTY, date(2024, 3, 1))
    assert told["household_id"].to_list() == ["H1", "H2"]
    assert told["persons"].to_list() == [3, 1]
    assert told["per_capita"].to_list() == [3, 1]
    assert told["oecd_modified"].to_list() == pytest.approx([1.8, 1.0])
    assert told["square_root"].to_list() == pytest.approx([3**0.5, 1.0])
    assert told["income"].to_list() == [90_000, None]
