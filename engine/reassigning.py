"""An item of a list given to another caseworker: the old one gives way, a new one waits on the other list."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine.db import writing
from engine.errors import NotAllowedError, UsageError
from engine.feedback import RefusedError
from engine.nights import STANDING, lists_ended
from engine.outcomes import find, open_text, told
from engine.send import send_late
from engine.tables import CaseRow, Delivery, OutreachItem, OutreachList
from engine.workplace import Workplace
from outreach.lifecycle import BEFORE_APPLICATION, Actor, step
from outreach.outcomes import ticket
from outreach.permissions import in_area

REASON: Final = "reassigned"
CHANNEL: Final = "folder"


def reassign(place: Workplace, text: str, *, to: str, reason: str, areas: Sequence[str]) -> dict[str, Any]:
    """Give the item that a text names to another caseworker who serves its area; both lists are written anew.

    It keeps its lane, its due date and its chance in the lottery, and gets a number of its own: what the former
    caseworker sends of the old one is answered with the new number and whose it is, and nothing is lost. The
    household's case goes along. Raises UsageError where the item does not wait for a visit or the other does not
    serve its area, NotAllowedError for a caseworker who is neither.
    """
    said = open_text("--reason", reason)
    workers = {worker.caseworker_id: worker for worker in place.bureau.caseworkers()}
    if to not in workers:
        raise UsageError(f"--to {to}: is no caseworker of this home", f"There are: {', '.join(sorted(workers))}.")
    try:
        with writing(place.database) as session:
            item = find(session, text)
            _lock(session, item)
            region = _region(place, item.household_id)
            if not in_area(region, workers[to].areas):
                raise UsageError(
                    f"--to {to}: does not serve the area of this household / 该经办人不负责这户所在辖区",
                    "Name somebody who does; caseworkers.toml holds the areas of each.",
                )
            before = session.get(OutreachList, item.list_id)
            assert before is not None
            _refuse(place, item, before, to, near=in_area(region, areas))
            after = _list_of(session, before, to)
            moved = _moved(session, item, after, place.log.recorder, said)
            _write_anew(session, (before.id, after.id))
            _with_its_case(session, item.household_id, to)
            lists_ended(session)
            session.flush()
            note = {
                "item": item.id,
                "new_item": moved.id,
                "from": before.caseworker_id,
                "to": to,
                "reason": said,
                "households": [item.household_id],
            }
            place.log.note("item reassigned", "item", note, session)
            told_ = {
                "item": ticket(item.id or 0, item.business_date),
                "new_item": ticket(moved.id or 0, moved.business_date),
                "household": item.household_id,
                "from": before.caseworker_id,
                "to": to,
                "due_on": moved.due_on.isoformat(),
            }
    except RefusedError as refused:
        raise told(refused) from None
    send_late(place, place.log.clock())
    return told_


def _lock(session: Session, item: OutreachItem) -> None:
    """Nobody else moves the item meanwhile; its state is read anew."""
    session.refresh(item, with_for_update=True)


def _refuse(place: Workplace, item: OutreachItem, before: OutreachList, to: str, *, near: bool) -> None:
    if item.state not in STANDING:
        raise UsageError(
            f"this item does not wait for a visit ({item.state}) / 这一项不在待走访状态",
            "xunfang outcome list shows what waits.",
        )
    if before.caseworker_id == to:
        raise UsageError(f"--to {to}: has it already", "Name somebody else.")
    if place.log.role == "caseworker" and not (near and place.log.actor == before.caseworker_id):
        raise NotAllowedError(
            "a caseworker gives away only what is on their own list / 经办人只能转出本人名单上的事项",
            "An operator or a reviewer may give it to somebody else.",
        )


def _list_of(session: Session, before: OutreachList, to: str) -> OutreachList:
    """The other caseworker's list of the same night; a new one where the night had none for them."""
    mine = select(OutreachList).where(OutreachList.night_id == before.night_id, OutreachList.caseworker_id == to)
    found = session.exec(mine.with_for_update()).first()
    if found is None:
        empty = hashlib.sha256(b"[]").hexdigest()
        found = OutreachList(
            night_id=before.night_id, caseworker_id=to, week=before.week, state="released", content_sha256=empty
        )
        session.add(found)
        session.flush()
    elif found.state == "closed":
        step("list", "closed", "released", "operator", REASON)
        found.state = "released"
    return found


def _moved(session: Session, item: OutreachItem, after: OutreachList, who: Actor, said: str) -> OutreachItem:
    step("item", item.state, "superseded", who, said)
    state = item.state
    item.state, item.state_reason = "superseded", REASON
    session.flush()
    last = session.execute(
        sa.select(sa.func.max(col(OutreachItem.position))).where(col(OutreachItem.list_id) == after.id)
    ).scalar()
    assert after.id is not None
    made = OutreachItem(
        list_id=after.id,
        household_id=item.household_id,
        business_date=item.business_date,
        position=(last or 0) + 1,
        lane=item.lane,
        due_on=item.due_on,
        inclusion_probability=item.inclusion_probability,
        state=state,
    )
    session.add(made)
    session.flush()
    return made


def _write_anew(session: Session, lists: Sequence[int | None]) -> None:
    """Both lists wait in the outbox again."""
    mine = col(Delivery.list_id).in_(lists)
    there = sa.update(Delivery).where(mine, col(Delivery.channel) == CHANNEL).values(sent_at=None)
    known = set(session.execute(there.returning(col(Delivery.list_id))).scalars())
    session.add_all(Delivery(list_id=each, channel=CHANNEL) for each in lists if each and each not in known)
    session.flush()


def _with_its_case(session: Session, household: str, to: str) -> None:
    """A case before its application goes to whoever visits now."""
    mine = sa.update(CaseRow).where(
        col(CaseRow.household_id) == household, col(CaseRow.state).in_(BEFORE_APPLICATION)
    )
    session.execute(mine.values(owner=to))


def _region(place: Workplace, household: str) -> str:
    there = place.store().homes.households.filter(pl.col("household_id") == household)
    return str(there["region"][0]) if there.height else ""
