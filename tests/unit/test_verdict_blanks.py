"""A blank is never good news: to blank a whole source never turns a verdict into ``not_eligible``."""

from datetime import date
from itertools import product

import pytest
from builders import records, sources
from programme_cases import DAY, MONTHLY, calendar, county, judged, months, verdict

from features.context import Context
from outreach.eligibility import assess
from outreach.facts import unsupported

POOR = months("2025-05", 12, person_id="P1", amount=30_000)
EDGE = months("2025-05", 12, person_id="P1", amount=100_000)
ELDER = "birth_date | hukou_region | valid_from\n 1940-01-01 | 990101 | 1990-01-01"
HOUSEHOLDS = {
    "poor": {"income": POOR},
    "on the edge": {"income": EDGE, "disability": "level\n 1"},
    "an elder": {"income": EDGE, "member": ELDER},
    "an elder with a pension": {
        "income": months("2025-05", 12, person_id="P1", amount=70_000, kind="transfer_pension"),
        "member": ELDER,
        "enrolment": "scheme\n pension_resident",
    },
    "ill": {"income": EDGE, "medical": [{"serious": True, "event_date": date(2025, 3, 1), "oop": 900_000}]},
}
BLANKED = ("income", "benefit", "medical", "disability", "event", "enrolment")
PROGRAMMES = ("DB", "BY", "CJ-H", "GL", "DB-P")


@pytest.mark.parametrize(("who", "source"), list(product(HOUSEHOLDS, BLANKED)))
def test_a_source_that_is_not_delivered_refuses_nobody(who: str, source: str) -> None:
    tables = HOUSEHOLDS[who]
    full, blank = judged(**tables), judged(without=(source,), **tables)
    for programme in PROGRAMMES:
        for person in (None, "P1"):
            if verdict(full, programme, person) != "not_eligible":
                assert verdict(blank, programme, person) != "not_eligible"


@pytest.mark.parametrize(("who", "source"), list(product(HOUSEHOLDS, BLANKED)))
def test_only_the_register_that_a_rule_rests_on_can_close_a_gap_by_being_blank(who: str, source: str) -> None:
    tables = HOUSEHOLDS[who]
    gaps = {c for c in judged(**tables).findings["code"] if c.startswith("GAP")}
    left = {c for c in judged(without=(source,), **tables).findings["code"] if c.startswith("GAP")}
    needs = {
        "income": {"GAP-DB", "GAP-BY", "GAP-DB-P", "GAP-TK"},
        "disability": {"GAP-CJ-H", "GAP-DB-P", "GAP-JM-DJ"},
        "medical": {"GAP-DB-P"},
        "enrolment": {"GAP-YB", "GAP-JM", "GAP-JM-DJ"},
    }
    assert gaps - left <= needs.get(source, set())


def test_without_a_benefit_register_the_evidence_is_partial() -> None:
    assert verdict(judged(income=POOR, without=("benefit",)), "DB") == "eligible_possible"


def test_without_an_income_source_nothing_is_said_about_income() -> None:
    found = judged(income=POOR, without=("income",))
    assert (verdict(found, "DB"), verdict(found, "BY")) == ("insufficient_data", "insufficient_data")


def test_without_a_disability_register_everybody_is_undecided() -> None:
    assert verdict(judged(without=("disability",)), "CJ-H", "P1") == "insufficient_data"


def test_a_source_that_has_not_reported_for_the_area_is_unknown() -> None:
    elsewhere = calendar(DAY, tuple(kind for kind in MONTHLY if kind != "income"))
    given = sources(income=POOR, benefit=records("benefit"))
    again = assess(given, Context(elsewhere), county(), DAY)
    assert verdict(again, "DB") == "insufficient_data"


@pytest.mark.parametrize(
    ("paid", "without", "expect"),
    [("DB", (), False), ("GL", (), True), ("DB", ("benefit",), None)],
    ids=["known already", "another benefit", "no register"],
)
def test_who_is_unsupported_is_known_only_where_a_register_tells(
    paid: str, without: tuple[str, ...], expect: bool | None
) -> None:
    found = judged(benefit=[{"household_id": "H1", "programme": paid, "month": date(2025, 5, 1)}], without=without)
    assert unsupported(found.facts, ("DB", "TK", "BY", "GX"))["unsupported"].item() is expect
