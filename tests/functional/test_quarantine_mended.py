"""Rows that broke a rule come back: exported for their department, mended, and counted where they came last."""

import csv
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from deliveries import a_home, csv_of, deliver, people, wages
from homes import done, xunfang

from engine.db import open_db, reading
from engine.errors import SourceError
from engine.intake.inbox import check, take_in
from engine.recordstore import RecordStore, summary
from engine.settings import Home

PERSONS = 12
BAD = "one-hundred"


def broken_wages(*rows: int) -> bytes:
    """Wages with a word where the amount belongs, in these rows of the file (the header is row 1)."""
    lines = csv_of("income", wages(range(1, PERSONS + 1))).split(b"\n")
    place = lines[0].decode().split(",").index("amount")
    for row in rows:
        cells = lines[row - 1].decode().split(",")
        cells[place] = BAD
        lines[row - 1] = ",".join(cells).encode()
    return b"\n".join(lines)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which two rows of wages and one torn row are set aside."""
    place = a_home(tmp_path / "home")
    for name in ("policy.toml", "caseworkers.toml"):
        done(xunfang("init", "--home", tmp_path / "init"))
        shutil.copy(tmp_path / "init" / name, place.root / name)
    income = broken_wages(3, 5).split(b"\n")
    income[6] = income[6].rsplit(b",", 2)[0]
    deliver(place, "d1", proof=False, **people(PERSONS), income=b"\n".join(income))
    done(xunfang("check", "--home", place.root))
    return place


def exported(home: Home, folder: Path, delivery: str = "d1") -> list[dict[str, str]]:
    done(xunfang("quarantine", "export", "--home", home.root, "--delivery", delivery, "--out", folder))
    with (folder / "income.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def send_back(home: Home, folder: Path, rows: list[dict[str, str]], name: str = "d2") -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    target = home.inbox / name
    shutil.copytree(folder, target)
    (target / "manifest.json").write_text(
        json.dumps({**manifest, "delivery_id": name, "delivered_on": "2025-01-31"}), "utf-8"
    )
    with (target / "income.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def of_income(home: Home) -> dict[str, object]:
    return dict(next(source for source in summary(RecordStore.open(home)) if source["name"] == "income"))


def mended(row: dict[str, str]) -> dict[str, str]:
    return {**row, "amount": "100"}


def test_the_list_counts_by_rule_and_shows_no_value(home: Home) -> None:
    run = done(xunfang("quarantine", "list", "--home", home.root, "--json"))
    told = {(row["file"], row["rule"]): row["rows"] for row in run.json["set_aside"]}
    assert told == {("income.csv", "amount|not_a_whole_number"): 2, ("income.csv", "wrong_number_of_fields"): 1}
    assert run.json["rows"] == 3
    assert BAD not in run.out
    shown = done(xunfang("quarantine", "list", "--home", home.root)).out
    assert "3 rows are set aside; 0 came back mended" in shown


def test_an_exported_row_stands_in_the_departments_own_columns(home: Home, tmp_path: Path) -> None:
    rows = exported(home, tmp_path / "out")
    assert [(row["mends_row"], row["amount"]) for row in rows] == [("3", BAD), ("5", BAD), ("7", "")]
    assert rows[2]["raw_text"].count(",") < len(rows[2]) - 4
    for path in (tmp_path / "out").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_an_export_is_in_the_audit_log_and_is_never_overwritten(home: Home, tmp_path: Path) -> None:
    exported(home, tmp_path / "out")
    with reading(open_db(home.database)) as session:
        actions = [row[0] for row in session.connection().exec_driver_sql("SELECT action FROM audit_entry")]
    assert actions.count("quarantined rows exported") == 1
    again = xunfang("quarantine", "export", "--home", home.root, "--delivery", "d1", "--out", tmp_path / "out")
    assert again.code == 2
    assert "is there already" in again.err


def test_a_mended_row_goes_in_and_counts_once(home: Home, tmp_path: Path) -> None:
    before = of_income(home)
    assert (before["rows"], before["accepted"], before["quarantined"]) == (36, 33, 3)
    rows = exported(home, tmp_path / "out")
    send_back(home, tmp_path / "out", [mended(rows[0]), mended(rows[1])])
    done(xunfang("check", "--home", home.root))
    after = of_income(home)
    assert (after["rows"], after["accepted"], after["quarantined"], after["mended"]) == (36, 35, 1, 2)
    assert after["rules"] == {"wrong_number_of_fields": 1}
    amounts = RecordStore.open(home).records("income").collect().filter(pl.col("delivery_id") == "d2")["amount"]
    assert amounts.to_list() == [100, 100]
    left = done(xunfang("quarantine", "list", "--home", home.root, "--json")).json
    assert (left["rows"], left["came_back"]) == (1, 2)


def test_a_row_that_comes_back_broken_is_set_aside_where_it_came_last(home: Home, tmp_path: Path) -> None:
    rows = exported(home, tmp_path / "out")
    send_back(home, tmp_path / "out", [rows[0], mended(rows[1])])
    take_in(home).raise_refused()
    told = of_income(home)
    assert (told["rows"], told["accepted"], told["quarantined"]) == (36, 34, 2)
    again = exported(home, tmp_path / "again", "d2")
    assert [row["mends_row"] for row in again] == ["2"]
    send_back(home, tmp_path / "again", [mended(again[0])], "d3")
    take_in(home).raise_refused()
    told = of_income(home)
    assert (told["rows"], told["accepted"], told["quarantined"]) == (36, 35, 1)


def test_a_row_is_mended_once(home: Home, tmp_path: Path) -> None:
    rows = exported(home, tmp_path / "out")
    send_back(home, tmp_path / "out", [mended(rows[0]), mended(rows[0]), {**mended(rows[1]), "mends_row": "4"}])
    report, result = check(home)
    result.raise_refused()
    (file,) = report["deliveries"][1]["files"]
    assert file["rules"] == {"mends_row|names_no_row_to_be_mended": 1, "mends_row|the_same_row_twice": 1}
    assert (file["rows"], file["accepted"], file["quarantined"]) == (3, 1, 2)


def test_a_correction_of_nothing_is_refused(home: Home, tmp_path: Path) -> None:
    rows = exported(home, tmp_path / "out")
    send_back(home, tmp_path / "out", [mended(rows[0])])
    path = home.inbox / "d2" / "manifest.json"
    path.write_text(path.read_text("utf-8").replace('"corrects": "d1"', '"corrects": "d9"'), "utf-8")
    with pytest.raises(SourceError, match="corrects a delivery d9 that was never taken in"):
        take_in(home).raise_refused()


def test_a_correction_without_row_numbers_is_refused_with_the_way_out(home: Home, tmp_path: Path) -> None:
    rows = exported(home, tmp_path / "out")
    send_back(home, tmp_path / "out", [{k: v for k, v in mended(rows[0]).items() if k != "mends_row"}])
    with pytest.raises(SourceError, match="column 'mends_row' is missing"):
        take_in(home).raise_refused()


def test_the_page_of_a_department_names_rows_and_rules_and_nobody(home: Home, tmp_path: Path) -> None:
    run = done(xunfang("quarantine", "report", "--home", home.root, "--out", tmp_path / "pages", "--json"))
    (page,) = (Path(path).read_text("utf-8") for path in run.json["pages"].values())
    for words in ("3, 5", "not a whole number", "不是整数", "列数不对", "amount"):
        assert words in page
    assert BAD not in page
    assert "P1" not in page
