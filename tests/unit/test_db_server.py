"""PostgreSQL: the same promises as the file's, kept by a real server."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import as_psycopg, fresh_database, postgres_server, statement  # noqa: F401
from sqlmodel import select

from engine.db import check_version, migrate, open_db, open_home_db, prepare, reading, writing
from engine.errors import DatabaseError, HomeError
from engine.lease import take
from engine.settings import Home, HomeSettings
from engine.tables import Lease, Row, VaultIdentity

NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
PROCESSES, INCREMENTS = 3, 60


@pytest.fixture
def engine(fresh_database: str) -> Iterator[sa.Engine]:  # noqa: F811
    opened = open_db(fresh_database)
    prepare(opened)
    yield opened
    opened.dispose()


def test_migrating_gives_the_tables_of_the_program_goes_back_and_forth(engine):
    from alembic import command

    from engine.db import alembic_config

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert set(sa.inspect(engine).get_table_names()) == {"alembic_version"}
    migrate(engine)
    check_version(engine)


def test_a_reader_sees_one_state_and_waits_for_no_writer(engine):
    with reading(engine) as reader:
        assert reader.exec(select(Lease)).all() == []
        with writing(engine) as session:
            take(session, "night", "a", NOW, 60)
        assert reader.exec(select(Lease)).all() == []
    with pytest.raises(sa.exc.DBAPIError, match="read-only"), reading(engine) as session:
        take(session, "day", "a", NOW, 60)


def test_an_exception_quotes_no_value_of_a_row(engine):
    secret = VaultIdentity(
        subject="h12345", valid_from=NOW.date(), known_on=NOW.date(), kind="dog", delivery_id="d", key_version=1
    )
    with pytest.raises(sa.exc.IntegrityError) as caught, writing(engine) as session:
        session.add(secret)
    told = [caught.value, caught.value.orig, caught.value.__cause__]
    assert "ck_vault_identity_kind" in str(caught.value)
    assert not any("h12345" in str(each) for each in told)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path):
    with pytest.raises(DatabaseError) as refused:
        prepare(open_db(f"postgresql://me:secret@/x?host={tmp_path}"))
    assert "secret" not in str(refused.value)


def test_a_database_that_does_not_sort_by_bytes_in_utf8_is_refused(postgres_server):  # noqa: F811
    admin = as_psycopg(postgres_server.get_uri())
    statement(admin, "CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    opened = open_db(as_psycopg(postgres_server.get_uri("ascii")))
    with pytest.raises(DatabaseError, match=r"(?s)sort texts by their bytes.*CREATE DATABASE"):
        prepare(opened)
    opened.dispose()
    statement(admin, "DROP DATABASE ascii WITH (FORCE)")


def test_a_home_finds_its_server_in_the_environment_only(fresh_database, tmp_path):  # noqa: F811
    home, settings = Home(tmp_path), HomeSettings(database_url_env="XUNFANG_DATABASE_URL")
    for environ in ({}, {"XUNFANG_DATABASE_URL": "sqlite:///x.db"}):
        with pytest.raises(HomeError, match="XUNFANG_DATABASE_URL"):
            open_home_db(home, settings, environ)
    opened = open_home_db(home, settings, {"XUNFANG_DATABASE_URL": fresh_database})
    assert opened.dialect.name == "postgresql"
    assert open_home_db(home, HomeSettings(), {}).dialect.name == "sqlite"


def start_empty(url: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    engine = open_db(url)
    prepare(engine)
    check_version(engine)


def increment(url: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    engine = open_db(url)
    for _ in range(INCREMENTS):
        with writing(engine) as session:
            row = session.exec(select(Lease)).one()
            row.epoch += 1


def all_exit_well(target: object, url: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    processes = [context.Process(target=target, args=(url, barrier)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(90)
    assert [process.exitcode for process in processes] == [0] * PROCESSES


def test_several_processes_start_on_no_database_at_the_same_moment(fresh_database):  # noqa: F811
    all_exit_well(start_empty, fresh_database)


def test_no_update_is_lost_between_processes(engine, fresh_database):  # noqa: F811
    with writing(engine) as session:
        session.add(Lease(name="counter", epoch=0, expires_at=NOW))
    all_exit_well(increment, fresh_database)
    with reading(engine) as session:
        assert session.exec(select(Lease.epoch)).one() == PROCESSES * INCREMENTS
