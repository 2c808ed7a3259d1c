"""Open the database, bring its tables up to date, and read or write in one transaction.

SQLite is the default, PostgreSQL is for a bureau; whatever differs between them stands in this file.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlmodel import Session

from engine.errors import DatabaseError, DiskFullError, HomeError
from engine.settings import Home, HomeSettings

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS: Final = 60
WRITER: Final = 1_481_462_342
"""The number of the lock on PostgreSQL that one writer at a time holds."""
FULL: Final = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "53100"}
"""A full disk, what SQLite calls a quota or a limit on the size of files, and PostgreSQL's code of a full disk."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def open_db(place: Path | str) -> sa.Engine:
    """An engine on a database file (a path) or a database URL. Nothing is opened before the first use.

    On SQLite every connection writes ahead (WAL), waits for the disk (``synchronous=FULL``), keeps foreign keys,
    waits up to a minute for another writer, and begins each transaction with ``BEGIN IMMEDIATE``: with the driver's
    own late begin, two processes that read and then write lose updates without an error. PostgreSQL gets the same
    order: whoever may write takes one lock first, readers see one state. Exceptions never quote the values of a
    statement.
    """
    is_url = isinstance(place, str) and "://" in place
    url = sa.make_url(str(place)) if is_url else sa.URL.create("sqlite", database=str(place))
    if url.get_backend_name() != "sqlite":
        return _open_server(url)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    sa.event.listen(engine, "do_connect", _make_private)
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def open_home_db(home: Home, settings: HomeSettings, environ: Mapping[str, str] = os.environ) -> sa.Engine:
    """The database of a home: the file in it, or the server whose URL is in the variable that home.toml names.

    The URL holds a password, so that it is never written into the home. Raises HomeError where it is not given.
    """
    name = settings.database_url_env
    if name is None:
        return open_db(home.database)
    url = environ.get(name, "")
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise HomeError(
            f"{home.settings}: database_url_env names {name}, which holds no address of a PostgreSQL database",
            f"Set {name} to postgresql://user:password@host/database for the service's account.",
        )
    return open_db(url)


def has_tables(engine: sa.Engine) -> bool:
    """Whether the database has been made already."""
    return _version(engine) is not None


@contextmanager
def writing(engine: sa.Engine) -> Iterator[Session]:
    """A session in one transaction that may write: committed at the end, rolled back on any exception.

    Raises ``DatabaseError`` where the database cannot be opened or stays locked, ``DiskFullError``.
    """
    with _named_errors(engine), Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: sa.Engine) -> Iterator[Session]:
    """A session in one transaction that sees one state of the database, and on SQLite never waits for a writer."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    look = engine.execution_options(**options)
    with _named_errors(engine), Session(look, expire_on_commit=False) as session, session.begin():
        yield session


def migrate(engine: sa.Engine) -> None:
    """Create the tables, or bring them to this program's version, in one transaction.

    Several processes may do so at the same moment: one works, the others wait and find it done.
    Raises ``DatabaseError`` where the file is no database, cannot be opened, or was made by a newer program.
    """
    from alembic import command
    from alembic.util.exc import CommandError

    with (
        _named_errors(engine),
        engine.connect() as connection,
        _without_foreign_keys(connection),
        connection.begin(),
    ):
        _refuse_another_order(connection)
        try:
            command.upgrade(alembic_config(connection), "head")
        except CommandError as error:
            raise _newer(engine) from error


def check_version(engine: sa.Engine) -> None:
    """Return quietly where the tables have this program's version, else raise ``DatabaseError``."""
    found, head = _version(engine), _head()
    if found == head:
        return
    if found is None:
        raise DatabaseError(f"{place_of(engine)}: the database has no tables yet", "Run: xunfang migrate")
    if found not in _known_versions():
        raise _newer(engine)
    raise DatabaseError(
        f"{place_of(engine)}: the database has version {found}, this program needs {head}",
        "Make a copy of the home, then run: xunfang migrate",
    )


def prepare(engine: sa.Engine) -> None:
    """Create the tables where there are none yet; else only check the version (see ``check_version``)."""
    if _version(engine) is None:
        migrate(engine)
    check_version(engine)


def place_of(engine: sa.Engine) -> str:
    """Where the database is, for messages: the file, or the URL without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or "the database in memory"
    return engine.url.render_as_string(hide_password=True)


def alembic_config(connection: sa.Connection) -> "Config":
    """The configuration of Alembic, made in code so that it never looks for a file in the working folder."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("file_template", "v%%(rev)s_%%(slug)s")
    return config


def _make_private(_dialect: Any, _record: Any, places: Any, _options: Any) -> None:
    """A new database file is for its owner alone, and so are the files that SQLite puts beside it."""
    with suppress(OSError, ValueError):  # SQLite itself says what is wrong with a place
        if places and places[0] != ":memory:":
            os.close(os.open(places[0], os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _on_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    try:
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise


def _write_ahead(connection: Any) -> None:
    """Switch to WAL. SQLite does not wait by itself when another process is switching at the same moment."""
    import sqlite3

    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _open_server(url: sa.URL) -> sa.Engine:
    """An engine on a PostgreSQL server; raises HomeError where its driver is not installed."""
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={
                "options": f"-c client_encoding=UTF8 -c timezone=UTC -c lock_timeout={1_000 * BUSY_SECONDS}"
            },
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except ModuleNotFoundError:
        way_out = "Install this program with its extra postgresql (psycopg)."
        raise HomeError("the driver for PostgreSQL is not installed", way_out) from None
    sa.event.listen(engine, "begin", _one_writer)
    sa.event.listen(engine, "handle_error", _without_values)
    return engine


def _one_writer(connection: sa.Connection) -> None:
    """One transaction that may write at a time, as on SQLite: what it reads stays true until it ends."""
    if not connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")


def _without_values(context: sa.ExceptionContext) -> None:
    """Keep the first line of what the server says: the lines below quote the row."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).splitlines()[0], *error.args[1:])


def _refuse_another_order(connection: sa.Connection) -> None:
    """Texts must sort by their bytes, as on SQLite: no order may depend on the language of a server."""
    if connection.dialect.name != "postgresql":
        return
    by_bytes, encoding = connection.exec_driver_sql(
        "SELECT 'B' < 'a' AND 'a b' < 'ab', current_setting('server_encoding')"
    ).one()
    if not by_bytes or encoding != "UTF8":
        raise DatabaseError(
            f"{place_of(connection.engine)}: the database does not sort texts by their bytes in UTF-8",
            "Make it with: CREATE DATABASE xunfang TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
        )


def _on_begin(connection: sa.Connection) -> None:
    reading_only = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


@contextmanager
def _without_foreign_keys(connection: sa.Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, which foreign keys would take for a deletion of its rows."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
        broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"a migration left {len(broken)} rows without the row they refer to")
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


@contextmanager
def _named_errors(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        if type(error) not in {sa.exc.OperationalError, sa.exc.DatabaseError}:
            raise
        place = place_of(engine)
        if {getattr(error.orig, "sqlite_errorname", ""), getattr(error.orig, "sqlstate", "")} & FULL:
            way_out = "Free some space and run the same command again: nothing half-written remains."
            raise DiskFullError(f"{place}: the disk is full", way_out) from error
        raise DatabaseError(
            f"{place}: the database cannot be used ({error.orig})",
            "Check that the folder exists, that this user may write to it, and that no other program holds it.",
        ) from error


def _version(engine: sa.Engine) -> str | None:
    with _named_errors(engine), engine.execution_options(reading=True).connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


@cache
def _known_versions() -> tuple[str, ...]:
    """The versions of the tables, the newest first; the files that say so do not change while this runs."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return tuple(revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions())


def _head() -> str:
    return _known_versions()[0]


def _newer(engine: sa.Engine) -> DatabaseError:
    return DatabaseError(
        f"{place_of(engine)}: the database was made by a newer version of this program",
        "Use that version, or a copy of the home from before.",
    )
