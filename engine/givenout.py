"""What was given out, lists and reports, and is still as the audit log says that it was written."""

from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from engine import audit
from engine.db import reading
from engine.errors import IntegrityError
from engine.files import sha256_of
from engine.nightfolder import RETIRED, read_manifest
from engine.status import REPORT, REPORT_WRITTEN
from engine.tables import Delivery, Night, OutreachList
from engine.workplace import Workplace

ACTIONS: Final = ("list sent", REPORT_WRITTEN, "retention begun")


def changed_outputs(place: Workplace) -> tuple[list[dict[str, Any]], int]:
    """Pages, spreadsheets and reports that are missing or have changed, and how many were looked at; and rows of
    the outbox that say a list was written which is not there.

    The hashes are those of the audit log, which cannot be changed unnoticed; call this where its chain holds. A
    list that waits to be written anew is passed over, and so are lists and nights that are past their time.
    """
    with reading(place.database) as session:
        expected, kept_from = _expected(place, session)
        unsent = _unsent(session)
        sent = _sent(session, kept_from)
    found = [
        {
            "path": path,
            "kind": "outbox",
            "bucket": None,
            "what": "the outbox says it was written, and it is not there",
        }
        for path in sent
        if path not in expected and not (place.home.root / path).is_file()
    ]
    wanted = {path: sha256 for path, sha256 in expected.items() if path.rsplit(".", 1)[0] not in unsent}
    for name, sha256 in sorted(wanted.items()):
        kind, path = ("list" if name.startswith("lists/") else "report"), place.home.root / name
        if not path.is_file():
            found.append({"path": name, "kind": kind, "bucket": None, "what": "is missing"})
        elif sha256_of(path) != sha256:
            what = "has changed since it was given out (its sha256 differs); work on a copy"
            found.append({"path": name, "kind": kind, "bucket": None, "what": what})
    return found, len(wanted)


def _expected(place: Workplace, session: Session) -> tuple[dict[str, str], date]:
    """The last hash of each file that was given out, by its path in the home; and since when lists are kept."""
    expected: dict[str, str] = {}
    kept_from = date.min
    for link, details in audit.entries(session, place.keys.audit, place.keys.audit_before, ACTIONS):
        if link.action == "retention begun":
            first = date.fromisoformat(details["kept_from"]["lists"])
            kept_from = max(first, kept_from)
            expected = {path: sha256 for path, sha256 in expected.items() if not _list_before(path, first)}
        elif link.action == REPORT_WRITTEN:
            expected[f"nights/{details['business_date']}/{REPORT}"] = details["sha256"]
        elif isinstance(details.get("files"), dict):  # before there were hashes, it was a list of names
            folder = f"lists/{details['business_date']}"
            expected |= {f"{folder}/{name}": sha256 for name, sha256 in details["files"].items()}
    reports = [path for path in expected if path.startswith("nights/")]
    kept = {path: each for path, each in expected.items() if path not in reports or _report_kept(place, path)}
    return kept, kept_from


def _list_before(path: str, first: date) -> bool:
    folder, day, _ = path.split("/", 2)
    return folder == "lists" and date.fromisoformat(day) < first


def _report_kept(place: Workplace, path: str) -> bool:
    """Whether the files of the night are kept; a lost manifest is told of by itself."""
    try:
        return RETIRED not in read_manifest(place, date.fromisoformat(path.split("/")[1]))
    except IntegrityError:
        return False


def _sent(session: Session, kept_from: date) -> list[str]:
    """The pages of the lists that the outbox holds for written, of nights whose lists are still kept."""
    written = (
        sa.select(col(Night.business_date), col(OutreachList.caseworker_id))
        .join(OutreachList, col(OutreachList.night_id) == col(Night.id))
        .join(Delivery, col(Delivery.list_id) == col(OutreachList.id))
        .where(col(Delivery.sent_at).is_not(None), col(Night.business_date) >= kept_from)
        .order_by(col(Night.business_date), col(OutreachList.caseworker_id))
    )
    return [f"lists/{day.isoformat()}/{caseworker}.html" for day, caseworker in session.execute(written)]


def _unsent(session: Session) -> set[str]:
    """The lists that wait in the outbox, as the beginnings of their files' paths."""
    waiting = (
        sa.select(col(Night.business_date), col(OutreachList.caseworker_id))
        .join(OutreachList, col(OutreachList.night_id) == col(Night.id))
        .join(Delivery, col(Delivery.list_id) == col(OutreachList.id))
        .where(col(Delivery.sent_at).is_(None))
    )
    return {f"lists/{day.isoformat()}/{caseworker}" for day, caseworker in session.execute(waiting)}
