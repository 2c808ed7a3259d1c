"""The outbox beside the folder: messages are made with the list they tell of, claimed, and settled.

A message is made in the transaction that notes its list as written. Whoever sends it claims it first; what it came
to is written down under that claim only. A sender that dies in between leaves a claim that runs out, and the
message is sent again under the same key, by which the receiver knows it.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.channels import PER_NIGHT, PushSettings
from engine.push.answer import Answer
from engine.tables import Night, OutreachItem, OutreachList, PushMessage

NEVER_OUT: Final = ("drafted", "superseded")
"""States of an item that no message tells of."""


@dataclass(frozen=True)
class Claimed:
    """A message in the hands of one sender, with the date and the caseworker that it is about."""

    row: PushMessage
    token: str
    night: Night
    caseworker: str | None


def make_messages(
    session: Session,
    list_id: int,
    settings: PushSettings,
    addresses: Collection[str],
    *,
    key: bytes,
    at: datetime,
) -> int:
    """Put messages about a list that has just been written into the outbox, in the caller's transaction.

    One to each channel of mail (where the caseworker has an address, or the channel a ``to``) and each webhook; one
    about the whole night to each robot. A list that is written anew is told of again only where visits have been
    opened since (the rest of a held list was released). Returns how many were made.
    """
    if not settings.channel:
        return 0
    told = session.get_one(OutreachList, list_id)
    night = session.get_one(Night, told.night_id)
    made = 0
    for name, channel in sorted(settings.channel.items()):
        per_night = channel.kind in PER_NIGHT
        if channel.kind == "email" and not channel.to and told.caseworker_id not in addresses:
            continue
        about = None if per_night else list_id
        counts = _counts(session, night, about)
        part, opened = _told_before(session, night, about, name)
        if counts["opened"] <= opened:
            continue
        who = None if per_night else told.caseworker_id
        session.add(
            PushMessage(
                message_id=_message_id(key, night, who, name, part + 1),
                night_id=told.night_id,
                list_id=about,
                channel=name,
                made_at=at,
                due_at=at,
                **counts,
            )
        )
        made += 1
    session.flush()
    return made


def claim_next(
    session: Session,
    now: datetime,
    token: str,
    seconds: float,
    *,
    channels: Collection[str],
    urgent_only: Collection[str] = (),
) -> Claimed | None:
    """Claim a message for so many seconds, the urgent first, then the longest due; null where nothing is due.

    ``channels`` may be sent to, of ``urgent_only`` only what is urgent. A claim that lasts for more than twice its
    length from now was made by a clock that has gone back since; it counts as run out.
    """
    length = timedelta(seconds=seconds)
    gone = sa.or_(col(PushMessage.claimed_until) <= now, col(PushMessage.claimed_until) > now + 2 * length)
    ready = sa.or_(
        sa.and_(col(PushMessage.state) == "waiting", col(PushMessage.due_at) <= now),
        sa.and_(col(PushMessage.state) == "claimed", gone),
    )
    open_now = sa.or_(
        col(PushMessage.channel).in_(sorted(channels)),
        sa.and_(col(PushMessage.channel).in_(sorted(urgent_only)), col(PushMessage.urgent) > 0),
    )
    first = (col(PushMessage.urgent) == 0, col(PushMessage.due_at), col(PushMessage.id))
    statement = select(PushMessage).where(ready, open_now).order_by(*first).limit(1)
    row = session.exec(statement.with_for_update()).one_or_none()
    if row is None:
        return None
    row.state, row.claim, row.claimed_until, row.attempts = "claimed", token, now + length, row.attempts + 1
    session.flush()
    told = None if row.list_id is None else session.get_one(OutreachList, row.list_id)
    night = session.get_one(Night, row.night_id)
    return Claimed(row, token, night, None if told is None else told.caseworker_id)


def settle(
    session: Session, claimed: Claimed, answer: Answer, now: datetime, *, wait: float, attempts: int
) -> str | None:
    """Write down what an attempt came to: the state that the message has now, null where the claim was lost.

    ``wait``: seconds before the next attempt; after so many ``attempts`` there is none, and the message is dead. A
    receiver that asks for rest gets it from every message of the channel.
    """
    row = _still_claimed(session, claimed)
    if row is None:
        return None
    row.claim = row.claimed_until = None
    row.answer = answer.said
    if answer.outcome == "delivered":
        row.state, row.settled_at, row.problem = "delivered", now, None
    elif answer.outcome == "refused" or row.attempts >= attempts:
        row.state, row.settled_at, row.problem = "dead", now, answer.said
    else:
        row.state, row.problem = "waiting", answer.said
        row.due_at = now + timedelta(seconds=max(wait, answer.wait or 0.0))
    session.flush()
    if answer.wait:
        rest = now + timedelta(seconds=answer.wait)
        later = sa.update(PushMessage).where(
            col(PushMessage.channel) == row.channel,
            col(PushMessage.state) == "waiting",
            col(PushMessage.due_at) < rest,
        )
        session.execute(later.values(due_at=rest))
    return row.state


def put_back(session: Session, claimed: Claimed, problem: str, now: datetime, *, wait: float) -> None:
    """Give a claim back without an attempt: the message could not be sent. Nothing where the claim was lost."""
    row = _still_claimed(session, claimed)
    if row is not None:
        row.state, row.claim, row.claimed_until, row.attempts = "waiting", None, None, row.attempts - 1
        row.problem, row.due_at = problem, now + timedelta(seconds=wait)
        session.flush()


def send_again(session: Session, rows: Collection[PushMessage], now: datetime) -> None:
    """Let messages that are dead, or wait for another try, be due now, under the same keys, with all attempts."""
    for row in rows:
        row.state, row.attempts, row.due_at, row.settled_at = "waiting", 0, now, None
    session.flush()


def note_read(session: Session, message_id: str, at: datetime, who: str) -> PushMessage | None:
    """Note that somebody has opened the link, or has been told otherwise; the first time stands. Null: no such."""
    row = session.exec(select(PushMessage).where(PushMessage.message_id == message_id)).one_or_none()
    if row is not None and row.read_at is None:
        row.read_at, row.read_by = at, who
        session.flush()
    return row


def figures(session: Session, night_id: int | None = None) -> dict[str, dict[str, Any]]:
    """By channel, of one night or of all: messages ``waiting`` (those being sent, too), ``delivered``, ``dead``,
    ``told_otherwise`` (dead, and somebody noted that it is known), ``read``, ``attempts``, and since when the
    longest has waited (``waits_since``)."""
    state, read = col(PushMessage.state), col(PushMessage.read_at).is_not(None)
    waits = state.in_(("waiting", "claimed"))
    statement = (
        sa.select(
            col(PushMessage.channel),
            sa.func.count().filter(waits).label("waiting"),
            sa.func.count().filter(state == "delivered").label("delivered"),
            sa.func.count().filter(sa.and_(state == "dead", ~read)).label("dead"),
            sa.func.count().filter(sa.and_(state == "dead", read)).label("told_otherwise"),
            sa.func.count().filter(read).label("read"),
            sa.func.sum(PushMessage.attempts).label("attempts"),
            sa.func.min(PushMessage.made_at).filter(waits).label("waits_since"),
        )
        .where(sa.true() if night_id is None else col(PushMessage.night_id) == night_id)
        .group_by(col(PushMessage.channel))
        .order_by(col(PushMessage.channel))
    )
    rows = [dict(row) for row in session.execute(statement).mappings()]
    return {row.pop("channel"): row for row in rows}


def unknown_channels(session: Session, known: Collection[str]) -> list[str]:
    """Channels for which messages wait and that home.toml does not name any more."""
    statement = sa.select(col(PushMessage.channel)).where(
        col(PushMessage.state).in_(("waiting", "claimed")), col(PushMessage.channel).not_in(sorted(known))
    )
    return sorted(session.execute(statement.distinct()).scalars())


def letters(session: Session, *states: str) -> Iterator[Mapping[str, Any]]:
    """Messages in some states, the oldest first, as an operator sees them; nobody is named in one."""
    statement = (
        select(PushMessage, Night)
        .join(Night, col(PushMessage.night_id) == col(Night.id))
        .where(col(PushMessage.state).in_(states))
        .order_by(col(PushMessage.id))
    )
    for row, night in session.exec(statement):
        yield {
            "message": row.message_id,
            "channel": row.channel,
            "business_date": night.business_date,
            "state": row.state,
            "urgent": row.urgent,
            "attempts": row.attempts,
            "since": row.made_at,
            "due_at": row.due_at,
            "problem": row.problem,
            "read_at": row.read_at,
        }


def _still_claimed(session: Session, claimed: Claimed) -> PushMessage | None:
    statement = select(PushMessage).where(
        PushMessage.id == claimed.row.id,
        PushMessage.state == "claimed",
        PushMessage.claim == claimed.token,
        PushMessage.attempts == claimed.row.attempts,
    )
    return session.exec(statement.with_for_update()).one_or_none()


def _counts(session: Session, night: Night, list_id: int | None) -> dict[str, Any]:
    """Visits that have ever been opened; the lists that hold any; those that are to be made now, and the urgent."""
    lists = sa.select(col(OutreachList.id)).where(col(OutreachList.night_id) == night.id)
    on = col(OutreachItem.list_id).in_(lists) if list_id is None else col(OutreachItem.list_id) == list_id
    there = col(OutreachItem.state_reason).is_(None)
    statement = sa.select(
        sa.func.count(),
        sa.func.count(sa.distinct(col(OutreachItem.list_id))),
        sa.func.count().filter(there),
        sa.func.count().filter(sa.and_(there, col(OutreachItem.lane) == "urgent")),
    ).where(on, col(OutreachItem.state).not_in(NEVER_OUT))
    opened, count, households, urgent = session.execute(statement).one()
    return {"opened": opened, "lists": max(1, count), "households": households, "urgent": urgent}


def _told_before(session: Session, night: Night, list_id: int | None, channel: str) -> tuple[int, int]:
    """How many messages there have been, and how many opened visits the last one knew of."""
    about = col(PushMessage.list_id).is_(None) if list_id is None else col(PushMessage.list_id) == list_id
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(PushMessage.opened), -1)).where(
        col(PushMessage.night_id) == night.id, about, col(PushMessage.channel) == channel
    )
    parts, opened = session.execute(statement).one()
    return parts, opened


def _message_id(key: bytes, night: Night, caseworker: str | None, channel: str, part: int) -> str:
    """The key of a message: the same for the same list, and nobody can tell from it which."""
    of_night = f"{night.kind}:{night.business_date}:{night.manifest_sha256}"
    about = f"push:v1:{of_night}:{caseworker or ''}:{channel}:{part}"
    return f"msg_{hmac.digest(key, about.encode(), hashlib.sha256).hex()[:32]}"
