"""The column types and the closed words of the tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from engine.db import migrate, open_db, writing
from engine.tables import Lease, OptOut, Row, VaultIdentity

NOW = datetime(2026, 11, 21, 2, 30, 1, 250, tzinfo=UTC)


@pytest.fixture
def session(tmp_path) -> Iterator[Session]:
    engine = open_db(tmp_path / "x.db")
    migrate(engine)
    with writing(engine) as opened:
        yield opened
    engine.dispose()


def test_a_moment_comes_back_aware_and_in_utc(session):
    there = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
    session.add(Lease(name="x", epoch=1, expires_at=there))
    session.flush()
    found = session.execute(sa.select(sa.inspect(Lease).local_table.c.expires_at)).scalar_one()
    assert (found, found.tzinfo) == (NOW, UTC)


def test_moments_of_different_zones_compare_by_the_moment(session):
    session.add(Lease(name="early", epoch=1, expires_at=NOW.astimezone(ZoneInfo("Asia/Shanghai"))))
    session.add(Lease(name="late", epoch=1, expires_at=NOW + timedelta(microseconds=1)))
    session.flush()
    bound = NOW.astimezone(ZoneInfo("America/New_York"))
    assert session.exec(select(Lease.name).where(Lease.expires_at > bound)).all() == ["late"]


def test_a_moment_without_a_zone_is_refused(session):
    session.add(Lease(name="x", epoch=1, expires_at=NOW.replace(tzinfo=None)))
    with pytest.raises(sa.exc.StatementError, match="without a time zone"):
        session.flush()


def test_a_word_outside_a_closed_set_is_refused_by_the_database(session):
    session.add(
        VaultIdentity(subject="p", valid_from=NOW, known_on=NOW, kind="dog", delivery_id="d", key_version=1)
    )
    with pytest.raises(sa.exc.IntegrityError, match="ck_vault_identity_kind"):
        session.flush()


def test_an_opt_out_cannot_end_before_it_begins(session):
    session.add(OptOut(household_id="h", since=date(2026, 2, 1), until=date(2026, 1, 1), recorded_by="ana"))
    with pytest.raises(sa.exc.IntegrityError, match="ck_opt_out_until"):
        session.flush()


def test_every_constraint_has_a_name():
    for table in Row.metadata.tables.values():
        assert [constraint for constraint in table.constraints if constraint.name is None] == []
