"""Identity numbers are checked and normalised; pseudonyms are keyed, stable and unlike in every domain."""

import hashlib
import hmac

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import identity
from engine.errors import IntegrityError
from engine.identity import (
    ALPHABET,
    CREDIT_ALPHABET,
    broken_credit_rule,
    broken_rule,
    disagreements,
    is_area_code,
    normalised,
    pseudonyms,
)

KEY = bytes(range(32))
WORKED_EXAMPLE = "11010519491231002X"
"""The worked example of GB 11643-1999."""


def checked(number: str) -> tuple[str | None, str | None]:
    plain = normalised(pl.Series([number]), "gb11643")
    return plain[0], broken_rule(plain)[0]


@pytest.mark.parametrize(
    "written",
    [
        "11010519491231002X",
        "11010519491231002x",
        " 11010519491231002X ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "110105491231002",
    ],
)
def test_however_it_is_written_a_number_is_one_number(written: str) -> None:
    assert checked(written) == (WORKED_EXAMPLE, None)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("110105194912310021", "check_digit_wrong"),
        ("11010519490231002X", "birth_date_in_number_impossible"),
        ("110105194912310000", "damaged_by_a_spreadsheet"),
        ("1.10105194912310E+17", "damaged_by_a_spreadsheet"),
        ("1.1E+17", "damaged_by_a_spreadsheet"),
        ("1101051949123100", "not_an_identity_number"),
        ("X1010519491231002X", "not_an_identity_number"),
        ("unknown", "not_an_identity_number"),
    ],
)
def test_a_number_that_cannot_be_is_told_by_its_rule(written: str, rule: str) -> None:
    assert checked(written)[1] == rule


def test_blank_is_no_number() -> None:
    assert normalised(pl.Series(["", "  ", "\u3000", None])).to_list() == [None] * 4


@given(st.integers(0, 10**17 - 1))
def test_the_check_character_agrees_with_the_standard(body: int) -> None:
    digits = f"{body:017d}"
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(digits))
    right = "10X98765432"[total % 11]
    numbers = pl.Series([digits + character for character in "0123456789X"])
    sound = broken_rule(numbers).is_null() & (numbers.str.tail(1) != right)
    assert not sound.any()


def test_a_pseudonym_is_the_first_sixty_bits_of_the_keyed_hash() -> None:
    (found,) = pseudonyms(KEY, "person", pl.Series([WORKED_EXAMPLE]))
    bits = int.from_bytes(hmac.digest(KEY, b"person:v1:" + WORKED_EXAMPLE.encode(), hashlib.sha256), "big") >> 196
    assert found == "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(12)))


def test_pseudonyms_differ_by_key_and_domain_and_keep_nulls() -> None:
    numbers = pl.Series(["1", None, "2", "1"])
    ours = pseudonyms(KEY, "person", numbers)
    assert ours[1] is None
    assert ours[0] == ours[3] != ours[2]
    assert pseudonyms(KEY, "household", numbers)[0] != ours[0]
    assert pseudonyms(bytes(32), "person", numbers)[0] != ours[0]
    assert pseudonyms(KEY, "person", numbers.reverse()).reverse().equals(ours)


def test_two_numbers_with_one_pseudonym_are_refused_without_naming_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_encoded", lambda *_: pl.Series(["same", "same"]))
    with pytest.raises(IntegrityError) as refused:
        pseudonyms(KEY, "person", pl.Series(["4711", "4712"]))
    assert "471" not in str(refused.value)


CREDIT_CODE = "91350100M000100Y43"


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        (CREDIT_CODE, None),
        ("91350100M000100Y42", "check_character_wrong"),
        ("91350100M000100Y4", "not_a_social_credit_code"),
        ("91350100O000100Y43", "not_a_social_credit_code"),
        ("9135010XM000100Y43", "not_a_social_credit_code"),
    ],
)
def test_a_social_credit_code_that_cannot_be_is_told_by_its_rule(code: str, rule: str | None) -> None:
    assert broken_credit_rule(pl.Series([code]))[0] == rule


@given(st.integers(0, 16), st.sampled_from(CREDIT_ALPHABET))
def test_one_changed_character_of_a_credit_code_is_always_noticed(place: int, other: str) -> None:
    changed = CREDIT_CODE[:place] + other + CREDIT_CODE[place + 1 :]
    assert (broken_credit_rule(pl.Series([changed]))[0] is None) == (changed == CREDIT_CODE)


@pytest.mark.parametrize(
    ("code", "sound"),
    [
        ("990101", True),
        ("110105001", True),
        ("990101001001", True),
        ("99010", False),
        ("9901010", False),
        ("99010100100A", False),
        ("010101001001", False),
        ("９９０１０１", False),
    ],
)
def test_an_area_code_has_six_nine_or_twelve_digits_of_a_province(code: str, sound: bool) -> None:
    assert pl.DataFrame({"code": [code]}).select(is_area_code(pl.col("code"))).item() is sound


@pytest.mark.parametrize(
    ("born", "sex", "alerts"),
    [
        ("1949-12-31", 2, {"birth_date_unlike_number": False, "sex_unlike_number": False}),
        ("1949-12-13", 1, {"birth_date_unlike_number": True, "sex_unlike_number": True}),
        ("1949-12-31", 9, {"birth_date_unlike_number": False, "sex_unlike_number": False}),
    ],
)
def test_a_number_that_says_another_birth_date_or_sex_is_told(born: str, sex: int, alerts: dict[str, bool]) -> None:
    row = pl.DataFrame({"number": [WORKED_EXAMPLE], "born": [born], "sex": [sex]})
    told = disagreements(pl.col("number"), pl.col("born").str.to_date(), pl.col("sex"))
    assert row.select(**told).row(0, named=True) == alerts
