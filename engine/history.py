"""What became of earlier lists, household by household: what drafting is told of them."""

from datetime import date
from typing import Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col

from engine.nights import STANDING
from engine.tables import OutreachItem, OutreachList, Visit
from engine.visits import counts
from outreach.lifecycle import step
from outreach.outcomes import CONTINUED
from outreach.plan import HISTORY_SCHEMA

WENT_OUT: Final = ("open", "escalated", "done")


def of(session: Session, business_date: date) -> pl.DataFrame:
    """The history of every household that was ever listed before a date (``plan.HISTORY_SCHEMA``), sorted."""
    items = _items(session, business_date)
    answered = _answered(session, business_date)
    since = (
        items.filter(pl.col("state").is_in(WENT_OUT))
        .join(answered, on="household_id", how="left")
        .filter(pl.col("answered_on").is_null() | (pl.col("business_date") > pl.col("answered_on")))
        .group_by("household_id")
        .agg(
            listings=pl.len().cast(pl.Int64),
            first_listed=pl.col("business_date").min(),
            last_listed=pl.col("business_date").max(),
        )
    )
    newest = pl.col("business_date") == pl.col("business_date").max()
    standing = (
        items.with_columns(newest=newest, waits=pl.col("state").is_in(STANDING))
        .filter((pl.col("newest") & (pl.col("state") != "superseded")) | pl.col("waits"))
        .sort("household_id", "waits", "business_date")
        .unique("household_id", keep="last", maintain_order=True)
        .select("household_id", "state", "caseworker_id", "lane", "due_on")
    )
    return (
        since.join(standing, on="household_id", how="full", coalesce=True)
        .with_columns(pl.col("listings").fill_null(0))
        .select(*HISTORY_SCHEMA)
        .cast(pl.Schema(HISTORY_SCHEMA))
        .sort("household_id")
    )


def escalate(session: Session, business_date: date) -> int:
    """Visits whose time had run out before a date are escalated; how many."""
    late = (
        sa.update(OutreachItem)
        .where(col(OutreachItem.state) == "open", col(OutreachItem.due_on) < business_date)
        .values(state=step("item", "open", "escalated", "night").to_state)
        .returning(col(OutreachItem.id))
    )
    return len(session.execute(late).all())


def _items(session: Session, business_date: date) -> pl.DataFrame:
    statement = (
        sa.select(
            col(OutreachItem.household_id),
            col(OutreachItem.business_date),
            col(OutreachItem.state),
            col(OutreachItem.lane),
            col(OutreachItem.due_on),
            col(OutreachList.caseworker_id),
        )
        .join(OutreachList, col(OutreachItem.list_id) == col(OutreachList.id))
        .where(col(OutreachItem.business_date) < business_date)
        .order_by(col(OutreachItem.household_id), col(OutreachItem.business_date))
    )
    dates = {name: pl.Date() for name in ("business_date", "due_on")}
    texts = {name: pl.String() for name in ("household_id", "state", "lane", "caseworker_id")}
    names = ("household_id", "business_date", "state", "lane", "due_on", "caseworker_id")
    schema = pl.Schema({name: (dates | texts)[name] for name in names})
    return pl.DataFrame(session.execute(statement).all(), schema=schema, orient="row")


def _answered(session: Session, business_date: date) -> pl.DataFrame:
    """The last visit of each household with an answer."""
    statement = (
        sa.select(col(Visit.household_id), sa.func.max(col(Visit.visited_on)))
        .where(counts(), col(Visit.outcome).not_in(CONTINUED), col(Visit.visited_on) <= business_date)
        .group_by(col(Visit.household_id))
    )
    schema = {"household_id": pl.String, "answered_on": pl.Date}
    return pl.DataFrame(session.execute(statement).all(), schema=schema, orient="row")
