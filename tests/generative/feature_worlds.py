"""Small random worlds: two households that share people, and records of every kind, corrected and withdrawn."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from builders import records
from hypothesis import strategies as st

from features.context import Context
from features.records import EMPLOYMENT_FORMS, INCOME_KINDS, KEYS, MEDICAL_KINDS, SCHEMES, STAGES
from features.sources import Sources

AS_OF = date(2024, 3, 1)
LINE = {"urban": 50_000, "rural": 40_000}
AREA = "990101001"
PERSONS = ("P1", "P2", "P3", "P4")
HOUSEHOLDS = ("H1", "H2")

Rows = dict[str, list[dict[str, Any]]]

days = st.dates(date(2022, 6, 1), date(2024, 2, 29))
months = st.dates(date(2022, 9, 1), date(2024, 3, 31)).map(lambda day: day.replace(day=1))
known = st.dates(date(2022, 6, 1), AS_OF)
flags = st.sampled_from([True, False, None])
person = st.sampled_from(PERSONS)
owner = st.sampled_from([*((name, None) for name in PERSONS), *((None, name) for name in HOUSEHOLDS)])


def _owned(row: dict[str, Any]) -> dict[str, Any]:
    person_id, household_id = row.pop("owner")
    return {**row, "person_id": person_id, "household_id": household_id}


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "event_id": f"{row['event_id']} of {row['person_id'] or row['household_id']}"}


def _ordered(first: str, last: str) -> Any:
    def order(row: dict[str, Any]) -> dict[str, Any]:
        if row[last] is not None and row[last] < row[first]:
            row = {**row, first: row[last], last: row[first]}
        return row

    return order


def _rows(most: int = 5, **columns: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    version = {"known_on": known, "void": st.sampled_from([False, False, False, True]), **columns}
    return st.lists(st.fixed_dictionaries(version), max_size=most)


def _kinds() -> dict[str, st.SearchStrategy[list[dict[str, Any]]]]:
    amounts = st.integers(-200_000, 900_000)
    costs = st.integers(0, 3_000_000)
    return {
        "income": _rows(
            12,
            owner=owner,
            month=months,
            period_months=st.sampled_from([1, 1, 1, 3, 12]),
            kind=st.sampled_from(INCOME_KINDS),
            amount=amounts,
            quality=st.sampled_from(["registered", "declared"]),
        ).map(lambda rows: [_owned(row) for row in rows]),
        "employment": _rows(
            person_id=person,
            record_no=st.sampled_from(["1", "2"]),
            start=days,
            end=st.none() | days,
            form=st.sampled_from(EMPLOYMENT_FORMS),
            industry=st.sampled_from([None, "C", "E"]),
            contributed_until=st.none() | months,
            hours_week=st.none() | st.integers(0, 168).map(float),
            contribution_base=st.none() | costs,
        ).map(lambda rows: [_ordered("start", "end")(row) for row in rows]),
        "medical": _rows(
            person_id=person,
            event_id=st.sampled_from("abcde"),
            event_date=days,
            kind=st.sampled_from(MEDICAL_KINDS),
            serious=flags,
            total=st.none() | st.just(3_000_000),
            oop=st.none() | costs,
            los_days=st.none() | st.integers(0, 90),
        ),
        "benefit": _rows(
            8,
            owner=owner,
            programme=st.sampled_from(["DB", "TK", "BY", "SY", "LS-E", "GL"]),
            month=months,
            amount=costs,
            status=st.sampled_from(["in_payment", "in_payment", "suspended", "refused"]),
        ).map(lambda rows: [_owned(row) for row in rows]),
        "event": _rows(
            owner=owner,
            event_id=st.sampled_from("abcde"),
            event_code=st.sampled_from(["DTH", "ACC", "DIV", "XYZ"]),
            event_date=days,
            severity=st.none() | st.integers(0, 3),
            loss=st.none() | costs,
        ).map(lambda rows: [_named(_owned(row)) for row in rows]),
        "enrolment": _rows(person_id=person, scheme=st.sampled_from(SCHEMES), start=days, end=st.none() | days).map(
            lambda rows: [_ordered("start", "end")(row) for row in rows]
        ),
        "disability": _rows(person_id=person, issued=days, level=st.integers(1, 4), expires=st.none() | days),
        "schooling": _rows(
            person_id=person,
            school_year=st.integers(2021, 2023),
            stage=st.sampled_from(STAGES),
            fee_norm=st.none() | costs,
            aid_amount=st.none() | costs,
        ),
        "utility": _rows(
            household_id=st.sampled_from(HOUSEHOLDS),
            month=months,
            kind=st.sampled_from(["electricity", "water"]),
            quantity=st.none() | st.integers(0, 500).map(float),
            arrears_months=st.none() | st.integers(0, 9),
        ),
    }


KINDS = tuple(_kinds())


def once(kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At most one row by key and day of knowledge, as every delivery must be."""
    key = (*KEYS[kind], "known_on")
    return list({tuple(row.get(name) for name in key): row for row in rows}.values())


@st.composite
def worlds(draw: st.DrawFn) -> Rows:
    """Households H1 (with P1, and most often P2 and P3) and H2 (with P4, and sometimes P3 too)."""
    member = st.fixed_dictionaries(
        {
            "birth_date": st.dates(date(1930, 1, 1), date(2020, 1, 1)),
            "marital": st.sampled_from([None, 10, 20, 30, 40, 90]),
            "education": st.sampled_from([None, 20, 60, 70, 80, 90]),
            "valid_to": st.sampled_from([None, None, None, date(2023, 8, 31)]),
            "death_date": st.sampled_from([None, None, None, date(2023, 11, 5)]),
        }
    )
    places = [("P1", "H1", "head"), ("P2", "H1", "spouse"), ("P3", "H1", "child"), ("P3", "H2", "child")]
    kept = draw(st.lists(st.sampled_from(places[1:]), unique=True))
    members = [
        {**draw(member), "person_id": person_id, "household_id": household, "relation": relation}
        | {"valid_from": date(2021, 1, 1)}
        for person_id, household, relation in [places[0], *kept, ("P4", "H2", "head")]
    ]
    for row in members:
        if row["person_id"] in ("P1", "P4"):
            row.update(valid_to=None, death_date=None)
    households = [
        {"household_id": name, "rooms": draw(st.none() | st.integers(0, 9)), "area_kind": draw(areas)}
        for name in HOUSEHOLDS
    ]
    rows = {kind: once(kind, draw(strategy)) for kind, strategy in _kinds().items()}
    return {"household": households, "member": members, **rows}


areas = st.sampled_from(["urban", "rural"])


def sources_of(world: Rows) -> Sources:
    """The world as sources, every kind delivered."""
    return Sources({kind: records(kind, _born(kind, rows)).lazy() for kind, rows in world.items()})


def _born(kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if kind != "member":
        return rows
    return [{**row, "valid_from": max(row["valid_from"], row["birth_date"])} for row in rows]


def fixed_context() -> Context:
    """A calendar held fixed: every kind has reported January."""
    kinds = [*KINDS]
    calendar = pl.DataFrame(
        {"kind": kinds, "area": [AREA] * len(kinds), "last_month": [date(2024, 1, 1)] * len(kinds)}
    )
    return Context(calendar, LINE)


def later(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same records in a version that is known only after the day."""
    return [{**row, "known_on": AS_OF + timedelta(days=1 + n)} for n, row in enumerate(rows)]
