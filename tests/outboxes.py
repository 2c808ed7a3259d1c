"""An outbox without a home: a night of many lists, and who sends their messages on a hurried clock."""

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from receivers import SECRET
from sqlmodel import Session, col, select

from engine.audit import AuditLog
from engine.channels import PushSettings
from engine.db import reading, writing
from engine.push.delivery import make_messages
from engine.push.hand import Hand
from engine.push.sending import Sender
from engine.tables import Delivery, Night, OutreachItem, OutreachList, PushMessage
from outreach.policy import Push

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai."""
TONIGHT = date(2026, 11, 21)
LINK = "https://lists.example.gov/l"
SOON = {"connect_seconds": 2.0, "read_seconds": 5.0, "whole_seconds": 10.0}


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> None:
        """Later by so much."""
        self.now += timedelta(**span)


def webhook(url: str, **changes: Any) -> dict[str, Any]:
    """The settings of a webhook whose secret is in the variable HOOK."""
    return {"kind": "webhook", "url": url, "secret_env": "HOOK", **SOON, **changes}


def settings(**channels: dict[str, Any]) -> PushSettings:
    """The settings with some channels."""
    return PushSettings.model_validate({"link": LINK, "channel": channels})


def sender(engine: sa.Engine, push: PushSettings, clock: Clock, folder: Path, **changes: Any) -> Sender:
    """Who sends, with the secret of the webhook in the environment; ``policy`` changes values of the policy."""
    log = AuditLog(engine, KEY, "scheduler", "operator", clock)
    hand = Hand(folder, folder / "keys", {"HOOK": SECRET}, changes.pop("addresses", {}))
    policy = Push(**changes.pop("policy", {}))
    return replace(Sender(log, push, policy, hand, clock), **changes)


def night_of(session: Session, lists: int, *, urgent: int = 0, day: date = TONIGHT) -> list[int]:
    """A finished night with so many lists of one household each, the first ones urgent; the ids of the lists."""
    night = Night(
        business_date=day, state="finished", input_sha256="i", policy_sha256="p", code_version="0",
        manifest_path="m", manifest_sha256=f"s{day}", records_read=0, records_quarantined=0, households_scored=0,
        households_listed=lists, actor="night", started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    session.add(night)
    session.flush()
    assert night.id is not None
    rows = [
        OutreachList(night_id=night.id, caseworker_id=f"w{n:04}", week=day, state="released", content_sha256="c")
        for n in range(lists)
    ]
    session.add_all(rows)
    session.flush()
    ids = [row.id for row in rows if row.id is not None]
    session.add_all(
        OutreachItem(
            list_id=each, household_id=f"h{day:%m%d}{n:05}", business_date=day, position=1,
            lane="urgent" if n < urgent else "risk", due_on=day, state="open",
        )
        for n, each in enumerate(ids)
    )  # fmt: skip
    session.add_all(Delivery(list_id=each, channel="folder", sent_at=NOW) for each in ids)
    session.flush()
    return ids


def filled(engine: sa.Engine, push: PushSettings, lists: int, **more: Any) -> list[int]:
    """A night whose lists have just been written, with their messages in the outbox."""
    addresses = more.pop("addresses", {})
    with writing(engine) as session:
        ids = night_of(session, lists, **more)
        for each in ids:
            make_messages(session, each, push, addresses, key=KEY, at=NOW)
    return ids


def rows(engine: sa.Engine) -> list[PushMessage]:
    """All messages."""
    with reading(engine) as session:
        return list(session.exec(select(PushMessage).order_by(col(PushMessage.id))))


def states(engine: sa.Engine) -> dict[str, int]:
    """How many messages are in each state."""
    with reading(engine) as session:
        counted = sa.select(col(PushMessage.state), sa.func.count()).group_by(col(PushMessage.state))
        return {state: count for state, count in session.execute(counted)}


def to_the_end(senders: list[Sender], clock: Clock, *, rounds: int = 200) -> None:
    """Send, all at once, put the clock on to when all that wait are due, and again, until none does."""
    for _ in range(rounds):
        threads = [threading.Thread(target=each.send_due, kwargs={"seconds": 600}) for each in senders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with reading(senders[0].log.database) as session:
            left = sa.select(
                sa.func.max(PushMessage.due_at).filter(col(PushMessage.state) == "waiting"),
                sa.func.max(PushMessage.claimed_until).filter(col(PushMessage.state) == "claimed"),
            )
            due = [moment for moment in session.execute(left).one() if moment is not None]
        if not due:
            return
        clock.now = max(clock.now, *due)
    raise AssertionError(f"{rounds} rounds, and messages still wait")
