"""The receipt of a delivery: what came in, what was set aside and why, and which files of the store hold the rest.

A delivery is in the record store when its receipt is there; the receipt is written last. Files that no receipt
names do not exist for any reader.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import IntegrityError
from engine.files import write_text

FOLDER: Final = "deliveries"
Role = Literal["records", "revised", "reporting", "waiting"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileReceipt(_Frozen):
    """One delivered file: rows = accepted + quarantined, and the quarantined rows by the rule they broke."""

    name: str
    kind: str
    sha256: str
    rows: int
    accepted: int
    quarantined: int
    rules: Mapping[str, int]
    blank_lines: int


class StoredFile(_Frozen):
    """One file of the store, relative to its folder; ``copied`` of its rows are copies of another bucket's rows."""

    role: Role
    kind: str
    bucket: int | None
    path: str
    rows: int
    copied: int
    sha256: str


class KindFacts(_Frozen):
    """What a delivery says of one kind: the rows whose owner is known, the months covered, the days."""

    rows_with_owner: int
    rows_matched: int
    first_month: date | None
    last_month: date | None
    known_days: tuple[date, ...]


class Release(_Frozen):
    """Rows of an earlier delivery that were set aside for want of an owner, who came with this delivery."""

    delivery_id: str
    kind: str
    rule: str
    rows: int


class Mended(_Frozen):
    """Rows of a file of an earlier delivery, by their number there, that came back corrected with this delivery.

    ``rules``: how many of them had been set aside by which rule.
    """

    delivery_id: str
    name: str
    kind: str
    rows: tuple[int, ...]
    rules: Mapping[str, int]


class Receipt(_Frozen):
    """What became of one delivery; ``sequence`` counts the deliveries in the order in which they were taken in."""

    sequence: int
    delivery_id: str
    delivered_on: date
    content: str
    files: tuple[FileReceipt, ...]
    stored: tuple[StoredFile, ...]
    released: tuple[Release, ...]
    facts: Mapping[str, KindFacts]
    mended: tuple[Mended, ...] = ()


def read_receipts(records: Path) -> tuple[Receipt, ...]:
    """The receipts in a store, in order; raises IntegrityError where one cannot be read."""
    found = []
    for path in sorted((records / FOLDER).glob("*.json")):
        try:
            found.append(Receipt.model_validate_json(path.read_bytes()))
        except (ValidationError, ValueError):
            raise IntegrityError(
                f"{path}: the receipt of this delivery is damaged", "Put it back from a backup of the home."
            ) from None
    return tuple(sorted(found, key=lambda receipt: receipt.sequence))


def write_receipt(records: Path, receipt: Receipt) -> None:
    """Make a delivery visible."""
    write_text(records / FOLDER / f"{receipt.delivery_id}.json", receipt.model_dump_json(indent=1) + "\n")
