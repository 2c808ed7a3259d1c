"""A blank never lowers a layer or a grade: whatever is known less, it stays, deepens, or is not told."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programme_cases import judged, months

from outreach.codelists import GRADES, ORDER, SAID, UNTOLD
from outreach.conditions import UNKNOWN
from outreach.layers import FIRST, SECOND, deepened, graded, layers_of

SIGNALS = (*FIRST, *SECOND)
flag = st.sampled_from([True, False, None])
homes = st.fixed_dictionaries(
    {
        "paid": st.none() | st.lists(st.booleans(), min_size=len(SAID), max_size=len(SAID)),
        **{f"level_{code}": st.integers(0, 3) for code in SAID},
        **dict.fromkeys((*SIGNALS, "other"), flag),
    }
)
NAMES = ("paid", *(f"level_{code}" for code in SAID), *SIGNALS, "other")
blanks = st.lists(st.sampled_from(NAMES), max_size=8)
DEPTH = {code: place for place, code in enumerate(ORDER)}
CLOSE = {code: place for place, code in enumerate(GRADES)}


def classified(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = []
    for row in rows:
        paid = row["paid"] or [None] * len(SAID)
        lists = {f"{name}_because": [name] if row[name] else [] for name in ("urgent", "heavy", "other")}
        told.append({**row, **dict(zip((f"paid_{code}" for code in SAID), paid, strict=True)), **lists})
    bools = {name: pl.Boolean for name in (*(f"paid_{code}" for code in SAID), *SIGNALS, "other")}
    lists = {f"{name}_because": pl.List(pl.String) for name in ("urgent", "heavy", "other")}
    levels = {f"level_{code}": pl.Int8 for code in SAID}
    return graded(deepened(pl.DataFrame(told, schema={**bools, **lists, **levels}))).to_dicts()


def lowered(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of what a blank has made better than it was told."""
    found = []
    if after["layer"] != UNTOLD and (before["layer"] == UNTOLD or DEPTH[after["layer"]] > DEPTH[before["layer"]]):
        found.append("layer")
    if after["grade"] != UNTOLD and (before["grade"] == UNTOLD or CLOSE[after["grade"]] > CLOSE[before["grade"]]):
        found.append("grade")
    return found


@settings(max_examples=40)
@given(st.lists(st.tuples(homes, blanks), min_size=5, max_size=30))
def test_no_blank_among_what_is_told_lowers_a_layer_or_a_grade(
    blanked: list[tuple[dict[str, Any], list[str]]],
) -> None:
    fewer = [
        {**home, **{name: UNKNOWN if name.startswith("level_") else None for name in names}}
        for home, names in blanked
    ]
    for before, after in zip(classified([home for home, _ in blanked]), classified(fewer), strict=True):
        assert not lowered(before, after)


def test_the_law_would_find_a_blank_that_is_read_as_no() -> None:
    before, after = {"layer": "DB", "grade": "G1"}, {"layer": "NO", "grade": "G3"}
    assert lowered(before, after) == ["layer", "grade"]


SOURCES = ("income", "benefit", "medical", "disability", "event", "enrolment", "employment", "kin", "schooling")
TABLES: dict[str, Any] = {
    "household": "household_id\n H1\n H2\n H3",
    "member": "household_id | person_id\n H1 | P1\n H2 | P2\n H3 | P3",
    "income": [
        *months("2025-05", 14, person_id="P1", amount=30_000),
        *months("2025-05", 14, person_id="P2", amount=500_000),
        *months("2025-05", 14, person_id="P3", amount=500_000),
    ],
    "benefit": months("2025-05", 3, household_id="H2", person_id=None, programme="DB"),
    "disability": "person_id | level\n P2 | 1",
    "event": "person_id | event_code | event_date\n P3 | ACC | 2025-05-20",
    "medical": [{"person_id": "P3", "serious": True, "event_date": date(2025, 3, 1), "oop": 9_000_000}],
    "enrolment": "person_id | scheme | end\n P3 | medical_resident | 2025-01-31",
    "employment": "person_id | start | end | contributed_until\n P3 | 2023-01-01 | 2025-02-28 | 2025-02",
    "schooling": "person_id\n P9",
    "kin": "person_id | kin_id\n P9 | P8",
}
"""Households of which much is known, so that every source has something to hide: poor, on DB, struck."""


@pytest.fixture(scope="module")
def full() -> list[dict[str, Any]]:
    found = layers_of(judged(**TABLES)).to_dicts()
    assert [each["layer"] for each in found] == ["DB", "DB", "OT"]
    assert found[2]["grade"] == "G1"
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_no_source_that_is_not_delivered_lowers_anything_or_hides_a_kind(
    full: list[dict[str, Any]], source: str
) -> None:
    blanked = layers_of(judged(without=(source,), **TABLES)).to_dicts()
    for before, after in zip(full, blanked, strict=True):
        assert not [each for each in lowered(before, after) if before[each] != UNTOLD]
        assert set(before["kinds"]) - {UNTOLD} <= {*after["kinds"], *after["kinds_open"]}
