"""The audit chain: who did what stands fast, on both databases, and whoever changes it is found."""

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import any_engine, as_owner, migrated_template, postgres_server  # noqa: F401
from sqlmodel import Session

from engine import audit, auditfile, chain
from engine.audit import AuditLog
from engine.chain import ChainCheck, Checkpoint
from engine.db import reading, writing
from engine.errors import IntegrityError, UsageError

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 2, 30, 1, 250, tzinfo=UTC)
COLUMNS = ("at", "actor", "action", "subject_kind", "payload_sha256", "previous_hash", "hash")


def entries(session: Session, length: int = 5, key: bytes = KEY, actor: str = "ana") -> None:
    for number in range(length):
        audit.append(
            session,
            key,
            at=NOW + timedelta(seconds=number),
            actor=actor,
            action="identities read",
            subject_kind="household",
            details={"purpose": "visit", "households": [f"household{number:03d}"]},
        )


@pytest.fixture
def owner(any_engine: sa.Engine) -> Iterator[Session]:  # noqa: F811
    """Five entries, in the hands of somebody who owns the database and has taken the triggers away."""
    with writing(any_engine) as session:
        entries(session)
        as_owner(session.connection())
        yield session


def run(session: Session, *texts: str) -> None:
    for text in texts:
        session.connection().exec_driver_sql(text)


def test_an_untouched_chain_holds(any_engine):  # noqa: F811
    with writing(any_engine) as session:
        assert audit.verify(session, KEY) == ChainCheck(0, chain.START, None)
        entries(session)
        found = audit.verify(session, KEY)
        last = session.execute(sa.text("SELECT hash FROM audit_entry WHERE seq = 5")).scalar_one()
    assert found == ChainCheck(5, last, None)
    with reading(any_engine) as session:
        assert audit.verify(session, KEY) == found


def test_an_entry_is_hashed_as_json_with_sorted_names_whatever_it_says():
    odd = 'ana "the\\ \n 安娜'
    link = chain.Link(1, chain.moment(NOW), odd, "look", "night", "p" * 64, chain.START, "", None)
    told = {name: value for name, value in link._asdict().items() if name not in {"hash", "sealed"}}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert chain.hash_of(KEY, link) == hmac.digest(KEY, text.encode(), "sha256").hex()


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_is_found(owner, column):
    new = "'2025-11-21 02:30:03.000250'" if column == "at" else f"'{'0' * 64}'"
    run(owner, f"UPDATE audit_entry SET {column} = {new} WHERE seq = 3")
    assert audit.verify(owner, KEY).broken_at == 3


@pytest.mark.parametrize(
    ("deed", "broken_at"),
    {
        "a deleted entry": ("DELETE FROM audit_detail WHERE seq = 3; DELETE FROM audit_entry WHERE seq = 3", 3),
        "a deleted detail": ("DELETE FROM audit_detail WHERE seq = 3", 3),
        "all details deleted but the last": ("DELETE FROM audit_detail WHERE seq < 5", 1),
        "exchanged details": (
            "UPDATE audit_detail SET sealed = (SELECT sealed FROM audit_detail WHERE seq = 4) WHERE seq = 2",
            2,
        ),
        "exchanged entries": (
            "CREATE TEMP TABLE kept AS SELECT * FROM audit_detail; DELETE FROM audit_detail; "
            "UPDATE audit_entry SET seq = 99 WHERE seq = 2; UPDATE audit_entry SET seq = 2 WHERE seq = 3; "
            "UPDATE audit_entry SET seq = 3 WHERE seq = 99; INSERT INTO audit_detail SELECT * FROM kept",
            2,
        ),
    }.values(),
)
def test_what_was_taken_away_or_moved_is_found(owner, deed, broken_at):
    run(owner, *deed.split("; "))
    assert audit.verify(owner, KEY).broken_at == broken_at


def test_a_chain_made_anew_without_the_key_is_found(owner):
    run(owner, "DELETE FROM audit_detail", "DELETE FROM audit_entry")
    entries(owner, key=b"x" * 32)
    assert audit.verify(owner, KEY).broken_at == 1


def test_a_cut_tail_is_found_by_the_checkpoint_alone(owner):
    *_, last = audit.links(owner)
    mark = chain.signed(KEY, Checkpoint("2026-11-21", chain.moment(NOW), last.seq, last.hash))
    assert audit.verify(owner, KEY, [mark]).intact
    run(owner, "DELETE FROM audit_detail WHERE seq > 3", "DELETE FROM audit_entry WHERE seq > 3")
    assert audit.verify(owner, KEY).intact
    assert audit.verify(owner, KEY, [mark]).broken_at == 4
    entries(owner, 4, actor="eve")
    assert audit.verify(owner, KEY).intact
    found = audit.verify(owner, KEY, [mark])
    assert found.broken_at == 5
    assert "an older state was put back" in str(found.what)


def test_a_checkpoint_that_was_changed_is_found(owner):
    *_, last = audit.links(owner)
    mark = chain.signed(KEY, Checkpoint("2026-11-21", chain.moment(NOW), last.seq, last.hash))
    forged = Checkpoint("2026-11-21", chain.moment(NOW), 3, chain.START, mark.signature)
    assert not audit.verify(owner, KEY, [forged]).intact
    assert not audit.verify(owner, KEY, [chain.signed(b"x" * 32, mark)]).intact


def changed(session: Session, new: bytes, old: bytes = KEY) -> bool:
    return audit.change_key(session, old, new, at=NOW, actor="ana", details={})


def test_a_chain_holds_across_the_changes_of_its_key_with_all_of_them_in_any_order(owner):
    second, third = b"2" * 32, b"3" * 32
    assert changed(owner, second)
    entries(owner, key=second)
    assert changed(owner, third, second)
    assert audit.verify(owner, third, [], [second, KEY]) == audit.verify(owner, third, [], [KEY, second])
    assert audit.verify(owner, third, [], [KEY, second]).entries == 14
    opened = [details.get("purpose") for _, details in audit.entries(owner, third, [KEY, second])]
    assert opened.count("visit") == 10


def test_without_an_earlier_key_its_part_does_not_hold_and_does_not_open(owner):
    changed(owner, b"2" * 32)
    found = audit.verify(owner, b"2" * 32)
    assert (found.entries, found.broken_at) == (0, 1)
    with pytest.raises(IntegrityError, match="nor an earlier one"):
        list(audit.entries(owner, b"2" * 32))


def test_with_the_key_before_the_change_alone_the_log_does_not_hold(owner):
    changed(owner, b"2" * 32)
    found = audit.verify(owner, KEY)
    assert (found.entries, found.broken_at) == (6, 7)
    assert "another key" in str(found.what)


def test_a_change_of_the_key_is_made_once_however_often_it_is_asked_for(owner):
    assert changed(owner, b"2" * 32)
    assert not changed(owner, b"2" * 32)
    assert audit.verify(owner, b"2" * 32, [], [KEY]).entries == 7


def test_nobody_goes_on_with_a_key_that_was_changed(owner):
    changed(owner, b"2" * 32)
    with pytest.raises(IntegrityError, match="changed since this process began"):
        entries(owner)
    changed(owner, b"3" * 32, b"2" * 32)
    for key in (KEY, b"2" * 32):
        with pytest.raises(IntegrityError, match="changed since this process began"):
            entries(owner, key=key)


def test_a_checkpoint_behind_the_seam_that_the_old_key_signed_is_found(owner):
    changed(owner, b"2" * 32)
    *_, last = audit.links(owner)
    mark = Checkpoint("2026-11-21", chain.moment(NOW), last.seq, last.hash)
    assert audit.verify(owner, b"2" * 32, [chain.signed(b"2" * 32, mark)], [KEY]).intact
    found = audit.verify(owner, b"2" * 32, [chain.signed(KEY, mark)], [KEY])
    assert "not signed with its key" in str(found.what)


@pytest.mark.parametrize("table", ["audit_entry", "audit_detail"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET seq = 9 WHERE seq = 2", "DELETE FROM {} WHERE seq = 2"])
def test_the_database_itself_lets_the_log_only_grow(any_engine, table, deed):  # noqa: F811
    with writing(any_engine) as session:
        entries(session)
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), writing(any_engine) as session:
        run(session, deed.format(table))
    with reading(any_engine) as session:
        assert audit.verify(session, KEY).entries == 5


def test_neither_reasons_nor_households_can_be_read_in_the_database(any_engine):  # noqa: F811
    with writing(any_engine) as session:
        entries(session)
        rows = [*session.execute(sa.select(audit.ENTRIES)), *session.execute(sa.select(audit.DETAILS))]
        opened = [details for _, details in audit.entries(session, KEY)]
    assert len(rows) == 10
    assert not any(word in str(row) for row in rows for word in ("household0", "visit"))
    assert opened[2] == {"purpose": "visit", "households": ["household002"]}


def test_details_do_not_open_with_another_key(owner):
    with pytest.raises(IntegrityError, match="audit entry 1"):
        list(audit.entries(owner, b"x" * 32))


def test_an_entry_falls_with_the_deed_it_tells_of(any_engine):  # noqa: F811
    log = AuditLog(any_engine, KEY, "ana", "operator", lambda: NOW)
    log.note("list sent", "list", {})
    with pytest.raises(ZeroDivisionError), writing(any_engine) as session:
        fail_after(log.note("list sent", "list", {}, session))
    with reading(any_engine) as session:
        assert audit.verify(session, KEY).entries == 1


def fail_after(_write: None) -> None:
    raise ZeroDivisionError


def test_a_chain_of_the_first_version_goes_on_and_its_start_needs_no_details(any_engine):  # noqa: F811
    with writing(any_engine) as session:
        link = chain.Link(1, chain.moment(NOW), "ana", "look", "night", "p" * 64, chain.START, "", None)
        columns = {**link._asdict(), "at": NOW, "hash": chain.hash_of(KEY, link)}
        session.execute(sa.insert(audit.ENTRIES), {column.name: columns[column.name] for column in audit.ENTRIES.c})
        entries(session, 2)
        assert (audit.verify(session, KEY).entries, audit.verify(session, KEY).intact) == (3, True)
        assert [details.get("purpose") for _, details in audit.entries(session, KEY)] == [None, "visit", "visit"]
        as_owner(session.connection())
        run(session, "DELETE FROM audit_detail")
        assert audit.verify(session, KEY).broken_at == 2


# Outside the database


@pytest.fixture
def exported(any_engine, tmp_path) -> Path:  # noqa: F811
    with writing(any_engine) as session:
        entries(session)
    assert auditfile.export(any_engine, tmp_path / "log.jsonl") == 5
    return tmp_path / "log.jsonl"


def test_an_export_is_verified_without_the_database(exported):
    found = auditfile.verify_export(exported, KEY, [])
    assert (found.entries, found.intact) == (5, True)
    assert not auditfile.verify_export(exported, b"x" * 32, []).intact
    assert "household0" not in exported.read_text("utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [("ana", "eve"), ("identities read", "list sent"), ("02:30:03", "02:30:04"), ("[3,", "[2,")],
)
def test_a_changed_export_is_found(exported, before, after):
    told = exported.read_text("utf-8").splitlines()
    told[3] = told[3].replace(before, after)
    exported.write_text("\n".join(told) + "\n", "utf-8")
    assert auditfile.verify_export(exported, KEY, []).broken_at == 3


def test_an_export_that_was_cut_or_is_none_is_refused(exported, tmp_path):
    lines = exported.read_text("utf-8").splitlines(keepends=True)
    for kept in (lines[:4], lines[:-1], [*lines[:3], lines[-1]], [*lines, lines[1]], [*lines[:2], "x\n"]):
        exported.write_text("".join(kept), "utf-8")
        with pytest.raises(IntegrityError, match=r"log\.jsonl"):
            auditfile.verify_export(exported, KEY, [])
    for text in ("", "{}", "[]\n[]"):
        exported.write_text(text, "utf-8")
        with pytest.raises((UsageError, IntegrityError)):
            auditfile.verify_export(exported, KEY, [])
    with pytest.raises(UsageError, match="cannot be read"):
        auditfile.verify_export(tmp_path / "nothing", KEY, [])


def test_a_checkpoint_is_written_once_a_night_into_each_folder(any_engine, tmp_path):  # noqa: F811
    log = AuditLog(any_engine, KEY, "ana", "operator", lambda: NOW)
    folders = [tmp_path / "here", tmp_path / "elsewhere"]
    for number in (1, 2):
        log.note("list sent", "list", {})
        auditfile.write_checkpoint(folders, log, NOW.date(), NOW)
        auditfile.write_checkpoint(folders, log, NOW.date() + timedelta(days=number), NOW)
    marks = auditfile.read_checkpoints(folders)
    assert sorted((mark.business_date, mark.seq) for mark in marks) == sorted(
        [("2026-11-21", 1), ("2026-11-22", 1), ("2026-11-23", 2)] * 2
    )
    with reading(any_engine) as session:
        assert audit.verify(session, KEY, marks).intact
    (folders[1] / "2026-11-22.json").write_text(json.dumps({"seq": 1}), "utf-8")
    with pytest.raises(IntegrityError, match=r"2026-11-22\.json"):
        auditfile.read_checkpoints(folders)
