"""The passes of linkage: what a broken number can have been, when two texts agree, who is proposed and who not."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.identity import broken_rule
from engine.linkage.passes import (
    AGAINST,
    BORN_IN_NUMBER,
    DIGITS_KEPT,
    EVIDENCE,
    KNOWN,
    ONE_MISTAKE,
    PAIRS,
    PASSES,
    born_in,
    check_character,
    pass_name,
    plain_address,
    plain_name,
    plain_phone,
    possible_numbers,
    proposals,
)

DATES = st.dates().filter(lambda day: day.year >= 1900)
SEQUENCES = st.integers(0, 999)
NUMBERS = st.builds(
    lambda day, sequence: (body := f"990101{day:%Y%m%d}{sequence:03}") + check_character(body), DATES, SEQUENCES
)
FIELDS = ("name", "birth_date", "phone", "address", "household", "sex", BORN_IN_NUMBER)


def one(expression: pl.Expr, text: str) -> str | None:
    return pl.DataFrame({"text": [text]}).select(expression.alias("x"))["x"][0]


def found(
    agree: dict[str, tuple[str, ...]],
    *,
    by_number: dict[str, str] | None = None,
    differ: dict[str, tuple[str, ...]] | None = None,
    rejected: tuple[str, ...] = (),
) -> list[tuple[str, str, int]]:
    """Who one row is proposed to be: it says ``x`` in every field, people agree or differ in the fields named."""
    numbers = by_number or {}
    known = [(person, field, "x") for person, fields in agree.items() for field in fields]
    known += [(person, field, "y") for person, fields in (differ or {}).items() for field in fields]
    told = proposals(
        pl.DataFrame([(0, field, "x") for field in FIELDS], schema=EVIDENCE, orient="row"),
        pl.DataFrame(known, schema=KNOWN, orient="row"),
        pl.DataFrame([(0, *each) for each in numbers.items()], schema={**PAIRS, "field": pl.String}, orient="row"),
        pl.DataFrame([(0, person) for person in agree], schema=PAIRS, orient="row"),
        pl.DataFrame([(0, person) for person in rejected], schema=PAIRS, orient="row"),
    )
    return [(person, by, count) for _, person, by, count in told.iter_rows()]


@given(NUMBERS, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_found_among_few(number: str, place: int, by: int) -> None:
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    field, possible = possible_numbers(wrong)
    if field == ONE_MISTAKE:
        assert number in possible
        assert len(possible) <= 40
    else:
        assert wrong.endswith("000")


@given(NUMBERS, st.integers(0, 16))
def test_neighbours_changed_about_and_a_digit_lost_are_found(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number and not swapped.endswith("000"):
        assert number in possible_numbers(swapped)[1]
    assert number in possible_numbers(number[:place] + number[place + 1 :])[1]
    assert number in possible_numbers(number[:place] + "5" + number[place:])[1]


@given(NUMBERS)
def test_what_a_spreadsheet_cut_off_is_one_of_a_hundred(number: str) -> None:
    field, possible = possible_numbers(number[:15] + "000")
    assert (field, len(set(possible)), number in possible) == (DIGITS_KEPT, 100, True)
    long = f"{number[0]}.{number[1:15]}E+17"
    assert possible_numbers(long) == (field, possible)
    assert possible_numbers(f"{number[0]}.{number[1:6]}E+17")[1] == []


@given(NUMBERS, st.text("0123456789X", min_size=14, max_size=20))
def test_every_possible_number_is_sound(number: str, noise: str) -> None:
    for broken in (noise, number[:3] + "OO" + number[5:], number[:17] + "?"):
        possible = possible_numbers(broken)[1]
        assert broken_rule(pl.Series(possible, dtype=pl.String)).null_count() == len(possible)


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("买买提·艾力", "买买提•艾力 "),
        ("欧阳 娜娜", "　欧阳娜娜"),
        ("ｌｉ ｍｉｎｇ", "LI MING"),
        ("阿卜杜（拉）", "阿卜杜(拉)"),
    ],
)
def test_names_written_in_two_ways_agree(one_way: str, other_way: str) -> None:
    assert one(plain_name(pl.col("text")), one_way) == one(plain_name(pl.col("text")), other_way) is not None


def test_phones_and_addresses_written_in_two_ways_agree_and_short_ones_are_none() -> None:
    written = ["10001234567", "+86 100-0123-4567", "008610001234567", "１０００１２３４５６７"]
    assert {one(plain_phone(pl.col("text")), each) for each in written} == {"10001234567"}
    assert one(plain_phone(pl.col("text")), "123-45") is None
    assert one(plain_address(pl.col("text")), "云溪镇 3组，１２号") == one(
        plain_address(pl.col("text")), "云溪镇3组12号"
    )
    assert one(plain_name(pl.col("text")), " · ") is None


def test_a_birth_date_is_read_from_a_number_where_there_is_one() -> None:
    assert born_in("990101198002290011") == "1980-02-29"
    assert [born_in(each) for each in ("990101198102290011", "99010119800229", "9901011980O229001X", None)] == [
        None
    ] * 4


@pytest.mark.parametrize("needs", PASSES, ids=pass_name)
def test_a_pass_finds_whoever_agrees_in_all_that_it_needs_and_nobody_who_lacks_one(needs: tuple[str, ...]) -> None:
    texts = tuple(field for field in needs if field not in (DIGITS_KEPT, ONE_MISTAKE))
    number = dict([("P", each) for each in needs if each in (DIGITS_KEPT, ONE_MISTAKE)])
    assert found({"P": texts}, by_number=number) == [("P", pass_name(needs), 1)]
    for lacking in texts:
        others = tuple(field for field in texts if field != lacking)
        assert all(by != pass_name(needs) for _, by, _ in found({"P": others}, by_number=number))
    if number:
        assert found({"P": texts}) == []


def test_no_number_and_no_name_is_enough_by_itself() -> None:
    assert found({"P": ()}, by_number={"P": ONE_MISTAKE}) == []
    assert found({"P": ()}, by_number={"P": DIGITS_KEPT}) == []
    for field in FIELDS:
        assert found({"P": (field,)}) == []


@pytest.mark.parametrize("field", AGAINST)
def test_what_is_told_differently_speaks_against_every_pass(field: str) -> None:
    agreeing = tuple(each for each in FIELDS if each != field)
    assert found({"P": agreeing}, by_number={"P": ONE_MISTAKE}, differ={"P": (field,)}) == []


def test_one_of_several_known_values_is_enough() -> None:
    assert found({"P": ("name", "birth_date", "phone")}, differ={"P": ("name", "phone")})[0][0] == "P"


def test_the_strictest_pass_counts_and_tells_how_many_it_found() -> None:
    weak = ("name", "birth_date", "phone")
    assert found({"P": ("name",), "Q": weak}, by_number={"P": DIGITS_KEPT}) == [("P", "number_15+name", 1)]
    both = found({"P": weak, "Q": weak})
    assert both == [("P", pass_name(weak), 2), ("Q", pass_name(weak), 2)]


def test_a_rejection_makes_nobody_else_certain_and_opens_the_next_pass_when_nobody_is_left() -> None:
    weak = ("name", "birth_date", "phone")
    assert found({"P": weak, "Q": weak}, rejected=("P",)) == [("Q", pass_name(weak), 2)]
    assert found({"P": ("name",), "Q": weak}, by_number={"P": DIGITS_KEPT}, rejected=("P",)) == [
        ("Q", pass_name(weak), 1)
    ]
    assert found({"P": weak}, rejected=("P",)) == []
