"""Who is who: raw numbers become pseudonyms, and Chinese identity numbers are checked before they do.

A pseudonym is the first 60 bits of HMAC-SHA256(key, "<domain>:v1:" + number), written as twelve characters of
lower-case base32 (digits and letters without i, l, o, u). The same number gives the same pseudonym in every
delivery; without the key nobody can try numbers until one fits.
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

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH: Final = 12
VERSION: Final = "v1"

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final = "10X98765432"
"""By the weighted sum of the first seventeen digits modulo 11 (GB 11643-1999)."""

BROKEN_SPREADSHEET: Final = "damaged_by_a_spreadsheet"
BROKEN_SHAPE: Final = "not_an_identity_number"
BROKEN_DATE: Final = "birth_date_in_number_impossible"
BROKEN_CHECK: Final = "check_digit_wrong"


def pseudonyms(key: bytes, domain: Domain, numbers: pl.Series) -> pl.Series:
    """The pseudonym of each normalised number; null stays null.

    Raises IntegrityError where two numbers would share one pseudonym: they may not be taken for one person.
    """
    unique = numbers.drop_nulls().unique()
    made = _encoded(key, domain, unique.to_list())
    if made.n_unique() != unique.len():
        raise IntegrityError(
            f"two numbers of the domain {domain} have the same pseudonym",
            "This cannot be mended here: report it, with the name of the delivery and without the numbers.",
        )
    if not unique.len():
        return numbers.cast(pl.String)
    return numbers.replace_strict(unique, made, default=None, return_dtype=pl.String)


def digests(key: bytes, subjects: pl.Series) -> pl.Series:
    """The keyed digest of each distinct pseudonym, in their order: what is kept of whom the home has forgotten."""
    told = [hmac.digest(key, f"erased:{VERSION}:{each}".encode(), hashlib.sha256).hex()[:32] for each in subjects]
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


def _encoded(key: bytes, domain: Domain, numbers: Sequence[str]) -> pl.Series:
    """Pseudonyms of distinct numbers, in their order."""
    prefix = f"{domain}:{VERSION}:".encode()
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
