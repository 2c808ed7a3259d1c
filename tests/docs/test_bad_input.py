"""What an operator or a caseworker may get wrong on the way from programmes to visits, and the test of each answer.

One table: the mistake, what is answered, that nothing is lost, and where both are tested. A test that is renamed or
taken away without another in its place is noticed here.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Mistake:
    """``answer``: what is said or done; ``kept``: why nothing is lost; ``tests``: file and function of each."""

    what: str
    answer: str
    kept: str
    tests: tuple[tuple[str, str], ...]


RETURNED = "functional/test_outcomes_returned.py"
PACKS = "unit/test_pack_mistakes.py"
PLAN = "unit/test_draft_plan.py"
STAFF = "unit/test_staff_file.py"
BAD_INPUT = (
    Mistake(
        "a pack with a cycle",
        "programmes check and the night name the ring and its day; exit code 2",
        "no night is made with such a pack",
        (
            (PACKS, "test_a_ring_of_programmes_is_found_and_told_once"),
            ("functional/test_programmes_commands.py", "test_every_mistake_is_told_in_one_pass_with_its_way_out"),
        ),
    ),
    Mistake(
        "two rules for one code and date",
        "the code, the day and how to end the older one",
        "no night is made with such a pack",
        ((PACKS, "test_two_rules_for_one_code_and_day_are_found"),),
    ),
    Mistake(
        "a caseworker without an area",
        "refused, with the caseworker's id and what to write",
        "no night is made with such a file",
        ((STAFF, "test_a_mistake_is_refused_with_the_entry_named"),),
    ),
    Mistake(
        "an area without a caseworker",
        "night, status, lists --dry-run and report name the area and how many are left out there",
        "everybody there is left out with a reason; what is urgent waits at the desk with its clock",
        (
            ("unit/test_draft_lists.py", "test_an_area_without_a_caseworker_is_named"),
            (PLAN, "test_whoever_is_on_duty_stands_in_where_everybody_is_away_or_nobody_serves"),
            (PLAN, "test_an_urgent_visit_where_nobody_serves_waits_at_the_desk_and_keeps_its_clock"),
        ),
    ),
    Mistake(
        "capacity zero",
        "refused, with the caseworker's id and three ways out",
        "no night is made with such a file",
        ((STAFF, "test_a_mistake_is_refused_with_the_entry_named"),),
    ),
    Mistake(
        "more urgent cases than capacity",
        "all of them are listed, those beyond capacity marked and told to the desk",
        "nothing is dropped; it escalates",
        (
            (PLAN, "test_urgent_visits_beyond_capacity_are_listed_and_told_to_the_desk"),
            ("functional/test_desk_queue.py", "test_urgent_visits_that_nobody_has_room_for_are_told_to_the_desk"),
            ("generative/test_draft_laws.py", "test_an_urgent_household_that_may_be_visited_is_always_listed"),
        ),
    ),
    Mistake(
        "an outcome for an item that was reassigned meanwhile",
        "refused, with the new item and whose it is",
        "nothing is written; the new item stays open",
        (
            ("functional/test_outcomes.py", "test_a_visit_that_was_given_to_somebody_else_names_the_new_item"),
            (
                "unit/test_feedback.py",
                "test_an_outcome_taken_back_after_the_household_was_listed_again_leaves_one_open_visit",
            ),
        ),
    ),
    Mistake(
        "the same outcome twice",
        "recorded before; nothing was changed. Another outcome is refused until the first is taken back",
        "one visit",
        (
            ("functional/test_outcomes.py", "test_the_same_outcome_twice_is_one_outcome_and_another_is_refused"),
            (RETURNED, "test_one_item_with_two_outcomes_in_a_file_has_none"),
        ),
    ),
    Mistake(
        "a spreadsheet returned with rows sorted or cut",
        "taken in row by row, by the item numbers",
        "rows = recorded + already + set aside; what is missing stays open and is counted",
        (
            (RETURNED, "test_a_list_that_was_sorted_and_cut_is_taken_in_row_by_row"),
            (RETURNED, "test_both_languages_of_one_workbook_are_one_list"),
        ),
    ),
    Mistake(
        "a spreadsheet returned edited",
        "each row that cannot be believed is set aside with sheet, row, item and reason in both languages",
        "the others go in; the file is left as it is, and may be mended and sent again",
        (
            (RETURNED, "test_a_row_that_cannot_be_believed_is_set_aside_with_its_reason_and_the_others_go_in"),
            (RETURNED, "test_what_is_no_list_is_refused_and_says_what_is_missing"),
            (
                RETURNED,
                "test_a_column_whose_heading_was_changed_is_named_and_nothing_in_it_is_lost_silently",
            ),
            (RETURNED, "test_a_list_saved_as_csv_in_chinese_encoding_is_the_same_list"),
        ),
    ),
)


@pytest.mark.parametrize("mistake", BAD_INPUT, ids=lambda mistake: mistake.what)
def test_each_mistake_has_an_answer_and_a_test_of_it(mistake: Mistake) -> None:
    assert mistake.answer
    assert mistake.kept
    for file, name in mistake.tests:
        tree = ast.parse((TESTS / file).read_text("utf-8"))
        assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}, (
            f"{file}: {name}"
        )
