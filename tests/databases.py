"""An empty database of each kind: what a test asks for that must hold on SQLite and on PostgreSQL.

A test module says ``from databases import any_engine, any_place, fresh_database, postgres_server``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgres import fresh_database, postgres_server

from engine.db import migrate, open_db

__all__ = ["any_engine", "any_place", "as_owner", "fresh_database", "postgres_server"]

KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def any_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database is, or will be: a file, or an address."""
    if request.param == "sqlite":
        return tmp_path / "x.db"
    url: str = request.getfixturevalue("fresh_database")
    return url


@pytest.fixture
def any_engine(any_place: Path | str) -> Iterator[sa.Engine]:
    """An open database with its tables."""
    opened = open_db(any_place)
    migrate(opened)
    yield opened
    opened.dispose()


def as_owner(connection: sa.Connection) -> None:
    """Take the rail away as the owner of the database can: the triggers that keep the audit log from shrinking."""
    for table in ("audit_entry", "audit_detail"):
        if connection.dialect.name == "sqlite":
            for deed in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {table}_no_{deed}")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_only_grows ON {table}")
