"""A delivery of the wrong shape is refused with what, where and the way out, and nothing of it is taken in."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deliveries import a_home, csv_of, deliver, people, wages

from engine.errors import HomeError, NotAllowedError, RejectLimitError, SourceError, XunfangError
from engine.files import locked
from engine.intake.inbox import check, take_in
from engine.recordstore import RecordStore
from engine.settings import Home

PERSONS = 20
GOOD = csv_of("income", wages(range(1, PERSONS + 1)))


def without(column: str) -> bytes:
    return csv_of("income", wages(range(1, PERSONS + 1)).drop(column))


def renamed(old: bytes, new: bytes) -> bytes:
    header, rest = GOOD.split(b"\n", 1)
    return header.replace(old, new) + b"\n" + rest


def column_full_of(column: str, value: str) -> bytes:
    frame = wages(range(1, PERSONS + 1)).cast(pl.String)
    return csv_of("income", frame.with_columns(pl.lit(value).alias(column)))


REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "income.csv: the file is empty"),
    "a header twice": (renamed(b"quality", b"amount"), "more than once"),
    "a column missing": (without("amount"), "column 'amount' is missing"),
    "a column too many": (renamed(b"quality", b"quality,remark"), "'remark' is not a column"),
    "amounts that are words": (column_full_of("amount", "much"), "column 'amount' is of the wrong kind"),
    "months that are numbers": (column_full_of("month", "202401"), "column 'month' is of the wrong kind"),
    "codes of another list": (column_full_of("kind", "salary"), "column 'kind' is of the wrong kind"),
    "a workbook": (b"PK\x03\x04" + GOOD, "an Excel workbook or another zip archive"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + GOOD, "an old Excel workbook"),
    "Parquet": (b"PAR1" + GOOD, "is a Parquet file and not text"),
    "a gzip stream without its end": (gzip.compress(GOOD)[:-9], "was cut: its end is missing"),
    "a gzip stream with a wrong sum": (gzip.compress(GOOD)[:-8] + b"12345678", "is damaged"),
    "a zstd stream without its end": (pa.compress(GOOD, "zstd", asbytes=True)[:-9], "was cut: its end is missing"),
    "a gzip bomb": (gzip.compress(GOOD + b" " * 70_000_000), "unpacks to more than 200 times its"),
    "old line ends": (GOOD.replace(b"\n", b"\r"), "no header of a CSV file"),
    "nobody in the roster": (csv_of("income", wages(range(100, 130))), "shares no key"),
}


def refuse(home: Home) -> XunfangError:
    with pytest.raises(XunfangError) as refused:
        take_in(home).raise_refused()
    return refused.value


@pytest.mark.parametrize("how", REFUSED)
def test_a_file_of_the_wrong_shape_is_refused_with_the_way_out(how: str, tmp_path: Path) -> None:
    data, message = REFUSED[how]
    home = a_home(tmp_path / "home")
    deliver(home, "d1", proof=False, **people(PERSONS), income=data)
    error = refuse(home)
    assert isinstance(error, SourceError)
    assert error.exit_code == 3
    assert message in error.message
    assert "income.csv" in error.message
    assert error.way_out
    assert RecordStore.open(home).receipts == ()
    assert list(home.records.rglob("*.parquet")) == []


@pytest.mark.parametrize(
    ("dtype", "column"), [(pl.Float64, "amount"), (pl.Int64, "month"), (pl.Float64, "person_id"), (pl.Int8, "void")]
)
def test_a_parquet_column_of_the_wrong_type_is_refused(
    dtype: type[pl.DataType], column: str, tmp_path: Path
) -> None:
    home = a_home(tmp_path / "home")
    spoilt = wages(range(1, PERSONS + 1)).with_columns(pl.lit(1).cast(dtype).alias(column))
    deliver(home, "d1", parquet=True, **people(PERSONS), income=spoilt)
    assert f"column {column!r} is of the wrong kind" in refuse(home).message


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    folder = deliver(home, "d1", parquet=True, proof=False, **people(PERSONS))
    (folder / "member.parquet").write_bytes((folder / "member.parquet").read_bytes()[:-50])
    assert "member.parquet: this is not a whole Parquet file" in refuse(home).message


@pytest.mark.parametrize("missing", ["household", "member"])
def test_a_required_source_that_nobody_delivered_is_refused(missing: str, tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **{kind: frame for kind, frame in people(PERSONS).items() if kind != missing})
    assert f"a required source is missing: {missing}" in refuse(home).message


def test_households_and_members_that_share_no_key_are_refused(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    other = people(PERSONS)["member"].with_columns(pl.format("X{}", "household_id").alias("household_id"))
    deliver(home, "d1", household=people(PERSONS)["household"], member=other)
    assert "shares no key with the" in refuse(home).message


def change(part: str, value: object) -> Callable[[dict[str, object]], None]:
    def changed(manifest: dict[str, object]) -> None:
        files = manifest["files"]
        assert isinstance(files, list)
        files[-1][part] = value

    return changed


@pytest.mark.parametrize(
    ("spoil", "kind_of_error", "message"),
    [
        (change("rows", 59), SourceError, "holds 60 rows where the manifest says 59"),
        (change("bytes", 10), SourceError, "cut or changed"),
        (change("sha256", "0" * 64), SourceError, "its sha256 differs"),
        (change("sha256", "abc"), SourceError, "files.2.sha256"),
        (change("name", "../income.csv"), SourceError, "is no file of this folder"),
        (change("name", "absent.csv"), SourceError, "does not name income.csv"),
        (change("kind", "salaries"), SourceError, "which does not exist"),
        (change("kind", "asset"), NotAllowedError, "consent"),
        (lambda manifest: manifest.pop("delivered_on"), SourceError, "delivered_on"),
        (lambda manifest: manifest.update(delivery_id="../../x"), SourceError, "delivery_id"),
    ],
)
def test_the_manifest_is_enforced(
    spoil: Callable[[dict[str, object]], None], kind_of_error: type[XunfangError], message: str, tmp_path: Path
) -> None:
    home = a_home(tmp_path / "home")
    path = deliver(home, "d1", **people(PERSONS), income=wages(range(1, PERSONS + 1))) / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    spoil(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
    error = refuse(home)
    assert type(error) is kind_of_error
    assert message in error.message


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_without_a_sound_manifest_is_refused(text: str | None, tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    path = deliver(home, "d1", **people(PERSONS)) / "manifest.json"
    path.unlink()
    if text is not None:
        path.write_text(text, "utf-8")
    error = refuse(home)
    assert "d1/manifest.json" in error.message
    assert error.way_out


def test_too_many_bad_rows_refuse_the_delivery_and_keep_them_for_mending(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    lines = GOOD.split(b"\n")
    lines[1:31] = [line.replace(b",wage,", b",salary,") for line in lines[1:31]]
    deliver(home, "d1", proof=False, **people(PERSONS), income=b"\n".join(lines))
    error = refuse(home)
    assert isinstance(error, RejectLimitError)
    assert error.exit_code == 4
    assert "30 of 60 income rows break rules (kind|not_one_of_our_codes: 30)" in error.message
    assert RecordStore.open(home).receipts == ()
    assert list(home.records.rglob("*.parquet")) == []
    assert (home.quarantine / "d1" / "income.csv.sealed").exists()
    take_in(home, reject_limit=0.6).raise_refused()


def test_one_refused_delivery_does_not_stop_another(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", "2024-12-30", proof=False, **people(PERSONS), income=b"")
    deliver(home, "d2", "2024-12-31", **people(PERSONS), income=wages(range(1, PERSONS + 1)))
    report, result = check(home)
    assert [receipt.delivery_id for receipt in result.taken] == ["d2"]
    assert report["refused"][0]["delivery"] == "d1"
    assert report["refused"][0]["exit_code"] == 3


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="Put a delivery into inbox/"):
        take_in(a_home(tmp_path / "home"))


def test_two_processes_do_not_take_in_at_once(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(PERSONS))
    with locked(home.records / ".lock", "testing"), pytest.raises(HomeError, match="another process"):
        take_in(home)


def test_no_identity_is_in_any_message(tmp_path: Path) -> None:
    for number, (data, _) in enumerate(REFUSED.values()):
        home = a_home(tmp_path / str(number))
        deliver(home, "d1", proof=False, **people(PERSONS), income=data)
        error = refuse(home)
        assert not any(f"P{person}" in str(error) or f"H{person}" in str(error) for person in range(1, 200))
