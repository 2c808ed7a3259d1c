"""Odd names, stray quotation marks, missing headers: no row is lost or read from another file, and none is told."""

import hashlib
import json
from pathlib import Path

import polars as pl
import pytest
from deliveries import a_home, csv_of, deliver, people, wages

from engine.errors import SourceError
from engine.intake.inbox import check, take_in
from engine.intake.read import blocks, raw_text
from engine.intake.read_block import QUOTE
from engine.intake.read_csv import MOST_LINES

PERSONS = 20


def rename(folder: Path, old: str, new: str) -> None:
    (folder / old).rename(folder / new)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(f'"{old}"', f'"{new}"'), "utf-8")


def test_a_file_with_brackets_in_its_name_is_read_and_not_its_neighbour(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home[1]")
    folder = deliver(home, "d1", parquet=True, **people(PERSONS), income=wages(range(1, 11), months=3))
    rename(folder, "income.parquet", "income[1].parquet")
    other = wages(range(11, 21), months=1).drop("known_on_assumed", "delivery_id")
    other.write_parquet(folder / "income1.parquet")
    told = json.loads((folder / "manifest.json").read_text("utf-8"))
    digest = hashlib.sha256((folder / "income1.parquet").read_bytes()).hexdigest()
    told["files"].append({"name": "income1.parquet", "kind": "income", "sha256": digest})
    (folder / "manifest.json").write_text(json.dumps(told), "utf-8")
    result = take_in(home)
    result.raise_refused()
    assert {each.name: each.rows for each in result.taken[0].files if each.kind == "income"} == {
        "income[1].parquet": 30,
        "income1.parquet": 10,
    }
    assert result.store.records("income").collect().height == 40


@pytest.mark.parametrize("spoilt", [b"\n", b"one field\n", b""])
def test_a_quotation_mark_inside_a_field_never_swallows_the_next_row(spoilt: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b'a,b\n5" pipe,x\n6" pipe,y\n' + spoilt)
    (block,) = blocks(path, whole=True)
    assert block.frame["a"].to_list() == ['5" pipe', '6" pipe']
    assert block.rows == 2 + len(block.broken)
    assert [text for _, text in raw_text(path, [2, 3])] == ['5" pipe,x', '6" pipe,y']


def test_two_stray_quotation_marks_far_apart_do_not_make_one_row_of_all_between(tmp_path: Path) -> None:
    lines = [f"{number},x" for number in range(2 * MOST_LINES)]
    lines[3], lines[-3] = '3,"x', '37",x'
    path = tmp_path / "file.csv"
    path.write_text("a,b\n" + "\n".join(lines) + "\n", "utf-8")
    (block,) = blocks(path, whole=True)
    assert block.rows == len(lines)
    assert (5, QUOTE) in block.broken
    assert dict(raw_text(path, [4, 6])) == {4: "2,x", 6: "4,x"}


def test_a_missing_header_is_refused_without_a_word_of_the_row_that_stands_there(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    row = b"P1,,2024-01-01,13800000000,13800000000,13800000000\n"
    deliver(home, "d1", proof=False, **people(PERSONS), identity=row)
    with pytest.raises(SourceError, match="more than once") as refused:
        take_in(home).raise_refused()
    assert "138" not in str(refused.value)
    assert "columns 4, 5, 6" in refused.value.message


def test_a_file_that_no_manifest_names_is_told_whatever_the_case_of_its_ending(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    folder = deliver(home, "d1", **people(PERSONS))
    (folder / "INCOME.CSV").write_bytes(csv_of("income", wages(range(1, 3))))
    with pytest.raises(SourceError, match=r"does not name INCOME\.CSV"):
        take_in(home).raise_refused()


def test_a_correction_taken_back_with_the_first_file_counts_again(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    first, corrected = wages(range(1, 3)), wages(range(1, 3)).with_columns(pl.col("amount") * 2)
    deliver(home, "d0", "2024-12-31", **people(PERSONS))
    for name, day, rows in (("d1", "2025-01-10", first), ("d2", "2025-02-10", corrected)):
        deliver(home, name, day, income=rows.drop("known_on"))
    deliver(home, "d3", "2025-03-10", income=first.drop("known_on"))
    result = take_in(home)
    result.raise_refused()
    assert result.store.deliveries() == ["d0", "d1", "d2", "d3"]
    assert result.same_as == {}
    newest = result.store.records("income").collect().filter(pl.col("known_on") == pl.col("known_on").max())
    assert newest["amount"].sum() == first["amount"].sum()


def test_a_delivery_that_repeats_another_is_told_in_the_report(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(PERSONS))
    deliver(home, "copy", "2025-01-31", **people(PERSONS))
    told, _ = check(home)
    assert told["same_as"] == {"copy": "d1"}
    again, _ = check(home)
    assert again["same_as"] == {"copy": "d1"}
