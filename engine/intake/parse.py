"""Text becomes typed records: by rules of our own, never by a reader's guesses, and each broken rule has a name.

The order for every block: numbers of persons and households → pseudonyms; text → types, with the rule "there was
something and it could not be read"; then the rules of the kind's schema. A row that breaks a rule leaves with the
first one that it breaks.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

import dataframely as dy
import polars as pl

from engine.errors import SourceError
from engine.identity import (
    BROKEN_AREA,
    BROKEN_SPREADSHEET,
    Domain,
    EmployerKind,
    IdKind,
    broken_credit_rule,
    broken_rule,
    digests,
    disagreements,
    is_area_code,
    normalised,
    pseudonyms,
)
from engine.intake.manifest import IDENTITY
from features.records import KEYS, KINDS, PersonOrHousehold, Record

DOMAINS: Final[Mapping[str, Domain]] = {
    "person_id": "person",
    "kin_id": "person",
    "household_id": "household",
    "employer": "employer",
    "dwelling_id": "dwelling",
}
"""The columns that hold raw numbers, and the domain of their pseudonyms."""
DEFAULTED: Final = ("known_on", "void", "seq")
"""Columns that a file may lack or leave blank: the day of delivery, false, 0."""
OURS: Final = ("known_on_assumed", "delivery_id")
KNOWN_TOO_LATE: Final = "known_on|after_the_delivery"
NUMBER: Final = "number_"
"""The working column of a member's normalised number, dropped with the block."""
UNREADABLE_FROM: Final = 5
"""A column of which nothing can be read, with at least so many values, is of the wrong kind altogether."""
SERIAL_EPOCH: Final = date(1899, 12, 30)
SERIAL_DAY: Final = r"^[1-9][0-9]{4}$"
"""Days since 1899-12-30: how a spreadsheet stores a date (ECMA-376 part 1, 18.17.4.1)."""
EXPONENT: Final = r"^[0-9]\.[0-9]+E\+[0-9]{2,}$"

BROKEN_SCHEMA: Final = {"row_": pl.Int64, "rule": pl.String}


class Identity(PersonOrHousehold):
    """Name, phone and address of a person or a household from a day on. For the vault alone. Class I."""

    valid_from = dy.Date()
    name = dy.String(nullable=True)
    phone = dy.String(nullable=True)
    address = dy.String(nullable=True)
    id_number = dy.String(description="The department's number, normalised")


SCHEMAS: Final[Mapping[str, type[Record]]] = {**KINDS, IDENTITY: Identity}
ROW_KEYS: Final[Mapping[str, tuple[str, ...]]] = {**KEYS, IDENTITY: ("person_id", "household_id", "valid_from")}


@dataclass
class Pseudonymiser:
    """Raw numbers to pseudonyms, each number once. ``before``: the keys before this one, the oldest first."""

    key: bytes
    person_ids: IdKind
    employer_ids: EmployerKind = "free"
    before: tuple[bytes, ...] = ()
    _known: dict[Domain, pl.DataFrame] = field(default_factory=dict)

    def table(self, domain: Domain, raw: pl.Series) -> pl.DataFrame:
        """``raw, number, pseudonym, broken`` for each distinct raw value, in no order."""
        unique = raw.drop_nulls().unique().alias("raw").to_frame()
        known = self._known.get(domain)
        fresh = unique if known is None else unique.join(known, on="raw", how="anti")
        if fresh.height or known is None:
            made = self._made(domain, fresh["raw"])
            known = made if known is None else pl.concat([known, made])
            self._known[domain] = known
        return known.join(unique, on="raw", how="semi")

    def _made(self, domain: Domain, raw: pl.Series) -> pl.DataFrame:
        kind: IdKind = self.person_ids if domain == "person" else "free"
        number = normalised(raw, kind)
        broken = broken_rule(number) if kind == "gb11643" else _damaged(number)
        if domain == "employer" and self.employer_ids == "gb32100":
            number = number.str.to_uppercase()
            broken = broken_credit_rule(number)
        return pl.DataFrame(
            {
                "raw": raw,
                "number": number,
                "pseudonym": pseudonyms(self.key, domain, number, self.before),
                "broken": broken,
            }
        )

    def forgotten(self, domain: Domain, ids: pl.Series, erased: Collection[str]) -> pl.Series:
        """Those of these pseudonyms whose digest was kept by an erasure, under this key or one before it."""
        if domain not in self._known:
            return ids.clear()
        keys, wanted = (*self.before, self.key), sorted(erased)
        table = self._known[domain].filter(pl.col("pseudonym").is_in(ids.implode()))
        held = pl.Series([False]).new_from_index(0, table.height)
        for version in range(1, len(keys) + 1):
            names = pseudonyms(keys[version - 1], domain, table["number"], keys[: version - 1])
            held = held | digests(keys[version - 1], names).is_in(wanted)
        return table.filter(held)["pseudonym"].unique()


@dataclass
class Parser:
    """Parses the blocks of one file and remembers which columns could not be read at all.

    ``alerts`` counts accepted rows that contradict themselves, by what is to be looked at.
    """

    kind: str
    name: str
    delivery_id: str
    delivered_on: date
    pseudonymiser: Pseudonymiser
    alerts: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _failed: dict[str, int] = field(default_factory=dict)

    def check_columns(self, frame: pl.DataFrame) -> None:
        """Raise SourceError where a column is missing, unknown, or of a type that cannot hold such values."""
        wanted = [name for name in SCHEMAS[self.kind].column_names() if name not in (*OURS, "id_number")]
        given = [name for name in frame.columns if name != "row_"]
        missing = [name for name in wanted if name not in given and name not in DEFAULTED]
        if missing:
            raise SourceError(
                f"{self.name}: column {_listed(missing)} is missing",
                f"A file of {self.kind} records needs: {', '.join(wanted)} ({', '.join(DEFAULTED)} may be left "
                "out).",
            )
        unknown = [name for name in given if name not in wanted]
        if unknown:
            raise SourceError(
                f"{self.name}: column {_listed(unknown)} is not a column of {self.kind} records",
                f"Take it out or rename it. The columns are: {', '.join(wanted)}.",
            )
        for name in given:
            _check_type(self.name, name, frame.schema[name], _types(self.kind)[name])

    def parse(self, frame: pl.DataFrame, *, serial_dates: bool = False) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Good records (the schema's columns and ``row_``) and broken ones (``row_, rule``).

        A first load's days of knowledge come with ``known_on_assumed``; a delivered file may not have the column.
        ``serial_dates``: a spreadsheet's number of days is read as a date where a date belongs.
        """
        frame = self._with_defaults(frame)
        if serial_dates:
            frame = frame.with_columns(_from_serial(name) for name in self._dates(frame))
        typed, broken = self._typed(self._with_pseudonyms(frame))
        good = typed.join(broken, on="row_", how="anti", maintain_order="left") if broken.height else typed
        self._note_alerts(good)
        accepted, failed = _schema_with_row(self.kind).filter(good)
        rules = [broken]
        if failed.counts():
            rules.append(_first_rule(failed.details()))
        columns = [*SCHEMAS[self.kind].column_names(), "row_"]
        return accepted.select(columns), pl.concat(rules)

    def check_kinds_of_columns(self) -> None:
        """After the last block: raise SourceError where nothing in a column could be read."""
        for name, seen in self._seen.items():
            if seen < UNREADABLE_FROM or self._failed.get(name, 0) < seen:
                continue
            if name in DOMAINS:
                raise SourceError(
                    f"{self.name}: column {name!r} holds no identity number: all {seen:,} values break GB 11643",
                    'Where persons have other numbers, write person_ids = "free" into home.toml.',
                )
            wanted = _types(self.kind)[name]
            raise SourceError(
                f"{self.name}: column {name!r} is of the wrong kind: none of {seen:,} values is {_noun(wanted)}",
                _expected(wanted),
            )

    def _with_defaults(self, frame: pl.DataFrame) -> pl.DataFrame:
        absent = [pl.lit(None, dtype=pl.String).alias(name) for name in DEFAULTED if name not in frame.columns]
        return frame.with_columns(absent)

    def _dates(self, frame: pl.DataFrame) -> list[str]:
        types = _types(self.kind)
        return [name for name, given in frame.schema.items() if given == pl.String and types.get(name) == pl.Date]

    def _with_pseudonyms(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Raw numbers replaced; ``broken_*`` is the rule that a number breaks, ``id_number`` the vault's copy."""
        numbers = []
        for name in [name for name in DOMAINS if name in frame.columns]:
            frame = frame.with_columns(pl.col(name).cast(pl.String))
            numbers.append(f"number_{name}")
            if frame[name].null_count() == frame.height:
                blank = (pl.lit(None, dtype=pl.String).alias(f"{told}_{name}") for told in ("broken", "number"))
                frame = frame.with_columns(blank)
                continue
            table = self.pseudonymiser.table(DOMAINS[name], frame[name])
            renamed = table.select(
                pl.col("raw").alias(name),
                pl.col("pseudonym").alias(f"pseudonym_{name}"),
                pl.col("broken").alias(f"broken_{name}"),
                pl.col("number").alias(f"number_{name}"),
            )
            frame = frame.join(renamed, on=name, how="left", maintain_order="left")
            frame = frame.drop(name).rename({f"pseudonym_{name}": name})
        if self.kind == IDENTITY:
            frame = frame.with_columns(pl.coalesce(numbers).alias("id_number"))
        if self.kind == "member" and self.pseudonymiser.person_ids == "gb11643":
            frame = frame.with_columns(pl.col("number_person_id").alias(NUMBER))
        return frame.drop(numbers)

    def _typed(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        types = _types(self.kind)
        given = [name for name in frame.columns if name in types and name not in DOMAINS]
        both = frame.with_columns(
            _read(name, frame.schema[name], types[name]).alias(f"read_{name}") for name in given
        )
        unread = {name: pl.col(name).is_not_null() & pl.col(f"read_{name}").is_null() for name in given}
        flags = both.select(flag.alias(name) for name, flag in unread.items())
        failed = flags.sum().row(0, named=True)
        self._remember(frame.select(pl.col(given).count()).row(0, named=True), failed)
        self._remember_numbers(frame)
        rules = [
            pl.when(flags[name]).then(pl.lit(f"{name}|{_rule(types[name])}")) for name in given if failed[name]
        ]
        read = both.select(pl.col(f"read_{name}" if name in unread else name).alias(name) for name in frame.columns)
        rules += [
            pl.when(pl.col(f"broken_{name}").is_not_null()).then(f"{name}|" + pl.col(f"broken_{name}"))
            for name in DOMAINS
            if f"broken_{name}" in frame.columns
        ]
        assumed = pl.col("known_on_assumed") if "known_on_assumed" in frame.columns else pl.lit(value=False)
        read = read.with_columns(
            pl.col("known_on").fill_null(self.delivered_on),
            pl.col("void").fill_null(value=False),
            pl.col("seq").fill_null(0),
            assumed.alias("known_on_assumed"),
            pl.lit(self.delivery_id).alias("delivery_id"),
        )
        rules.append(pl.when(pl.col("known_on") > self.delivered_on).then(pl.lit(KNOWN_TOO_LATE)))
        if "region" in given and self.pseudonymiser.person_ids == "gb11643":
            rules.append(pl.when(~is_area_code(pl.col("region"))).then(pl.lit(f"region|{BROKEN_AREA}")))
        judged = read.select("row_", pl.coalesce(rules).alias("rule")).filter(pl.col("rule").is_not_null())
        return read, judged.cast(BROKEN_SCHEMA)  # type: ignore[arg-type]

    def _note_alerts(self, good: pl.DataFrame) -> None:
        if NUMBER in good.columns:
            told = disagreements(pl.col(NUMBER), pl.col("birth_date"), pl.col("sex"))
            found = good.select(rule.fill_null(value=False).sum().alias(name) for name, rule in told.items())
            for name, count in found.row(0, named=True).items():
                self.alerts[name] = self.alerts.get(name, 0) + count

    def _remember(self, seen: Mapping[str, int], failed: Mapping[str, int]) -> None:
        """Add up the values of each column, and those of them that could not be read."""
        for name, values in seen.items():
            self._seen[name] = self._seen.get(name, 0) + values
            self._failed[name] = self._failed.get(name, 0) + failed[name]

    def _remember_numbers(self, frame: pl.DataFrame) -> None:
        for name in [name for name in DOMAINS if f"broken_{name}" in frame.columns]:
            self._seen[name] = self._seen.get(name, 0) + frame[name].count()
            self._failed[name] = self._failed.get(name, 0) + frame[f"broken_{name}"].count()


@cache
def _types(kind: str) -> Mapping[str, pl.DataType]:
    return SCHEMAS[kind].create_empty().schema


@cache
def _schema_with_row(kind: str) -> type[dy.Schema]:
    """The schema of a kind with the row number beside it, so that a failed row can be found in its file."""
    return type(f"{kind}_with_row", (SCHEMAS[kind],), {"row_": dy.Int64(), "__doc__": SCHEMAS[kind].__doc__})


def _first_rule(details: pl.DataFrame) -> pl.DataFrame:
    """The first rule that each row breaks, as the schema orders them."""
    rules = [name for name in details.columns if details.schema[name] == pl.Enum and name not in _CONTENT]
    broken = [pl.when(pl.col(name).cast(pl.String) == "invalid").then(pl.lit(name)) for name in rules]
    return details.select("row_", pl.coalesce(broken).alias("rule")).cast(BROKEN_SCHEMA)  # type: ignore[arg-type]


_CONTENT: Final = frozenset(name for schema in SCHEMAS.values() for name in schema.column_names())


def _read(name: str, given: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """A column in its type; whatever cannot be read becomes null (and is told from what was blank)."""
    column = pl.col(name)
    if given != pl.String:
        return column.cast(wanted, strict=False).alias(name)
    if wanted == pl.Date:
        shaped = pl.when(column.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(column)
        return shaped.str.to_date("%Y-%m-%d", strict=False).alias(name)
    if wanted == pl.Boolean:
        return column.str.to_lowercase().replace_strict(["true", "false"], [True, False], default=None).alias(name)
    read = column.cast(wanted, strict=False)
    return pl.when(read.is_finite()).then(read).alias(name) if wanted.is_float() else read.alias(name)


def _from_serial(name: str) -> pl.Expr:
    """Five digits as the day that a spreadsheet shows for them (1927 to 2173); other texts as they are."""
    days = pl.when(pl.col(name).str.contains(SERIAL_DAY)).then(pl.col(name)).cast(pl.Int32, strict=False)
    day = (pl.lit(SERIAL_EPOCH) + pl.duration(days=days)).dt.to_string("%Y-%m-%d")
    return pl.coalesce(day, pl.col(name)).alias(name)


def _damaged(numbers: pl.Series) -> pl.Series:
    """The rule that a number of any form breaks where a spreadsheet made an exponent of it."""
    broken = pl.when(pl.col("number").str.contains(EXPONENT)).then(pl.lit(BROKEN_SPREADSHEET))
    return pl.DataFrame({"number": numbers}).select(broken.alias("broken")).to_series()


def _check_type(file: str, name: str, given: pl.DataType, wanted: pl.DataType) -> None:
    fits = (
        given in (pl.String, pl.Null)
        or given == wanted
        or (wanted.is_integer() and given.is_integer())
        or (wanted.is_float() and given.is_numeric())
        or (isinstance(wanted, pl.Enum) and isinstance(given, pl.Enum | pl.Categorical))
        or (name in DOMAINS and given.is_integer())
    )
    if not fits:
        raise SourceError(
            f"{file}: column {name!r} is of the wrong kind: it holds {given} where {_noun(wanted)} belongs",
            _expected(wanted),
        )


def _rule(wanted: pl.DataType) -> str:
    return f"not_{_noun(wanted)}".replace(" ", "_")


def _noun(wanted: pl.DataType) -> str:
    if isinstance(wanted, pl.Enum):
        return "one of our codes"
    if wanted == pl.Date:
        return "a date"
    if wanted == pl.Boolean:
        return "true or false"
    if wanted.is_integer():
        return "a whole number"
    return "a number" if wanted.is_float() else "text"


def _expected(wanted: pl.DataType) -> str:
    if isinstance(wanted, pl.Enum):
        return f"The codes are: {', '.join(wanted.categories)}."
    if wanted == pl.Date:
        return "Dates are written YYYY-MM-DD."
    if wanted == pl.Boolean:
        return "Write true or false."
    if wanted.is_integer():
        return "Whole numbers are written with digits alone (money in minor units, no point, no comma)."
    return "Numbers are written with digits and a point." if wanted.is_float() else "Write text."


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
