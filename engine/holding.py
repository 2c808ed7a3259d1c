"""What holds lists back, and the two ways on: a person confirms a delivery, or releases the lists."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import nights
from engine.db import reading, writing
from engine.errors import UsageError, XunfangError
from engine.intake.guard import deviations
from engine.tables import Confirmation, Delivery, OutreachItem, OutreachList
from engine.workplace import Workplace
from outreach.lifecycle import step
from outreach.wording import Text

CHANNEL: Final = "folder"


@dataclass(frozen=True)
class Doubt:
    """A delivery that holds the lists until it is confirmed: its name, and why, in words."""

    name: str
    text: Text


def doubts(place: Workplace, refused: Mapping[str, XunfangError]) -> list[Doubt]:
    """Deliveries unlike their history and refused ones, without those that a person has confirmed."""
    with reading(place.database) as session:
        confirmed = set(session.exec(select(Confirmation.name)))
    turned_away = [
        Doubt(name, _turned_away(name, error)) for name, error in sorted(refused.items()) if name not in confirmed
    ]
    unlike = deviations(place.store().receipts, place.policy.volume, confirmed)
    return turned_away + [Doubt(each.delivery_id, each.text) for each in unlike]


def _turned_away(name: str, error: XunfangError) -> Text:
    if name.startswith("sources/"):
        return Text(f"来源说明有误（{error.message}）", f"the description has a mistake ({error.message})")
    return Text(f"交付被拒收（{error.message}）", f"the delivery was refused ({error.message})")


def held_by(found: Collection[Doubt]) -> str | None:
    """Why a night is held, for its report and for whoever asks; None where nothing holds it."""
    if not found:
        return None
    zh = "；".join(f"{each.name}：{each.text.zh}" for each in found)
    en = "; ".join(f"{each.name}: {each.text.en}" for each in found)
    return f"{zh} / {en}"


def confirm(place: Workplace, name: str, *, reason: str) -> dict[str, Any]:
    """Note that a person has looked at a delivery and lets the nights go on; audited.

    Raises UsageError where the reason is blank, or where no such delivery is in the store or in the inbox.
    """
    said = _required(reason)
    known = {receipt.delivery_id for receipt in place.store().receipts}
    if name not in known and not (place.home.inbox / name).is_dir():
        raise UsageError(f"{name}: no such delivery in the store or in the inbox", "xunfang check names them.")
    with writing(place.database) as session:
        if session.get(Confirmation, name) is not None:
            raise UsageError(f"{name}: confirmed already", "There is nothing more to do.")
        session.add(
            Confirmation(name=name, reason=said, confirmed_by=place.log.actor, confirmed_at=place.log.clock())
        )
        place.log.note("delivery confirmed", "delivery", {"delivery": name, "reason": said}, session)
    return {"confirmed": name, "by": place.log.actor, "reason": said}


def release(place: Workplace, business_date: date, *, reason: str) -> dict[str, Any]:
    """Release the lists of a night that wait for a person; they go to the outbox in the same transaction. Audited.

    Of a held night the lists go out whole, also those whose urgent visits went out before. Raises UsageError where
    nothing of this date waits, or where the reason that a held list needs is blank.
    """
    with writing(place.database) as session:
        night = nights.find_night(session, business_date)
        waiting = [] if night is None else _waiting(session, night.id)
        if night is None or not waiting:
            raise UsageError(
                f"--date {business_date}: no list of this night waits for a release",
                "xunfang status says what waits.",
            )
        said = _required(reason) if night.held_reason is not None else reason.strip()
        for each in waiting:
            step("list", each.state, "released", "reviewer", said)
            each.state = "released"
        ids = [each.id for each in waiting if each.id is not None]
        opened = session.execute(
            sa.update(OutreachItem)
            .where(col(OutreachItem.list_id).in_(ids), col(OutreachItem.state) == "drafted")
            .values(state="open")
            .returning(col(OutreachItem.id))
        ).all()
        again = sa.update(Delivery).where(col(Delivery.list_id).in_(ids), col(Delivery.channel) == CHANNEL)
        sent_before = session.execute(again.values(sent_at=None).returning(col(Delivery.list_id))).scalars().all()
        session.add_all(Delivery(list_id=each, channel=CHANNEL) for each in ids if each not in set(sent_before))
        counts = {"lists": len(ids), "items": len(opened)}
        told = {"business_date": business_date.isoformat(), **counts, "reason": said}
        place.log.note("lists released", "night", told, session)
    return {"business_date": business_date, "released_lists": len(ids), "opened_visits": len(opened)}


def _waiting(session: Session, night_id: int | None) -> list[OutreachList]:
    statement = (
        select(OutreachList)
        .where(OutreachList.night_id == night_id, col(OutreachList.state).in_(("drafted", "held")))
        .order_by(OutreachList.caseworker_id)
    )
    return list(session.exec(statement))


def _required(reason: str) -> str:
    if not reason.strip():
        raise UsageError("--reason is empty", "Say in a sentence why; it is kept for the auditor.")
    return reason.strip()
