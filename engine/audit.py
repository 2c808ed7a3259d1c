"""The audit log: a keyed hash chain. Whoever lacks the key can neither change an entry nor make one unnoticed.

Each entry's hash is HMAC-SHA256 over its own columns and the hash of the entry before it. What was done in detail
stays where it belongs; the log holds its SHA-256. A cut tail is only found by whoever kept the last hash elsewhere.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col

from engine.db import serialise
from engine.tables import AuditEntry

START: Final = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True)
class ChainCheck:
    """What ``verify`` found: how many entries hold, the hash of the last of them, the first that does not."""

    entries: int
    last_hash: str
    broken_at: int | None

    @property
    def intact(self) -> bool:
        """Whether every entry holds."""
        return self.broken_at is None


def append(
    session: Session,
    key: bytes,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Add an entry in the caller's transaction, so that the deed and its entry stand or fall together."""
    serialise(session, "audit")
    last = session.execute(
        sa.select(col(AuditEntry.seq), col(AuditEntry.hash)).order_by(col(AuditEntry.seq).desc()).limit(1)
    ).one_or_none()
    columns: dict[str, Any] = {
        "seq": last[0] + 1 if last else 1,
        "at": at,
        "actor": actor,
        "action": action,
        "subject_kind": subject_kind,
        "payload_sha256": hashlib.sha256(_canonical(details)).hexdigest(),
        "previous_hash": last[1] if last else START,
    }
    entry = AuditEntry(**columns, hash=_link(key, columns))
    session.add(entry)
    session.flush()
    return entry


def verify(session: Session, key: bytes) -> ChainCheck:
    """Follow the chain from its start: no gap in the numbers, each entry linked to the last, each hash right."""
    table = sa.inspect(AuditEntry).local_table
    rows = session.execute(sa.select(table).order_by(table.c.seq).execution_options(yield_per=5_000)).mappings()
    count, last_hash = 0, START
    for row in rows:
        columns = {name: value for name, value in row.items() if name != "hash"}
        linked = row["seq"] == count + 1 and row["previous_hash"] == last_hash
        if not linked or not hmac.compare_digest(_link(key, columns), row["hash"]):
            return ChainCheck(count, last_hash, row["seq"])
        count, last_hash = row["seq"], row["hash"]
    return ChainCheck(count, last_hash, None)


def _link(key: bytes, columns: Mapping[str, Any]) -> str:
    moment = columns["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return hmac.new(key, _canonical({**columns, "at": moment}), hashlib.sha256).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()
