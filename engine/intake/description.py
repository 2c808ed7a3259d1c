"""What a bureau says of a source in ``sources/*.toml``: where it comes from, what it may be used for, its columns.

A description is all that a bureau writes to take in a department's files as they are. Everything that can be wrong
in it is found before a row is read, and named by file and entry.
"""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import dataframely as dy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from engine.errors import HomeError, NotAllowedError, XunfangError
from engine.intake.manifest import IDENTITY
from engine.intake.parse import DEFAULTED, DOMAINS, OURS, SCHEMAS
from engine.intake.shape import Encoding, Format, Shape
from engine.settings import Home, problems, read_toml
from features.records import STAGE_B_KINDS, PersonOrHousehold

DECIMALS: Final[Mapping[str, int]] = {"fen": 0, "jiao": 1, "yuan": 2, "thousand_yuan": 5, "wan_yuan": 6}
"""Units of money by the number of digits that lie between them and fen (分, 角, 元, 千元, 万元)."""
EXCEL: Final = "excel"
"""The date format of a spreadsheet's serial numbers (days since 1899-12-30)."""
DEFAULT_DATES: Final = ("YYYY-MM-DD",)
MONTH_COLUMNS: Final = ("month", "contributed_until")
"""Columns that hold a month: a day in it is taken as the month that it lies in."""
CLASS_OF: Final[Mapping[str, str]] = {IDENTITY: "I", "medical": "P", "disability": "P"}
"""The sensitivity class of each kind (records.py); S where nothing is said."""
WAY_OUT: Final = "Mend the entry named above; docs/operator.md shows a whole description."

Text = Annotated[str, Field(min_length=1)]


def _listed(given: Any) -> Any:
    """A single text stands for a list of one."""
    return (given,) if isinstance(given, str) else given


def _column(given: Any) -> Any:
    """A text, or a list of texts, stands for columns that are taken as they are."""
    return {"from": given} if isinstance(given, str | list) else given


Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Column(_Entry):
    """How one of our columns is made: from one of theirs (or several, joined by ``|``), or from a fixed value."""

    source: Texts | None = Field(default=None, alias="from")
    value: bool | int | float | date | Text | None = None
    unit: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    codes: Mapping[str, bool | int | Text] | None = None
    otherwise: bool | int | Text | None = None
    dates: Texts | None = None
    blanks: tuple[Text, ...] = ()
    characters: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    element: Text | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.source is not None and self.value is not None:
            raise ValueError("has both from and value: a column comes from the file, or is fixed")
        if self.unit is not None and self.unit not in DECIMALS:
            raise ValueError(f"unit must be one of {', '.join(DECIMALS)}")
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal are the same character")
        if self.otherwise is not None and self.codes is None:
            raise ValueError("otherwise is for what codes does not list: there are no codes")
        if self.characters is not None and self.characters[0] > self.characters[1]:
            raise ValueError("characters begin after they end: write [first, last], counted from 1")
        for each in self.dates or ():
            date_pattern(each)
        return self


class Months(_Entry):
    """Months that lie beside each other in one row: each becomes a record. A blank cell is no record.

    ``columns`` is how their headers are written, with YYYY, MM or M for year and month (``YYYY年M月``); where the
    header has no year, ``year`` is the column that holds it.
    """

    columns: Text
    month: Text = "month"
    value: Text = "amount"
    year: Text | None = None

    @model_validator(mode="after")
    def _a_month_and_a_year(self) -> Self:
        names = set(re.compile(date_pattern(self.columns)).groupindex)
        if "month" not in names or "day" in names:
            raise ValueError("columns must hold MM or M, and no day")
        if ("year" in names) == (self.year is not None):
            raise ValueError("the year is either in columns (YYYY) or in a column named by year")
        return self


class Origin(_Entry):
    """Where a delivery comes from: files in a folder of the inbox, or a query that is run by ``xunfang fetch``."""

    folder: Text = "*"
    files: Texts | None = None
    database_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    query: Text | None = None

    @model_validator(mode="after")
    def _files_or_database(self) -> Self:
        if (self.files is None) == (self.query is None) or (self.query is None) != (self.database_env is None):
            raise ValueError("needs files, or database_env and query")
        if self.query is not None and ";" in self.query:
            raise ValueError("query must be one SELECT without a semicolon")
        return self


class FileShape(_Entry):
    """What the bureau knows of the files; whatever it leaves out is found by looking at each file."""

    format: Format | None = None
    encoding: Encoding = "auto"
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1)] = 1


class Linkage(_Entry):
    """Columns of the file that help to tell whose a row is when its identity number cannot be read.

    They are compared with what is known (``xunfang linkage``) and kept nowhere.
    """

    name: Text | None = None
    phone: Text | None = None
    address: Text | None = None
    birth_date: Text | None = None
    household: Text | None = None


class Description(_Entry):
    """One source: what it is, whose it is, why it may be used, how it is read, and how its columns become ours."""

    name: Text
    kind: str
    department: Annotated[str, Field(pattern=r"^[A-Z]{2,4}$")]
    title_zh: Text
    title_en: Text
    purpose_zh: Text
    purpose_en: Text
    basis_zh: Text
    basis_en: Text
    refresh_days: Annotated[int, Field(ge=1, le=3_660)]
    sensitivity: Literal["I", "S", "P", "B"]
    origin: Origin = Field(alias="from")
    shape: FileShape = FileShape()
    columns: Mapping[str, Annotated[Column, BeforeValidator(_column)]]
    months: Months | None = None
    linkage: Linkage = Linkage()
    snapshot: bool = False
    assumed_lag_days: Annotated[int, Field(ge=0, le=3_660)] | None = None
    first_load_until: date | None = None
    text: str = Field(exclude=True)

    def matches(self, folder: str, file: str) -> bool:
        """Whether a file of a delivery folder is of this source."""
        patterns = self.origin.files or ()
        return fnmatchcase(folder, self.origin.folder) and any(fnmatchcase(file, each) for each in patterns)

    def is_first_load(self, delivered_on: date) -> bool:
        """Whether a delivery of that day brings history, whose days of knowledge must be assumed."""
        return self.first_load_until is not None and delivered_on <= self.first_load_until

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of the file that are read (without wide months), in the order of the description."""
        names = [name for column in self.columns.values() for name in column.source or ()]
        year = [self.months.year] if self.months and self.months.year else []
        return tuple(dict.fromkeys([*names, *year]))

    @property
    def told_shape(self) -> Shape:
        """The shape as the reader takes it."""
        return Shape(**self.shape.model_dump())

    @property
    def splits_rows(self) -> bool:
        """Whether one row of the file may become several records."""
        return self.months is not None or self.first_load_until is not None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        wrong = [*_wrong_kind(self), *_wrong_columns(self), *_wrong_history(self)]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def read_descriptions(home: Home) -> tuple[dict[str, Description], dict[str, XunfangError]]:
    """The sound descriptions of a home by name (their files' stems), in order of name; and why others are not.

    A mistake stops its own source and no other: it is told by ``sources/NAME.toml``, file and entry, as a
    HomeError, or a NotAllowedError for a source of stage B.
    """
    sound: dict[str, Description] = {}
    broken: dict[str, XunfangError] = {}
    for path in sorted(home.sources.glob("*.toml")) if home.sources.is_dir() else []:
        try:
            sound[path.stem] = read_description(path)
        except (HomeError, NotAllowedError) as wrong:
            broken[f"sources/{path.name}"] = wrong
    return sound, broken


def read_description(path: Path) -> Description:
    """One description; raises HomeError that names file, entry and way out, NotAllowedError for stage B."""
    table = read_toml(path)
    kind, sensitivity = table.get("kind"), table.get("sensitivity")
    if kind in STAGE_B_KINDS or sensitivity == "B":
        raise NotAllowedError(
            f"{path}: describes a source of stage B, which is checked only after an application and with the "
            "consent of the person (社会救助法 Arts. 40-41)",
            "Take the description away: such facts never enter screening.",
        )
    table = table | {"name": path.stem, "text": path.read_text("utf-8")}
    if isinstance(table.get("snapshot"), bool) and table["snapshot"] and kind in ("household", "member"):
        table["columns"] = {"valid_from": {"value": "delivered_on"}} | dict(table.get("columns", {}))
    try:
        return Description.model_validate(table)
    except ValidationError as wrong:
        told = problems(wrong).replace("Value error, ", "").removeprefix(": ")
        raise HomeError(f"{path}: {told}", WAY_OUT) from None


def check_secrets(description: Description, environment: Mapping[str, str] = os.environ) -> str | None:
    """What is missing in the environment for the source's query; None where nothing is."""
    name = description.origin.database_env
    return None if name is None or environment.get(name) else f"the environment variable {name} is not set"


def date_pattern(written: str) -> str:
    """The regular expression (with groups year, month, day) of a format such as ``YYYY/M/D``; ValueError if none.

    ``MM`` and ``DD`` are two digits, ``M`` and ``D`` one or two; without a day the first of the month is meant.
    """
    if written == EXCEL:
        return r"^(?P<serial>[1-9][0-9]{4})(?:\.[0-9]*)?$"
    groups = {"YYYY": "(?P<year>[0-9]{4})", "MM": "(?P<month>[0-9]{2})", "DD": "(?P<day>[0-9]{2})"}
    groups |= {"M": "(?P<month>[0-9]{1,2})", "D": "(?P<day>[0-9]{1,2})"}
    pieces = re.split("(YYYY|MM|DD|M|D)", written)
    found = [piece for piece in pieces if piece in groups]
    if "MM" not in found and "M" not in found:
        raise ValueError(f"{written!r} is no date format: write YYYY, MM or M, DD or D, or {EXCEL!r}")
    if len(found) != len({piece[0] for piece in found}):
        raise ValueError(f"{written!r} names the year, the month or the day twice")
    return "^" + "".join(groups.get(piece, re.escape(piece)) for piece in pieces) + "$"


def our_columns(kind: str) -> list[str]:
    """The columns that a delivery of a kind may fill, in order."""
    return [name for name in SCHEMAS[kind].column_names() if name not in (*OURS, "id_number")]


def codes_of(kind: str, name: str) -> Sequence[str] | None:
    """The codes that one of our columns admits, as text; None where it admits more than a list."""
    column = SCHEMAS[kind].columns()[name]
    if isinstance(column, dy.Bool):
        return ("true", "false")
    listed = getattr(column, "categories", None) or getattr(column, "is_in", None)
    return None if listed is None else [str(each) for each in listed]


def as_code(value: object) -> str:
    """A value of TOML as it stands in a file of ours."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong_kind(given: Description) -> list[str]:
    if given.kind not in SCHEMAS:
        return [f"kind: {given.kind!r} does not exist; the kinds are {', '.join(SCHEMAS)}"]
    own = CLASS_OF.get(given.kind, "S")
    order = "SPI"
    if order.index(given.sensitivity) < order.index(own):
        return [f"sensitivity: {given.kind} records are of class {own}, not {given.sensitivity}"]
    return []


def _wrong_columns(given: Description) -> list[str]:
    if given.kind not in SCHEMAS:
        return []
    ours, wrong = our_columns(given.kind), []
    for name, column in given.columns.items():
        if name not in ours:
            wrong.append(f"columns.{name}: is no column of {given.kind} records ({', '.join(ours)})")
            continue
        wrong += [f"columns.{name}: {each}" for each in _wrong_column(given, name, column)]
    filled = {*given.columns, *([given.months.month, given.months.value] if given.months else [])}
    missing = [name for name in ours if name not in {*filled, *DEFAULTED} and required(given.kind, name)]
    wrong += [f"columns.{name}: is required for {given.kind} records and not mapped" for name in missing]
    both = issubclass(SCHEMAS[given.kind], PersonOrHousehold)
    if both and filled.isdisjoint({"person_id", "household_id"}):
        wrong.append("columns: map person_id or household_id: a record without an owner belongs to nobody")
    return wrong


def _wrong_column(given: Description, name: str, column: Column) -> list[str]:
    schema, wrong = SCHEMAS[given.kind].columns()[name], []
    wide = given.months is not None and name == given.months.value
    if column.source is None and column.value is None and not wide:
        wrong.append("has neither from nor value")
    if given.months is not None and name == given.months.month:
        wrong.append("is filled from the headers of the months; take it out")
    if wide and (column.source or column.value is not None):
        wrong.append("is filled from the cells of the months; leave from and value out")
    if column.unit is not None and not (isinstance(schema, dy.Int64) and _is_money(schema)):
        wrong.append("has a unit of money, and is no amount")
    if column.dates is not None and not isinstance(schema, dy.Date):
        wrong.append("has date formats, and is no date")
    if name in DOMAINS and (column.codes or column.value is not None):
        wrong.append("holds numbers of persons or households: neither codes nor a fixed value can make one")
    admitted = codes_of(given.kind, name)
    targets = [*(column.codes or {}).values(), column.otherwise, column.value]
    if admitted is not None:
        strange = sorted({as_code(each) for each in targets if each is not None} - set(admitted))
        wrong += [f"{each!r} is not one of our codes ({', '.join(admitted)})" for each in strange]
    return wrong


def _wrong_history(given: Description) -> list[str]:
    wrong = []
    if (given.assumed_lag_days is None) != (given.first_load_until is None):
        wrong.append(
            "assumed_lag_days and first_load_until belong together: the lag dates deliveries up to that day"
        )
    if given.snapshot and given.kind not in ("household", "member"):
        wrong.append("snapshot: only a roster (household, member) can be a snapshot without validity dates")
    elif given.snapshot and given.columns["valid_from"].value != "delivered_on":
        wrong.append("snapshot: has no validity dates, but columns.valid_from is mapped")
    if given.snapshot and given.assumed_lag_days is not None:
        wrong.append(
            "snapshot: it says nothing about the past, so that no lag can date it; take assumed_lag_days out"
        )
    if given.months is not None and given.kind in SCHEMAS:
        strange = {given.months.month, given.months.value} - set(our_columns(given.kind))
        wrong += [f"months: {name!r} is not a column of {given.kind} records" for name in sorted(strange)]
    return wrong


def required(kind: str, name: str) -> bool:
    """Whether a record of a kind cannot do without a column."""
    return not SCHEMAS[kind].columns()[name].nullable


def _is_money(column: dy.Column) -> bool:
    told = (column.description or "").lower()
    return "minor unit" in told
