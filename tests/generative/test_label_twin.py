"""A slow plain-Python twin of the poverty label agrees, and laws hold, over random small worlds."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from builders import sources
from hypothesis import given, settings
from hypothesis import strategies as st

from features.labels import COUNTY, LabelSpec
from features.poverty_label import last_status, outcome_incomes, poverty_label, status_incomes
from features.sources import Sources

AS_OF = date(2023, 1, 1)
KNOWN_BY = date(2024, 3, 1)
HOMES = ("H1", "H2", "H3")
PEOPLE = {"P1": "H1", "P2": "H1", "P3": "H2", "P4": "H3"}
MONTHS = [date(2022 + n // 12, n % 12 + 1, 1) for n in range(24)]
KINDS = ("wage", "farm", "assistance", "tax")
SPECS = (
    COUNTY,
    replace(COUNTY, base="national", concept="disposable", null_rule="known_before", theta=0.9),
    replace(COUNTY, base="area", scale="none", kind="at-horizon"),
)

income_rows = st.lists(
    st.fixed_dictionaries(
        {
            "person_id": st.sampled_from([*PEOPLE]),
            "month": st.sampled_from(MONTHS),
            "kind": st.sampled_from(KINDS),
            "period_months": st.sampled_from([1, 1, 3, 12]),
            "amount": st.integers(-2_000, 200_000),
        }
    ),
    min_size=4,
    max_size=40,
    unique_by=lambda row: (row["person_id"], row["month"], row["kind"]),
)


def world(rows: list[dict]) -> Sources:
    return sources(
        household=[{"household_id": home, "area_kind": "urban" if home == "H1" else "rural"} for home in HOMES],
        member=[{"person_id": person, "household_id": home} for person, home in PEOPLE.items()],
        income=rows,
    )


def every_month_reported() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "kind": "income",
            "area": "990101001",
            "month": MONTHS,
            "known_on": [day + timedelta(days=31) for day in MONTHS],
            "rows": 9,
        }
    )


def number(day: date) -> int:
    return day.year * 12 + day.month


def twin_income(rows: list[dict], home: str, spec: LabelSpec) -> float | None:
    first = number(AS_OF) + (11 if spec.kind == "at-horizon" else 0)
    last = number(AS_OF) + 11
    total, told, before = 0.0, 0, 0
    for row in rows:
        if PEOPLE[row["person_id"]] != home:
            continue
        if spec.concept == "before_assistance" and row["kind"] == "assistance":
            continue
        end = number(row["month"])
        months = [month for month in range(end - row["period_months"] + 1, end + 1) if first <= month <= last]
        total += row["amount"] * len(months) / row["period_months"]
        told += bool(months)
        before += not months and first - 12 <= end < first
    if not told and not (before and spec.null_rule == "known_before"):
        return None
    persons = sum(1 for place in PEOPLE.values() if place == home)
    return total / (last - first + 1) / (persons if spec.scale == "per_capita" else 1)


@pytest.mark.parametrize("spec", SPECS, ids=["county", "national", "at-horizon"])
@settings(max_examples=25, deadline=None)
@given(rows=income_rows)
def test_incomes_and_labels_agree_with_the_slow_twin(spec, rows):
    found = outcome_incomes(world(rows), spec, AS_OF, KNOWN_BY, every_month_reported())
    expected = {home: twin_income(rows, home, spec) for home in HOMES}
    for home, income in found.select("household_id", "income").iter_rows():
        assert (income is None) == (expected[home] is None)
        assert income is None or income == pytest.approx(expected[home], abs=1e-6)
    labels = dict(poverty_label(found, spec).select("household_id", "label").iter_rows())
    for home in HOMES:
        assert (labels[home] is None) == (expected[home] is None)


@settings(max_examples=20, deadline=None)
@given(rows=income_rows, turn=st.randoms(use_true_random=False))
def test_row_order_changes_no_label(rows, turn):
    shuffled = list(rows)
    turn.shuffle(shuffled)
    one, other = (outcome_incomes(world(order), COUNTY, AS_OF, KNOWN_BY) for order in (rows, shuffled))
    assert one.equals(other)


@settings(max_examples=20, deadline=None)
@given(rows=income_rows, later=income_rows)
def test_records_known_after_the_day_change_neither_label_nor_status(rows, later):
    late = [{**row, "known_on": KNOWN_BY + timedelta(days=1), "source_dept": "LATE"} for row in later]
    without, with_late = world(rows), world([*rows, *late])
    assert outcome_incomes(without, COUNTY, AS_OF, KNOWN_BY).equals(
        outcome_incomes(with_late, COUNTY, AS_OF, KNOWN_BY)
    )
    statuses = [
        last_status(status_incomes(given_sources, COUNTY, AS_OF), COUNTY) for given_sources in (without, with_late)
    ]
    assert statuses[0].equals(statuses[1])


@settings(max_examples=20, deadline=None)
@given(rows=income_rows, more=income_rows)
def test_another_households_records_change_no_income(rows, more):
    others = [{**row, "source_dept": "MORE"} for row in more if PEOPLE[row["person_id"]] != "H1"]
    one, other = (
        outcome_incomes(world(given_rows), COUNTY, AS_OF, KNOWN_BY, every_month_reported()).filter(
            pl.col("household_id") == "H1"
        )
        for given_rows in (rows, [*rows, *others])
    )
    assert one.equals(other)
