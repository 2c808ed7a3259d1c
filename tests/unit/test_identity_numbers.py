"""Identity numbers are checked and normalised; pseudonyms are keyed, stable and unlike in every domain."""

import hashlib
import hmac

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import identity
from engine.errors import IntegrityError
from engine.identity import ALPHABET, broken_rule, normalised, pseudonyms

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
    monkeypatch.setattr(identity, "_encoded", lambda key, domain, numbers: pl.Series(["same"] * len(numbers)))
    with pytest.raises(IntegrityError) as refused:
        pseudonyms(KEY, "person", pl.Series(["4711", "4712"]))
    assert "471" not in str(refused.value)
