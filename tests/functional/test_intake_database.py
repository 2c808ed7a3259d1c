"""A department's table in a real PostgreSQL: read without the right to write, landed, and taken in like a file."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from deliveries import a_home, deliver, people
from descriptions import INCOME, describe, income_of, told
from homes import done, xunfang
from postgres import fresh_database, postgres_server, statement

from engine.db import open_db, reading
from engine.errors import NotAllowedError, SourceError, UsageError
from engine.intake import database
from engine.intake.database import fetch
from engine.intake.inbox import take_in
from engine.settings import Home

__all__ = ["fresh_database", "postgres_server"]

DAY = date(2024, 2, 20)
COLUMNS: dict[str, Any] = INCOME | {
    "person_id": "pid",
    "month": {"from": "paid_for", "dates": "YYYY-MM-DD"},
    "record_no": "no",
    "amount": {"from": "yuan", "unit": "yuan"},
}
QUERY = "SELECT pid, paid_for, no, yuan FROM pension ORDER BY no"
FROM = {"from": {"database_env": "PENSIONS_URL", "query": QUERY}}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    place = a_home(tmp_path / "home")
    deliver(place, "roster", "2024-01-31", **people(20))
    describe(place, columns=COLUMNS, **FROM)
    return place


@pytest.fixture
def pensions(fresh_database: str) -> str:
    statement(
        fresh_database,
        "CREATE TABLE pension (pid text, paid_for date, no bigint, yuan numeric(12, 2), name text)",
        "INSERT INTO pension SELECT 'P' || 1 + mod(n, 20), '2024-01-01', n, n + 0.5, '示例' "
        "FROM generate_series(0, 99) n",
        "INSERT INTO pension VALUES ('P1', NULL, 100, 1, NULL)",
    )
    return fresh_database


def rows_of(url: str) -> int:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM pension")).scalar_one())
    finally:
        engine.dispose()


def test_a_table_is_landed_in_batches_and_taken_in_with_every_row_accounted_for(
    home: Home, pensions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BATCH_ROWS", 7)
    environment = {"PENSIONS_URL": pensions}
    assert fetch(home, DAY, environment=environment) == {"fetched": {"pensions": 101}, "already": []}
    landed = pl.read_parquet(home.inbox / "pensions-2024-02-20" / "pensions.parquet")
    assert landed.columns == ["pid", "paid_for", "no", "yuan"]
    assert landed.row(3) == ("P4", "2024-01-01", "3", "3.50")
    taken = take_in(home)
    taken.raise_refused()
    found = told(taken.store)
    assert (found["rows"], found["accepted"], found["rules"]) == (101, 100, {"month|nullability": 1})
    assert income_of(taken.store)[0] == (date(2024, 1, 1), 50, DAY, False)
    statement(pensions, "DELETE FROM pension")
    assert fetch(home, DAY, environment=environment) == {"fetched": {}, "already": ["pensions"]}
    assert take_in(home).already == ["roster", "pensions-2024-02-20"]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO pension VALUES ('P1', '2024-01-01', 1, 1) RETURNING pid, paid_for, no, yuan",
        "WITH gone AS (DELETE FROM pension RETURNING *) SELECT * FROM gone",
        "UPDATE pension SET yuan = 0 RETURNING pid, paid_for, no, yuan",
    ],
)
def test_a_query_that_writes_fails_and_nothing_is_written_or_landed(query: str, home: Home, pensions: str) -> None:
    describe(home, columns=COLUMNS, **{"from": {"database_env": "PENSIONS_URL", "query": query}})
    with pytest.raises(
        SourceError, match=r"sources/pensions\.toml: the query cannot be read \((UnsuitableSQLError|.* 0A000)"
    ):
        fetch(home, DAY, environment={"PENSIONS_URL": pensions})
    assert rows_of(pensions) == 101
    assert sorted(path.name for path in home.inbox.iterdir() if path.is_dir()) == ["roster"]


def test_the_session_itself_is_read_only_whatever_is_sent_through_it(home: Home, pensions: str) -> None:
    description = database.read_descriptions(home)[0]["pensions"]

    def delete() -> None:
        with database._session(description, pensions) as connection:
            connection.commit()
            connection.execution_options(stream_results=False).exec_driver_sql("DELETE FROM pension")

    with pytest.raises(SourceError, match="25006"):
        delete()
    assert rows_of(pensions) == 101


def test_a_server_that_does_not_answer_is_not_waited_for_without_end(home: Home, pensions: str) -> None:
    (described,) = database.read_descriptions(home)[0].values()
    with database._session(described, f"{pensions}&keepalives_count=9") as connection:
        assert connection.exec_driver_sql("SELECT current_setting('statement_timeout')").scalar() == "30min"
        given = connection.connection.dbapi_connection.info.get_parameters()  # type: ignore[union-attr]
    assert (given["connect_timeout"], given["keepalives_count"]) == ("30", "9")


def test_the_address_is_never_in_a_message_and_its_absence_is_named(home: Home) -> None:
    with pytest.raises(UsageError, match="the environment variable PENSIONS_URL is not set"):
        fetch(home, DAY, environment={})
    secret = "postgresql+psycopg://clerk:geheim@127.0.0.1:1/none"
    with pytest.raises(SourceError) as wrong:
        fetch(home, DAY, environment={"PENSIONS_URL": secret})
    assert "geheim" not in str(wrong.value)
    assert "clerk" not in str(wrong.value)
    with pytest.raises(UsageError, match="cannot be kept from writing"):
        fetch(home, DAY, environment={"PENSIONS_URL": "mssql+pyodbc://a:b@c/d"})
    with pytest.raises(UsageError, match="no description of this name has a query"):
        fetch(home, DAY, source="wages", environment={})


def test_an_empty_table_is_told_and_not_landed(home: Home, pensions: str) -> None:
    statement(pensions, "DELETE FROM pension")
    with pytest.raises(SourceError, match="the query gives no row"):
        fetch(home, DAY, environment={"PENSIONS_URL": pensions})
    assert not (home.inbox / "pensions-2024-02-20").exists()


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/pensions.db"
    statement(
        url,
        "CREATE TABLE pension (pid text, paid_for text, no int, yuan real)",
        "INSERT INTO pension VALUES ('P1', '2024-01-01', 1, 12.5)",
    )
    return url


def test_the_command_fetches_and_sqlite_is_read_only_too(
    home: Home, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSIONS_URL", sqlite)
    done(xunfang("init", "--home", home.root))
    ran = done(xunfang("fetch", "--home", home.root, "--json")).json
    assert ran == {"fetched": {"pensions": 1}, "already": []}
    with reading(open_db(home.database)) as session:
        noted = session.connection().exec_driver_sql("SELECT action FROM audit_entry").scalars().all()
    assert noted.count("databases read") == 1
    writing = "INSERT INTO pension VALUES ('P1', '2024-01-01', 2, 1) RETURNING pid, paid_for, no, yuan"
    describe(home, columns=COLUMNS, **{"from": {"database_env": "PENSIONS_URL", "query": writing}})
    with pytest.raises(SourceError, match="cannot be read"):
        fetch(home, DAY, environment={"PENSIONS_URL": sqlite})
    assert rows_of(sqlite) == 1


def test_a_query_that_would_land_facts_of_stage_b_lands_nothing(home: Home, pensions: str) -> None:
    statement(pensions, "ALTER TABLE pension ADD COLUMN housing_fund_base bigint DEFAULT 98765432")
    asked = FROM["from"] | {"query": "SELECT pid, paid_for, no, yuan, housing_fund_base FROM pension"}
    describe(home, columns=COLUMNS, **{"from": asked})
    with pytest.raises(NotAllowedError, match=r"query's result has columns of stage-B facts.*column 5") as refused:
        fetch(home, DAY, environment={"PENSIONS_URL": pensions})
    assert "98765432" not in str(refused.value)
    assert [path.name for path in home.inbox.iterdir() if path.is_dir()] == ["roster"]
