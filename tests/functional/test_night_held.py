"""A night that is held says why, sends its urgent visits, and goes on when a person confirms or releases."""

import json
import shutil
import sqlite3
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, set_policy, xunfang

NEXT = (date.fromisoformat(NIGHT) + timedelta(days=7)).isoformat()
"""In another week: the capacity of this one is planned."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def rows(home: Path, statement: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(home / "xunfang.db")
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def night(home: Path, day: str = NEXT) -> dict[str, Any]:
    told: dict[str, Any] = done(xunfang("night", "--home", home, "--date", day, "--json")).json
    return told


def spoilt_delivery(home: Path) -> None:
    """A delivery in the inbox whose file lacks every column."""
    folder = home / "inbox" / "spoilt"
    folder.mkdir()
    (folder / "income.csv").write_text("a,b\n1,2\n", "utf-8")
    manifest = {"delivery_id": "spoilt", "delivered_on": NEXT, "files": [{"name": "income.csv", "kind": "income"}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def item_states(home: Path) -> dict[str, str]:
    return dict(rows(home, f"SELECT household_id, state FROM outreach_item WHERE business_date = '{NEXT}'"))


def urgent(home: Path) -> set[str]:
    items = frame(home, "items", NEXT)
    return set(items.filter(pl.col("lane").cast(pl.String) == "urgent")["household_id"])


def test_a_refused_delivery_holds_the_lists_and_not_the_urgent_visits(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    spoilt_delivery(other)
    told = night(other)
    assert told["state"] == "held"
    assert "spoilt" in told["held_reason"]
    assert "is missing" in told["held_reason"]
    assert "拒收" in told["held_reason"]
    opened = {household for household, state in item_states(other).items() if state == "open"}
    assert opened == urgent(other)


def test_a_confirmed_delivery_holds_nothing_any_more_and_the_reason_is_audited(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    spoilt_delivery(other)
    refused = xunfang("confirm", "spoilt", "--reason", "  ", "--home", other)
    assert refused.code == 2
    assert "--reason is empty" in refused.err
    done(xunfang("confirm", "spoilt", "--reason", "comes again on Monday", "--actor", "li", "--home", other))
    assert xunfang("confirm", "spoilt", "--reason", "again", "--home", other).code == 2
    assert xunfang("confirm", "nothing", "--reason", "why", "--home", other).code == 2
    told = night(other)
    assert told["state"] == "finished"
    assert rows(other, "SELECT name, reason, confirmed_by FROM confirmation") == [
        ("spoilt", "comes again on Monday", "li")
    ]
    audited = [
        actor for (actor,) in rows(other, "SELECT actor FROM audit_entry WHERE action = 'delivery confirmed'")
    ]
    assert audited == ["li"]
    shutil.rmtree(other / "inbox" / "spoilt")
    done(xunfang("verify", "--home", other))


def test_a_held_night_is_released_whole_by_a_person_with_a_reason(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    spoilt_delivery(other)
    night(other)
    assert xunfang("release", "--date", NEXT, "--home", other).code == 2
    told = done(xunfang("release", "--date", NEXT, "--reason", "looked at", "--home", other, "--json")).json
    listed = frame(other, "items", NEXT)
    assert told["opened_visits"] == listed.height - len(urgent(other))
    assert set(item_states(other).values()) == {"open"}
    for caseworker, items in listed.group_by("caseworker_id"):
        page = (other / "lists" / NEXT / f"{caseworker[0]}.html").read_text("utf-8")
        assert page.count('<article class="card') == items.height
    assert done(xunfang("status", "--home", other, "--json")).json["held"] == []
    again = xunfang("release", "--date", NEXT, "--reason", "again", "--home", other)
    assert again.code == 2
    assert "no list of this night waits" in again.err


def test_lists_that_wait_for_a_person_are_released_by_one(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    set_policy(other, "release", "automatic", False)
    assert night(other)["written"] == 0
    told = done(xunfang("release", "--date", NEXT, "--home", other, "--json")).json
    assert told["written"] == told["released_lists"] == frame(other, "items", NEXT)["caseworker_id"].n_unique()
    assert set(item_states(other).values()) == {"open"}
