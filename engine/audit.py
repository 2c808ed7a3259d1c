"""The audit log: who did and saw what, in a keyed hash chain that only grows (``engine.chain``).

Whoever lacks the key can neither change an entry nor make one unnoticed. What was done in detail (the purpose, the
households) stands sealed beside the chain: the database shows neither a reason nor whom it was about.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlmodel import Session

from engine import chain
from engine.chain import START, ChainCheck, Checkpoint, Link
from engine.db import reading, writing
from engine.errors import IntegrityError
from engine.sealing import seal
from engine.tables import Row

AT_ONCE: Final = 5_000
TOLD: Final = ("seq", "at", "actor", "action", "subject_kind")
ENTRIES: Final = Row.metadata.tables["audit_entry"]
DETAILS: Final = Row.metadata.tables["audit_detail"]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AuditLog:
    """The log in the hand of one person or service: what is noted through it carries their name and role."""

    database: sa.Engine
    key: bytes = field(repr=False)
    actor: str
    role: str
    clock: Callable[[], datetime] = utc_now

    def note(
        self, action: str, subject_kind: str, details: Mapping[str, Any], session: Session | None = None
    ) -> None:
        """Add an entry: in the caller's transaction, so that deed and entry stand or fall together, or in its own.

        ``details`` are plain JSON values; households are named under ``households`` by their pseudonyms, never
        anybody by a name or number.
        """
        if session is None:
            with writing(self.database) as own:
                self.note(action, subject_kind, details, own)
            return
        append(
            session,
            self.key,
            at=self.clock(),
            actor=self.actor,
            action=action,
            subject_kind=subject_kind,
            details={"role": self.role, **details},
        )


def append(
    session: Session,
    key: bytes,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    details: Mapping[str, Any],
) -> int:
    """Add an entry in the caller's transaction, so that deed and entry stand or fall together; its number."""
    last, previous = _head(session)
    seq, payload = last + 1, chain.canonical(details)
    sealed = seal(chain.details_key(key), chain.details_place(seq), payload)
    moment = chain.moment(at)
    link = Link(seq, moment, actor, action, subject_kind, chain.sha256(payload), previous, "", sealed)
    columns = {**link._asdict(), "at": at, "hash": chain.hash_of(key, link)}
    session.execute(sa.insert(ENTRIES), {column.name: columns[column.name] for column in ENTRIES.c})
    session.execute(sa.insert(DETAILS), {"seq": seq, "sealed": sealed})
    return seq


def verify(session: Session, key: bytes, checkpoints: Iterable[Checkpoint] = ()) -> ChainCheck:
    """Follow the chain from its start to its end, with its details, past every checkpoint."""
    found = chain.follow(links(session), key, checkpoints)
    if not found.intact:
        return found
    stray = sa.select(sa.func.min(DETAILS.c.seq)).where(DETAILS.c.seq.not_in(sa.select(ENTRIES.c.seq)))
    seq = session.execute(stray).scalar_one()
    return found if seq is None else ChainCheck(found.entries, found.last_hash, seq, "has details and no entry")


def links(session: Session) -> Iterator[Link]:
    """All entries with their sealed details, in their order."""
    as_text = session.get_bind().dialect.name == "sqlite"
    raw_at = sa.type_coerce(ENTRIES.c.at, sa.String) if as_text else ENTRIES.c.at
    others = [column for column in ENTRIES.c if column.name not in {"seq", "at"}]
    statement = (
        sa.select(ENTRIES.c.seq, raw_at, *others, DETAILS.c.sealed)
        .join_from(ENTRIES, DETAILS, isouter=True)
        .order_by(ENTRIES.c.seq)
        .limit(AT_ONCE)
    )
    page = session.execute(statement).all()
    while page:
        for seq, at, *rest in page:
            yield Link(seq, _as_hashed(at), *rest)
        page = session.execute(statement.where(ENTRIES.c.seq > page[-1][0])).all()


def entries(session: Session, key: bytes) -> Iterator[tuple[Link, Mapping[str, Any]]]:
    """All entries with their details opened (none where an older program kept none).

    Raises IntegrityError where details do not open: ``verify`` says more.
    """
    for link in links(session):
        try:
            yield link, {} if link.sealed is None else chain.opened(key, link.seq, link.sealed)
        except (InvalidTag, ValueError):
            raise IntegrityError(
                f"audit entry {link.seq}: its details do not open with this home's audit key",
                "Run: xunfang verify",
            ) from None


def told(
    session: Session, key: bytes, *, household: str | None = None, actor: str | None = None, last: int | None = None
) -> list[dict[str, Any]]:
    """The newest entries in words: ``seq, at, actor, role, action, subject_kind, purpose`` and the other details.

    ``household`` keeps those that name it, ``actor`` those of one person. Every entry is opened, so that the answer
    rests on what is sealed and not on an index that somebody could change.
    """
    kept: deque[dict[str, Any]] = deque(maxlen=last)
    for link, details in entries(session, key):
        if actor not in {None, link.actor} or household not in {None, *details.get("households", ())}:
            continue
        known = {"role": details.get("role"), "purpose": details.get("purpose")}
        others = {name: value for name, value in details.items() if name not in {*known, "households"}}
        kept.append({name: getattr(link, name) for name in TOLD} | known | {"details": others})
    return list(kept)


def head(database: sa.Engine) -> tuple[int, str]:
    """How far the chain has come: the number and the hash of its last entry."""
    with reading(database) as session:
        return _head(session)


def _head(session: Session) -> tuple[int, str]:
    newest_first = sa.select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc())
    last = session.execute(newest_first.limit(1)).one_or_none()
    return (0, START) if last is None else (last[0], last[1])


def _as_hashed(at: Any) -> str:
    """A stored moment as it was hashed; SQLite keeps its text, which is compared as it stands."""
    return chain.moment(at) if isinstance(at, datetime) else f"{str(at).replace(' ', 'T', 1)}+00:00"
