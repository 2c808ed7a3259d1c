"""A described file's columns become ours: the block as it was read in, text and types of ours out.

A value that cannot be read as the description says sets its row aside by a rule that names our column; nothing
becomes null in silence. A row of wide months, or of a first load, becomes several records and stays **one row**:
all of its records carry its ``row_``, it is accepted when all of them are, and one broken piece sets the whole row
aside. So rows in = accepted + quarantined counts rows of the file, as whoever made the file counts them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import dataframely as dy
import polars as pl

from engine.errors import SourceError
from engine.intake.description import (
    DECIMALS,
    DEFAULT_DATES,
    MONTH_COLUMNS,
    Column,
    Description,
    Months,
    as_code,
    date_pattern,
    our_columns,
)
from engine.intake.firstload import dated
from engine.intake.parse import BROKEN_SCHEMA, SCHEMAS, UNREADABLE_FROM

CODE: Final = "code_not_in_the_list"
DATE: Final = "not_a_date_as_described"
NUMBER: Final = "not_a_number_as_described"
AMOUNT: Final = "not_an_amount_in_"
SHORT: Final = "too_short_for_its_characters"
NO_MONTH: Final = "no_month_is_given"
NO_YEAR: Final = "not_a_year"
DELIVERY_DAY: Final = "delivered_on"
"""The fixed value that stands for the day of delivery."""

_WIDE: Final = dict(zip("０１２３４５６７８９．，－＋−：／　", "0123456789.,-+-:/ ", strict=True))
_TIME: Final = r"[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?$"
_SERIAL_ZERO: Final = date(1899, 12, 30)


@dataclass
class Mapper:
    """Maps the blocks of one file; without a description it changes nothing."""

    description: Description | None
    name: str
    delivered_on: date
    columns: tuple[str, ...] = ()
    _seen: dict[str, int] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)

    def apply(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """All rows in our columns with ``row_``, and those of them that could not be mapped (``row_, rule``).

        Raises SourceError where the file lacks a column that the description reads.
        """
        given = self.description
        if given is None:
            return frame, _nothing()
        self.columns = tuple(name for name in frame.columns if name != "row_")
        self._check_columns(given)
        text, empty = self._text(frame, given)
        mapped: dict[str, pl.Series] = {"row_": text["row_"]}
        rules = []
        for name in our_columns(given.kind):
            column = given.columns.get(name)
            if given.months is not None and name == given.months.month:
                mapped[name] = text["month_"].alias(name)
            elif column is None:
                mapped[name] = _blank(given.kind, name, text.height)
            else:
                raw = self._raw(text, given, name, column)
                mapped[name], rule = _mapped(given, name, column, raw)
                failed = raw.is_not_null() & mapped[name].is_null()
                self._count(name, raw, failed)
                if failed.any():
                    rules.append(pl.select(pl.when(failed).then(pl.lit(f"{name}|{rule}"))).to_series())
        ours = pl.DataFrame(mapped)
        return ours, pl.concat([empty, _first_rules(ours["row_"], rules)])

    def dated(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The records with the assumed day of knowledge, where the delivery is a first load."""
        given = self.description
        if given is None or given.assumed_lag_days is None or not given.is_first_load(self.delivered_on):
            return frame
        return dated(given.kind, frame, timedelta(days=given.assumed_lag_days), self.delivered_on)

    def whole_rows(self, good: pl.DataFrame, broken: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Records of whole rows with ``rows_`` (1 on the first of a row, else 0), and each broken row once."""
        if self.description is None or not self.description.splits_rows:
            return good.with_columns(pl.lit(1, dtype=pl.UInt8).alias("rows_")), broken
        broken = broken.unique("row_", keep="first", maintain_order=True)
        first = pl.col("row_").is_first_distinct().cast(pl.UInt8)
        return without(good, broken).with_columns(first.alias("rows_")), broken

    def check_kinds_of_columns(self) -> None:
        """After the last block: raise SourceError where nothing in a column could be read as described."""
        for name, seen in self._seen.items():
            if seen >= UNREADABLE_FROM and self._failed[name] == seen and self.description is not None:
                raise SourceError(
                    f"{self.name}: none of {seen:,} values for our column {name!r} can be read as "
                    f"sources/{self.description.name}.toml says",
                    f"Mend columns.{name} there (from, unit, dates, codes), or ask for the file again.",
                )

    def _check_columns(self, given: Description) -> None:
        missing = [name for name in given.needed if name not in self.columns]
        if given.months is not None and not month_headers(given.months.columns, self.columns):
            missing.append(given.months.columns)
        if missing:
            raise SourceError(
                f"{self.name}: has no column {', '.join(map(repr, missing))}, "
                f"which sources/{given.name}.toml reads",
                "Mend the description, or ask for the file with these columns.",
            )

    def _text(self, frame: pl.DataFrame, given: Description) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The columns that are read, as text without blanks around it; months below each other."""
        months = month_headers(given.months.columns, self.columns) if given.months else {}
        text = frame.select("row_", *(pl.col(name).cast(pl.String) for name in [*given.needed, *months]))
        text = text.with_columns(pl.selectors.string().str.strip_chars().replace("", None))
        return (text, _nothing()) if given.months is None else self._long(text, given, given.months, months)

    def _long(
        self, text: pl.DataFrame, given: Description, wide: Months, months: Mapping[str, str]
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """One row per month that is given, with ``month_`` and ``value_``; rows without any month are broken."""
        blanks = given.columns[wide.value].blanks if wide.value in given.columns else ()
        index = ["row_", *given.needed]
        long = text.unpivot(on=list(months), index=index, variable_name="month_", value_name="value_")
        long = long.filter(pl.col("value_").is_not_null() & ~pl.col("value_").is_in(blanks))
        long = long.with_columns(pl.col("month_").replace_strict(months, return_dtype=pl.String))
        broken = [_ruled(text.join(long, on="row_", how="anti")["row_"], f"{wide.value}|{NO_MONTH}")]
        if wide.year is not None:
            year = pl.col(wide.year).str.extract("^([0-9]{4})年?$")
            unread = long.filter(year.is_null())["row_"].unique(maintain_order=True)
            broken.append(_ruled(unread, f"{wide.month}|{NO_YEAR}"))
            long = long.with_columns(month_=year + "-" + pl.col("month_")).drop_nulls("month_")
        long = long.with_columns(pl.col("month_").str.to_date("%Y-%m-%d", strict=False))
        return long.sort("row_", "month_", maintain_order=True), pl.concat(broken)

    def _raw(self, text: pl.DataFrame, given: Description, name: str, column: Column) -> pl.Series:
        """The text of one column: of theirs, of the months' cells, or fixed; ``blanks`` are null."""
        if given.months is not None and name == given.months.value:
            return text["value_"]
        if column.value is not None:
            fixed = self.delivered_on.isoformat() if column.value == DELIVERY_DAY else as_code(column.value)
            return pl.Series([fixed], dtype=pl.String).new_from_index(0, text.height)
        sources = column.source or ()
        joined = pl.concat_str(list(sources), separator="|") if len(sources) > 1 else pl.col(sources[0])
        raw = text.select(joined.alias(name)).to_series()
        return raw.replace(list(column.blanks), None) if column.blanks else raw

    def _count(self, name: str, raw: pl.Series, failed: pl.Series) -> None:
        self._seen[name] = self._seen.get(name, 0) + raw.count()
        self._failed[name] = self._failed.get(name, 0) + int(failed.sum())


def month_headers(written: str, names: Sequence[str]) -> dict[str, str]:
    """The headers that are months, and the month: ``YYYY-MM-01``, or ``MM-01`` where the year is elsewhere."""
    pattern, found = re.compile(date_pattern(written)), {}
    for name in names:
        if (match := pattern.match(name)) and 1 <= int(match["month"]) <= 12:
            year = f"{match['year']}-" if "year" in pattern.groupindex else ""
            found[name] = f"{year}{int(match['month']):02}-01"
    return found


def _mapped(given: Description, name: str, column: Column, raw: pl.Series) -> tuple[pl.Series, str]:
    """One column of ours, null where it cannot be read, and the rule that such a value breaks."""
    schema = SCHEMAS[given.kind].columns()[name]
    if column.value is not None:
        fixed = raw.str.to_date("%Y-%m-%d", strict=False) if isinstance(schema, dy.Date) else raw
        return fixed.alias(name), DATE
    if column.characters is not None:
        first, last = column.characters
        raw = raw.str.slice(first - 1, last - first + 1).replace("", None)
    if column.codes is not None:
        codes = {theirs: as_code(ours) for theirs, ours in column.codes.items()}
        read = raw.replace_strict(codes, default=None, return_dtype=pl.String)
        if column.otherwise is not None:
            rest = pl.when(read.is_null() & raw.is_not_null()).then(pl.lit(as_code(column.otherwise)))
            read = pl.select(rest.otherwise(read)).to_series()
        return read.alias(name), CODE
    if isinstance(schema, dy.Date):
        day = _once(raw, lambda text: days(text, column.dates or DEFAULT_DATES))
        return (day.dt.truncate("1mo") if name in MONTH_COLUMNS else day).alias(name), DATE
    if column.unit is not None:
        return amounts(raw, column.unit, column.decimal, column.thousands).alias(name), AMOUNT + column.unit
    if isinstance(schema, dy.Int64 | dy.Float64):
        return _numbers(raw, column, isinstance(schema, dy.Int64)).alias(name), NUMBER
    return raw.alias(name), SHORT


def _blank(kind: str, name: str, rows: int) -> pl.Series:
    """A column that the source does not have."""
    dated_ = isinstance(SCHEMAS[kind].columns()[name], dy.Date)
    return pl.Series(name, [None], dtype=pl.Date if dated_ else pl.String).new_from_index(0, rows)


def amounts(raw: pl.Series, unit: str, decimal: str, thousands: str | None) -> pl.Series:
    """Money as text to whole minor units, digit by digit; null where a digit would be lost, or there is no amount.

    No binary fraction comes in between.
    """
    places = DECIMALS[unit]
    marked = raw.str.replace(r"^[¥￥]\s*", "")
    cents = pl.col("part")
    digits = pl.col("sign") + pl.col("whole") + cents.str.pad_end(places, "0")
    exact = pl.when(cents.str.len_bytes() <= places).then(digits)
    parts = _parts(marked, decimal, thousands)
    return parts.select(exact.cast(pl.Int64, strict=False).alias("amount")).to_series()


def _numbers(raw: pl.Series, column: Column, whole: bool) -> pl.Series:
    """Numbers as Python writes them; null where the separators are not those that are described."""
    number = pl.col("sign") + pl.col("whole")
    exact = pl.when(pl.col("part") == "").then(number)
    kept: pl.Expr = exact if whole else exact.otherwise(number + "." + pl.col("part"))
    return _parts(raw, column.decimal, column.thousands).select(kept.alias("number")).to_series()


def _parts(raw: pl.Series, decimal: str, thousands: str | None) -> pl.DataFrame:
    """``sign`` (a minus or nothing), ``whole`` (null: no number), ``part`` without the zeros at its end."""
    grouped = rf"[0-9]{{1,3}}(?:{re.escape(thousands)}[0-9]{{3}})+|" if thousands else ""
    pattern = rf"^(?P<sign>[+-])?(?P<whole>{grouped}[0-9]+)(?:{re.escape(decimal)}(?P<part>[0-9]*))?$"
    groups = pl.col("text").str.extract_groups(pattern).alias("groups")
    parts = pl.DataFrame({"text": _narrow(raw)}).select(groups).unnest("groups")
    whole = pl.col("whole").str.replace_all(thousands, "", literal=True) if thousands else pl.col("whole")
    return parts.select(
        pl.col("sign").fill_null("").replace("+", ""), whole, pl.col("part").fill_null("").str.strip_chars_end("0")
    )


def days(raw: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Days by the first format that fits; a time of day behind them is dropped; null where none fits."""
    text = pl.DataFrame({"text": _narrow(raw).str.replace(_TIME, "")})
    return text.select(pl.coalesce(_date(each) for each in formats).alias("day")).to_series()


def _date(written: str) -> pl.Expr:
    pattern = date_pattern(written)
    if "serial" in pattern:
        days = pl.col("text").str.extract(pattern).cast(pl.Int32, strict=False)
        return pl.lit(_SERIAL_ZERO) + pl.duration(days=days)
    names = re.compile(pattern).groupindex
    parts = pl.col("text").str.extract_groups(pattern).struct
    month = parts.field("month").str.zfill(2)
    day = parts.field("day").str.zfill(2) if "day" in names else pl.lit("01")
    return (parts.field("year") + "-" + month + "-" + day).str.to_date("%Y-%m-%d", strict=False)


def _once(raw: pl.Series, read: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Read each distinct value once: a column of days has few."""
    distinct = raw.drop_nulls().unique()
    if distinct.len() * 2 > raw.len():
        return read(raw)
    return raw.replace_strict(distinct, read(distinct), default=None, return_dtype=pl.Date)


def _narrow(raw: pl.Series) -> pl.Series:
    """Full-width digits and signs, as an input method leaves them, to plain ones."""
    if (raw.str.len_bytes() == raw.str.len_chars()).all():
        return raw
    return raw.str.replace_many(list(_WIDE), list(_WIDE.values())).str.strip_chars()


def _first_rules(rows: pl.Series, rules: list[pl.Series]) -> pl.DataFrame:
    """The first rule that each row breaks, each row once."""
    if not rules:
        return _nothing()
    judged = pl.DataFrame({"row_": rows, "rule": pl.select(pl.coalesce(rules)).to_series()}).drop_nulls("rule")
    return judged.unique("row_", keep="first", maintain_order=True)


def _ruled(rows: pl.Series, rule: str) -> pl.DataFrame:
    return pl.DataFrame({"row_": rows, "rule": [rule] * rows.len()}, schema=BROKEN_SCHEMA)


def without(frame: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    """The rows of a frame that are not among the broken ones."""
    return frame.join(broken, on="row_", how="anti", maintain_order="left") if broken.height else frame


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=BROKEN_SCHEMA)
