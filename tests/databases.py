"""An empty database of each kind: what a test asks for that must hold on SQLite and on PostgreSQL.

A test module says ``from databases import any_engine, migrated_template, postgres_server``.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from postgres import as_psycopg, postgres_server, statement

from engine.db import migrate, open_db

__all__ = ["any_engine", "as_owner", "migrated_template", "postgres_server"]

KINDS = ("sqlite", "postgresql")
NUMBERS = count(1)


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Any) -> str:
    """The name of a database on the server that has its tables: copying it is quicker than making them."""
    admin = as_psycopg(postgres_server.get_uri())
    statement(admin, "CREATE DATABASE migrated")
    opened = open_db(as_psycopg(postgres_server.get_uri("migrated")))
    migrate(opened)
    opened.dispose()
    return "migrated"


@pytest.fixture(params=KINDS)
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An open database with its tables."""
    if request.param == "sqlite":
        opened = open_db(tmp_path / "x.db")
        migrate(opened)
        yield opened
        opened.dispose()
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_template")
    admin, name = as_psycopg(server.get_uri()), f"m{next(NUMBERS)}"
    statement(admin, f"CREATE DATABASE {name} TEMPLATE {template}")
    opened = open_db(as_psycopg(server.get_uri(name)))
    yield opened
    opened.dispose()
    statement(admin, f"DROP DATABASE {name} WITH (FORCE)")


def as_owner(connection: sa.Connection) -> None:
    """Take the rail away as the owner of the database can: the triggers that keep the audit log from shrinking."""
    for table in ("audit_entry", "audit_detail"):
        if connection.dialect.name == "sqlite":
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_only_grows ON {table}")
