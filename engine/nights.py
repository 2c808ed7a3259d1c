"""Save a night: its lists, its outbox and its audit entry in one transaction, once per business date."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import audit, lease
from engine.lease import Claim
from engine.tables import Delivery, Erasure, Night, Objection, OptOut, OutreachItem, OutreachList, Visit
from engine.visits import counts
from outreach.lifecycle import step

ITEM_COLUMNS: Final = (
    "household_id",
    "caseworker_id",
    "position",
    "lane",
    "due_on",
    "inclusion_probability",
    "priority",
)
STANDING: Final = ("open", "escalated")
"""States of an item that wait for a visit."""
GONE_OUT: Final = (*STANDING, "done")
"""States of an item that belongs on the caseworker's list: neither waiting for a release, nor taken off, nor
superseded."""

OPEN_WORK: Final = pl.Schema(
    {"household_id": pl.String, "state": pl.String, "since": pl.Date, "outcome": pl.String}
)
PLANNED: Final = pl.Schema({"caseworker_id": pl.String, "planned_this_week": pl.Int64})


@dataclass(frozen=True)
class Inputs:
    """What a night is made from: where one of these differs, the same night would come out differently.

    The ids of models are null where none is promoted.
    """

    input_sha256: str
    policy_sha256: str
    relative_poverty_model: str | None
    emergency_model: str | None


@dataclass(frozen=True)
class Facts:
    """What a night was made from, by what, and what it counted."""

    inputs: Inputs
    code_version: str
    manifest_path: str
    manifest_sha256: str
    records_read: int
    records_quarantined: int
    households_scored: int
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Saved:
    """What ``save_night`` did. ``already``: the date was finished before, and nothing was changed.

    ``changed`` names the inputs that differ from those of the finished night (always empty for a new one).
    """

    night_id: int
    business_date: date
    already: bool
    changed: tuple[str, ...]
    lists: int
    items: int

    @property
    def sentence(self) -> str:
        """The same for a person at the terminal."""
        if not self.already:
            return f"The night of {self.business_date} is saved: {self.items} households on {self.lists} lists."
        if not self.changed:
            return f"The night of {self.business_date} is finished already; nothing was changed."
        names = ", ".join(self.changed)
        return (
            f"The night of {self.business_date} is finished already and its inputs have changed since ({names}); "
            "a finished night is never overwritten, so nothing was changed. The next night uses the new inputs."
        )


@dataclass(frozen=True)
class SixNumbers:
    """The night in six numbers: records, households, lists, visits."""

    read: int
    quarantined: int
    scored: int
    listed: int
    sent: int
    answered: int


def find_night(session: Session, business_date: date) -> Night | None:
    """The finished or held night of this date, or null."""
    statement = select(Night).where(Night.kind == "night", Night.business_date == business_date)
    return session.exec(statement).one_or_none()


def told_again(session: Session, night: Night, inputs: Inputs) -> Saved:
    """What is said of a night that was finished before, with the names of the inputs that have changed since."""
    assert night.id is not None
    count = select(sa.func.count()).select_from(OutreachList).where(OutreachList.night_id == night.id)
    changed = tuple(name for name, value in vars(inputs).items() if getattr(night, name) != value)
    erased = select(sa.func.count()).select_from(Erasure).where(Erasure.voided_at > night.finished_at)
    if gone := session.exec(erased).one():
        changed += (f"{gone} erased since: it cannot be made again byte by byte",)
    return Saved(
        night.id,
        night.business_date,
        already=True,
        changed=changed,
        lists=session.exec(count).one(),
        items=night.households_listed,
    )


def save_night(
    session: Session,
    actor: str,
    business_date: date,
    items: pl.DataFrame,
    facts: Facts,
    *,
    audit_key: bytes,
    held_reason: str | None = None,
    release: bool = True,
    urgent_while_held: bool = True,
    claim: Claim | None = None,
) -> Saved:
    """Save the drafted items as lists in the caller's one transaction; a finished date is left as it is.

    ``items`` is the draft's frame (``ITEM_COLUMNS``). With ``release`` (an automatic policy) the lists are released
    and wait in the outbox; else they wait for a reviewer, in place of earlier nights' lists that still do. A held
    night releases its urgent lane, or nothing. ``claim`` fences the night of a scheduler: raises
    ``StaleHolderError`` where another process has taken over since.
    """
    if claim is not None:
        lease.check(session, claim)
    existing = find_night(session, business_date)
    if existing is not None:
        return told_again(session, existing, facts.inputs)
    rows = items.select(ITEM_COLUMNS).with_columns(pl.col("lane").cast(pl.String)).sort("caseworker_id", "position")
    night = Night(
        business_date=business_date,
        state="finished" if held_reason is None else "held",
        held_reason=held_reason,
        households_listed=rows.height,
        actor=actor,
        **vars(facts.inputs),
        **{name: value for name, value in vars(facts).items() if name != "inputs"},
    )
    session.add(night)
    session.flush()
    assert night.id is not None
    if held_reason is not None:
        list_state, opened = "held", pl.lit(urgent_while_held) & (pl.col("lane") == "urgent")
    else:
        list_state, opened = ("released", pl.lit(True)) if release else ("drafted", pl.lit(False))
    lists = _save_lists(session, night, rows, list_state, opened)
    superseded = _supersede(session)
    audit.append(
        session,
        audit_key,
        at=facts.finished_at,
        actor=actor,
        action=f"night {night.state}",
        subject_kind="night",
        details={
            "business_date": business_date,
            "manifest_sha256": facts.manifest_sha256,
            "lists": lists,
            "superseded": superseded,
        },
    )
    return Saved(night.id, business_date, already=False, changed=(), lists=len(lists), items=rows.height)


def unsent(session: Session, night_id: int, channel: str) -> list[OutreachList]:
    """The lists of a night that wait in the outbox for this channel, by caseworker."""
    statement = (
        select(OutreachList)
        .join(Delivery)
        .where(OutreachList.night_id == night_id, Delivery.channel == channel, col(Delivery.sent_at).is_(None))
        .order_by(OutreachList.caseworker_id)
    )
    return list(session.exec(statement))


def dates_unsent(session: Session, channel: str) -> list[date]:
    """The business dates of nights with a list that waits in the outbox for this channel, oldest first."""
    statement = (
        sa.select(col(Night.business_date))
        .where(
            col(Night.id).in_(
                sa.select(col(OutreachList.night_id))
                .join(Delivery, col(Delivery.list_id) == col(OutreachList.id))
                .where(col(Delivery.channel) == channel, col(Delivery.sent_at).is_(None))
            )
        )
        .order_by(col(Night.business_date))
    )
    return list(session.execute(statement).scalars())


def mark_sent(session: Session, list_id: int, channel: str, at: datetime) -> bool:
    """Note that a list has reached its channel; false where that had been noted before."""
    waiting = (
        sa.update(Delivery)
        .where(col(Delivery.list_id) == list_id, col(Delivery.channel) == channel, col(Delivery.sent_at).is_(None))
        .values(sent_at=at)
        .returning(col(Delivery.id))
    )
    return session.execute(waiting).one_or_none() is not None


def six_numbers(session: Session, night: Night) -> SixNumbers:
    """Read, quarantined, scored, listed as the night counted them; lists sent and visits answered up to now."""
    of_night = select(OutreachList.id).where(OutreachList.night_id == night.id)
    sent = session.exec(
        select(sa.func.count(sa.distinct(col(Delivery.list_id)))).where(
            col(Delivery.list_id).in_(of_night), col(Delivery.sent_at).is_not(None)
        )
    ).one()
    answered = session.exec(
        select(sa.func.count(sa.distinct(col(Visit.item_id))))
        .join(OutreachItem)
        .where(col(OutreachItem.list_id).in_(of_night), counts())
    ).one()
    return SixNumbers(
        night.records_read,
        night.records_quarantined,
        night.households_scored,
        night.households_listed,
        sent,
        answered,
    )


def open_work(session: Session, business_date: date) -> pl.DataFrame:
    """What stands now and keeps households off the lists of this date: the drafting's ``open_work``, sorted.

    Columns ``household_id, state, since, outcome``. States: ``open_item`` (waits on the list of another date; since
    the first such date), ``visited`` (the newest visit, with its outcome code), ``opted_out``, ``objected``.
    ``outcome`` is null but for visits. A household may have several rows, at most one per state.
    """
    parts = (_open_items(business_date), _last_visits(), _opt_outs(business_date), _objections())
    frames = [_frame(session, part) for part in parts]
    return pl.concat(frames).sort("household_id", "state")


def planned_this_week(session: Session, business_date: date) -> pl.DataFrame:
    """``caseworker_id, planned_this_week``: items gone out this week on lists of other dates, visited or not."""
    statement = (
        sa.select(col(OutreachList.caseworker_id), sa.func.count())
        .join(OutreachItem, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(
            col(OutreachList.week) == monday_of(business_date),
            col(OutreachItem.business_date) != business_date,
            col(OutreachItem.state).in_(GONE_OUT),
        )
        .group_by(col(OutreachList.caseworker_id))
        .order_by(col(OutreachList.caseworker_id))
    )
    return pl.DataFrame(session.execute(statement).all(), schema=PLANNED, orient="row")


def lengths_before(session: Session, business_date: date) -> list[int]:
    """How many households each night before this date listed, newest last; held nights count, for they end."""
    statement = (
        select(Night.households_listed)
        .where(Night.kind == "night", Night.business_date < business_date)
        .order_by(col(Night.business_date))
    )
    return list(session.exec(statement))


def lists_ended(session: Session) -> int:
    """Lists that went out and of which every item has ended, or waits elsewhere, are closed; returns how many."""
    waiting = sa.select(col(OutreachItem.list_id)).where(col(OutreachItem.state).in_(("drafted", *STANDING)))
    ended = (
        sa.update(OutreachList)
        .where(col(OutreachList.state) == "released", col(OutreachList.id).not_in(waiting))
        .values(state=step("list", "released", "closed", "night").to_state)
        .returning(col(OutreachList.id))
    )
    return len(session.execute(ended).all())


def monday_of(day: date) -> date:
    """The Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def _supersede(session: Session) -> int:
    """Lists that nobody has released give way to those of the newest date; what went out of them stays.

    A night that is caught up after a newer one is superseded as it is saved: a household waits on one list only.
    """
    newest = sa.select(sa.func.max(col(Night.business_date))).scalar_subquery()
    earlier = sa.select(col(Night.id)).where(col(Night.business_date) < newest)
    waiting = sa.select(col(OutreachList.id)).where(
        col(OutreachList.night_id).in_(earlier), col(OutreachList.state).in_(("drafted", "held"))
    )
    lists = list(session.execute(waiting).scalars())
    session.execute(
        sa.update(OutreachItem)
        .where(col(OutreachItem.list_id).in_(waiting), col(OutreachItem.state) == "drafted")
        .values(state="superseded")
    )
    session.execute(sa.update(OutreachList).where(col(OutreachList.id).in_(waiting)).values(state="superseded"))
    return len(lists)


def _save_lists(
    session: Session, night: Night, rows: pl.DataFrame, list_state: str, opened: pl.Expr
) -> dict[str, str]:
    """Insert lists, items and outbox in key order; the answer is the content hash by caseworker."""
    hashes = {
        str(caseworker): _content_sha256(part)
        for (caseworker,), part in rows.group_by("caseworker_id", maintain_order=True)
    }
    if not hashes:
        return {}
    week = monday_of(night.business_date)
    session.execute(
        sa.insert(OutreachList),
        [
            {
                "night_id": night.id,
                "caseworker_id": name,
                "week": week,
                "state": list_state,
                "content_sha256": sha256,
            }
            for name, sha256 in hashes.items()
        ],
    )
    ids = {
        row.caseworker_id: row.id
        for row in session.exec(select(OutreachList).where(OutreachList.night_id == night.id))
    }
    items = rows.select(
        pl.col("caseworker_id").replace_strict(ids, return_dtype=pl.Int64).alias("list_id"),
        "household_id",
        pl.lit(night.business_date).alias("business_date"),
        "position",
        "lane",
        "due_on",
        "inclusion_probability",
        pl.when(opened).then(pl.lit("open")).otherwise(pl.lit("drafted")).alias("state"),
    )
    session.execute(sa.insert(OutreachItem), items.to_dicts())
    outgoing = items.filter(pl.col("state") == "open")["list_id"].unique().sort().to_list()
    if outgoing:
        session.execute(sa.insert(Delivery), [{"list_id": list_id, "channel": "folder"} for list_id in outgoing])
    return hashes


def _content_sha256(rows: pl.DataFrame) -> str:
    content = json.dumps(rows.drop("caseworker_id").rows(), ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _open_items(business_date: date) -> sa.Select[str, str, date, None]:
    return (
        sa.select(
            col(OutreachItem.household_id),
            sa.literal("open_item"),
            sa.func.min(col(OutreachItem.business_date)),
            sa.null(),
        )
        .where(col(OutreachItem.state).in_(STANDING), col(OutreachItem.business_date) != business_date)
        .group_by(col(OutreachItem.household_id))
    )


def _last_visits() -> sa.Select[str, str, date, str]:
    newest_first = (col(Visit.visited_on).desc(), col(Visit.id).desc())
    place = sa.func.row_number().over(partition_by=col(Visit.household_id), order_by=newest_first)
    ranked = (
        sa.select(col(Visit.household_id), col(Visit.outcome), col(Visit.visited_on), place.label("place"))
        .where(counts())
        .subquery()
    )
    return sa.select(ranked.c.household_id, sa.literal("visited"), ranked.c.visited_on, ranked.c.outcome).where(
        ranked.c.place == 1
    )


def _opt_outs(business_date: date) -> sa.Select[str, str, date, None]:
    return (
        sa.select(col(OptOut.household_id), sa.literal("opted_out"), sa.func.min(col(OptOut.since)), sa.null())
        .where(sa.or_(col(OptOut.until).is_(None), col(OptOut.until) >= business_date))
        .group_by(col(OptOut.household_id))
    )


def _objections() -> sa.Select[str, str, date, None]:
    return (
        sa.select(col(Objection.household_id), sa.literal("objected"), sa.func.min(col(Objection.since)), sa.null())
        .where(col(Objection.state).in_(("open", "upheld")))
        .group_by(col(Objection.household_id))
    )


def _frame(session: Session, statement: sa.Select[*tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(session.execute(statement).all(), schema=OPEN_WORK, orient="row")
