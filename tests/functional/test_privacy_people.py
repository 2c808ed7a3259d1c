"""Id numbers, names and phones are in the inbox, on the lists and, encrypted, in the vault: nowhere else."""

import csv
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, process, xunfang

ALLOWED = ("inbox", "lists", "truth")
"""Where people are known by name or number; ``truth`` is the generator's own, which no bureau has."""

WORDS = re.compile(r"[0-9A-Za-z\u4e00-\u9fff-]{2,}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def secrets(home: Path) -> frozenset[str]:
    """Every number, name, phone and address of the delivered people, staff apart (their names are on lists)."""
    people = pl.concat(pl.read_parquet(path) for path in (home / "inbox").glob("*/identity-*.parquet"))
    found = {value for name in ("name", "phone", "address") for value in people[name].drop_nulls()}
    columns = ("person_id", "household_id", "kin_id")
    for path in (home / "inbox").rglob("*-[0-9]*"):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            numbers = [frame[name] for name in columns if name in frame.columns]
            found |= {value for column in numbers for value in column.drop_nulls()}
        else:
            with path.open(encoding="utf-8", newline="") as file:
                found |= {row[name] for row in csv.DictReader(file) for name in columns if row.get(name)}
    staff = tomllib.loads((home / "caseworkers.toml").read_text("utf-8"))["caseworker"]
    return frozenset(each for each in found - {worker["name_zh"] for worker in staff} if WORDS.fullmatch(each))


def texts_of(path: Path) -> Iterator[str]:
    """Everything that can be read in a file: its bytes as text, and the texts in a Parquet file or a database."""
    yield path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        columns = [column for column in frame if not (column.dtype.is_numeric() or column.dtype.is_temporal())]
        yield "\n".join(str(value) for column in columns for value in set(map(str, column.to_list())))
    if path.suffix == ".db":
        database = sqlite3.connect(path)
        yield "\n".join(database.iterdump())
        sealed = database.execute("SELECT * FROM vault_identity").fetchall()
        yield " ".join(each.decode("utf-8", "replace") for row in sealed for each in row if isinstance(each, bytes))
        database.close()


def found_in(text: str, secrets: frozenset[str]) -> set[str]:
    """The secrets in a text, as a word or inside of one."""
    lengths = {len(each) for each in secrets}
    words = set(WORDS.findall(text))
    return {
        word[start : start + length]
        for word in words
        for length in lengths
        for start in range(len(word) - length + 1)
        if word[start : start + length] in secrets
    }


def test_the_search_finds_what_is_there(home: Path, secrets: frozenset[str]) -> None:
    assert len(secrets) > 5_000
    page = next((home / "lists" / NIGHT).glob("*.html"))
    assert found_in(page.read_text("utf-8"), secrets)
    assert any(len(each) == 18 for each in secrets)
    assert any(each.startswith("1000") and len(each) == 11 for each in secrets)


def test_nobody_is_named_outside_inbox_lists_and_vault(home: Path, secrets: frozenset[str]) -> None:
    searched, hits = 0, {}
    for path in sorted(home.rglob("*")):
        inside = path.relative_to(home)
        if not path.is_file() or inside.parts[0] in ALLOWED:
            continue
        for text in texts_of(path):
            searched += len(text)
            if known := found_in(text, secrets):
                hits[str(inside)] = len(known)
    assert searched > 500_000
    assert hits == {}


def test_no_command_says_who_anybody_is(home: Path, secrets: frozenset[str], tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    said = [(home.parent / "demo-home.out").read_text("utf-8")]
    for words in (
        ("check",),
        ("check", "--json"),
        ("status",),
        ("verify",),
        ("night", "--date", "2026-01-05"),
        ("features", "show", "income_drop_3m", "--as-of", NIGHT),
    ):
        run = xunfang(*words, "--home", other)
        assert run.code == 0
        said += [run.out, run.err]
    (other / "keys" / "vault.key").write_text("0" * 64 + "\n", "ascii")
    said += [(run := process("night", "--home", other, "--date", "2026-01-06")).out, run.err]
    assert run.code == 9
    assert found_in("\n".join(said), secrets) == set()


def test_files_are_their_owners_alone(home: Path) -> None:
    open_to_others = [
        str(path.relative_to(home))
        for name in ("keys", "records", "quarantine", "nights", "lists", "models", "xunfang.db")
        for path in [home / name, *(home / name).rglob("*")]
        if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
