"""Whose row may this be? Deterministic passes, strictest first, over pairs that a key has brought together.

Pure: frames in, frames out. Nothing is compared with everybody. A damaged number is written out into the numbers
that it can have been (100 where a spreadsheet kept 15 digits, some fourteen where somebody mistyped one), which are
looked up; a birth date meets those who have it (about 34 of a million people), a household number its people.

Two texts agree when they are equal after ``plain_*``. No score, no threshold, no likeness: a pass is a list of what
must agree, so that whoever decides knows what the proposal rests on. Whatever row and person both tell, and tell
differently, speaks against every pass (``AGAINST``).
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import polars as pl

from engine.identity import CHECK_CHARACTERS, WEIGHTS

DIGITS_KEPT: Final = "number_15"
"""The first 15 digits agree: all that a spreadsheet has kept of a number."""
ONE_MISTAKE: Final = "number_mistyped"
"""One character wrong, missing or too many, or two neighbours changed about; and the check character fits then."""
BORN_IN_NUMBER: Final = "birth_date_in_number"

PASSES: Final[tuple[tuple[str, ...], ...]] = (
    (DIGITS_KEPT, "name"),
    (DIGITS_KEPT, "household"),
    (ONE_MISTAKE, "name", "birth_date"),
    (ONE_MISTAKE, "name", BORN_IN_NUMBER),
    (ONE_MISTAKE, "name"),
    (ONE_MISTAKE, "household"),
    ("name", "birth_date", "phone"),
    ("name", "birth_date", "address"),
    ("name", "birth_date", "household"),
    ("name", BORN_IN_NUMBER, "phone"),
    ("name", BORN_IN_NUMBER, "address"),
    ("household", "birth_date", "sex"),
)
"""What must agree, strictest first. No number alone: of a million people of one area some 34 share a birth date and
its 1,000 numbers, so that a mistyped number is somebody else's, too, one time in three, a cut one nearly always.
"""
AGAINST: Final = ("name", "birth_date", "sex")

PAIRS: Final = {"place": pl.Int64, "person_id": pl.String}
EVIDENCE: Final = {"place": pl.Int64, "field": pl.String, "value": pl.String}
KNOWN: Final = {"person_id": pl.String, "field": pl.String, "value": pl.String}
NUMBERS: Final = {"place": pl.Int64, "field": pl.String, "number": pl.String}

_SHAPE: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CUT: Final = re.compile(r"([1-9][0-9]{14})000")
_EXPONENT: Final = re.compile(r"([1-9])\.([0-9]{14,})E\+?17")
_COUNTRY: Final = r"^(?:\+|00)?86"
_BETWEEN: Final = r"[\s\p{P}\p{S}]"


def pass_name(needs: tuple[str, ...]) -> str:
    """A pass by the evidence that it rests on, as it is kept and shown."""
    return "+".join(needs)


def plain_name(name: pl.Expr) -> pl.Expr:
    """A name without blanks, middle dots and other marks, in half width and capitals; blank = null."""
    return _plain(name)


def plain_address(address: pl.Expr) -> pl.Expr:
    """An address in the same way."""
    return _plain(address)


def plain_phone(phone: pl.Expr) -> pl.Expr:
    """A phone's digits without the country code (86); null below seven digits."""
    digits = phone.str.normalize("NFKC").str.replace_all(r"[^0-9+]", "")
    bare = pl.when(digits.str.len_chars() > 11).then(digits.str.replace(_COUNTRY, "")).otherwise(digits)
    bare = bare.str.replace_all("+", "", literal=True)
    return pl.when(bare.str.len_chars() >= 7).then(bare)


def possible_numbers(number: str) -> tuple[str, list[str]]:
    """The sound identity numbers (GB 11643-1999) that a broken one can have been, and by which field they agree.

    Empty where a spreadsheet kept fewer than 15 digits, or where more than one thing is wrong.
    """
    kept = _CUT.fullmatch(number)
    exponent = _EXPONENT.fullmatch(number)
    if kept or exponent:
        first = kept[1] if kept else "".join(exponent.groups() if exponent else ())[:15]
        return DIGITS_KEPT, [body + check_character(body) for body in (f"{first}{n:02}" for n in range(100))]
    found = {each for each in _one_mistake_away(number) if each != number and _is_sound(each)}
    return ONE_MISTAKE, sorted(found)


def check_character(body: str) -> str:
    """The check character of the first 17 digits."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def all_possible(numbers: pl.DataFrame) -> pl.DataFrame:
    """``place, field, number`` for every number that the broken ones (``place, number``) can have been."""
    rows = [
        (place, field, each)
        for place, number in numbers.drop_nulls("number").select("place", "number").iter_rows()
        for field, found in (possible_numbers(number),)
        for each in found
    ]
    return pl.DataFrame(rows, schema=NUMBERS, orient="row")


def born_in(number: str | None) -> str | None:
    """The birth date in a number of 18 characters, as ``YYYY-MM-DD``; None where there is none."""
    try:
        return date.fromisoformat(number[6:14]).isoformat() if number is not None and len(number) == 18 else None
    except ValueError:
        return None


def proposals(
    evidence: pl.DataFrame,
    known: pl.DataFrame,
    by_number: pl.DataFrame,
    pairs: pl.DataFrame,
    rejected: pl.DataFrame,
) -> pl.DataFrame:
    """Who a row may be: ``place, person_id, found_by, candidates``, sorted; rows of whom nobody fits are left out.

    ``evidence`` (``place, field, value``) is what the rows say, ``known`` (``person_id, field, value``, any number
    of values each) what is known of people, both in plain form; ``by_number`` (``place, person_id, field``) whose
    number it can have been; ``pairs`` (``place, person_id``) who is compared; ``rejected`` (the same) who it is
    not. The strictest pass counts that finds anybody who was not rejected. ``candidates`` is how many persons that
    pass has found, rejected ones included: a rejection makes nobody else certain.
    """
    judged = _judged(evidence, known, by_number, pairs)
    found = [
        judged.filter(
            pl.all_horizontal(pl.col("agrees").list.contains(field) for field in needs), ~pl.col("contradicted")
        ).select("place", "person_id", pl.lit(order).alias("order"))
        for order, needs in enumerate(PASSES)
    ]
    hits = pl.concat(found).join(
        rejected.select("place", "person_id", pl.lit(value=True).alias("rejected")),
        on=["place", "person_id"],
        how="left",
        maintain_order="left",
    )
    hits = hits.with_columns(pl.col("rejected").fill_null(value=False))
    of_pass = ["place", "order"]
    hits = hits.with_columns(
        pl.len().over(of_pass).cast(pl.Int64).alias("candidates"),
        (~pl.col("rejected")).any().over(of_pass).alias("left"),
    )
    hits = hits.filter("left")
    hits = hits.filter(pl.col("order") == pl.col("order").min().over("place"), ~pl.col("rejected"))
    names = [pass_name(needs) for needs in PASSES]
    named = pl.col("order").replace_strict(list(range(len(names))), names, return_dtype=pl.String)
    return hits.select("place", "person_id", named.alias("found_by"), "candidates").sort("place", "person_id")


def _judged(
    evidence: pl.DataFrame, known: pl.DataFrame, by_number: pl.DataFrame, pairs: pl.DataFrame
) -> pl.DataFrame:
    """``place, person_id, agrees`` (fields) and ``contradicted``, one row per pair."""
    pair = ["place", "person_id"]
    both = pl.concat([pairs, by_number.select(pair)]).unique(maintain_order=True)
    said = both.join(evidence, on="place", maintain_order="left")
    met = said.join(known, on=["person_id", "field", "value"], how="semi", maintain_order="left")
    told = said.join(known, on=["person_id", "field"], how="semi", maintain_order="left")
    against = told.join(met, on=[*pair, "field"], how="anti").filter(pl.col("field").is_in(AGAINST))
    agrees = pl.concat([met.select(*pair, "field"), by_number.select(*pair, "field")])
    agreed = agrees.group_by(pair, maintain_order=True).agg(pl.col("field").unique().alias("agrees"))
    contradicted = against.select(pair).unique().with_columns(contradicted=pl.lit(value=True))
    judged = agreed.join(contradicted, on=pair, how="left", maintain_order="left")
    return judged.with_columns(pl.col("contradicted").fill_null(value=False))


def _plain(text: pl.Expr) -> pl.Expr:
    bare = text.str.normalize("NFKC").str.replace_all(_BETWEEN, "").str.to_uppercase()
    return bare.replace("", None)


def _one_mistake_away(number: str) -> Iterator[str]:
    """What the number was before one slip of the hand, sound or not; nothing for one of another length."""
    if len(number) == 18:
        for place in range(18):
            for character in "0123456789X" if place == 17 else "0123456789":
                yield number[:place] + character + number[place + 1 :]
        for place in range(17):
            yield number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    elif len(number) == 17:
        for place in range(18):
            for character in "0123456789X" if place == 17 else "0123456789":
                yield number[:place] + character + number[place:]
    elif len(number) == 19:
        for place in range(19):
            yield number[:place] + number[place + 1 :]


def _is_sound(number: str) -> bool:
    return (
        _SHAPE.fullmatch(number) is not None
        and check_character(number[:17]) == number[17]
        and born_in(number) is not None
    )
