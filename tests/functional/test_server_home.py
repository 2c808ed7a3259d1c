"""A home whose database is a PostgreSQL server: the same night, the same lists, and nobody is named there."""

import json
import tomllib
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
import tomli_w
from homes import done, fresh_copy, hashes, process
from people_search import named_in, people_of, rows_of
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
    secrets = people_of(on_a_file)
    assert len(secrets) > 2_000
    with server.begin() as connection:
        refuse = "ALTER TABLE vault_identity ADD CONSTRAINT refuse CHECK (valid_from < '2026-01-01')"
        connection.execute(sa.text(refuse))
    late(home)
    broken = process("check", "--home", home)
    assert "Traceback" in broken.err
    dump = rows_of(server)
    assert len(dump) > 100_000
    assert named_in(dump + broken.out + broken.err, secrets) == set()
    assert named_in(f"{dump} {min(secrets)}", secrets) == {min(secrets)}
    with server.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    server.dispose()
    lost = process("status", "--home", home)
    assert (lost.code, "the database is missing" in lost.err) == (9, True)


def late(home: Path) -> None:
    """A delivery of forty people's identities, known from a later day on."""
    people = pl.concat(pl.read_parquet(path) for path in sorted((home / "inbox").glob("*/identity-*.parquet")))
    folder = home / "inbox" / "late"
    folder.mkdir()
    moved = people.drop_nulls("phone").head(40).with_columns(pl.lit(date(2026, 1, 2)).alias("valid_from"))
    moved.write_parquet(folder / "identity.parquet")
    told = {
        "delivery_id": "late",
        "delivered_on": "2026-01-05",
        "files": [{"name": "identity.parquet", "kind": "identity"}],
    }
    (folder / "manifest.json").write_text(json.dumps(told), "utf-8")
