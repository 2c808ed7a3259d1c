"""A sound delivery file, and the ways in which departments, spreadsheets and full disks spoil one.

A way takes a sound ``Table`` and a seeded random generator and returns what lies in the inbox (``Spoilt``), with
what is known about it without reading it back: how many records it holds, how many of them are set aside, and
whether the file is refused as a whole.
"""

import csv
import gzip
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from engine.identity import CHECK_CHARACTERS, WEIGHTS

HEADER = [
    *("person_id", "household_id", "month", "period_months", "kind", "source_dept"),
    *("record_no", "amount", "quality", "known_on", "void", "seq"),
]
PERSON, HOUSEHOLD, MONTH, PERIOD, KIND, DEPT, NUMBER, AMOUNT, QUALITY, KNOWN_ON, VOID, SEQ = range(len(HEADER))
MOST_ASIDE = 6
"""So many rows of a file are spoilt at most: fewer than the policy refuses a delivery for."""


def sound_id(number: int) -> str:
    """An identity number that nobody has (the area 990101 is not allocated), with its check character."""
    body = f"990101{1950 + number % 50}{1 + number % 12:02d}{1 + number % 28:02d}{number:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + CHECK_CHARACTERS[total % 11]


PERSONS = [sound_id(number) for number in range(1, 41)]


@dataclass(frozen=True)
class Table:
    """A header and rows of text, one cell per column of the header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def with_cell(self, row: int, column: int, text: str) -> "Table":
        """The table with one other cell."""
        rows = [list(each) for each in self.rows]
        rows[row][column] = text
        return replace(self, rows=rows)

    def csv(self, separator: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
        """The table as a CSV file."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
        writer.writerows([self.header, *self.rows])
        return text.getvalue()

    def key(self, row: Sequence[str]) -> tuple[str, str, str]:
        """What a stored record is compared by."""
        return row[NUMBER], row[AMOUNT], row[MONTH]


@dataclass(frozen=True)
class Spoilt:
    """A file in the inbox. ``rows``: the records in it (None: nobody can say). ``aside``: how many are set aside.

    ``refused``: it must be, it must not be, or (None) either will do. ``sound``: whether every accepted record must
    be one of the sound table's. ``entry``: what else the manifest says.
    """

    data: bytes
    rows: int | None
    aside: int | None = 0
    refused: bool | None = False
    name: str = "income.csv"
    sound: bool = True
    entry: Mapping[str, Any] = field(default_factory=dict)


Way = Callable[[Table, Random], Spoilt]
WAYS: dict[str, Way] = {}


def way(made: Way) -> Way:
    """Register a way of spoiling under its name in words."""
    WAYS[made.__name__.replace("_", " ")] = made
    return made


def sound_table(random: Random, rows: int) -> Table:
    """A table that breaks no rule; every record has a number of its own."""
    made = []
    for number in range(rows):
        year, month = random.randint(2022, 2024), random.randint(1, 12)
        cells = [random.choice(PERSONS), "", f"{year}-{month:02d}-01", "1", "wage", "RS", f"号{number:05d}"]
        made.append([*cells, str(random.randint(100_000, 999_999)), "registered", f"{year}-{month:02d}-28", "", ""])
    return Table(HEADER, made)


def some(table: Table, random: Random) -> list[int]:
    """A few rows of a table."""
    return sorted(random.sample(range(len(table.rows)), random.randint(1, MOST_ASIDE)))


def as_csv(table: Table, **known: Any) -> Spoilt:
    """A table as the plainest file there is."""
    return Spoilt(table.csv().encode(), len(table.rows), **known)


def lines_changed(table: Table, rows: Sequence[int], change: Callable[[bytes], bytes]) -> bytes:
    """The plain file with some lines changed."""
    lines = table.csv().encode().split(b"\n")
    for row in rows:
        lines[row + 1] = change(lines[row + 1])
    return b"\n".join(lines)


def cells_changed(column: int, make: Callable[[Random], str], lost: bool = True) -> Way:
    """The way that writes something else into a column of a few rows, which are then set aside (or are not)."""

    def changed(table: Table, random: Random) -> Spoilt:
        rows = some(table, random)
        for row in rows:
            table = table.with_cell(row, column, make(random))
        return as_csv(table, aside=len(rows) if lost else 0, sound=lost)

    return changed


def packed(data: bytes) -> bytes:
    """A gzip file that is the same on every day."""
    return gzip.compress(data, 6, mtime=0)


def cut(data: bytes, random: Random, least: int = 1) -> bytes:
    """Some of the first bytes, the last ``least`` never."""
    return data[: random.randrange(max(1, len(data) // 4), len(data) - least)]
