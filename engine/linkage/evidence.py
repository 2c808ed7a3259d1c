"""What a set-aside row says of its person besides the number: read as the mended row would be, and kept nowhere.

Only rows whose one fault is the person's number are looked at: with a sound number in its place, the row must pass
every other rule at the door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from engine.errors import SourceError
from engine.identity import (
    BROKEN_CHECK,
    BROKEN_DATE,
    BROKEN_SHAPE,
    BROKEN_SPREADSHEET,
    IdKind,
    normalised,
    pseudonyms,
)
from engine.intake.description import Description, read_descriptions
from engine.intake.mapping import Mapper, days
from engine.intake.mending import ASIDE, rows_to_mend
from engine.intake.parse import Parser, Pseudonymiser
from engine.intake.quarantine import fields_of, open_columns
from engine.linkage.passes import (
    BORN_IN_NUMBER,
    born_in,
    check_character,
    plain_address,
    plain_name,
    plain_phone,
)
from engine.receipts import FileReceipt, Receipt
from engine.recordstore import RecordStore
from engine.settings import Home
from engine.workplace import Workplace

PURPOSE: Final = "linkage"
PERSON: Final = "person_id"
WITHOUT: Final = (f"{PERSON}|nullability", "one_of_person_and_household")
"""Rules of rows in which the number is missing."""
DAMAGED: Final = tuple(f"{PERSON}|{rule}" for rule in (BROKEN_SPREADSHEET, BROKEN_SHAPE, BROKEN_DATE, BROKEN_CHECK))
DATES: Final = ("YYYY-MM-DD", "YYYYMMDD", "YYYY/M/D", "YYYY.M.D", "YYYY年M月D日")
_BODY: Final = "99010119000101001"
STAND_IN: Final = _BODY + check_character(_BODY)
"""A sound number of nobody, put into a row to see whether anything else is wrong with it."""


@dataclass(frozen=True)
class OpenFile:
    """The rows of one delivered file that are set aside for their person's number alone; they hold identities.

    ``cells``: the fields of each row by its number in the file; ``columns``: their names.
    """

    receipt: Receipt
    file: FileReceipt
    description: Description | None
    columns: tuple[str, ...]
    cells: Mapping[int, list[str]]
    pseudonymiser: Pseudonymiser

    @property
    def person_ids(self) -> IdKind:
        """Which numbers persons have."""
        return self.pseudonymiser.person_ids

    @property
    def number_column(self) -> str | None:
        """The file's column with the person's number; None where no single column holds it."""
        if self.description is None:
            return PERSON
        column = self.description.columns.get(PERSON)
        sources = column.source if column else None
        return sources[0] if sources and len(sources) == 1 else None

    def with_number(self, row: int, number: str) -> list[str]:
        """The fields of a row with a sound number where the broken one stands."""
        place = self.columns.index(self.number_column or "")
        fields, (first, last) = list(self.cells[row]), self._characters()
        fields[place] = fields[place][: first - 1] + number + fields[place][last:]
        return fields

    def numbers(self) -> pl.DataFrame:
        """``row, number``: the broken numbers, normalised; null where there is none."""
        place, (first, last) = self.columns.index(self.number_column or ""), self._characters()
        raw = pl.Series([fields[place][first - 1 : last] for fields in self.cells.values()], dtype=pl.String)
        rows = pl.Series(list(self.cells), dtype=pl.Int64)
        return pl.DataFrame({"row": rows, "number": normalised(raw, self.person_ids)})

    def mapped(self, numbers: Mapping[int, str], delivered_on: date) -> pl.DataFrame:
        """The rows in our columns, still as text, with these numbers; ``row_`` is the row's number in the file."""
        return self._mapper(delivered_on).apply(self._frame(numbers))[0]

    def sound(self) -> pl.DataFrame:
        """The records of the rows that break no rule but the number's, under a number of nobody."""
        stand_in = STAND_IN if self.person_ids == "gb11643" else "1"
        day = self.receipt.delivered_on
        mapper = self._mapper(day)
        frame, unmapped = mapper.apply(self._frame(dict.fromkeys(self.cells, stand_in)))
        parser = Parser(self.file.kind, self.file.name, self.receipt.delivery_id, day, self.pseudonymiser)
        parser.check_columns(frame)
        good, broken = mapper.whole_rows(*parser.parse(mapper.dated(frame)))
        lost = pl.concat([unmapped, broken])["row_"]
        return good.filter(~pl.col("row_").is_in(lost.implode()))

    def evidence(self, records: pl.DataFrame) -> pl.DataFrame:
        """``row, field, value`` of rows (as ``sound`` tells them) in the plain form that the passes compare."""
        rows = records.unique("row_", keep="first", maintain_order=True).rename({"row_": "row"})
        said = rows.join(self._told(), on="row", how="left", maintain_order="left")

        def text(name: str) -> pl.Expr:
            ours = [pl.col(each).cast(pl.String) for each in (name, f"{name}_told") if each in said.columns]
            return pl.coalesce(*ours, pl.lit(None, dtype=pl.String))

        plain = said.select(
            "row",
            plain_name(text("name")).alias("name"),
            plain_phone(text("phone")).alias("phone"),
            plain_address(text("address")).alias("address"),
            text("birth_date").alias("birth_date"),
            pl.when(text("sex").is_in(["1", "2"])).then(text("sex")).alias("sex"),
            text("household_id").alias("household"),
        )
        born = pl.DataFrame(
            [(row, born_in(number)) for row, number in self.numbers().iter_rows()],
            schema={"row": pl.Int64, BORN_IN_NUMBER: pl.String},
            orient="row",
        )
        long = plain.join(born, on="row", how="left").unpivot(
            index="row", variable_name="field", value_name="value"
        )
        return long.drop_nulls("value").sort("row", "field").select("row", "field", "value")

    def _told(self) -> pl.DataFrame:
        """What the columns say that the description names for linkage."""
        named = self.description.linkage.model_dump(exclude_none=True) if self.description else {}
        frame = self._frame({})
        told = {"row": frame["row_"]}
        for name, column in named.items():
            if column not in frame.columns:
                continue
            text = frame[column].str.strip_chars().replace("", None)
            if name == "household":
                text = pseudonyms(self.pseudonymiser.key, "household", normalised(text), self.pseudonymiser.before)
            if name == "birth_date":
                text = days(text, DATES).cast(pl.String)
            told[f"{'household_id' if name == 'household' else name}_told"] = text
        return pl.DataFrame(told)

    def _characters(self) -> tuple[int, int]:
        column = self.description.columns[PERSON] if self.description else None
        return (column.characters if column else None) or (1, 1_000)

    def _frame(self, numbers: Mapping[int, str]) -> pl.DataFrame:
        rows = [self.with_number(row, numbers[row]) if row in numbers else each for row, each in self.cells.items()]
        texts = pl.DataFrame(rows, schema=dict.fromkeys(self.columns, pl.String), orient="row")
        texts = texts.drop(ASIDE, strict=False).with_columns(pl.all().replace("", None))
        return texts.with_columns(pl.Series("row_", list(self.cells), dtype=pl.Int64))

    def _mapper(self, delivered_on: date) -> Mapper:
        return Mapper(self.description, self.file.name, delivered_on)


def open_files(place: Workplace, store: RecordStore) -> Iterator[OpenFile]:
    """The files with rows that are set aside for their person's number and have not come back.

    Files whose description is gone, or finds the number in several columns, are left out.
    """
    opener = Opener.of(place)
    for receipt in store.receipts:
        for file in receipt.files:
            if file.rules.keys() & {*WITHOUT, *DAMAGED}:
                rows = rows_to_mend(place.home, place.keys.vault, store.receipts, receipt.delivery_id, file)
                opened = opener.opened(receipt, file, rows)
                if opened is not None:
                    yield opened


@dataclass(frozen=True)
class Opener:
    """Opens set-aside rows under the descriptions as they are now."""

    home: Home
    key: bytes
    described: Mapping[str, Description]
    pseudonymiser: Pseudonymiser

    @classmethod
    def of(cls, place: Workplace) -> "Opener":
        """For a home."""
        settings, keys = place.settings, place.keys
        pseudonymiser = Pseudonymiser(
            keys.pseudonym, settings.person_ids, settings.employer_ids, keys.pseudonym_before
        )
        return cls(place.home, keys.vault, read_descriptions(place.home)[0], pseudonymiser)

    def opened(self, receipt: Receipt, file: FileReceipt, rows: pl.DataFrame) -> OpenFile | None:
        """The file with those of its set-aside rows (``row, rule, text``) whose number alone is at fault."""
        if file.source is not None and file.source not in self.described:
            return None
        description = self.described[file.source] if file.source else None
        columns = tuple(open_columns(self.home, self.key, receipt.delivery_id, file.name))
        opened = OpenFile(receipt, file, description, columns, _cells(rows, columns), self.pseudonymiser)
        return opened if opened.cells and opened.number_column in columns else None


def readable(opened: OpenFile) -> pl.DataFrame:
    """The sound records of a file; none where its description has changed and does not fit it any more."""
    try:
        return opened.sound()
    except SourceError:
        return pl.DataFrame(schema={"row_": pl.Int64})


def _cells(rows: pl.DataFrame, columns: tuple[str, ...]) -> dict[int, list[str]]:
    held = rows.filter(pl.col("rule").is_in([*WITHOUT, *DAMAGED])).sort("row")
    split = {row: fields_of(text or "", columns) for row, text in held.select("row", "text").iter_rows()}
    return {row: fields for row, fields in split.items() if fields}
