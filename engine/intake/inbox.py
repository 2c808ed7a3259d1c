"""The inbox: every delivery in it is taken in once, in the order of delivery, or refused with a reason."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col

from engine.audit import AuditLog
from engine.db import open_home_db, prepare, reading
from engine.errors import NotAllowedError, RejectLimitError, SourceError, XunfangError
from engine.files import locked, remove_unfinished, write_text
from engine.intake.deliver import Progress, Rules, remove_unreceipted, take_delivery
from engine.intake.described import Arrivals, described_manifest, is_described, may_be_of
from engine.intake.description import read_descriptions
from engine.intake.door import Consents, consents_on
from engine.intake.manifest import Delivery, Manifest, delivery_id_of, folders, open_delivery, read_manifest
from engine.intake.roster import NobodyKnownError
from engine.intake.standing import standing
from engine.keys import Keys, load_keys
from engine.receipts import FOLDER, Receipt
from engine.recordstore import LAYOUT, LOCK, RecordStore, buckets_for, summary
from engine.settings import Home, read_settings
from engine.tables import ErasedSubject
from features.records import REQUIRED_KINDS

REFUSALS: Final = (SourceError, RejectLimitError, NotAllowedError)
"""What stops one delivery and not the others."""
MEND_IT: Final = "Mend the description, or take it away; then run xunfang check again."


@dataclass(frozen=True)
class TakenIn:
    """What became of the deliveries in the inbox; ``store`` is the record store afterwards.

    ``same_as``: deliveries whose content was taken in under another id (their id → that one). ``refused``: why, by
    the folder. ``keys_made``: key files made just now, of which the user must be told to keep a copy.
    """

    store: RecordStore
    taken: Sequence[Receipt]
    already: Sequence[str]
    same_as: Mapping[str, str]
    refused: Mapping[str, XunfangError]
    keys_made: Sequence[Path]

    def raise_refused(self) -> None:
        """Raise the first refusal, if there is any; the message counts the others."""
        for number, error in enumerate(self.refused.values()):
            if number == 0 and len(self.refused) > 1:
                raise type(error)(f"{error.message} (and {len(self.refused) - 1} more refused)", error.way_out)
            raise error


def silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""


def take_in(
    home: Home,
    *,
    reject_limit: float = 0.05,
    tolerated_rows: int = 10,
    buckets: int | None = None,
    database: sa.Engine | None = None,
    today: date | None = None,
    log: AuditLog | None = None,
    progress: Progress = silent,
    again: bool = False,
) -> TakenIn:
    """Take in what lies in the inbox and is not in the store yet. Doing so again changes nothing.

    A delivery is refused where a kind loses more than ``reject_limit`` of its rows and over ``tolerated_rows``.
    Each delivery is noted in ``log`` (without one, as the operator's). ``today`` is the day of arrival of
    deliveries that do not tell their own. ``buckets`` is used for a new home only (else by the number of households
    that the first manifest tells). ``again``: the deliveries were taken in before, and consents judged then.
    Raises LockedError where another process is at it, HomeError, IntegrityError, DiskFullError; refusals of single
    deliveries are in the result.
    """
    settings, (descriptions, broken) = read_settings(home), read_descriptions(home)
    with locked(home.records / LOCK, "taking in deliveries"):
        keys = load_keys(home)
        remove_unfinished(home.records)
        remove_unfinished(home.quarantine)
        rules = Rules(
            settings.person_ids, reject_limit, tolerated_rows, descriptions, employer_ids=settings.employer_ids
        )
        work = _Inbox(home, keys, rules, Arrivals(home.records / FOLDER, today), progress, again, broken)
        work.open_store(buckets)
        opened = open_home_db(home, settings) if database is None else database
        work.take_all(opened, log or AuditLog(opened, keys.audit, "operator", "operator"))
        return TakenIn(work.store, work.taken, work.already, work.same_as, work.refused, keys.made)


def check(home: Home, **options: Any) -> tuple[dict[str, Any], TakenIn]:
    """Take in the inbox (``options`` as for ``take_in``) and tell per source and delivery what became of it."""
    result = take_in(home, **options)
    described = standing(result.store, read_descriptions(home)[0], options.get("today"))
    return report(result.store, result.refused, result.same_as) | {"described": described}, result


def report(store: RecordStore, refused: Mapping[str, XunfangError], same_as: Mapping[str, str]) -> dict[str, Any]:
    """The report of ``xunfang check``, ready for JSON: counts, rules and file names, never a value or an id."""
    return {
        "sources": summary(store),
        "deliveries": [
            {
                "delivery_id": receipt.delivery_id,
                "delivered_on": receipt.delivered_on.isoformat(),
                "files": [
                    entry.model_dump(exclude={"sha256"})
                    | {"rules": dict(entry.rules), "alerts": dict(entry.alerts)}
                    for entry in receipt.files
                ],
            }
            for receipt in store.receipts
        ],
        "same_as": dict(same_as),
        "refused": [
            {"delivery": name, "error": error.message, "way_out": error.way_out, "exit_code": error.exit_code}
            for name, error in refused.items()
        ],
    }


@dataclass
class _Inbox:
    """One pass over the inbox, under the lock."""

    home: Home
    keys: Keys
    rules: Rules
    arrivals: Arrivals
    progress: Progress
    again: bool
    broken: Mapping[str, XunfangError]
    taken: list[Receipt] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    same_as: dict[str, str] = field(default_factory=dict)
    refused: dict[str, XunfangError] = field(default_factory=dict)

    def open_store(self, buckets: int | None) -> None:
        """Open the store, or make it where the inbox has a first delivery; clear what was left half-done."""
        self._waiting = self._manifests()
        if not (self.home.records / LAYOUT).exists() and self._waiting:
            households = [
                sum(entry.rows or 0 for entry in manifest.files if entry.kind == "household")
                for _, manifest in self._waiting
            ]
            count = buckets or buckets_for(max(households) or None)
            RecordStore.create(self.home, self.keys, count)
        if self.refused and not (self.home.records / LAYOUT).exists():
            raise next(iter(self.refused.values()))
        self.store = RecordStore.open(self.home, self.keys)
        remove_unreceipted(self.store)

    def take_all(self, database: sa.Engine, log: AuditLog) -> None:
        """Take every delivery in its turn; those that wait for a roster get another turn when one has come."""
        waiting = self._waiting
        while waiting:
            strangers = []
            for folder, manifest in waiting:
                try:
                    self._take(folder, manifest, database, log)
                    self.refused.pop(folder.name, None)
                except REFUSALS as error:
                    self.refused[folder.name] = _with_its_delivery(error, folder.name)
                    if isinstance(error, NobodyKnownError):
                        strangers.append((folder, manifest))
            if len(strangers) == len(waiting):
                return
            waiting = strangers

    def _manifests(self) -> list[tuple[Path, Manifest]]:
        """The deliveries in the inbox by day of delivery; folders without a sound manifest are refused.

        What may be of a source whose description has a mistake waits until it is mended, or was taken in before.
        """
        found, described = [], self.rules.descriptions
        self.refused |= self.broken
        mistaken = {name: self.home.root / name for name in self.broken}
        known = {name: (each.kind, each.told_shape) for name, each in described.items()}
        for folder in folders(self.home.inbox):
            try:
                if waits_for := may_be_of(folder, mistaken):
                    raise SourceError(f"{folder.name}: waits for {waits_for}, which has a mistake", MEND_IT)
                if is_described(folder, described):
                    found.append((folder, described_manifest(folder, described, self.arrivals)))
                else:
                    found.append((folder, read_manifest(folder, known)))
            except REFUSALS as error:
                if not (mistaken and self._taken_before(folder)):
                    self.refused[folder.name] = error
        return sorted(found, key=lambda each: (each[1].delivered_on, each[1].delivery_id, each[0].name))

    def _taken_before(self, folder: Path) -> bool:
        """Whether a delivery is in the store already, by the id that its manifest or its folder gives it."""
        try:
            return (self.home.records / FOLDER / f"{delivery_id_of(folder)}.json").exists()
        except XunfangError:
            return False

    def _take(self, folder: Path, manifest: Manifest, database: sa.Engine, log: AuditLog) -> None:
        known = {receipt.delivery_id: receipt for receipt in self.store.receipts}
        before = known.get(manifest.delivery_id)
        if before is not None and self._seen(folder, manifest):
            self.already.append(manifest.delivery_id)
            return
        delivery = open_delivery(folder, manifest)
        if before is not None:
            _refuse_a_change(before, delivery)
            self.already.append(delivery.id)
        elif twin := _twin(self._read_alike(delivery), delivery):
            self.same_as[delivery.id] = twin.delivery_id
        else:
            self._require_a_roster(delivery)
            prepare(database)
            self.taken.append(
                take_delivery(
                    self.home,
                    self.store,
                    delivery,
                    keys=self.keys,
                    rules=self._rules_of(delivery, database),
                    database=database,
                    log=log,
                    progress=self.progress,
                )
            )
            self.store = RecordStore.open(self.home, self.keys)
        if delivery.id not in self.same_as:
            write_text(self._seen_path(manifest), _state(folder, manifest))

    def _rules_of(self, delivery: Delivery, database: sa.Engine) -> Rules:
        """How this delivery is read: with what the database knows of erasures and consents."""
        day = delivery.manifest.delivered_on
        consents = Consents(known=True) if self.again else consents_on(database, day)
        return replace(self.rules, erased=_erased(database), consents=consents)

    def _read_alike(self, delivery: Delivery) -> list[Receipt]:
        """The receipts of deliveries that were read by descriptions as they are now.

        The same file under a mended description says something else, and counts.
        """
        named = {entry.source for entry in delivery.manifest.files if entry.source}
        now = {name: self.rules.descriptions[name].text for name in named}
        return [
            receipt
            for receipt in self.store.receipts
            if receipt.content != delivery.content or dict(receipt.descriptions) == now
        ]

    def _require_a_roster(self, delivery: Delivery) -> None:
        missing = [kind for kind in REQUIRED_KINDS if kind not in self.store.delivered | delivery.kinds]
        if missing:
            raise NobodyKnownError(
                f"{delivery.folder.name}: a required source is missing: {', '.join(missing)} (neither in this "
                "delivery nor in an earlier one)",
                "Deliver the households and their members with it, or before it.",
            )

    def _seen(self, folder: Path, manifest: Manifest) -> bool:
        """Whether the files look untouched since they were hashed (name, size and time of change)."""
        path = self._seen_path(manifest)
        return path.exists() and path.read_text("utf-8") == _state(folder, manifest)

    def _seen_path(self, manifest: Manifest) -> Path:
        return self.home.records / FOLDER / f"{manifest.delivery_id}.seen"


def _erased(database: sa.Engine) -> tuple[str, ...]:
    """The digests of those whom the home has forgotten."""
    with reading(database) as session:
        return tuple(session.execute(sa.select(col(ErasedSubject.digest))).scalars())


def _with_its_delivery(error: XunfangError, folder: str) -> XunfangError:
    """The refusal with the folder in front: files of two deliveries may have the same name."""
    return error if error.message.startswith(folder) else type(error)(f"{folder}: {error.message}", error.way_out)


def _state(folder: Path, manifest: Manifest) -> str:
    """What tells at a glance whether a delivery was touched: its manifest, and size and time of each file."""
    files = {}
    for entry in manifest.files:
        path = folder / entry.name
        stat = path.stat() if path.is_file() else None
        files[entry.name] = [stat.st_size, stat.st_mtime_ns] if stat else None
    return json.dumps({"folder": folder.name, "manifest": manifest.model_dump(mode="json"), "files": files})


def _twin(receipts: Sequence[Receipt], delivery: Delivery) -> Receipt | None:
    """The newest delivery of the same content, where nothing of its kinds has come since.

    Where something has, the same file again takes a correction back, and counts.
    """
    until = [each for each in receipts if each.delivered_on <= delivery.manifest.delivered_on]
    newest = sorted(until, key=lambda each: (each.delivered_on, each.sequence), reverse=True)
    for receipt in newest:
        if receipt.content == delivery.content:
            return receipt
        if not delivery.kinds.isdisjoint(entry.kind for entry in receipt.files):
            return None
    return next((each for each in receipts if each.content == delivery.content), None)


def _refuse_a_change(before: Receipt, delivery: Delivery) -> None:
    if (before.content, before.delivered_on) != (delivery.content, delivery.manifest.delivered_on):
        raise SourceError(
            f"{delivery.folder.name}: a delivery {delivery.id} was taken in already, with other content",
            "Give the corrected delivery an id of its own: corrections are new deliveries, the old one stays.",
        )
