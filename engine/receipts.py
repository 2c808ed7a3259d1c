"""The receipt of a delivery: what came in, what was set aside and why, and which files of the store hold the rest.

A delivery is in the record store when its receipt is there; the receipt is written last. Files that no receipt
names do not exist for any reader. When stored files are written anew (one file for many, or without some rows), a
note of it is written last in the same way: it names the files that count from now on and those that no longer do.

``receipts.json`` lists every receipt and note with its hash, so that a lost one is noticed and never forgotten.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import IntegrityError
from engine.files import sha256_of, write_text

FOLDER: Final = "deliveries"
REWRITES: Final = "rewrites"
LIST: Final = "receipts.json"
Role = Literal["records", "revised", "reporting", "waiting"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileReceipt(_Frozen):
    """One delivered file: rows = accepted + quarantined, and the quarantined rows by the rule they broke.

    ``source`` is the description that it was read by, ``columns`` the names in its header (described files only).
    ``alerts``: accepted rows that contradict themselves, by what is to be looked at.
    """

    name: str
    kind: str
    sha256: str
    rows: int
    accepted: int
    quarantined: int
    rules: Mapping[str, int]
    blank_lines: int
    source: str | None = None
    columns: tuple[str, ...] = ()
    alerts: Mapping[str, int] = {}


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
    """What a delivery says of one kind: the rows whose owner is known, the months covered, the days.

    ``blank`` counts the accepted rows without a value by column, ``codes`` lists the codes that occur by column.
    """

    rows_with_owner: int
    rows_matched: int
    first_month: date | None
    last_month: date | None
    known_days: tuple[date, ...]
    blank: Mapping[str, int] = {}
    codes: Mapping[str, tuple[str, ...]] = {}


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
    """What became of one delivery; ``sequence`` counts the deliveries in the order in which they were taken in.

    ``descriptions`` keeps the text of those that it was read by, which may be mended later.
    """

    sequence: int
    delivery_id: str
    delivered_on: date
    content: str
    files: tuple[FileReceipt, ...]
    stored: tuple[StoredFile, ...]
    released: tuple[Release, ...]
    facts: Mapping[str, KindFacts]
    mended: tuple[Mended, ...] = ()
    descriptions: Mapping[str, str] = {}


class RewrittenFile(StoredFile):
    """A file that stands for older ones; its column ``brought_by`` holds the sequence of each row's receipt."""

    brought: tuple[int, ...]


class Rewriting(_Frozen):
    """Stored files written anew. ``removed``: rows that are gone, by delivery and kind (copies not counted).

    ``what`` is a word for programs (``compaction``, ``retention``, ``erasure``), ``why`` a sentence for people that
    names nobody; ``before`` holds the first day that was kept, by kind, where age decided;
    ``after`` is the sequence of the last receipt that there was.
    """

    sequence: int
    what: str
    why: str
    made_at: datetime
    replaced: tuple[str, ...]
    stored: tuple[RewrittenFile, ...]
    removed: Mapping[str, Mapping[str, int]]
    before: Mapping[str, date] = {}
    after: int = 0


@dataclass(frozen=True)
class Loss:
    """A receipt or note that is not what the list of receipts says; ``path`` is relative to the store."""

    path: str
    sha256: str
    what: str


def read_receipts(records: Path) -> tuple[tuple[Receipt, ...], tuple[Rewriting, ...]]:
    """Receipts and notes of rewriting in a store, in order; raises IntegrityError where one is lost or damaged."""
    lost = lost_receipts(records)
    if lost:
        raise IntegrityError(
            f"{records / lost[0].path}: the receipt of this delivery {lost[0].what}"
            + (f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""),
            "Run xunfang repair: it makes receipts again from the deliveries. Else put it back from a backup.",
        )
    return _without(records, set())


def readable(records: Path) -> tuple[tuple[Receipt, ...], tuple[Rewriting, ...]]:
    """The receipts and notes that are whole, where others are lost: for whoever looks after the store."""
    return _without(records, {each.path for each in lost_receipts(records)})


def _without(records: Path, lost: Collection[str]) -> tuple[tuple[Receipt, ...], tuple[Rewriting, ...]]:
    receipts = _read(records / FOLDER, Receipt, lost)
    return tuple(sorted(receipts, key=lambda receipt: receipt.sequence)), tuple(
        sorted(_read(records / REWRITES, Rewriting, lost), key=lambda note: note.sequence)
    )


def lost_receipts(records: Path) -> list[Loss]:
    """What the list of receipts names and the store does not hold as it was written; a lost list is one loss."""
    try:
        listed = _listed(records)
    except (OSError, ValueError):
        return [Loss(LIST, "", "cannot be looked up: the list of receipts is missing or damaged")]
    found = []
    for path, sha256 in sorted(listed.items()):
        if not (records / path).is_file():
            found.append(Loss(path, sha256, "is missing"))
        elif sha256_of(records / path) != sha256:
            found.append(Loss(path, sha256, "has changed (its sha256 differs)"))
    return found


def write_receipt(records: Path, receipt: Receipt) -> None:
    """Make a delivery visible."""
    _write(records, f"{FOLDER}/{receipt.delivery_id}.json", receipt)


def write_rewriting(records: Path, note: Rewriting) -> None:
    """Make the new files count and the old ones not."""
    _write(records, f"{REWRITES}/{note.sequence:06d}.json", note)


def list_receipts(records: Path, *, anew: bool = False) -> None:
    """List the receipts that are in no list yet, such as one written just before a power cut.

    ``anew`` makes a list where there is none: in an empty store, or in one of the time before there were lists.
    """
    listed = {} if anew else _listed(records)
    paths = [path for folder in (FOLDER, REWRITES) for path in sorted((records / folder).glob("*.json"))]
    found = {path.relative_to(records).as_posix(): path for path in paths}
    new = {name: sha256_of(path) for name, path in found.items() if name not in listed}
    if new or anew:
        _write_list(records, listed | new)


_Model = TypeVar("_Model", Receipt, Rewriting)


def _read(folder: Path, model: type[_Model], lost: Collection[str]) -> list[_Model]:
    found: list[_Model] = []
    paths = (path for path in sorted(folder.glob("*.json")) if f"{folder.name}/{path.name}" not in lost)
    for path in paths:
        try:
            found.append(model.model_validate_json(path.read_bytes()))
        except (ValidationError, ValueError):
            raise IntegrityError(
                f"{path}: this receipt is damaged", "Put it back from a backup of the home."
            ) from None
    return found


def _write(records: Path, path: str, told: Receipt | Rewriting) -> None:
    """The receipt first, which makes it count, then the list: whatever the list names was there once."""
    listed = _listed(records)
    write_text(records / path, told.model_dump_json(indent=1) + "\n")
    _write_list(records, listed | {path: sha256_of(records / path)})


def _listed(records: Path) -> dict[str, str]:
    listed: dict[str, Any] = json.loads((records / LIST).read_text("utf-8"))
    return {str(path): str(sha256) for path, sha256 in listed.items()}


def _write_list(records: Path, listed: Mapping[str, str]) -> None:
    write_text(records / LIST, json.dumps(dict(sorted(listed.items())), indent=1) + "\n")
