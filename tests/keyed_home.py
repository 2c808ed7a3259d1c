"""A small home whose vault knows names and whose quarantine holds a row: what tests of its keys begin with."""

from datetime import date
from pathlib import Path

import polars as pl
from deliveries import a_home, csv_of, deliver, people, wages
from homes import done, xunfang

from engine.audit import AuditLog
from engine.db import open_db
from engine.intake.inbox import take_in
from engine.keys import load_keys
from engine.recordstore import RecordStore
from engine.settings import Home
from engine.vault import VaultReader

COUNT = 6


def home_with_names(tmp_path: Path) -> Home:
    """A home with names in its vault and a row in quarantine."""
    done(xunfang("init", "--home", tmp_path / "init"))
    place = a_home(tmp_path / "home")
    for name in ("policy.toml", "caseworkers.toml"):
        (tmp_path / "init" / name).rename(place.root / name)
    named = pl.DataFrame(
        {
            "person_id": [f"P{number + 1}" for number in range(COUNT)],
            "household_id": pl.Series([None] * COUNT, dtype=pl.String),
            "name": [f"Name {number}" for number in range(COUNT)],
            "phone": None,
            "address": None,
            "valid_from": date(2020, 1, 1),
        },
        schema_overrides={"phone": pl.String, "address": pl.String},
    )
    income = csv_of("income", wages(range(1, COUNT + 1))).replace(b",wage,", b",salary,", 1)
    deliver(place, "d1", proof=False, **people(COUNT), income=income, identity=named)
    take_in(place).raise_refused()
    return place


def names(home: Home) -> list[str]:
    """Every name that the vault can tell."""
    store, keys, database = RecordStore.open(home), load_keys(home), open_db(home.database)
    members = store.records("member").collect().select("household_id", "person_id")
    log = AuditLog(database, keys.audit, "test", "operator")
    found = []
    for person in members["person_id"]:
        head = members.filter(pl.col("person_id") == person)
        found += VaultReader(database, keys.vault, log).contacts(head, date(2025, 1, 1), "a test")["name"].to_list()
    return sorted(found)


def rotate(home: Home, name: str) -> dict[str, object]:
    """Change a key by command."""
    return dict(done(xunfang("keys", "rotate", name, "--home", home.root, "--yes", "--json")).json)
