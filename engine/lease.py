"""A lease: who may do a work that only one process may do at a time.

The row lives in the database. Every change of hands raises its epoch, and whoever writes under the lease checks the
epoch in the same transaction: a holder that was stopped, or whose clock stood still, cannot write once another has
taken over, whatever it believes itself. The expiry decides only when another may try.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from engine.errors import LockedError
from engine.tables import Lease


class StaleHolderError(LockedError):
    """Another process has taken over: what this one wanted to write is refused."""


@dataclass(frozen=True)
class Claim:
    """The right to work under a lease, for as long as the epoch stands."""

    name: str
    holder: str
    epoch: int


def take(session: Session, name: str, holder: str, now: datetime, seconds: float) -> Claim | None:
    """Take the lease for so many seconds; null where another holds it.

    A lease that would last for more than twice its length from now was written by a clock that has gone back since;
    it counts as expired.
    """
    length = timedelta(seconds=seconds)
    row = session.get(Lease, name)
    if row is None:
        row = Lease(name=name, epoch=0, expires_at=now)
        session.add(row)
    elif row.holder is not None and now < row.expires_at <= now + 2 * length:
        return None
    row.holder, row.epoch, row.expires_at = holder, row.epoch + 1, now + length
    session.flush()
    return Claim(name, holder, row.epoch)


def renew(session: Session, claim: Claim, now: datetime, seconds: float) -> None:
    """Hold on for so many seconds from now. Raises ``StaleHolderError`` where another has taken over."""
    _held(session, claim).expires_at = now + timedelta(seconds=seconds)
    session.flush()


def release(session: Session, claim: Claim) -> None:
    """Give the lease back; nothing happens where another has taken over."""
    row = session.get(Lease, claim.name)
    if row is not None and (row.holder, row.epoch) == (claim.holder, claim.epoch):
        row.holder = None
        session.flush()


def check(session: Session, claim: Claim) -> None:
    """Call this in the transaction that writes: raises ``StaleHolderError`` where another has taken over."""
    _held(session, claim)


def _held(session: Session, claim: Claim) -> Lease:
    statement = select(Lease).where(Lease.name == claim.name).with_for_update()
    row = session.exec(statement).one_or_none()
    if row is None or (row.holder, row.epoch) != (claim.holder, claim.epoch):
        raise StaleHolderError(
            f"another process has taken over the {claim.name} (this one held it in epoch {claim.epoch}); "
            "nothing was written",
            "Leave the other to finish: xunfang status shows where it is.",
        )
    return row
