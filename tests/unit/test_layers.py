"""Layer × category: what each household's records make of it, and that every code has its source and its words."""

from datetime import date
from typing import Any

import pytest
from programme_cases import judged, months

from outreach.codelists import DEPTHS, GRADES, KINDS, OF_FINDING, OF_NO_KIND, SAID
from outreach.layers import LAYERS_SCHEMA, OF_FACT, layers_of
from outreach.packs import load
from outreach.trigger_table import TRIGGERS
from outreach.vocabulary import FACTS, MARKS
from outreach.wording_layers import SIGNALS, because, one_line

ALONE = "birth_date\n 1990-01-01"
ELDER = "birth_date\n 1950-01-01"
CHILD = (
    "person_id | relation | birth_date | valid_from\n P1 | head | 1950-01-01 | 2020-01-01\n"
    " P2 | grandchild | 2016-01-01 | 2020-01-01\n P3 | child | 1985-01-01 | 2020-01-01\n"
    " P4 | child_in_law | 1986-01-01 | 2020-01-01"
)
NO_SCHOOL = "person_id\n P9"


def earning(amount: int) -> list[dict[str, Any]]:
    return months("2025-05", 14, person_id="P1", amount=amount)


def drawing(code: str) -> list[dict[str, Any]]:
    return months("2025-05", 3, household_id="H1", person_id=None, programme=code)


def of(without: tuple[str, ...] = (), **tables: Any) -> dict[str, Any]:
    tables = {"schooling": NO_SCHOOL, "kin": "person_id | kin_id\n P9 | P8", **tables}
    return layers_of(judged(without=without, **tables)).row(0, named=True)


CASES = {
    "a household on DB is in the layer that its office has recognised": (
        {"benefit": drawing("DB"), "income": earning(30_000)},
        {"layer": "DB", "basis": "recognised", "grade": "G2", "because": ["paid:DB"]},
    ),
    "below the line and on nothing: the rules say likely, and it is visited every month": (
        {"income": earning(30_000), "member": ALONE},
        {"layer": "DB", "basis": "likely", "grade": "G2", "because": ["verdict:DB"]},
    ),
    "on the margin by its office and below the line by its records: both are told": (
        {"benefit": drawing("BY"), "income": earning(30_000), "member": ALONE},
        {"layer": "BY", "basis": "recognised", "deeper": "DB", "grade": "G2"},
    ),
    "an elder alone without means and without kin is destitute by the rules": (
        {"income": earning(10_000), "member": ELDER},
        {"layer": "TK", "grade": "G2"},
    ),
    "an accident a month ago in a household of good income is other hardship, and urgent": (
        {"income": earning(900_000), "event": "person_id | event_code | event_date\n P1 | ACC | 2025-05-20"},
        {"layer": "OT", "basis": "event", "grade": "G1", "grade_because": ["EV-ACC"]},
    ),
    "work and income enough: nothing on record, and that is said": (
        {"income": earning(900_000), "member": ALONE, "enrolment": "scheme\n medical_employee"},
        {"layer": "NO", "basis": "none", "at_least": "NO", "grade": "G3", "kinds": ["UN"]},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_records_tell(case: str) -> None:
    given, expect = CASES[case]
    found = of(**given)
    assert {name: found[name] for name in expect} == expect


def test_a_child_whose_parents_died_is_seen_every_week() -> None:
    died = {"event_code": "DTH", "event_date": date(2024, 3, 1)}
    dead = [{**died, "person_id": person, "event_id": person} for person in ("P3", "P4")]
    found = of(income=earning(900_000), member=CHILD, event=dead)
    assert (found["grade"], found["grade_because"]) == ("G1", ["child_alone"])
    assert {"CARE", "FAM"} <= set(found["kinds"])


def test_without_a_source_the_layer_is_untold_and_what_it_is_at_least_is_kept() -> None:
    found = of(without=("benefit",), income=earning(30_000), member=ALONE)
    assert (found["layer"], found["at_least"], found["grade"]) == ("UN", "DB", "G2")
    assert one_line(found).zh.startswith("记录不明（可能是低保对象或更困难）")


def test_a_kind_of_which_the_source_is_missing_is_open() -> None:
    assert "DIS" in of(without=("disability",))["kinds_open"]
    assert "DIS" not in of()["kinds_open"]


def test_every_finding_that_a_list_can_hold_says_its_kind_or_that_it_says_none() -> None:
    from programme_cases import DAY, TEXTS

    rules = load("cn-national", TEXTS).on(DAY).rules
    codes = {f"GAP-{rule.programme.code}" for rule in rules if rule.programme.gap} | set(TRIGGERS)
    assert codes <= set(OF_FINDING) | set(OF_NO_KIND)
    assert not set(OF_FINDING) & set(OF_NO_KIND)
    assert set(OF_FINDING.values()) | set(OF_FACT.values()) == set(KINDS) - {"UN"}


def test_every_code_has_a_source_a_mark_and_words_in_both_languages() -> None:
    for codes in (DEPTHS, KINDS, GRADES):
        for code in codes.values():
            assert code.source
            assert code.mark in MARKS
            assert code.said.zh != code.said.en != ""


@pytest.mark.parametrize(
    "name",
    [*SIGNALS, *OF_FINDING, *(f"paid:{code}" for code in SAID), *(f"verdict:{code}" for code in SAID)]
    + [name for name in OF_FACT if name in FACTS],
)
def test_every_reason_has_words(name: str) -> None:
    said = because(name)
    assert said.zh != name
    assert said.en != name


def test_the_frame_has_its_columns_and_every_household_one_row() -> None:
    found = layers_of(judged())
    assert dict(found.schema) == LAYERS_SCHEMA
    assert found["household_id"].to_list() == ["H1"]
