"""Identities go to the vault and nowhere else; the store says when a byte of it has changed."""

import logging
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from builders import records
from deliveries import a_home, csv_of, deliver, people, wages
from named import COUNT, NAMES, NUMBERS, SECRETS, identities, numbered, roster

from engine.audit import AuditLog
from engine.db import open_db
from engine.errors import IntegrityError
from engine.intake.inbox import check, take_in
from engine.keys import load_keys
from engine.recordstore import RecordStore
from engine.settings import Home
from engine.vault import VaultReader


def county(home: Home) -> None:
    """A delivery with names, in which one row of each file is broken."""
    real = {f"P{place + 1}": number for place, number in enumerate(NUMBERS)}
    income = csv_of("income", numbered(wages(range(1, COUNT + 1)), real))
    lines = income.split(b"\n")
    lines[3] = lines[3].replace(b",wage,", b",salary,")
    named = csv_of("identity", identities()).replace(b"2020-01-01", b"2020-13-01", 1)
    deliver(home, "d1", proof=False, **roster(), income=b"\n".join(lines), identity=named)


def test_names_are_reached_through_the_vault_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    home = a_home(tmp_path / "home", "gb11643")
    county(home)
    report, result = check(home)
    result.raise_refused()
    counts = {source["name"]: (source["rows"], source["quarantined"]) for source in report["sources"]}
    assert counts == {"household": (6, 0), "member": (12, 0), "income": (36, 1), "identity": (12, 1)}
    members = result.store.records("member").collect()
    heads = members.group_by("household_id").agg(pl.col("person_id").max())
    database, keys = open_db(home.database), load_keys(home)
    log = AuditLog(database, keys.audit, "ana", "operator")
    contacts = VaultReader(database, keys.vault, log).contacts(heads, date(2025, 1, 1), "visit")
    assert set(contacts["name"].drop_nulls()) <= set(NAMES)
    assert contacts["name"].null_count() <= 1
    seen = [str(report), caplog.text]
    for path in home.root.rglob("*"):
        if path.is_file() and home.inbox not in path.parents:
            seen.append(path.read_bytes().decode("utf-8", errors="replace"))
            if path.suffix == ".parquet":
                seen.append(pl.read_parquet(path).write_csv())
    found = [secret for secret in SECRETS for text in seen if secret in text]
    assert found == []


@pytest.mark.parametrize("spoil", [lambda number: number[:15] + "000", lambda number: number[:-1] + "?"])
def test_a_damaged_number_is_quarantined_by_its_own_rule(spoil: object, tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", "gb11643")
    assert callable(spoil)
    damaged = csv_of("member", roster()["member"]).replace(NUMBERS[1].encode(), spoil(NUMBERS[1]).encode())
    deliver(home, "d1", proof=False, household=roster()["household"], member=damaged)
    report, result = check(home)
    result.raise_refused()
    (rule,) = report["sources"][1]["rules"]
    assert rule in {"person_id|damaged_by_a_spreadsheet", "person_id|not_an_identity_number"}


def test_lower_case_and_full_width_numbers_are_the_same_person(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", "gb11643")
    wide = str.maketrans("0123456789X", "０１２３４５６７８９ｘ")
    income = wages(range(1, COUNT + 1)).with_columns(
        pl.col("person_id").replace({f"P{n + 1}": NUMBERS[n].translate(wide) for n in range(COUNT)})
    )
    deliver(home, "d1", **roster(), income=income)
    take_in(home).raise_refused()
    assert RecordStore.open(home).records("income").collect()["person_id"].n_unique() == COUNT


def test_persons_with_other_numbers_are_refused_with_the_way_out(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", "gb11643")
    deliver(home, "d1", **people(COUNT))
    (error,) = take_in(home).refused.values()
    assert "holds no identity number" in error.message
    assert 'person_ids = "free"' in error.way_out


def test_employers_kin_and_dwellings_are_pseudonyms_too(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    frames = people(COUNT)
    frames["household"] = frames["household"].with_columns(pl.lit("house-7").alias("dwelling_id"))
    work = records("employment", "person_id | employer\n P1 | 91350100M000100Y43")
    deliver(home, "d1", **frames, employment=work, kin=records("kin", "person_id | kin_id\n P1 | P2"))
    store = take_in(home).store
    persons = store.records("member").collect()["person_id"].to_list()
    assert store.records("kin").collect()["kin_id"][0] in persons
    assert store.records("household").collect()["dwelling_id"].n_unique() == 1
    for text in ("house-7", "91350100M000100Y43"):
        assert not any(text.encode() in path.read_bytes() for path in home.records.rglob("*.parquet"))


def test_verify_names_the_bucket_of_a_flipped_byte(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(COUNT), income=wages(range(1, COUNT + 1)))
    store = take_in(home, buckets=2).store
    assert store.verify() == []
    path = home.records / "income" / "bucket=01" / "d1.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (damage,) = store.verify()
    assert (damage.kind, damage.bucket, damage.what) == ("income", 1, "has changed (its sha256 differs)")
    path.unlink()
    assert store.verify()[0].what == "is missing"


def test_a_store_does_not_open_with_other_keys(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(COUNT))
    take_in(home).raise_refused()
    (home.keys / "pseudonym.key").write_text("ab" * 32, "ascii")
    with pytest.raises(IntegrityError, match="not the keys"):
        take_in(home)


def test_a_damaged_receipt_is_named(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    deliver(home, "d1", **people(COUNT))
    take_in(home).raise_refused()
    (home.records / "deliveries" / "d1.json").write_text("{}", "utf-8")
    with pytest.raises(IntegrityError, match="the receipt of this delivery has changed"):
        RecordStore.open(home)


def test_numbers_that_contradict_their_row_are_counted_and_go_in(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", "gb11643")
    members = roster()["member"].with_columns(pl.lit(date(1970, 1, 1)).alias("birth_date"), pl.lit(2).alias("sex"))
    born = members.with_columns(birth_date=pl.col("person_id").str.slice(6, 8).str.to_date("%Y%m%d"))
    deliver(home, "d1", household=roster()["household"], member=pl.concat([born.head(9), members.tail(3)]))
    report, result = check(home)
    result.raise_refused()
    file = next(each for each in report["deliveries"][0]["files"] if each["kind"] == "member")
    women = sum(int(number[16]) % 2 == 0 for number in NUMBERS)
    assert file["alerts"].get("birth_date_unlike_number") == 3
    assert file["alerts"].get("sex_unlike_number", 0) == COUNT - women
    assert file["quarantined"] == 0


def test_an_area_code_that_is_none_and_an_employer_that_cannot_be_are_set_aside(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home", "gb11643")
    (home.root / "home.toml").write_text('person_ids = "gb11643"\nemployer_ids = "gb32100"\n', "utf-8")
    frames = roster()
    frames["household"] = frames["household"].with_columns(
        region=pl.when(pl.int_range(pl.len()) == pl.len() - 1).then(pl.lit("01010100")).otherwise("region")
    )
    work = records("employment", "person_id | employer\n P1 | 91350100M000100Y43\n P2 | 91350100M000100Y44")
    real = {f"P{place + 1}": number for place, number in enumerate(NUMBERS)}
    deliver(home, "d1", **frames, employment=numbered(work, real))
    report, result = check(home)
    result.raise_refused()
    rules = {source["name"]: source["rules"] for source in report["sources"]}
    assert rules["employment"] == {"employer|check_character_wrong": 1}
    assert rules["household"] == {"region|not_an_area_code": 1}
