"""Who is who: raw numbers become pseudonyms, and Chinese identity numbers are checked before they do.

A pseudonym is the first 60 bits of HMAC-SHA256(key, "<domain>:v1:" + number), written as twelve characters of
lower-case base32 (digits and letters without i, l, o, u). The same number gives the same pseudonym in every
delivery; without the key nobody can try numbers until one fits.

When the key is changed, version n is made from version n - 1 with the n-th key ("<domain>:vn:" + pseudonym). So
whatever has a pseudonym can be given its new one, be its number known or not, and nobody goes back; a number is led
through all keys in their order, and whoever lacks one of them can try no numbers.
"""

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from engine.errors import IntegrityError

Domain = Literal["person", "household", "employer", "dwelling"]
IdKind = Literal["gb11643", "free"]
EmployerKind = Literal["gb32100", "free"]

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 12
ERASED: Final = "erased:v1:"

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final = "10X98765432"
"""By the weighted sum of the first seventeen digits modulo 11 (GB 11643-1999)."""

CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of unified social credit codes (GB 32100-2015): no I, O, S, V, Z."""
CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
PROVINCES: Final = (
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43"),
    *("44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"),
    "99",
)
"""The first two digits of area codes (GB/T 2260; recalled, not read), and 99, which no place has, for examples."""

BROKEN_CREDIT_SHAPE: Final = "not_a_social_credit_code"
BROKEN_CREDIT_CHECK: Final = "check_character_wrong"
BROKEN_AREA: Final = "not_an_area_code"
BROKEN_SPREADSHEET: Final = "damaged_by_a_spreadsheet"
BROKEN_SHAPE: Final = "not_an_identity_number"
BROKEN_DATE: Final = "birth_date_in_number_impossible"
BROKEN_CHECK: Final = "check_digit_wrong"


def pseudonyms(key: bytes, domain: Domain, numbers: pl.Series, before: Sequence[bytes] = ()) -> pl.Series:
    """The pseudonym of each normalised number; null stays null. ``before``: the keys before this one, oldest first.

    Raises IntegrityError where two numbers would share one pseudonym: they may not be taken for one person.
    """
    return renewed((*before, key), 0, domain, numbers)


def renewed(keys: Sequence[bytes], since: int, domain: Domain, numbers: pl.Series) -> pl.Series:
    """Pseudonyms of a version (0: numbers) in the version of the last key; null stays null. Raises as above."""
    unique = numbers.drop_nulls().unique()
    made = unique
    for version in range(since + 1, len(keys) + 1):
        made = _encoded(keys[version - 1], domain, made.to_list(), version)
    if made.n_unique() != unique.len():
        raise IntegrityError(
            f"two numbers of the domain {domain} have the same pseudonym",
            "This cannot be mended here: report it, with the name of the delivery and without the numbers.",
        )
    if not unique.len():
        return numbers.cast(pl.String)
    return numbers.replace_strict(unique, made, default=None, return_dtype=pl.String)


def later_names(keys: Sequence[bytes], domain: Domain, name: str) -> set[str]:
    """A pseudonym of any version, and all that it may have become since."""
    found = {name}
    for since in range(1, len(keys)):
        each = pl.Series([name], dtype=pl.String)
        for version in range(since + 1, len(keys) + 1):
            each = _encoded(keys[version - 1], domain, each.to_list(), version)
            found.add(str(each[0]))
    return found


def digests(key: bytes, subjects: pl.Series) -> pl.Series:
    """The keyed digest of each distinct pseudonym, in their order: what is kept of whom the home has forgotten."""
    told = [hmac.digest(key, f"{ERASED}{each}".encode(), hashlib.sha256).hex()[:32] for each in subjects]
    return pl.Series(told, dtype=pl.String)


def normalised(numbers: pl.Series, kind: IdKind = "free") -> pl.Series:
    """Numbers as one person would write them: full width to half width, no blanks around, blank = null.

    Identity numbers (``gb11643``) also get an upper-case X, and those of 15 digits become the 18 that follow them.
    """
    plain = numbers.cast(pl.String).str.normalize("NFKC").str.strip_chars()
    plain = plain.replace("", None)
    return _eighteen(plain.str.to_uppercase()) if kind == "gb11643" else plain


def broken_rule(numbers: pl.Series) -> pl.Series:
    """The rule that each normalised identity number breaks, null where it is sound (GB 11643-1999).

    A spreadsheet keeps 15 digits of a number and writes zeros for the rest, or an exponent: such a number can never
    be put right, so it is told apart from a mistyped one.
    """
    frame = pl.DataFrame({"number": numbers})
    number = pl.col("number")
    shaped = number.str.contains(r"^[1-9][0-9]{16}[0-9X]$")
    day = number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    sound = _check_character(number) == number.str.slice(17, 1)
    by_spreadsheet = number.str.contains(r"^[0-9](\.[0-9]+)?E\+?[0-9]+$") | (
        shaped & number.str.ends_with("000") & ~sound.fill_null(False)
    )
    rule = (
        pl.when(number.is_null())
        .then(None)
        .when(by_spreadsheet)
        .then(pl.lit(BROKEN_SPREADSHEET))
        .when(~shaped)
        .then(pl.lit(BROKEN_SHAPE))
        .when(day.is_null())
        .then(pl.lit(BROKEN_DATE))
        .when(~sound)
        .then(pl.lit(BROKEN_CHECK))
    )
    return frame.select(rule.alias("rule")).to_series()


def broken_credit_rule(codes: pl.Series) -> pl.Series:
    """The rule that each unified social credit code breaks (upper case), null where it is sound (GB 32100-2015).

    The check character makes the sum of the values, weighted by powers of 3, a multiple of 31 (recalled, and agrees
    with published codes).
    """
    code = pl.col("code")
    letters, values = list(CREDIT_ALPHABET), list(range(31))

    def value(place: int) -> pl.Expr:
        return code.str.slice(place, 1).replace_strict(letters, values, default=None, return_dtype=pl.Int64)

    shaped = code.str.contains(f"^[{CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{CREDIT_ALPHABET}]{{10}}$")
    total = pl.sum_horizontal(value(place) * weight for place, weight in enumerate(CREDIT_WEIGHTS))
    rule = (
        pl.when(code.is_null())
        .then(None)
        .when(~shaped)
        .then(pl.lit(BROKEN_CREDIT_SHAPE))
        .when((total + value(17)) % 31 != 0)
        .then(pl.lit(BROKEN_CREDIT_CHECK))
    )
    return pl.DataFrame({"code": codes}).select(rule.alias("rule")).to_series()


def is_area_code(code: pl.Expr) -> pl.Expr:
    """Whether an area code has 6, 9 or 12 digits and begins with a province (统计用区划代码)."""
    shaped = code.str.contains(r"^[0-9]{6}([0-9]{3}){0,2}$")
    return shaped & code.str.slice(0, 2).is_in(PROVINCES)


def disagreements(numbers: pl.Expr, birth_date: pl.Expr, sex: pl.Expr) -> dict[str, pl.Expr]:
    """Sound identity numbers that say another birth date or sex than the row does: to be looked at, not refused.

    Neither of the two is known to be wrong (GB 11643-1999: an odd sequence is a man's, an even one a woman's).
    """
    odd = numbers.str.slice(16, 1).cast(pl.Int64, strict=False) % 2
    return {
        "birth_date_unlike_number": numbers.str.slice(6, 8).str.to_date("%Y%m%d", strict=False) != birth_date,
        "sex_unlike_number": sex.is_in([1, 2]) & ((odd == 1) != (sex == 1)),
    }


def _eighteen(numbers: pl.Series) -> pl.Series:
    """Numbers of the first generation (15 digits, year of two) in the form of 18; the others as they are."""
    number = pl.col("number")
    body = number.str.slice(0, 6) + "19" + number.str.slice(6)
    long = pl.when(number.str.contains(r"^[1-9][0-9]{14}$")).then(body + _check_character(body)).otherwise(number)
    return pl.DataFrame({"number": numbers}).select(long.alias("number")).to_series()


def _check_character(number: pl.Expr) -> pl.Expr:
    total = pl.sum_horizontal(
        number.str.slice(place, 1).cast(pl.Int64, strict=False) * weight for place, weight in enumerate(WEIGHTS)
    )
    digits = number.str.contains(r"^[0-9]{17}")
    found = (total % 11).replace_strict(list(range(11)), list(CHECK_CHARACTERS), return_dtype=pl.String)
    return pl.when(digits).then(found)


def _encoded(key: bytes, domain: Domain, numbers: Sequence[str], version: int) -> pl.Series:
    """Pseudonyms of distinct numbers (of pseudonyms of the version before), in their order."""
    prefix = f"{domain}:v{version}:".encode()
    digests = b"".join(hmac.digest(key, prefix + number.encode(), hashlib.sha256)[:8] for number in numbers)
    words = np.frombuffer(digests, dtype=">u8").astype(np.uint64) >> np.uint64(4)
    return _as_text(words)


def _as_text(words: npt.NDArray[np.uint64]) -> pl.Series:
    """Numbers of 60 bits as twelve characters each."""
    letters = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
    shifts = np.arange(5 * (LENGTH - 1), -1, -5, dtype=np.uint64)
    characters = letters[((words[:, None] >> shifts) & np.uint64(31)).astype(np.intp)]
    offsets = np.arange(0, LENGTH * (len(words) + 1), LENGTH, dtype=np.int64)
    buffers = [pa.py_buffer(offsets.tobytes()), pa.py_buffer(characters.tobytes())]
    text = pa.LargeStringArray.from_buffers(len(words), *buffers)
    series = pl.from_arrow(text)
    assert isinstance(series, pl.Series)
    return series
