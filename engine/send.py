"""Send what waits in the outbox: claim the list, write it, note that it has reached its channel."""

from datetime import date, datetime
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col, select

from engine import nights
from engine.db import reading, writing
from engine.errors import HomeError
from engine.nightfolder import LISTED, MANIFEST, RETIRED, listed_frame, read_manifest
from engine.push.cards import Frames, Run, VisitList, visit_lists
from engine.push.delivery import make_messages
from engine.push.outbox import Written, write_list
from engine.tables import Night, OutreachItem, OutreachList, Visit
from engine.vault import VaultReader
from engine.visits import counts
from engine.workplace import Workplace
from outreach.contact import NOT_SAFE, REFUSED
from outreach.policy import hides_rank
from outreach.wording import Currency, Text

CHANNEL: Final = "folder"
ITEMS: Final = {
    "item_id": pl.Int64,
    "household_id": pl.String,
    "caseworker_id": pl.String,
    "position": pl.Int64,
    "lane": pl.String,
    "due_on": pl.Date,
}
CURRENCIES: Final = {"CNY": Text("元", "yuan")}


def send_night(place: Workplace, business_date: date, at: datetime) -> list[Written]:
    """Write the lists of a night that wait for the folder; a list that was sent before is not sent again.

    A list is written whole before it is noted as sent: after a crash between the two it is written once more, with
    the same bytes. With that note, messages that it is there are put into the outbox of the other channels. Raises
    HomeError, after the others are written, where a list is that of a caseworker whom caseworkers.toml no longer
    holds.
    """
    known = {worker.caseworker_id for worker in place.bureau.caseworkers()}
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        waiting = [] if night is None or night.id is None else nights.unsent(session, night.id, CHANNEL)
        if waiting and RETIRED in read_manifest(place, business_date):
            return _nothing_left(place, waiting, at)
        ids = {each.caseworker_id: each.id for each in waiting if each.caseworker_id in known}
        frames = _frames(place, session, business_date, list(ids.values())) if ids else None
    written: list[Written] = []
    addresses = place.bureau.addresses()
    made = () if frames is None or night is None else _made(place, night, frames)
    for visits in made:
        files = write_list(place.home.lists, visits)
        written += files
        caseworker = visits.caseworker.caseworker_id
        list_id = ids[caseworker]
        assert list_id is not None
        with writing(place.database) as session:
            if nights.mark_sent(session, list_id, CHANNEL, at):
                make_messages(session, list_id, place.settings.push, addresses, key=place.keys.tie_break, at=at)
                told = {
                    "business_date": business_date.isoformat(),
                    "caseworker": caseworker,
                    "channel": CHANNEL,
                    "files": {each.path.name: each.sha256 for each in files},
                    "households": sorted(card.household_no for card in visits.cards),
                }
                place.log.note("list sent", "list", told, session)
    gone = sorted({each.caseworker_id for each in waiting} - known)
    if gone:
        raise HomeError(
            f"{place.home.caseworkers}: lists of {business_date} wait for {', '.join(gone)}, who left it",
            "Put the entry back until the list is written, and run the same command again.",
        )
    return written


def _nothing_left(place: Workplace, waiting: list[OutreachList], at: datetime) -> list[Written]:
    """Lists that were to be written anew, of a night whose files and lists are past their time: nothing is left."""
    with writing(place.database) as session:
        for each in waiting:
            assert each.id is not None
            nights.mark_sent(session, each.id, CHANNEL, at)
    return []


def send_late(place: Workplace, at: datetime) -> list[Written]:
    """Write the lists that any earlier run has saved and not written, oldest first."""
    with reading(place.database) as session:
        dates = nights.dates_unsent(session, CHANNEL)
    return [written for business_date in dates for written in send_night(place, business_date, at)]


def lists_of(place: Workplace, business_date: date) -> tuple[VisitList, ...]:
    """The lists of a night as they are, sent or not."""
    with reading(place.database) as session:
        night = nights.find_night(session, business_date)
        if night is None:
            return ()
        ids = list(session.exec(select(OutreachList.id).where(OutreachList.night_id == night.id)))
        frames = _frames(place, session, business_date, ids)
    return _made(place, night, frames)


def _made(place: Workplace, night: Night, frames: Frames) -> tuple[VisitList, ...]:
    return visit_lists(_run(place, night), frames, place.bureau.caseworkers(), place.bureau.areas())


def _run(place: Workplace, night: Night) -> Run:
    manifest = read_manifest(place, night.business_date)
    return Run(
        run_id=night.manifest_sha256[:12],
        business_date=night.business_date,
        policy_id=night.policy_sha256[:12],
        code_version=night.code_version,
        relative_poverty_model=night.relative_poverty_model,
        emergency_model=night.emergency_model,
        absent=tuple(sorted(place.settings.lacks.items())),
        assumed=tuple(manifest["assumed"]),
        currency=currency_of(place),
        rank_hidden=hides_rank(manifest["policy"]),
    )


def currency_of(place: Workplace) -> Currency:
    """The home's currency in words."""
    code = place.settings.currency
    name = CURRENCIES.get(code, Text(code, code))
    return Currency(name.zh, name.en, place.settings.minor_units)


def _frames(place: Workplace, session: Session, business_date: date, lists: list[Any]) -> Frames:
    items = _items(session, lists)
    people = listed_frame(place, business_date, "people")
    heads = items.select("household_id").join(
        people.select("household_id", pl.col("head").alias("person_id")), on="household_id", how="left"
    )
    reader = VaultReader(place.database, place.keys.vault, place.log)
    files = read_manifest(place, business_date)["files"]
    given: dict[str, pl.DataFrame] = {
        name: listed_frame(place, business_date, name)
        for name in ("findings", "reasons", "verdicts", "chances", "layers")
        if f"{LISTED}/{name}.parquet" in files
    }
    return Frames(
        items=items,
        regions=listed_frame(place, business_date, "regions"),
        contacts=reader.contacts(heads, business_date, "visit"),
        people=people,
        visits=_last_visits(session, lists, business_date),
        previous=_previous(place, session, lists, business_date),
        taken_off=_taken_off(session, lists),
        **given,
    )


def _items(session: Session, lists: list[Any]) -> pl.DataFrame:
    statement = (
        sa.select(
            col(OutreachItem.id),
            col(OutreachItem.household_id),
            col(OutreachList.caseworker_id),
            col(OutreachItem.position),
            col(OutreachItem.lane),
            col(OutreachItem.due_on),
        )
        .join(OutreachList, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(
            col(OutreachItem.list_id).in_(lists),
            col(OutreachItem.state).in_(nights.GONE_OUT),
            col(OutreachItem.state_reason).is_(None),
        )
        .order_by(col(OutreachList.caseworker_id), col(OutreachItem.position))
    )
    return pl.DataFrame(session.execute(statement).all(), schema=ITEMS, orient="row")


def _taken_off(session: Session, lists: list[Any]) -> pl.DataFrame:
    """``caseworker_id, households`` of the lists from which any was taken off after a night had put it there."""
    statement = (
        sa.select(col(OutreachList.caseworker_id), sa.func.count())
        .join(OutreachItem, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(col(OutreachList.id).in_(lists), col(OutreachItem.state_reason).is_not(None))
        .group_by(col(OutreachList.caseworker_id))
        .order_by(col(OutreachList.caseworker_id))
    )
    schema = {"caseworker_id": pl.String, "households": pl.Int64}
    return pl.DataFrame(session.execute(statement).all(), schema=schema, orient="row")


def _on(lists: list[Any]) -> sa.Select[str]:
    return sa.select(col(OutreachItem.household_id)).where(col(OutreachItem.list_id).in_(lists))


def _last_visits(session: Session, lists: list[Any], business_date: date) -> pl.DataFrame:
    """The last visit before the night, with ``declined`` and ``not_safe``: whether any visit before was."""
    schema = {"household_id": pl.String, "visited_on": pl.Date, "outcome": pl.String, "hindrance": pl.String}
    statement = (
        sa.select(col(Visit.household_id), col(Visit.visited_on), col(Visit.outcome), col(Visit.hindrance))
        .where(col(Visit.visited_on) <= business_date, col(Visit.household_id).in_(_on(lists)), counts())
        .order_by(col(Visit.household_id), col(Visit.visited_on), col(Visit.id))
    )
    rows = pl.DataFrame(session.execute(statement).all(), schema=schema, orient="row")
    not_safe = (pl.col("outcome") == NOT_SAFE) | (pl.col("hindrance") == "unsafe").fill_null(value=False)
    return rows.group_by("household_id", maintain_order=True).agg(
        pl.col("visited_on", "outcome").last(),
        declined=pl.col("outcome").is_in(sorted(REFUSED)).any(),
        not_safe=not_safe.any(),
    )


def _previous(place: Workplace, session: Session, lists: list[Any], business_date: date) -> pl.DataFrame | None:
    """Where each household last stood: ``household_id, listed_on, position, codes``; None before any list."""
    if session.exec(select(Night).where(col(Night.business_date) < business_date).limit(1)).first() is None:
        return None
    statement = (
        sa.select(col(OutreachItem.household_id), col(OutreachItem.business_date), col(OutreachItem.position))
        .where(
            col(OutreachItem.business_date) < business_date,
            col(OutreachItem.household_id).in_(_on(lists)),
            col(OutreachItem.state).not_in(("drafted", "superseded")),
        )
        .order_by(col(OutreachItem.household_id), col(OutreachItem.business_date))
    )
    schema = {"household_id": pl.String, "listed_on": pl.Date, "position": pl.Int64}
    rows = session.execute(statement).all()
    last = pl.DataFrame(rows, schema=schema, orient="row").unique("household_id", keep="last", maintain_order=True)
    told = [
        listed_frame(place, day, "findings").select("household_id", "code", pl.lit(day).alias("listed_on"))
        for day in last["listed_on"].unique().sort()
        if (place.home.nights / day.isoformat() / MANIFEST).exists()
        and f"{LISTED}/findings.parquet" in read_manifest(place, day)["files"]
    ]
    codes = (
        pl.concat(told)
        if told
        else pl.DataFrame(schema={"household_id": pl.String, "code": pl.String, "listed_on": pl.Date})
    )
    grouped = codes.group_by("household_id", "listed_on").agg(codes=pl.col("code").unique().sort())
    return last.join(grouped, on=["household_id", "listed_on"], how="left").with_columns(
        pl.col("codes").fill_null(pl.lit([], pl.List(pl.String)))
    )
