"""The column types and the closed words of the tables; the audit chain."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from engine import audit
from engine.db import migrate, open_db, writing
from engine.tables import AuditEntry, Lease, OptOut, Row, VaultIdentity

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 2, 30, 1, 250, tzinfo=UTC)
COLUMNS = ("at", "actor", "action", "subject_kind", "payload_sha256", "previous_hash", "hash")


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


# The audit chain


def chain(session: Session, length: int = 5) -> None:
    for number in range(length):
        audit.append(
            session,
            KEY,
            at=NOW + timedelta(seconds=number),
            actor="ana",
            action="look",
            subject_kind="household",
            details={"number": number},
        )


def test_an_untouched_chain_holds(session):
    assert audit.verify(session, KEY) == audit.ChainCheck(0, audit.START, None)
    chain(session)
    found = audit.verify(session, KEY)
    assert (found.entries, found.intact) == (5, True)
    assert found.last_hash == session.exec(select(AuditEntry.hash).where(AuditEntry.seq == 5)).one()


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found(session, column):
    chain(session)
    old = session.execute(sa.text(f"SELECT {column} FROM audit_entry WHERE seq = 3")).scalar_one()
    new = old.replace("2026", "2025") if column == "at" else "0" * 64
    session.execute(sa.text(f"UPDATE audit_entry SET {column} = :new WHERE seq = 3"), {"new": new})
    assert audit.verify(session, KEY).broken_at == 3


def test_a_deleted_entry_is_found(session):
    chain(session)
    session.execute(sa.text("DELETE FROM audit_entry WHERE seq = 3"))
    assert audit.verify(session, KEY).broken_at == 4


def test_two_exchanged_entries_are_found(session):
    chain(session)
    for before, after in ((2, 99), (3, 2), (99, 3)):
        session.execute(
            sa.text("UPDATE audit_entry SET seq = :after WHERE seq = :before"), {"before": before, "after": after}
        )
    assert audit.verify(session, KEY).broken_at == 2


def test_a_chain_made_anew_without_the_key_is_found(session):
    chain(session)
    session.execute(sa.text("DELETE FROM audit_entry"))
    for _ in range(5):
        audit.append(session, b"x" * 32, at=NOW, actor="eve", action="look", subject_kind="night", details={})
    assert audit.verify(session, KEY).broken_at == 1


def test_the_log_holds_the_hash_of_the_details_and_not_the_details(session):
    audit.append(session, KEY, at=NOW, actor="ana", action="look", subject_kind="night", details={"who": "h12345"})
    entry = session.exec(select(AuditEntry)).one()
    assert "h12345" not in json.dumps(entry.model_dump(), default=str)


def test_an_entry_falls_with_the_deed_it_tells_of(tmp_path):
    engine = open_db(tmp_path / "x.db")
    migrate(engine)
    with writing(engine) as session:
        chain(session, 2)
    with pytest.raises(ZeroDivisionError), writing(engine) as session:
        fail_after(chain(session, 2))
    with writing(engine) as session:
        assert audit.verify(session, KEY).entries == 2
    engine.dispose()


def fail_after(_write: None) -> None:
    raise ZeroDivisionError
