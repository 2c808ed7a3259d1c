"""What is in dispute now: for a night, which takes it as unknown."""

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session, col

from engine.disputerows import FactDispute
from outreach.disputed import FROZEN_SCHEMA


def frozen_now(session: Session) -> pl.DataFrame:
    """``household_id, subject`` of what is contested, or found wrong and not put right yet; sorted."""
    columns = (col(FactDispute.household_id), col(FactDispute.subject))
    statement = sa.select(*columns).where(col(FactDispute.ended_on).is_(None)).order_by(*columns)
    return pl.DataFrame(session.execute(statement).all(), schema=FROZEN_SCHEMA, orient="row")
