"""Rows that broke a rule: their raw text, sealed with the vault key, because it may hold identities."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from engine.errors import HomeError
from engine.files import write_bytes
from engine.intake.manifest import Delivery
from engine.intake.read import blocks, raw_text
from engine.sealing import seal, unseal
from engine.settings import Home
from outreach.stage_b import NAMED, WITH_CONSENT

SUFFIX: Final = ".sealed"
SCHEMA: Final = {"row": pl.Int64, "rule": pl.String, "text": pl.String}
HEADER: Final = 0
"""The number under which a file's column names (as JSON) are kept with its rows."""


def seal_rows(home: Home, key: bytes, delivery: Delivery, name: str, broken: pl.DataFrame) -> None:
    """Keep the raw text of the broken rows (``row_, rule``) of one file, and the names of its columns.

    No text is kept of rows of stage B, nor of rows that cannot be read and name such a department.
    """
    path, entry = delivery.folder / name, delivery.entry(name)
    shape = entry.shape
    texts = pl.DataFrame(
        list(raw_text(path, broken["row_"].to_list(), shape)),
        schema={"row": pl.Int64, "text": pl.String},
        orient="row",
    )
    rows = broken.rename({"row_": "row"}).join(texts, on="row", how="left").sort("row").select(list(SCHEMA))
    stage_b = pl.col("rule") == WITH_CONSENT
    if entry.kind == "income":
        stage_b |= pl.col("text").str.to_uppercase().str.contains(NAMED)
    rows = rows.with_columns(pl.when(~stage_b.fill_null(value=False)).then("text").alias("text"))
    columns = [each for each in next(blocks(path, whole=True, shape=shape)).frame.columns if each != "row_"]
    header = {"row": [HEADER], "rule": [None], "text": [json.dumps(columns)]}
    rows = pl.concat([pl.DataFrame(header, schema=SCHEMA), rows])
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=1)
    path = home.quarantine / delivery.id / f"{name}{SUFFIX}"
    write_bytes(path, seal(key, place_of(delivery.id, name), buffer.getvalue()))


def open_rows(home: Home, key: bytes, delivery_id: str, name: str) -> pl.DataFrame:
    """The quarantined rows of one delivered file: ``row, rule, text``. They may hold identities.

    Raises HomeError where nothing of this file was set aside, IntegrityError where the sealed file was changed.
    """
    return _opened(home, key, delivery_id, name).filter(pl.col("row") != HEADER)


def open_columns(home: Home, key: bytes, delivery_id: str, name: str) -> list[str]:
    """The names of the columns of a file of which rows were set aside; raises as ``open_rows`` does."""
    header = _opened(home, key, delivery_id, name).filter(pl.col("row") == HEADER)
    return list(json.loads(header["text"][0])) if header.height else []


def fields_of(text: str, columns: Sequence[str]) -> list[str] | None:
    """The fields of a raw row, as text; None where they are not as many as the file's columns."""
    if text.startswith("{"):
        try:
            told = json.loads(text)
        except ValueError:
            return None
        return [_as_text(told.get(name)) for name in columns]
    return next((fields for fields in _split(text) if len(fields) == len(columns)), None)


def _split(text: str) -> Iterator[list[str]]:
    for delimiter in (",", "\t", ";"):
        try:
            yield next(csv.reader(io.StringIO(text.rstrip("\r"), newline="\n"), delimiter=delimiter, strict=True))
        except (csv.Error, StopIteration):
            continue


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _opened(home: Home, key: bytes, delivery_id: str, name: str) -> pl.DataFrame:
    path = home.quarantine / delivery_id / f"{name}{SUFFIX}"
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise HomeError(
            f"{path}: no row of this file is in quarantine", "Name the file as the report does."
        ) from None
    return pl.read_parquet(io.BytesIO(unseal(key, place_of(delivery_id, name), sealed)))


def place_of(delivery_id: str, name: str) -> str:
    """What the sealed rows of a file are bound to."""
    return f"quarantine/{delivery_id}/{name}|rows"
