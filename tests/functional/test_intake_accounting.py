"""Nothing lost: however a file is spoilt, rows in = accepted + quarantined; only the spoilt rows are missing."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deliveries import a_home, csv_of, deliver, people, wages

from engine.intake import shelf
from engine.intake.inbox import check, take_in
from engine.intake.quarantine import open_rows
from engine.keys import load_keys

PERSONS = 20
GOOD = csv_of("income", wages(range(1, PERSONS + 1)))
"""60 rows; row 2 of the file is the first record."""


def line(number: int, change: Callable[[bytes], bytes]) -> bytes:
    """The good file with one line changed (line 1 is the header)."""
    lines = GOOD.split(b"\n")
    lines[number - 1] = change(lines[number - 1])
    return b"\n".join(lines)


def cell(number: int, column: str, value: str) -> bytes:
    """The good file with one cell changed."""
    place = GOOD.split(b"\n")[0].decode().split(",").index(column)

    def changed(old: bytes) -> bytes:
        cells = old.decode().split(",")
        cells[place] = value
        return ",".join(cells).encode()

    return line(number, changed)


SPOILT: dict[str, tuple[bytes, dict[str, int]]] = {
    "nothing": (GOOD, {}),
    "a byte-order mark": (b"\xef\xbb\xbf" + GOOD, {}),
    "line ends of Windows": (GOOD.replace(b"\n", b"\r\n"), {}),
    "every field quoted": (
        b"\n".join(b'"' + row.replace(b",", b'","') + b'"' for row in GOOD.splitlines()) + b"\n",
        {},
    ),
    "blank lines": (GOOD.replace(b"\n", b"\n\n", 3), {}),
    "a short row": (line(5, lambda old: old.rsplit(b",", 2)[0]), {"wrong_number_of_fields": 1}),
    "a long row": (line(5, lambda old: old + b",x"), {"wrong_number_of_fields": 1}),
    "a row of commas": (line(5, lambda old: b"," * old.count(b",")), {"one_of_person_and_household": 1}),
    "a line of blanks": (line(5, lambda old: b"   "), {"wrong_number_of_fields": 1}),
    "a NUL": (line(5, lambda old: old.replace(b"wage", b"wa\0ge")), {"nul_character": 1}),
    "a quotation mark never closed": (line(5, lambda old: b'"' + old), {"quotation_mark_never_closed": 1}),
    "text after a quoted field": (line(5, lambda old: b'"a"b' + old), {"not_a_csv_record": 1}),
    "a carriage return inside": (line(5, lambda old: old.replace(b"wage", b"wa\rge")), {"not_a_csv_record": 1}),
    "a date that is none": (cell(5, "month", "2024-02-30"), {"month|not_a_date": 1}),
    "a date in another form": (cell(5, "month", "01.02.2024"), {"month|not_a_date": 1}),
    "a date without zeros": (cell(5, "month", "2024-1-1"), {"month|not_a_date": 1}),
    "a serial date": (cell(5, "month", "45323"), {"month|not_a_date": 1}),
    "a day that is no first": (cell(5, "month", "2024-02-02"), {"month_is_a_first_day": 1}),
    "an amount with a comma": (cell(5, "amount", '"1,234"'), {"amount|not_a_whole_number": 1}),
    "an amount with a point": (cell(5, "amount", "12.5"), {"amount|not_a_whole_number": 1}),
    "an amount in full-width digits": (cell(5, "amount", "１２３４"), {"amount|not_a_whole_number": 1}),
    "an amount in words": (cell(5, "amount", "unknown"), {"amount|not_a_whole_number": 1}),
    "an amount too great": (cell(5, "amount", "9" * 25), {"amount|not_a_whole_number": 1}),
    "no amount": (cell(5, "amount", ""), {"amount|nullability": 1}),
    "an unknown code": (cell(5, "kind", "salary"), {"kind|not_one_of_our_codes": 1}),
    "too many months": (cell(5, "period_months", "13"), {"period_months|max": 1}),
    "no owner": (cell(5, "person_id", ""), {"one_of_person_and_household": 1}),
    "an owner of blanks": (cell(5, "person_id", "  "), {"one_of_person_and_household": 1}),
    "known after the delivery": (cell(5, "known_on", "2030-01-01"), {"known_on|after_the_delivery": 1}),
    "a stranger": (cell(5, "person_id", "P999"), {"person_not_in_any_household": 1}),
    "a row twice": (line(5, lambda old: old + b"\n" + old), {"duplicate_key": 2}),
    "a key with two amounts": (
        line(5, lambda old: old + b"\n" + old.replace(b",wage,", b",wage,", 1).replace(b"2002", b"7")),
        {"duplicate_key": 2},
    ),
    "a cut file": (GOOD[:-20], {"wrong_number_of_fields": 1}),
    "a file cut inside its last number": (GOOD[:-1], {"file_ends_inside_the_row": 1}),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_row_is_quarantined_and_no_other_row_is_touched(how: str, tmp_path: Path) -> None:
    data, rules = SPOILT[how]
    home = a_home(tmp_path / "home")
    deliver(home, "d1", proof=False, **people(PERSONS), income=data)
    report, result = check(home)
    result.raise_refused()
    income = next(source for source in report["sources"] if source["name"] == "income")
    assert income["rules"] == rules
    assert income["quarantined"] == sum(rules.values())
    assert income["rows"] == income["accepted"] + income["quarantined"]
    records_in_file = [row for row in data.replace(b"\r\n", b"\n").split(b"\n")[1:] if row]
    assert income["rows"] == len(records_in_file)
    stored = pl.concat(result.store.sources(bucket).frames["income"].collect() for bucket in result.store.buckets())
    assert stored.height == income["accepted"]
    clean = set(wages(range(1, PERSONS + 1))["amount"].to_list())
    assert set(stored["amount"].to_list()) <= clean


@pytest.mark.parametrize("how", [how for how, (_, rules) in SPOILT.items() if rules])
def test_the_raw_text_of_a_quarantined_row_is_kept_under_seal(how: str, tmp_path: Path) -> None:
    data, rules = SPOILT[how]
    home = a_home(tmp_path / "home")
    deliver(home, "d1", proof=False, **people(PERSONS), income=data)
    take_in(home).raise_refused()
    kept = open_rows(home, load_keys(home).vault, "d1", "income.csv")
    assert kept["rule"].value_counts().sort("rule").rows() == sorted(rules.items())
    lines = data.decode().removeprefix("\ufeff").split("\n")
    for row, text in kept.select("row", "text").iter_rows():
        assert text == lines[row - 1]
    sealed = (home.quarantine / "d1" / "income.csv.sealed").read_bytes()
    assert b"P" not in sealed[:4]
    assert lines[kept["row"][0] - 1].encode() not in sealed


def test_parquet_is_taken_in_like_text(tmp_path: Path) -> None:
    frames = {**people(PERSONS), "income": wages(range(1, PERSONS + 1))}
    stored = []
    for form in (False, True):
        home = a_home(tmp_path / str(form))
        deliver(home, "d1", parquet=form, **frames)
        result = take_in(home)
        result.raise_refused()
        buckets = [result.store.sources(bucket).frames["income"].collect() for bucket in result.store.buckets()]
        stored.append(pl.concat(buckets).drop("person_id").sort("amount"))
    assert stored[0].equals(stored[1])
    assert stored[0].height == 3 * PERSONS


def test_a_bad_value_in_parquet_is_quarantined_with_its_row(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    spoilt = wages(range(1, PERSONS + 1)).with_columns(
        month=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("soon")).otherwise(pl.col("month").cast(pl.String))
    )
    deliver(home, "d1", parquet=True, **people(PERSONS), income=spoilt)
    report, result = check(home)
    result.raise_refused()
    assert report["sources"][2]["rules"] == {"month|not_a_date": 1}
    kept = open_rows(home, load_keys(home).vault, "d1", "income.parquet")
    assert kept["row"].to_list() == [5]
    assert '"month":"soon"' in kept["text"][0]


def test_a_household_without_members_is_set_aside(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    frames = people(PERSONS)
    lonely = csv_of("household", frames["household"]) + csv_of("household", "household_id\n H99").split(b"\n", 1)[1]
    deliver(home, "d1", proof=False, household=lonely, member=frames["member"])
    report, result = check(home)
    result.raise_refused()
    assert report["sources"][0]["rules"] == {"household_without_members": 1}


def test_a_member_of_an_unknown_household_is_set_aside(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    frames = people(PERSONS)
    stray = pl.concat([frames["member"], people(PERSONS + 2)["member"].tail(2)])
    deliver(home, "d1", household=frames["household"], member=stray)
    report, result = check(home)
    result.raise_refused()
    assert report["sources"][1]["rules"] == {"member_of_unknown_household": 2}


def test_rows_of_many_parts_are_stored_in_one_file_per_bucket(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    folder = deliver(home, "d1", proof=False, **people(PERSONS), income=GOOD)
    manifest = (folder / "manifest.json").read_text("utf-8")
    header, *lines = GOOD.splitlines(keepends=True)
    (folder / "income.csv").unlink()
    for part in range(6):
        (folder / f"income-{part}.csv").write_bytes(header + b"".join(lines[part * 10 : part * 10 + 10]))
    parts = ", ".join(f'{{"name": "income-{part}.csv", "kind": "income"}}' for part in range(6))
    named = manifest.replace('{"name": "income.csv", "kind": "income"}', parts)
    (folder / "manifest.json").write_text(named, "utf-8")
    result = take_in(home, buckets=2)
    result.raise_refused()
    assert len(list((home.records / "income").rglob("*.parquet"))) == 2
    assert result.store.records("income").collect().height == 60


def test_rows_that_wait_on_the_disk_come_back_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = {**people(PERSONS), "income": wages(range(1, PERSONS + 1))}
    stores = []
    for most in (1_000_000, 3):
        monkeypatch.setattr(shelf, "SPILL_ROWS", most)
        home = a_home(tmp_path / str(most))
        deliver(home, "d1", **frames)
        take_in(home, buckets=3).raise_refused()
        files = sorted(path for path in home.records.rglob("*.parquet"))
        stores.append([(path.relative_to(home.records), path.read_bytes()) for path in files])
    assert stores[0] == stores[1]
    assert len(stores[0]) == 10
