"""The reader splits what any CSV writer wrote into the same fields, and never loses a line of what nobody wrote."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import SourceError
from engine.intake import read_csv
from engine.intake.read import blocks, raw_text
from engine.intake.read_block import RECORD
from engine.intake.shape import Encoding, Shape

QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
fields = st.text(st.sampled_from("ab1龘é ,\"\n;'"), max_size=6)
spoilt = st.lists(st.sampled_from([b"a,b,c", b"\n", b"\r\n", b"\r", b'"', b",", b"\0", b" ", b"1", "龘".encode()]))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_csv, "BLOCK_BYTES", 40)


def written(rows: Sequence[Sequence[str]], quoting: int) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue().encode("utf-8")


@QUIET
@given(
    st.lists(st.tuples(fields, fields, fields).filter(any), max_size=12),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_what_a_csv_writer_wrote_is_read_back_in_every_encoding(
    tmp_path: Path, rows: list[tuple[str, str, str]], quoting: int, encoding: Encoding
) -> None:
    path, shape = tmp_path / "file.csv", Shape(encoding=encoding)
    path.write_bytes(written([("x", "y", "z"), *rows], quoting).decode("utf-8").encode(encoding))
    found = [row for block in blocks(path, whole=True, shape=shape) for row in block.frame.rows()]
    assert [tuple(cell or "" for cell in row[:3]) for row in _in_order(path, found, shape)] == rows
    assert all(not block.broken for block in blocks(path, whole=True, shape=shape))


def _in_order(path: Path, rows: list[tuple[object, ...]], shape: Shape) -> list[tuple[str | None, ...]]:
    """Rows as ``x, y, z``, checked to be numbered from 2 without a gap."""
    if not rows:
        return []
    names = next(iter(blocks(path, whole=True, shape=shape))).frame.columns
    place = names.index("row_")
    assert [row[place] for row in rows] == list(range(2, 2 + len(rows)))
    return [
        tuple(str(row[names.index(n)]) if row[names.index(n)] is not None else None for n in "xyz") for row in rows
    ]


@QUIET
@given(spoilt, st.booleans())
def test_every_line_of_a_spoilt_file_is_a_record_or_blank(tmp_path: Path, pieces: list[bytes], whole: bool) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"x,y,z\n" + b"".join(pieces))
    rows = broken = blank = 0
    try:
        for block in blocks(path, whole):
            assert block.rows == block.frame.height + len(block.broken)
            rows, broken, blank = rows + block.rows, broken + len(block.broken), blank + block.blank_lines
    except SourceError:
        return
    texts = list(raw_text(path, range(2, rows + 2)))
    assert [row for row, _ in texts] == list(range(2, rows + 2))
    lines = path.read_bytes().split(b"\n")[1:]
    kept = sum(text.count("\n") + 1 for _, text in texts)
    assert kept + blank == len(lines) - (not lines[-1])


plain = st.text(st.sampled_from("a龘1,;\t \0\n"), min_size=1, max_size=14)


@QUIET
@given(plain, st.sampled_from(",;\t"), st.integers(1, 3))
@example("a,龘\n1,", ",", 2)
@example("a\n\n", ",", 1)
def test_plain_text_is_counted_in_its_bytes_as_another_csv_reader_counts_it(
    text: str, separator: str, width: int
) -> None:
    records = list(csv.reader(io.StringIO(text, newline="\n"), strict=True, delimiter=separator))
    sound = "\0" not in text and all(len(each) == width for each in records)
    assert read_csv.plain_records(text.encode(), separator, width) == (len(records) if sound else None)


def test_a_field_that_is_longer_than_another_csv_reader_takes_is_set_aside_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_csv, "BLOCK_BYTES", 2**20)
    path = tmp_path / "file.csv"
    path.write_text("x,y\n1,a\n2," + "b" * (csv.field_size_limit() + 1) + "\n3,c\n", "utf-8")
    (block,) = blocks(path, whole=True)
    assert (block.frame["x"].to_list(), block.broken) == (["1", "3"], [(3, RECORD)])


def test_a_line_without_an_end_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_csv, "LONGEST_LINE", 100)
    path = tmp_path / "file.csv"
    path.write_bytes(b"x,y\n" + b"1" * 500)
    with pytest.raises(SourceError, match="longer than a million bytes"):
        list(blocks(path, whole=True))
