"""Who lives in a household, and what a visitor must know before knocking."""

from datetime import date

import polars as pl
import pytest
from builders import records, sources
from programme_cases import calendar

from engine.population import living_there
from features.context import Context
from outreach.people import people_of
from outreach.wording_casework import NEEDS

NO_PAPERS = pl.DataFrame(schema={"person_id": pl.String, "type": pl.String, "level": pl.Int64})


def members(*rows: tuple[str, str, str, int | None]) -> pl.DataFrame:
    schema = {"household_id": pl.String, "person_id": pl.String, "relation": pl.String, "age": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def papers(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=NO_PAPERS.schema, orient="row")


def needs(*rows: tuple[str, str, str, int | None], certificates: pl.DataFrame = NO_PAPERS) -> list[str]:
    return people_of(members(*rows), certificates)["needs"][0].to_list()


def test_the_head_stands_first_and_the_others_by_age() -> None:
    found = people_of(members(("H", "c", "child", 9), ("H", "p", "parent", 82), ("H", "h", "head", 45)), NO_PAPERS)
    assert [m["person_id"] for m in found["members"][0]] == ["h", "p", "c"]
    assert found["head"].to_list() == ["h"]
    assert found["persons"].to_list() == [3]


def test_without_a_head_the_oldest_stands_for_the_household() -> None:
    assert people_of(members(("H", "a", "child", 50), ("H", "b", "parent", 82)), NO_PAPERS)["head"][0] == "b"


def test_an_elder_alone_is_visited_by_two() -> None:
    assert needs(("H", "a", "head", 60)) == ["lone_elder"]


def test_two_elders_are_no_lone_elder() -> None:
    assert needs(("H", "a", "head", 79), ("H", "b", "spouse", 70)) == []


def test_children_without_an_adult_come_first() -> None:
    assert needs(("H", "a", "head", 17), ("H", "b", "sibling", 9))[0] == "minor_alone"


def test_an_unknown_age_is_neither_a_child_nor_an_elder() -> None:
    assert needs(("H", "a", "head", None), ("H", "b", "child", 9)) == ["children"]


def test_certificates_say_how_to_speak_with_somebody() -> None:
    found = needs(
        ("H", "a", "head", 40),
        ("H", "b", "spouse", 41),
        certificates=papers(("a", "hearing", 3), ("b", "mental", 1)),
    )
    assert found == ["severe_disability", "hearing", "mind"]


def test_two_certificates_of_one_person_are_one_person() -> None:
    found = people_of(members(("H", "a", "head", 70)), papers(("a", "visual", 3), ("a", "limb", 4)))
    assert found["persons"].to_list() == [1]
    assert found["needs"][0].to_list() == ["lone_elder", "visual"]


def test_every_need_that_can_arise_has_its_words() -> None:
    everything = needs(
        *(("H", f"{n}", "other_kin", age) for n, age in enumerate((85, 4, 30, 31, 32))),
        certificates=papers(
            *((f"{n}", kind, 1) for n, kind in enumerate(("hearing", "speech", "visual", "mental")))
        ),
    )
    assert {*everything, "lone_elder", "minor_alone", "memory", "disputed"} == set(NEEDS)


def test_failing_memory_is_told_where_care_for_it_is_on_record_and_nowhere_else() -> None:
    rows = members(
        ("H", "a", "head", 78), ("H", "b", "spouse", 75), ("K", "c", "head", 40), ("K", "d", "spouse", 41)
    )
    told = people_of(rows.with_columns(memory=pl.Series([True, None, False, None])), NO_PAPERS)
    assert told["needs"].to_list() == [["memory"], []]


def test_the_order_of_rows_does_not_matter() -> None:
    rows = members(
        ("H1", "a", "head", 45), ("H2", "b", "head", 8), ("H1", "c", "child", None), ("H2", "d", "child", 8)
    )
    assert people_of(rows, NO_PAPERS).equals(people_of(rows.reverse(), NO_PAPERS))


@pytest.mark.parametrize(
    ("code", "memory"),
    [("F00", True), ("F03.9", True), ("G30.1", True), ("F32", False), ("I10", False), (None, False)],
)
def test_care_for_failing_memory_is_read_from_the_claims_and_the_diagnosis_goes_no_further(
    code: str | None, memory: bool
) -> None:
    day = date(2025, 6, 10)
    given = sources(
        household=records("household", [{"household_id": "H1"}]),
        member=records("member", [{"person_id": "P1", "household_id": "H1", "birth_date": date(1945, 1, 1)}]),
        medical=records("medical", [{"person_id": "P1", "event_id": "1", "event_date": day, "icd10": code}]),
    )
    members, papers_in_force = living_there(given.known_by(day), Context(calendar(day, ())), ["H1"])
    assert members["memory"].to_list() == [memory]
    assert not [column for column in (*members.columns, *papers_in_force.columns) if "icd" in column]
    assert ("memory" in people_of(members, papers_in_force)["needs"][0].to_list()) == memory
