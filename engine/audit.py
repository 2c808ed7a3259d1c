"""The audit log: who did and saw what, in a keyed hash chain that only grows (``engine.chain``).

Whoever lacks the key can neither change an entry nor make one unnoticed. What was done in detail (the purpose, the
households) stands sealed beside the chain: the database shows neither a reason nor whom it was about.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
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
from outreach.lifecycle import RECORDERS, Actor

AT_ONCE: Final = 5_000
RENAMED: Final = "pseudonyms made anew: "
"""How the action of an entry begins that tells the fingerprint of new pseudonym keys."""
TOLD: Final = ("seq", "at", "actor", "action", "subject_kind")
ENTRIES: Final = Row.metadata.tables["audit_entry"]
DETAILS: Final = Row.metadata.tables["audit_detail"]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AuditLog:
    """The log in the hand of one person or service: what is noted through it carries their name and role.

    ``pseudonyms``: the fingerprint of the keys by which they name households (null: it is not looked at).
    """

    database: sa.Engine
    key: bytes = field(repr=False)
    actor: str
    role: str
    clock: Callable[[], datetime] = utc_now
    pseudonyms: str | None = None

    @property
    def today(self) -> date:
        """The day on this machine's calendar."""
        return self.clock().astimezone().date()

    @property
    def recorder(self) -> Actor:
        """As whom the table of steps knows whoever records something: a role that may, else the operator."""
        return next((each for each in RECORDERS if each == self.role), "operator")

    def note(
        self, action: str, subject_kind: str, details: Mapping[str, Any], session: Session | None = None
    ) -> int:
        """Add an entry: in the caller's transaction, so that deed and entry stand or fall together, or in its own.

        Returns its number.

        ``details`` are plain JSON values; households are named under ``households`` by their pseudonyms, never
        anybody by a name or number. Raises IntegrityError where all of them have got other pseudonyms since.
        """
        if session is None:
            with writing(self.database) as own:
                return self.note(action, subject_kind, details, own)
        if self.pseudonyms is not None and "households" in details:
            _refuse_old_pseudonyms(session, self.pseudonyms)
        return append(
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
    """Add an entry in the caller's transaction, so that deed and entry stand or fall together; its number.

    Raises IntegrityError where the chain goes on under a key that took the place of this one.
    """
    last = _last(session)
    if last is not None and not _made_with(key, last):
        _refuse_a_replaced_key(session, key)
    previous = START if last is None else last.hash
    seq, payload = 1 if last is None else last.seq + 1, chain.canonical(details)
    sealed = seal(chain.details_key(key), chain.details_place(seq), payload)
    moment = chain.moment(at)
    link = Link(seq, moment, actor, action, subject_kind, chain.sha256(payload), previous, "", sealed)
    columns = {**link._asdict(), "at": at, "hash": chain.hash_of(key, link)}
    session.execute(sa.insert(ENTRIES), {column.name: columns[column.name] for column in ENTRIES.c})
    session.execute(sa.insert(DETAILS), {"seq": seq, "sealed": sealed})
    return seq


def change_key(
    session: Session, old: bytes, new: bytes, *, at: datetime, actor: str, details: Mapping[str, Any]
) -> bool:
    """Close the chain under the old key and go on under the new one, in the caller's transaction.

    False where that had been done before. Two entries: the last under the old key commits to the new one, the first
    under the new key holds the hash of it.
    """
    for told in _told_of_changes(session, old):
        if told.get(chain.NEXT) == chain.commitment(new):
            return False
    seam = {**details, chain.NEXT: chain.commitment(new)}
    append(session, old, at=at, actor=actor, action=chain.CHANGED, subject_kind="key", details=seam)
    append(session, new, at=at, actor=actor, action="audit log goes on", subject_kind="key", details=details)
    return True


def note_new_pseudonyms(
    session: Session, key: bytes, mark: str, *, at: datetime, actor: str, details: Mapping[str, Any]
) -> None:
    """Note that all pseudonyms were made anew with keys of this fingerprint, in the transaction that did so."""
    append(session, key, at=at, actor=actor, action=f"{RENAMED}{mark}", subject_kind="key", details=details)


def has_new_pseudonyms(session: Session, mark: str) -> bool:
    """Whether that was noted."""
    return _newest_pseudonyms(session) == mark


def verify(
    session: Session, key: bytes, checkpoints: Iterable[Checkpoint] = (), earlier: Sequence[bytes] = ()
) -> ChainCheck:
    """Follow the chain from its start to its end, with its details, past every checkpoint and change of its key."""
    found = chain.follow(links(session), key, checkpoints, earlier)
    if not found.intact:
        return found
    stray = sa.select(sa.func.min(DETAILS.c.seq)).where(DETAILS.c.seq.not_in(sa.select(ENTRIES.c.seq)))
    seq = session.execute(stray).scalar_one()
    return found if seq is None else ChainCheck(found.entries, found.last_hash, seq, "has details and no entry")


def links(session: Session, actions: Collection[str] | None = None) -> Iterator[Link]:
    """All entries (or those of some actions) with their sealed details, in their order."""
    statement = _with_details(session).order_by(ENTRIES.c.seq).limit(AT_ONCE)
    if actions is not None:
        statement = statement.where(ENTRIES.c.action.in_(sorted(actions)))
    page = session.execute(statement).all()
    while page:
        yield from (_link(row) for row in page)
        page = session.execute(statement.where(ENTRIES.c.seq > page[-1][0])).all()


def entries(
    session: Session, key: bytes, earlier: Sequence[bytes] = (), actions: Collection[str] | None = None
) -> Iterator[tuple[Link, Mapping[str, Any]]]:
    """All entries (or those of some actions) with their details opened (none where an older program kept none).

    ``earlier``: keys before.

    Raises IntegrityError where details do not open: ``verify`` says more.
    """
    ring = [key, *earlier]
    for link in links(session, actions):
        if link.sealed is None:
            yield link, {}
            continue
        for place, each in enumerate(ring):
            details = _opened(each, link)
            if details is not None:
                ring.insert(0, ring.pop(place))  # the next entry most likely has the same
                yield link, details
                break
        else:
            raise IntegrityError(
                f"audit entry {link.seq}: its details do not open with this home's audit key, nor an earlier one",
                "Run xunfang verify; where a key is missing in keys/old/, put it back from its copy.",
            )


def told(
    session: Session,
    key: bytes,
    *,
    earlier: Sequence[bytes] = (),
    household: str | None = None,
    actor: str | None = None,
    last: int | None = None,
    names_of: Callable[[str], Collection[str]] | None = None,
) -> list[dict[str, Any]]:
    """The newest entries in words: ``seq, at, actor, role, action, subject_kind, purpose`` and the other details.

    ``household`` keeps those that name it (``names_of``: what a number may have become since it was noted),
    ``actor`` those of one person. Every entry is opened, so that the answer
    rests on what is sealed and not on an index that somebody could change.
    """
    kept: deque[dict[str, Any]] = deque(maxlen=last)
    for link, details in entries(session, key, earlier):
        named = details.get("households", ()) if household is not None else ()
        if names_of is not None:
            named = {later for each in named for later in names_of(each)}
        if actor not in {None, link.actor} or household not in {None, *named}:
            continue
        known = {"role": details.get("role"), "purpose": details.get("purpose")}
        others = {name: value for name, value in details.items() if name not in {*known, "households"}}
        kept.append({name: getattr(link, name) for name in TOLD} | known | {"details": others})
    return list(kept)


def head(database: sa.Engine) -> tuple[int, str]:
    """How far the chain has come: the number and the hash of its last entry."""
    with reading(database) as session:
        last = _last(session)
    return (0, START) if last is None else (last.seq, last.hash)


def _last(session: Session) -> Link | None:
    row = session.execute(_with_details(session).order_by(ENTRIES.c.seq.desc()).limit(1)).one_or_none()
    return None if row is None else _link(row)


def _with_details(session: Session) -> sa.Select[Any]:
    as_text = session.get_bind().dialect.name == "sqlite"
    raw_at = sa.type_coerce(ENTRIES.c.at, sa.String) if as_text else ENTRIES.c.at
    others = [column for column in ENTRIES.c if column.name not in {"seq", "at"}]
    statement = sa.select(ENTRIES.c.seq, raw_at, *others, DETAILS.c.sealed)
    return statement.join_from(ENTRIES, DETAILS, isouter=True)


def _link(row: Any) -> Link:
    seq, at, *rest = row
    return Link(seq, _as_hashed(at), *rest)


def _made_with(key: bytes, link: Link) -> bool:
    try:
        return chain.hash_of(key, link) == link.hash
    except TypeError:  # no entry holds such values; ``verify`` says so
        return False


def _refuse_a_replaced_key(session: Session, key: bytes) -> None:
    """What goes on after a change of the key with the old one in its hands would break the chain."""
    if any(True for _ in _told_of_changes(session, key)):
        raise IntegrityError(
            "the audit key was changed since this process began; nothing was done",
            "Start it again: it then goes on with the new key.",
        )


def _newest_pseudonyms(session: Session) -> str | None:
    noted = sa.select(ENTRIES.c.action).where(ENTRIES.c.action.startswith(RENAMED)).order_by(ENTRIES.c.seq.desc())
    action = session.execute(noted.limit(1)).scalar_one_or_none()
    return None if action is None else str(action).removeprefix(RENAMED)


def _refuse_old_pseudonyms(session: Session, mark: str) -> None:
    """Who names households as they were called before would write down a wish that nobody finds again."""
    if _newest_pseudonyms(session) not in {None, mark}:
        raise IntegrityError(
            "the key of pseudonyms was changed since this process began; nothing was done",
            "Start it again: it then finds the households under their new numbers.",
        )


def _told_of_changes(session: Session, key: bytes) -> Iterator[Mapping[str, Any]]:
    """The details of the entries that closed the chain under this key: one, where it was replaced."""
    statement = _with_details(session).where(ENTRIES.c.action == chain.CHANGED).order_by(ENTRIES.c.seq)
    for link in map(_link, session.execute(statement).all()):
        details = _opened(key, link)
        if details is not None:
            yield details


def _opened(key: bytes, link: Link) -> Mapping[str, Any] | None:
    """The details of an entry, null where they do not open with this key."""
    try:
        return None if link.sealed is None else chain.opened(key, link.seq, link.sealed)
    except (InvalidTag, ValueError):
        return None


def _as_hashed(at: Any) -> str:
    """A stored moment as it was hashed; SQLite keeps its text, which is compared as it stands."""
    return chain.moment(at) if isinstance(at, datetime) else f"{str(at).replace(' ', 'T', 1)}+00:00"
