"""Every column of the catalogue stands the recomputation without what was known later."""

from datetime import date

import polars as pl
import pytest
from builders import records, sources

from features.build import build_features
from features.calendar import calendar_of, reporting_counts, with_area
from features.context import Context
from features.sources import Sources
from models.leaks import LeakError, check_hindsight

AS_OF = date(2024, 1, 1)
LATE = "2024-02-20"
MONTHS = [f"2023-{month:02d}" for month in range(1, 13)]
TABLES = {
    "income": ["person_id | month | amount | record_no | known_on"]
    + [f"P1 | {month} | 90000 | 1 |" for month in MONTHS]
    + [f"P1 | {month} | 70000 | 2 | {LATE}" for month in MONTHS],
    "employment": [
        "person_id | start | end | record_no | known_on",
        "P1 | 2020-01-01 | - | 1 |",
        f"P1 | 2023-05-01 | 2023-09-01 | 2 | {LATE}",
    ],
    "medical": [
        "event_id | event_date | total | oop | kind | serious | known_on",
        "M1 | 2023-06-01 | 90000 | 40000 | inpatient | true |",
        f"M2 | 2023-11-01 | 900000 | 400000 | inpatient | true | {LATE}",
    ],
    "benefit": [
        "person_id | programme | month | known_on",
        "P1 | DB | 2023-06 |",
        f"P1 | TK | 2023-12 | {LATE}",
    ],
    "event": [
        "event_id | person_id | event_code | event_date | loss | known_on",
        "E1 | P1 | ACC | 2023-06-01 | 5 |",
        f"E2 | P1 | DSR | 2023-12-01 | 50000 | {LATE}",
    ],
    "disability": ["issued | level | known_on", "2015-01-01 | 3 |", f"2023-12-01 | 1 | {LATE}"],
    "utility": [
        "month | quantity | arrears_months | known_on",
        "2023-11 | 100 | 0 |",
        f"2023-12 | 1 | 3 | {LATE}",
    ],
}


def given() -> Sources:
    return sources(
        **{kind: records(kind, "\n".join(rows)) for kind, rows in TABLES.items()},
        member="person_id | birth_date | death_date | known_on\nP1 | 1970-01-01 | - |\n"
        f"P1 | 1970-01-01 | 2023-12-20 | {LATE}\nP2 | 2000-01-01 | - |",
    )


def context(everything: Sources) -> Context:
    counts = [
        reporting_counts(kind, with_area(frame, everything.frames["member"], everything.frames["household"]))
        for kind, frame in everything.frames.items()
        if kind in TABLES and kind != "disability"
    ]
    return Context(calendar_of(pl.concat(counts), AS_OF), {"urban": 70_000, "rural": 50_000})


def test_no_column_of_the_catalogue_changes_with_what_was_known_later():
    everything = given()
    fixed = context(everything)
    check_hindsight(lambda seen: build_features(seen, fixed, AS_OF), everything, AS_OF)


def test_the_planted_records_would_change_columns_if_they_were_seen():
    everything = given()
    fixed = context(everything)
    with pytest.raises(LeakError) as told:
        check_hindsight(
            lambda seen: build_features(
                Sources({kind: frame.with_columns(known_on=pl.lit(AS_OF)) for kind, frame in seen.frames.items()}),
                fixed,
                AS_OF,
            ),
            everything,
            AS_OF,
        )
    assert len(str(told.value).split(", ")) > 10
