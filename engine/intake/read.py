"""The physical reading of a delivered file: one way in for every format, and one way back to a row's raw text."""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from engine.intake.read_block import Block
from engine.intake.read_csv import csv_blocks, csv_texts
from engine.intake.read_parquet import parquet_blocks, parquet_texts
from engine.intake.read_xlsx import xlsx_blocks, xlsx_texts
from engine.intake.shape import Shape, format_of, text_shape

SMALL: Final = 2**20


def blocks(path: Path, whole: bool, shape: Shape | None = None) -> Iterator[Block]:
    """The records of a file, in order: columns of text (CSV, TSV, XLSX) or as they are typed (Parquet).

    ``whole`` says that the manifest proves the file's length; else a last line without an end is set aside as cut.
    ``shape`` says what is known of the file; what it leaves open is found out.
    Raises SourceError where the file is empty, cut, not what it is called, or its header repeats a name.
    """
    shape = shape or Shape()
    form = format_of(path, shape)
    if form == "parquet":
        yield from parquet_blocks(path)
    elif form == "xlsx":
        yield from xlsx_blocks(path, shape)
    else:
        yield from csv_blocks(path, whole, text_shape(path, shape))


def ahead(found: Iterator[Block], size: int) -> Iterator[Block]:
    """The same blocks, the next one being read while one is worked on: memory for one block more.

    Of a file of less than ``SMALL`` bytes (``size``) there is nothing to be read ahead.
    """
    if size < SMALL:
        yield from found
        return
    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        coming = reader.submit(next, found, None)
        while (block := coming.result()) is not None:
            coming = reader.submit(next, found, None)
            yield block


def raw_text(path: Path, rows: Collection[int], shape: Shape | None = None) -> Iterator[tuple[int, str]]:
    """The text of some records as they stand in the file (of Parquet and XLSX as JSON), in order."""
    shape = shape or Shape()
    form = format_of(path, shape)
    if form == "parquet":
        yield from parquet_texts(path, rows)
    elif form == "xlsx":
        yield from xlsx_texts(path, rows, shape)
    else:
        yield from csv_texts(path, rows, text_shape(path, shape))
