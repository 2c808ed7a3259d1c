"""A home whose database is a PostgreSQL server: the same night, the same lists, and nobody is named there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import tomli_w
from homes import done, fresh_copy, hashes, process
from postgres import fresh_database, postgres_server  # noqa: F401

from engine.db import open_db

PEOPLE, NIGHT = 1_000, "2025-12-31"


@pytest.fixture(scope="module")
def on_a_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("file") / "home"
    done(process("demo", "--home", home, "--people", PEOPLE, "--seed", 5))
    return home


@pytest.mark.slow
def test_a_night_on_a_server_gives_the_same_lists_and_names_nobody_there(
    on_a_file: Path,
    tmp_path: Path,
    fresh_database: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = fresh_copy(on_a_file, tmp_path / "home")
    settings = tomllib.loads((home / "home.toml").read_text("utf-8")) | {"database_url_env": "XUNFANG_DATABASE_URL"}
    (home / "home.toml").write_text(tomli_w.dumps(settings), "utf-8")
    refused = process("night", "--home", home, "--date", NIGHT)
    assert (refused.code, "XUNFANG_DATABASE_URL" in refused.err) == (7, True)
    monkeypatch.setenv("XUNFANG_DATABASE_URL", fresh_database.replace("+psycopg", ""))
    done(process("night", "--home", home, "--date", NIGHT))
    assert hashes(home / "lists") == hashes(on_a_file / "lists")
    assert len(hashes(home / "lists")) >= 2
    assert not (home / "xunfang.db").exists()
    assert done(process("verify", "--home", home, "--json")).json["intact"] is True
    server = open_db(fresh_database)
    dump = dumped(server)
    names = told_names(on_a_file)
    assert len(names) > 500
    assert [name for name in names if name in dump] == []
    with server.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    server.dispose()
    lost = process("status", "--home", home)
    assert (lost.code, "the database is missing" in lost.err) == (9, True)


def dumped(server: sa.Engine) -> str:
    """Everything that stands in the database as text; what is sealed, as the bytes that it is."""
    told: list[str] = []
    with server.connect() as connection:
        for table in sa.inspect(server).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                told += [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in row]
    assert "household" in " ".join(told)
    return "\n".join(told)


def told_names(home: Path) -> list[Any]:
    """Names, phones and numbers that the departments delivered."""
    import polars as pl

    people = pl.concat(pl.read_parquet(path) for path in (home / "inbox").glob("*/identity-*.parquet"))
    found = {value for name in ("name", "phone", "person_id") for value in people[name].drop_nulls()}
    return sorted(each for each in found if len(each) >= 3)
