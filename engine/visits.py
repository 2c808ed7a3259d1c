"""The visits that count: recorded and not taken back. And their remarks, sealed like other personal text."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col

from engine.db import writing
from engine.errors import IntegrityError
from engine.sealing import seal, unseal
from engine.tables import CasePart, CaseRow, CaseStep, Referral, Visit, VisitUndone

AT_ONCE: Final = 5_000


def counts() -> sa.ColumnElement[bool]:
    """The condition of a query of ``Visit`` that its outcome was not taken back."""
    return col(Visit.id).not_in(sa.select(col(VisitUndone.visit_id)))


def sealed_note(key: bytes, visit: int, text: str) -> bytes:
    """The remark of a visit, bound to it, under the vault's key."""
    return seal(key, _place(visit), text.encode("utf-8"))


def note_of(key: bytes, visit: Visit) -> str | None:
    """The remark of a visit; null where there is none. IntegrityError where it does not open."""
    assert visit.id is not None
    return None if visit.note is None else unseal(key, _place(visit.id), visit.note).decode("utf-8")


def reseal_notes(database: sa.Engine, old: bytes, new: bytes) -> int:
    """Seal every remark that has the old key with the new one; returns how many. Can be done again."""
    table, done, last = Visit.metadata.tables["visit"], 0, 0
    while True:
        with writing(database) as session:
            held = sa.select(table.c.id, table.c.note).where(table.c.id > last, table.c.note.is_not(None))
            rows = session.execute(held.order_by(table.c.id).limit(AT_ONCE)).all()
            for visit, sealed in rows:
                changed = _anew(visit, sealed, old, new)
                if changed is not None:
                    session.execute(sa.update(table).where(table.c.id == visit).values(note=changed))
                    done += 1
        if not rows:
            return done
        last = rows[-1][0]


def forget(condition: sa.ColumnElement[bool]) -> Sequence[sa.Delete]:
    """The deletions, in their order, that take away the visits of a condition with all that hangs on them."""
    gone = sa.select(col(Visit.id)).where(condition)
    return (
        sa.delete(Referral).where(col(Referral.visit_id).in_(gone)),
        sa.delete(VisitUndone).where(col(VisitUndone.visit_id).in_(gone)),
        sa.delete(Visit).where(condition),
    )


def forget_cases(session: Session, condition: sa.ColumnElement[bool]) -> None:
    """Take away the cases of a condition with their steps and parts, in the caller's transaction."""
    gone = sa.select(col(CaseRow.id)).where(condition)
    session.execute(sa.delete(CasePart).where(col(CasePart.case_id).in_(gone)))
    session.execute(sa.delete(CaseStep).where(col(CaseStep.case_id).in_(gone)))
    session.execute(sa.delete(CaseRow).where(condition))


def _anew(visit: int, sealed: bytes, old: bytes, new: bytes) -> bytes | None:
    try:
        return seal(new, _place(visit), unseal(old, _place(visit), sealed))
    except IntegrityError:
        unseal(new, _place(visit), sealed)
        return None


def _place(visit: int) -> str:
    return f"visit|note|{visit}"
