"""The database: made and upgraded in one transaction, by several processes at once; no update is lost."""

import multiprocessing
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import select

from engine.db import _known_versions, check_version, migrate, open_db, prepare, reading, writing
from engine.errors import DatabaseError, DiskFullError
from engine.lease import take
from engine.tables import Lease, Night, OutreachList, Row, VaultIdentity

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
PROCESSES = 3
INCREMENTS = 100


ENGINES: list[sa.Engine] = []


def opened(path: Path) -> sa.Engine:
    ENGINES.append(open_db(path))
    return ENGINES[-1]


@pytest.fixture(autouse=True)
def _all_closed() -> Iterator[None]:
    yield
    while ENGINES:
        ENGINES.pop().dispose()


def prepared(path: Path) -> sa.Engine:
    engine = opened(path)
    prepare(engine)
    return engine


def test_every_connection_writes_ahead_waits_for_the_disk_and_keeps_foreign_keys(tmp_path):
    with prepared(tmp_path / "x.db").connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 60_000}


def test_a_row_that_refers_to_nothing_is_refused(tmp_path):
    engine = prepared(tmp_path / "x.db")
    orphan = OutreachList(
        night_id=7, caseworker_id="ana", week=date(2026, 11, 16), state="released", content_sha256=""
    )
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as session:
        session.add(orphan)


def test_an_exception_undoes_the_whole_transaction(tmp_path):
    engine = prepared(tmp_path / "x.db")
    with pytest.raises(ZeroDivisionError), writing(engine) as session:
        divide_by_zero_after(take(session, "night", "a", NOW, 60))
    with reading(engine) as session:
        assert session.exec(select(Lease)).all() == []


def divide_by_zero_after(_write: object) -> None:
    raise ZeroDivisionError


def test_a_reader_sees_one_state_and_does_not_wait_for_a_writer(tmp_path):
    engine = prepared(tmp_path / "x.db")
    with writing(engine) as session:
        take(session, "night", "a", NOW, 60)
        with reading(engine) as reader:
            assert reader.exec(select(Lease)).all() == []


def test_migrating_gives_exactly_the_tables_of_the_program(tmp_path):
    engine = prepared(tmp_path / "migrated.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Row.metadata) == []
    declared = opened(tmp_path / "declared.db")
    Row.metadata.create_all(declared)
    assert constraints(engine) == constraints(declared)


def constraints(engine: sa.Engine) -> dict[str, object]:
    """What autogenerate does not compare: CHECK constraints and the names of all constraints."""
    inspector = sa.inspect(engine)
    return {
        table: (
            sorted((check["name"], check["sqltext"]) for check in inspector.get_check_constraints(table)),
            sorted(unique["name"] for unique in inspector.get_unique_constraints(table)),
            sorted(key["name"] for key in inspector.get_foreign_keys(table)),
            inspector.get_pk_constraint(table),
            [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)],
        )
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_migrating_again_changes_nothing(tmp_path):
    engine = prepared(tmp_path / "x.db")
    before = (tmp_path / "x.db").read_bytes()
    migrate(engine)
    assert (tmp_path / "x.db").read_bytes() == before


def test_all_revisions_go_back_and_forth(tmp_path):
    from alembic import command

    from engine.db import alembic_config

    engine = prepared(tmp_path / "x.db")
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert set(sa.inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(engine)
    check_version(engine)


def test_migrating_needs_no_file_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = nowhere\n")
    check_version(prepared(tmp_path / "x.db"))


def test_a_database_without_tables_is_refused_with_the_way_out(tmp_path):
    with pytest.raises(DatabaseError, match=r"no tables yet\nRun: xunfang migrate"):
        check_version(opened(tmp_path / "x.db"))


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path):
    engine = prepared(tmp_path / "x.db")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for refuse in (check_version, migrate, prepare):
        with pytest.raises(DatabaseError, match="newer version of this program"):
            refuse(engine)


def test_an_older_database_is_refused_with_the_way_out(tmp_path, monkeypatch):
    engine = prepared(tmp_path / "x.db")
    known = _known_versions()
    monkeypatch.setattr("engine.db._known_versions", lambda: ("9999", *known))
    with pytest.raises(DatabaseError, match=r"(?s)has version \d{4}, this program needs 9999.*xunfang migrate"):
        check_version(engine)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "x.db").write_text("not a database at all, but long enough to be taken for one" * 20)
    with pytest.raises(DatabaseError, match=r"x\.db: the database cannot be used"):
        prepare(opened(tmp_path / "x.db"))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DatabaseError, match=r"(?s)nowhere/x\.db.*folder exists"):
        prepare(opened(tmp_path / "nowhere" / "x.db"))


def test_a_full_disk_is_named_and_undoes_the_transaction(tmp_path):
    engine = prepared(tmp_path / "x.db")

    def fill() -> None:
        with writing(engine) as session:
            session.execute(sa.text("PRAGMA max_page_count = 1"))  # raised to what the file has already
            for number in range(2_000):
                take(session, f"lease {number}" * 10, "a", NOW, 60)

    with pytest.raises(DiskFullError, match=r"x\.db: the disk is full"):
        fill()
    engine.dispose()
    with reading(engine) as session:
        assert session.exec(select(Lease)).all() == []


def test_a_database_that_stays_locked_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.db.BUSY_SECONDS", 0.1)
    engine = prepared(tmp_path / "x.db")
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match=r"x\.db: the database cannot be used \(database is locked\)"):
        prepared_write(engine)
    other.close()


def prepared_write(engine: sa.Engine) -> None:
    with writing(engine) as session:
        take(session, "night", "a", NOW, 60)


def test_an_exception_quotes_no_value_of_a_statement(tmp_path):
    engine = prepared(tmp_path / "x.db")
    secret = VaultIdentity(
        subject="h12345", valid_from=NOW.date(), known_on=NOW.date(), kind="dog", delivery_id="d", key_version=1
    )
    with pytest.raises(sa.exc.IntegrityError) as caught, writing(engine) as session:
        session.add(secret)
    assert "h12345" not in str(caught.value)


def test_no_transaction_is_begun_by_the_driver_itself(tmp_path):
    engine = prepared(tmp_path / "x.db")
    other = sqlite3.connect(tmp_path / "x.db", timeout=0)
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.count()).select_from(Night))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()


def start_empty(path: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    engine = open_db(path)
    prepare(engine)
    check_version(engine)


def increment(path: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    engine = open_db(path)
    for _ in range(INCREMENTS):
        with writing(engine) as session:
            row = session.exec(select(Lease)).one()
            row.epoch += 1


def all_exit_well(target: object, arguments: list[tuple[object, ...]]) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(arguments))
    processes = [context.Process(target=target, args=(*given, barrier)) for given in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(50)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def start_many(folder: Path, rounds: int, start: object) -> None:
    for number in range(rounds):
        start_empty(folder / f"{number}.db", start)


def test_several_processes_start_on_no_database_at_the_same_moment(tmp_path):
    all_exit_well(start_many, [(tmp_path, 5)] * PROCESSES)
    for number in range(5):
        check_version(opened(tmp_path / f"{number}.db"))


def test_no_update_is_lost_between_processes(tmp_path):
    engine = prepared(tmp_path / "x.db")
    with writing(engine) as session:
        session.add(Lease(name="counter", epoch=0, expires_at=NOW))
    all_exit_well(increment, [(tmp_path / "x.db",)] * PROCESSES)
    with reading(engine) as session:
        assert session.exec(select(Lease.epoch)).one() == PROCESSES * INCREMENTS
