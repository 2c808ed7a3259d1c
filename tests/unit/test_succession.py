"""Which household goes on as another: a move is followed, a split leaves two, and nobody is listed twice."""

from datetime import date

import polars as pl
import pytest
from builders import sources
from draft_cases import DAY, drafted, households

from features.succession import fates, lines, links, memberships
from outreach.carried import carried

AS_OF = date(2024, 12, 31)
OLD = """
    person_id | household_id | relation | valid_from | valid_to
    P1        | H1           | head     | 2015-01-01 | {0}
    P2        | H1           | spouse   | 2015-01-01 | {0}
    P3        | H1           | child    | 2016-01-01 | {0}
"""


def found(*tables: str) -> list[tuple[str, str, str]]:
    text = "\n".join(line for number, table in enumerate(tables) for line in _lines(table, number))
    known = sources(member=text).known_by(AS_OF)
    return [row[:3] for row in links(memberships(known)).iter_rows()]


def _lines(table: str, number: int) -> list[str]:
    rows = [line for line in table.splitlines() if line.strip()]
    return rows if number == 0 else rows[1:]


HEAD = "person_id | household_id | relation | valid_from | valid_to\n"
NEW = (
    HEAD
    + """
    P1        | H2           | head     | 2024-03-01 |
    P2        | H2           | spouse   | 2024-03-01 |
    P3        | H2           | child    | 2024-04-15 |
"""
)


@pytest.mark.parametrize("ended", ["2024-02-28", ""], ids=["old rows closed", "old rows left open"])
def test_a_household_whose_people_all_come_under_a_new_number_has_moved(ended: str) -> None:
    assert found(OLD.format(ended), NEW) == [("H1", "H2", "moved")]


def test_one_who_comes_later_than_two_months_leaves_two_households() -> None:
    late = NEW.replace("2024-04-15", "2024-06-15")
    assert found(OLD.format(""), late) == [("H1", "H2", "split")]


def test_the_dead_and_those_who_had_left_are_not_waited_for() -> None:
    table = """
    person_id | household_id | relation | valid_from | valid_to   | death_date
    P1        | H1           | head     | 2015-01-01 |            | 2023-05-01
    P2        | H1           | spouse   | 2015-01-01 |            |
    P3        | H1           | child    | 2015-01-01 | 2022-01-01 |
    P2        | H2           | head     | 2024-03-01 |            |
"""
    assert found(table) == [("H1", "H2", "moved")]


def test_a_child_born_after_the_move_joins() -> None:
    born = "    P9 | H2 | child | 2024-10-01 |\n"
    assert found(OLD.format(""), NEW + born) == [("H1", "H2", "moved")]


def test_a_divorce_leaves_two_households_with_one_history() -> None:
    half = HEAD + "    P2 | H2 | head | 2024-03-01 |\n"
    assert found(OLD.format(""), half) == [("H1", "H2", "split")]
    other = half + "    P1 | H3 | head | 2024-03-10 |\n    P3 | H3 | child | 2024-03-10 |\n"
    assert found(OLD.format("2024-03-01"), other) == [("H1", "H2", "split"), ("H1", "H3", "split")]


def test_a_child_that_marries_out_takes_no_history_along() -> None:
    married = HEAD + "    P3 | H2 | head | 2024-03-01 |\n    P8 | H2 | spouse | 2024-03-01 |\n"
    assert found(OLD.format(""), married) == []


def test_a_family_that_moves_in_with_relatives_is_no_new_household() -> None:
    relatives = "    P7 | H2 | head | 2010-01-01 |\n"
    assert found(OLD.format("2024-02-28"), NEW + relatives) == []


def test_whoever_moves_twice_is_followed_to_the_last_number() -> None:
    again = HEAD + "".join(f"    P{n} | H3 | child | 2024-09-01 |\n" for n in (1, 2, 3))
    known = sources(member="\n".join([*_lines(OLD.format(""), 0), *_lines(NEW, 1), *_lines(again, 1)]))
    told = lines(links(memberships(known.known_by(AS_OF))))
    assert told.rows() == [("H1", "H2", "moved"), ("H1", "H3", "moved"), ("H2", "H3", "moved")]


def test_a_move_that_becomes_known_later_is_no_move_yet() -> None:
    table = """
    person_id | household_id | relation | valid_from | known_on
    P1        | H1           | head     | 2015-01-01 | 2015-01-01
    P1        | H2           | head     | 2024-03-01 | 2025-02-01
"""
    assert links(memberships(sources(member=table).known_by(AS_OF))).is_empty()


def test_what_became_of_a_household_is_told_by_its_people() -> None:
    table = """
    person_id | household_id | valid_from | valid_to   | death_date
    P1        | H1           | 2015-01-01 |            | 2024-05-01
    P2        | H1           | 2015-01-01 | 2020-01-01 |
    P3        | H2           | 2015-01-01 | 2024-05-01 |
    P4        | H2           | 2015-01-01 |            | 2024-05-01
"""
    told = fates(sources(member=table).known_by(AS_OF), ["H1", "H2", "H3"])
    assert told.rows() == [("H1", "deceased"), ("H2", "deceased")]


def work(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    schema = {"household_id": pl.String, "state": pl.String, "since": pl.Date, "outcome": pl.String}
    return pl.DataFrame([(home, state, DAY, outcome) for home, state, outcome in rows], schema=schema, orient="row")


def line(how: str) -> pl.DataFrame:
    return pl.DataFrame({"household_id": ["H0000"], "successor": ["H0001"], "how": [how]})


@pytest.mark.parametrize("state", ["open_item", "opted_out", "visited"])
def test_a_household_that_moved_is_listed_under_neither_number_while_its_work_waits(state: str) -> None:
    told = carried(work(("H0000", state, "V12" if state == "visited" else None)), line("moved"))
    draft = drafted(households(2), [], told.to_dicts())
    reasons = dict(draft.left_out.select("household_id", "reason").iter_rows())
    assert reasons["H0000"] == "moved"
    assert reasons["H0001"] == ("cool_down" if state == "visited" else state)


def test_a_household_that_moved_is_listed_once() -> None:
    draft = drafted(households(2), [], carried(work(), line("moved")).to_dicts())
    assert draft.items["household_id"].to_list() == ["H0001"]


def test_the_halves_of_a_household_share_its_wishes_and_not_its_open_visit() -> None:
    told = carried(work(("H0000", "open_item", None), ("H0000", "opted_out", None)), line("split"))
    assert [row[:2] for row in told.rows()] == [
        ("H0000", "open_item"),
        ("H0000", "opted_out"),
        ("H0001", "opted_out"),
    ]
