"""A department's table in a database: read by a read-only query and landed in the inbox as a delivery.

What was read is kept as a Parquet file of text with its row count and hash, so that accounting, replay and repair
work without asking the database again. The address comes from the environment; no secret is written anywhere.
"""

import glob
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow.parquet as pq
import sqlalchemy as sa

from engine.errors import NotAllowedError, SourceError, UsageError, XunfangError
from engine.files import locked, named_errors, sha256_of, sync_folder, write_text
from engine.intake.description import Description, read_descriptions
from engine.intake.door import refuse_columns
from engine.intake.manifest import MANIFEST
from engine.settings import Home

BATCH_ROWS: Final = 50_000
FAILED: Final = ".not-fetched.json"
"""In the inbox: sources that could not be read before a night, since when, and why."""
PATIENCE: Final = {
    "connect_timeout": "30",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}
"""How long PostgreSQL is waited for, in seconds, where its address says nothing else. ``LONGEST``: for a batch."""
LONGEST: Final = "SET statement_timeout = '30min'"
READ_ONLY: Final[Mapping[str, str]] = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
"""How a session is kept from writing. Other databases are refused: nobody has shown that it works there."""


def fetch(
    home: Home, today: date, *, source: str | None = None, environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Run the queries of the descriptions (or of one) and land each as the delivery ``<source>-<today>``.

    Tells ``fetched`` (rows by source), ``already`` (fetched earlier today), ``mistakes`` of descriptions, where
    there are any. Raises UsageError for a source that
    has no query or address, SourceError where a query fails; what was landed before stays.
    """
    described, broken = read_descriptions(home)
    if f"sources/{source}.toml" in broken:
        raise broken[f"sources/{source}.toml"]
    asked = [each for each in described.values() if each.origin.query is not None]
    if source is not None:
        asked = [each for each in asked if each.name == source]
        if not asked:
            raise UsageError(
                f"{source}: no description of this name has a query", f"Write it in {home.sources}/{source}.toml."
            )
    fetched, already = {}, []
    with locked(home.inbox / ".fetch.lock", "fetching from databases"):
        for each in asked:
            folder = home.inbox / f"{each.name}-{today}"
            if folder.exists():
                already.append(each.name)
            else:
                fetched[each.name] = _land(each, folder, today, _address(each, environment))
    mistakes = {name: wrong.message for name, wrong in broken.items()}
    return {"fetched": fetched, "already": already} | ({"mistakes": mistakes} if mistakes else {})


def fetch_due(
    home: Home, today: date, delivered: Mapping[str, date], *, environment: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Fetch the sources whose refresh is due, each by itself: one that fails is told and stops no other.

    ``delivered``: the day of each source's last delivery that was taken in. A source is due when its
    ``refresh_days`` are over since then, and since the last delivery of it that lies in the inbox. Tells
    ``fetched`` (rows by source), ``failed`` (why, by source; no value, no address), which ``not_fetched`` keeps.
    """
    described, _ = read_descriptions(home)
    before = not_fetched(home)
    fetched: dict[str, int] = {}
    failed: dict[str, dict[str, str]] = {}
    for each in described.values():
        last = max(filter(None, [delivered.get(each.name), _landed(home, each.name)]), default=None)
        if each.origin.query is None or (last is not None and today < last + timedelta(days=each.refresh_days)):
            continue
        try:
            fetched |= fetch(home, today, source=each.name, environment=environment)["fetched"]
        except Exception as wrong:  # the night is run without it
            told = wrong.message if isinstance(wrong, XunfangError) else type(wrong).__name__
            since = before.get(each.name, {}).get("since", today.isoformat())
            failed[each.name] = {"since": since, "why": told}
    if failed or (home.inbox / FAILED).exists():
        write_text(home.inbox / FAILED, json.dumps(failed, ensure_ascii=False, indent=1) + "\n")
    return {"fetched": fetched, "failed": {name: each["why"] for name, each in failed.items()}}


def not_fetched(home: Home) -> dict[str, dict[str, str]]:
    """Sources that could not be read when they were due and have not been since: ``since`` a day, and ``why``."""
    try:
        told: dict[str, dict[str, str]] = json.loads((home.inbox / FAILED).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    landed = {name: _landed(home, name) for name in told}
    return {name: each for name, each in told.items() if (landed[name] or date.min).isoformat() < each["since"]}


def _landed(home: Home, name: str) -> date | None:
    """The day of the newest delivery of a source in the inbox, whether it was taken in or not."""
    days = []
    for folder in home.inbox.glob(f"{glob.escape(name)}-????-??-??"):
        with suppress(ValueError):
            days.append(date.fromisoformat(folder.name.removeprefix(f"{name}-")))
    return max(days, default=None)


def _land(given: Description, folder: Path, today: date, address: str) -> int:
    """Write the delivery under a hidden name and show it when it is whole."""
    hidden = folder.with_name(f".{folder.name}")
    shutil.rmtree(hidden, ignore_errors=True)
    path = hidden / f"{given.name}.parquet"
    try:
        with named_errors(hidden):
            hidden.mkdir(parents=True, mode=0o700)
            rows = _write(path, given, address)
            path.chmod(0o600)
            entry = {
                "name": path.name,
                "source": given.name,
                "rows": rows,
                "bytes": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            told = {"delivery_id": folder.name, "delivered_on": today.isoformat(), "files": [entry]}
            write_text(hidden / MANIFEST, json.dumps(told, indent=1) + "\n")
            hidden.rename(folder)
            sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    return rows


def _write(path: Path, given: Description, address: str) -> int:
    """The query's rows as text, batch by batch; returns how many. Memory is bounded by a batch."""
    writer, rows = None, 0
    try:
        for batch in _batches(given, address):
            text = batch.select(pl.all().cast(pl.String)).to_arrow(compat_level=pl.CompatLevel.oldest())
            writer = writer or pq.ParquetWriter(path, text.schema, compression="zstd")
            writer.write_table(text)
            rows += batch.height
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise SourceError(
            f"sources/{given.name}.toml: the query gives no row",
            "Look whether the table is empty, or the account may not see its rows.",
        )
    return rows


def _batches(given: Description, address: str) -> Iterator[pl.DataFrame]:
    with _session(given, address) as connection:
        found = pl.read_database(
            str(given.origin.query),
            connection,
            iter_batches=True,
            batch_size=BATCH_ROWS,
            infer_schema_length=None,
        )
        for batch in found:
            refuse_columns(f"sources/{given.name}.toml: the query's result", batch.columns)
            yield batch


@contextmanager
def _session(given: Description, address: str) -> Iterator[sa.Connection]:
    """A connection that cannot write, and streams; its errors become ours, without address or values."""
    where = f"sources/{given.name}.toml"
    try:
        url = sa.make_url(address)
        dialect = url.get_backend_name()
        patience = PATIENCE if dialect == "postgresql" else {}
        url = url.update_query_dict({name: each for name, each in patience.items() if name not in url.query})
        engine = sa.create_engine(url) if dialect in READ_ONLY else None
    except (sa.exc.ArgumentError, ModuleNotFoundError):
        raise UsageError(
            f"{where}: {given.origin.database_env} holds no address of a database that can be read here",
            "Write it as in postgresql+psycopg://user:password@host/database, and install xunfang[postgresql].",
        ) from None
    if engine is None:
        raise UsageError(
            f"{where}: a session of {dialect} cannot be kept from writing here, so it is not opened",
            f"Have the table exported as files, or use one of: {', '.join(READ_ONLY)}.",
        )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(READ_ONLY[dialect])
            if dialect == "postgresql":
                connection.exec_driver_sql(LONGEST)
            connection.commit()
            cursors: list[Any] = []
            sa.event.listen(connection, "after_cursor_execute", lambda _, cursor, *_rest: cursors.append(cursor))
            try:
                yield connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
            except NotAllowedError:  # in the midst of the rows
                cursors[-1].close()
                raise
    except (sa.exc.SQLAlchemyError, pl.exceptions.PolarsError) as wrong:
        raise SourceError(
            f"{where}: the query cannot be read ({_reason(wrong)})",
            "Try the query and the address by hand, with the same account.",
        ) from None
    finally:
        engine.dispose()


def _reason(wrong: Exception) -> str:
    """The kind of failure as the database names it: its words may quote values, or the address."""
    cause = getattr(wrong, "orig", None) or wrong
    code = getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__


def _address(given: Description, environment: Mapping[str, str]) -> str:
    name = str(given.origin.database_env)
    address = environment.get(name)
    if not address:
        raise UsageError(
            f"sources/{given.name}.toml: the environment variable {name} is not set",
            "Set it to the address of the database, such as postgresql+psycopg://user:password@host/database.",
        )
    return address
