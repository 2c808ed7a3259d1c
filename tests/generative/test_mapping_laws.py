"""Laws of mapping: every row of a file is accepted or set aside, whole and once, however its cells are spoilt."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import tomli_w
from descriptions import WHY, WIDE
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intake.description import read_description
from engine.intake.mapping import Mapper, amounts, days, without
from engine.intake.parse import Parser, Pseudonymiser

DAY = date(2024, 12, 31)
CELLS = st.sampled_from(["", " ", "-", "1", "2.50", "2.505", "x", "１２", "9" * 30, "-3", "1e5"])
ROWS = st.lists(st.tuples(st.sampled_from(["P1", "P2", "", "P3"]), CELLS, CELLS, CELLS), min_size=1, max_size=12)
MONTHS = ["202401", "202402", "202403"]


def wide_mapper(history: bool) -> Mapper:
    first = {"assumed_lag_days": 20, "first_load_until": DAY} if history else {}
    told = (
        WHY | {"kind": "income", "from": {"files": "*"}, "columns": WIDE, "months": {"columns": "YYYYMM"}} | first
    )
    with TemporaryDirectory() as folder:
        path = Path(folder, "pensions.toml")
        path.write_text(tomli_w.dumps(told), "utf-8")
        return Mapper(read_description(path), "a.csv", DAY)


@given(rows=ROWS, history=st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_row_is_in_exactly_one_of_the_two_and_a_good_one_is_whole(
    rows: Sequence[tuple[str, str, str, str]], history: bool
) -> None:
    names = ["证件号", *MONTHS]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    frame = frame.with_columns(pl.col(names).replace("", None)).with_row_index("row_", offset=2)
    frame = frame.with_columns(pl.col("row_").cast(pl.Int64))
    mapper = wide_mapper(history)
    parser = Parser("income", "a.csv", "D1", DAY, Pseudonymiser(b"0" * 32, "free"))
    mapped, unmapped = mapper.apply(frame)
    good, broken = mapper.whole_rows(*parser.parse(mapper.dated(without(mapped, unmapped))))
    lost = [*unmapped["row_"], *broken["row_"]]
    assert len(lost) == len(set(lost))
    assert sorted({*good["row_"], *lost}) == frame["row_"].to_list()
    assert set(good["row_"]).isdisjoint(lost)
    assert good["rows_"].sum() == good["row_"].n_unique()
    given_cells = {row: [cell for cell in cells[1:] if cell.strip()] for row, cells in enumerate(rows, start=2)}
    for row, records in good.group_by("row_"):
        assert records.height == len(given_cells[int(row[0])])
        assert records["month"].n_unique() == records.height
    assert good["known_on"].max() is None or good["known_on"].max() <= DAY


@given(fen=st.integers(-(10**15), 10**15), thousands=st.booleans())
def test_money_written_in_yuan_comes_back_to_the_fen(fen: int, thousands: bool) -> None:
    sign, whole, part = "-" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100
    text = f"{sign}{whole:,}.{part:02}" if thousands else f"{sign}{whole}.{part:02}"
    assert amounts(pl.Series([text]), "yuan", ".", "," if thousands else None).to_list() == [fen]


@given(day=st.dates(date(1955, 1, 1), date(2090, 1, 1)))
def test_a_day_is_the_same_in_every_way_of_writing_it(day: date) -> None:
    serial = str((day - date(1899, 12, 30)).days)
    texts = [f"{day:%Y%m%d}", f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日", serial]
    for text, written in zip(texts, ["YYYYMMDD", "YYYY/M/D", "YYYY年M月D日", "excel"], strict=True):
        assert days(pl.Series([text]), (written,)).to_list() == [day]
