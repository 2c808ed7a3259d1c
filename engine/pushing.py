"""The messages of a home: send what is due, tell how they stand, send dead ones again, note that one was read."""

import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from engine.db import reading, writing
from engine.errors import UsageError
from engine.nights import find_night
from engine.push.delivery import figures, letters, note_read, send_again, unknown_channels
from engine.push.hand import Hand
from engine.push.sending import Sender, Sent
from engine.tables import PushMessage
from engine.workplace import Workplace

A_WHILE = 60.0
"""Seconds for which one look may send; what is left is sent with the next."""


def push_due(
    place: Workplace,
    *,
    environment: Mapping[str, str] = os.environ,
    seconds: float = A_WHILE,
    keep_going: Callable[[], bool] = lambda: True,
) -> Sent:
    """Send the messages that are due, through the channels of home.toml. Nothing where it names none.

    A receiver that does not take them, or a channel that cannot be used, is told in the result and raises nothing.
    """
    settings = place.settings.push
    if not settings.channel:
        return Sent()
    hand = Hand(place.home.root, place.home.keys, environment, place.bureau.addresses())
    sender = Sender(place.log, settings, place.policy.push, hand, place.log.clock, place.seed)
    return sender.send_due(seconds=seconds, keep_going=keep_going)


def told_of(sent: Sent) -> dict[str, Any]:
    """The result of a look as plain values."""
    return {"delivered": sent.delivered, "again": sent.again, "dead": sent.dead, "problems": dict(sent.problems)}


def push_status(place: Workplace) -> dict[str, Any]:
    """How the messages stand: figures by channel, those that wait, dead letters, whom no mail reaches."""
    with reading(place.database) as session:
        waiting = list(letters(session, "waiting", "claimed"))
    return push_in_short(place) | {"waiting": waiting} | dead_letters(place)


def push_in_short(place: Workplace) -> dict[str, Any]:
    """The same without the letters: the channels, their figures, and what is amiss with them."""
    settings = place.settings.push
    with reading(place.database) as session:
        return {
            "channels": {name: channel.kind for name, channel in sorted(settings.channel.items())},
            "figures": figures(session),
            "unknown_channels": unknown_channels(session, settings.channel),
            "without_address": _without_address(place),
        }


def dead_letters(place: Workplace) -> dict[str, Any]:
    """The messages that were given up, and of which nobody has noted that they are known."""
    with reading(place.database) as session:
        return {"dead": [each for each in letters(session, "dead") if each["read_at"] is None]}


def retry(
    place: Workplace, *, message: str | None = None, channel: str | None = None, reason: str
) -> dict[str, Any]:
    """Let dead messages, and those that wait for another try, be due now: one, those of a channel, or all. Audited.

    Raises UsageError where none is meant, or the reason is blank.
    """
    if not reason.strip():
        raise UsageError("--reason is empty", "Say in a sentence why; it is kept for the auditor.")
    dead = sa.and_(col(PushMessage.state) == "dead", col(PushMessage.read_at).is_(None))
    meant = select(PushMessage).where(sa.or_(dead, col(PushMessage.state) == "waiting"))
    if message is not None:
        meant = meant.where(col(PushMessage.message_id) == message)
    if channel is not None:
        meant = meant.where(col(PushMessage.channel) == channel)
    with writing(place.database) as session:
        rows = session.exec(meant.order_by(col(PushMessage.id))).all()
        if not rows:
            named = message or ("all" if channel is None else f"--channel {channel}")
            raise UsageError(f"{named}: no message is dead or waits", "xunfang push status lists them.")
        send_again(session, rows, place.log.clock())
        ids = [row.message_id for row in rows]
        place.log.note("messages sent again", "list", {"messages": ids, "reason": reason.strip()}, session)
    return {"sent_again": ids, "by": place.log.actor}


def receipt(place: Workplace, message: str) -> dict[str, Any]:
    """Note that a message was read, or that who should know knows; a dead letter is one no longer. Audited.

    The first receipt stands. Raises UsageError where there is no such message.
    """
    with writing(place.database) as session:
        now = place.log.clock()
        row = note_read(session, message, now, place.log.actor)
        if row is None:
            raise UsageError(f"{message}: there is no such message", "xunfang push status lists them.")
        if (row.read_at, row.read_by) == (now, place.log.actor):
            place.log.note("message read", "list", {"message": message}, session)
        return {"message": message, "read_at": row.read_at, "read_by": row.read_by, "state": row.state}


def push_figures(place: Workplace, business_date: date) -> dict[str, dict[str, Any]]:
    """The figures of one night by channel; none of a date without a night."""
    with reading(place.database) as session:
        night = find_night(session, business_date)
        return {} if night is None else figures(session, night.id)


def _without_address(place: Workplace) -> list[str]:
    """Caseworkers whom no channel of mail can tell."""
    mail = place.settings.push.of_kind("email")
    if not mail or any(channel.to for _, channel in mail):
        return []
    known = place.bureau.addresses()
    return [worker.caseworker_id for worker in place.bureau.caseworkers() if worker.caseworker_id not in known]
