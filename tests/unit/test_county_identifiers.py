from datetime import date

import numpy as np
import polars as pl
import pytest

from fixtures.county.identifiers import GIVEN, check_characters, names, person_numbers, phones, town_names

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def checked(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17]


def born(count: int, day: date = date(1980, 5, 17)) -> np.ndarray:
    return np.full(count, (day - date(1970, 1, 1)).days, dtype=np.int64)


def test_the_worked_example_of_the_standard_ends_in_x() -> None:
    assert check_characters(np.asarray([11010519491231002])).to_list() == ["X"]


def test_numbers_carry_birth_date_and_sex_and_a_right_check_character() -> None:
    sex = np.asarray([1, 2, 1, 2, 2], dtype=np.int64)
    numbers, birth = person_numbers(born(5), sex, block=3)
    assert all(checked(number) for number in numbers)
    assert [int(number[16]) % 2 for number in numbers] == [1, 0, 1, 0, 0]
    written = pl.Series(birth.astype(np.int32)).cast(pl.Date).dt.strftime("%Y%m%d")
    assert [number[6:14] for number in numbers] == written.to_list() == ["19800517"] * 5


def test_no_number_lies_in_an_area_that_was_ever_allocated() -> None:
    numbers, _ = person_numbers(born(4), np.ones(4, dtype=np.int64), block=0)
    assert {number[:6] for number in numbers} == {"990101"}


@pytest.mark.parametrize("people", [7, 60])
def test_numbers_of_one_birth_day_stay_unique_between_blocks(people: int) -> None:
    sex = np.ones(people, dtype=np.int64)
    drawn = [number for block in (0, 1, 61) for number in person_numbers(born(people), sex, block)[0]]
    assert len(set(drawn)) == 3 * people
    assert all(len(number) == 18 and checked(number) for number in drawn)


def test_phones_begin_with_digits_that_no_network_has() -> None:
    drawn = phones(np.random.default_rng(1), 500)
    assert drawn.str.contains(r"^1000\d{7}$").all()


def test_some_names_hold_rare_characters() -> None:
    drawn = names(np.random.default_rng(1), 20_000)
    assert "龘" in GIVEN
    assert drawn.str.ends_with("龘").any()


def test_towns_of_a_county_of_a_million_have_names_of_their_own() -> None:
    given = [town_names(f"990101{number:03d}") for number in range(1, 126)]
    assert len(set(given)) == len(given)
