"""Rows that come back: a delivery that corrects quarantined rows of an earlier one, each tied to the row it mends.

The files of such a delivery carry ``mends_row`` (the row's number in the file that was delivered first) and may
carry ``broke_rule`` and ``raw_text`` as the export wrote them. A row that came back lives on in the new delivery:
it is accepted or set aside there, and no longer counts where it was first.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from engine.errors import SourceError
from engine.intake.manifest import Delivery, FileEntry
from engine.intake.quarantine import open_rows
from engine.intake.roster import HOMELESS, NO_HOUSEHOLD, NO_MEMBERS, UNKNOWN
from engine.receipts import FileReceipt, Mended, Receipt
from engine.settings import Home
from outreach.stage_b import WITH_CONSENT

MENDS: Final = "mends_row"
ASIDE: Final = (MENDS, "broke_rule", "raw_text")
"""Columns of a corrected file that are no columns of its kind."""
WAITING: Final = (NO_MEMBERS, NO_HOUSEHOLD, HOMELESS, UNKNOWN)
"""Rules of rows that go in by themselves when their owner is delivered; they cannot be sent back as mended."""
NOT_TO_MEND: Final = (*WAITING, WITH_CONSENT)

NO_ROW: Final = f"{MENDS}|names_no_row_to_be_mended"
TWICE: Final = f"{MENDS}|the_same_row_twice"


def mended_rows(receipts: Sequence[Receipt], delivery_id: str, name: str) -> set[int]:
    """The rows of a delivered file that have come back in a later delivery."""
    found = (each for receipt in receipts for each in receipt.mended)
    return {row for each in found if (each.delivery_id, each.name) == (delivery_id, name) for row in each.rows}


def rows_to_mend(
    home: Home, key: bytes, receipts: Sequence[Receipt], delivery_id: str, file: FileReceipt
) -> pl.DataFrame:
    """``row, rule, text`` of the quarantined rows of a file that have not come back. They may hold identities."""
    if not file.quarantined:
        return pl.DataFrame(schema={"row": pl.Int64, "rule": pl.String, "text": pl.String})
    rows = open_rows(home, key, delivery_id, file.name)
    return rows.filter(~pl.col("row").is_in(sorted(mended_rows(receipts, delivery_id, file.name))))


@dataclass
class Mending:
    """Which rows of which earlier file the rows of one delivery mend; does nothing for an ordinary delivery."""

    delivery: Delivery
    _files: dict[int, FileReceipt] = field(default_factory=dict)
    _open: dict[int, dict[int, str]] = field(default_factory=dict)
    _came: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home, key: bytes, receipts: Sequence[Receipt], delivery: Delivery) -> "Mending":
        """Look up what a delivery corrects; raises SourceError where there is no such delivery or file."""
        mending = cls(delivery)
        corrected = delivery.manifest.corrects
        if corrected is None:
            return mending
        receipt = next((each for each in receipts if each.delivery_id == corrected), None)
        if receipt is None:
            raise SourceError(
                f"{delivery.folder.name}: corrects a delivery {corrected} that was never taken in",
                "Name the delivery as xunfang quarantine list does.",
            )
        for place, entry in enumerate(delivery.manifest.files):
            file = _file(receipt, entry, delivery)
            rows = rows_to_mend(home, key, receipts, corrected, file)
            mending._files[place] = file
            mending._open[place] = dict(
                rows.filter(~pl.col("rule").is_in(NOT_TO_MEND)).select("row", "rule").iter_rows()
            )
        return mending

    def take(self, place: int, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """A block without the columns that tie it, and the rows (``row_, rule``) that mend nothing."""
        if place not in self._files:
            return frame, _broken([], [])
        if MENDS not in frame.columns:
            name = self.delivery.manifest.files[place].name
            raise SourceError(
                f"{self.delivery.folder.name}/{name}: column {MENDS!r} is missing",
                "It says which row each one mends: write the corrections into the files that xunfang quarantine "
                "export made.",
            )
        numbers = frame[MENDS].cast(pl.String).str.strip_chars("' ").cast(pl.Int64, strict=False).to_list()
        seen = self._came.setdefault(place, set())
        wrong: list[int] = []
        rules: list[str] = []
        for row, number in zip(frame["row_"].to_list(), numbers, strict=True):
            if number in seen or number not in self._open[place]:
                wrong.append(row)
                rules.append(TWICE if number in seen else NO_ROW)
            else:
                seen.add(number)
        kept = frame.drop([name for name in ASIDE if name in frame.columns])
        broken = _broken(wrong, rules)
        texts = [pl.col(name).str.replace(r"^'([=+\-@\t\r\n])", "$1") for name in _texts(kept)]
        return kept.with_columns(texts).filter(~pl.col("row_").is_in(wrong)), broken

    def mended(self) -> tuple[Mended, ...]:
        """The rows that have come back, by file."""
        return tuple(
            Mended(
                delivery_id=str(self.delivery.manifest.corrects),
                name=self._files[place].name,
                kind=self._files[place].kind,
                rows=tuple(sorted(rows)),
                rules=dict(sorted(Counter(self._open[place][row] for row in rows).items())),
            )
            for place, rows in sorted(self._came.items())
            if rows
        )


def _texts(frame: pl.DataFrame) -> Collection[str]:
    return [name for name, dtype in frame.schema.items() if dtype == pl.String]


def _broken(rows: list[int], rules: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"row_": rows, "rule": rules}, schema={"row_": pl.Int64, "rule": pl.String})


def _file(receipt: Receipt, entry: FileEntry, delivery: Delivery) -> FileReceipt:
    name = entry.mends or entry.name
    found = next((file for file in receipt.files if file.name == name and file.kind == entry.kind), None)
    if found is None:
        raise SourceError(
            f"{delivery.folder.name}/{entry.name}: mends {name}, which is no {entry.kind} file of the delivery "
            f"{receipt.delivery_id}",
            'Write "mends" into the file\'s entry as xunfang quarantine export did.',
        )
    return found
