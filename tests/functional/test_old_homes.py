"""A home of an earlier version (made by the code of the first release of the night, synthetic people) is upgraded
by one command, or refused with the way out."""

import json
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from deliveries import deliver, wages
from homes import done, hashes, xunfang

from engine.recordstore import FORMAT, RecordStore
from engine.settings import Home

ARCHIVE = Path(__file__).parents[1] / "data" / "old-home.zip"
NIGHT = "2024-05-02"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path / "home")
    for key in (tmp_path / "home" / "keys").iterdir():
        key.chmod(0o600)
    return tmp_path / "home"


@pytest.mark.parametrize("command", [("check",), ("night", "--date", "2024-05-03"), ("status",)])
def test_an_old_home_is_refused_with_the_way_out_and_is_not_touched(command: tuple[str, ...], home: Path) -> None:
    before = hashes(home / "records")
    run = xunfang(*command, "--home", home)
    assert run.code == 7
    assert "xunfang migrate" in run.err
    assert hashes(home / "records") == before


def test_one_command_upgrades_an_old_home_which_then_goes_on(home: Path) -> None:
    records = {name: sha for name, sha in hashes(home / "records").items() if name.endswith(".parquet")}
    told = done(xunfang("migrate", "--home", home))
    assert "this program's version" in told.out
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
    assert hashes(home / "records").items() >= records.items()
    store = RecordStore.open(Home(home))
    assert store.deliveries() == ["first", "second"]
    known = store.sources(0).known_by(date(2024, 5, 2)).frame("income").collect()
    assert known.height == 36
    assert known.filter(pl.col("known_on") == date(2024, 4, 15)).height == 12
    deliver(Home(home), "third", "2024-05-31", income=wages(range(1, 13), known_on=date(2024, 5, 20)))
    night = done(xunfang("night", "--home", home, "--date", "2024-06-01", "--json")).json
    assert night["numbers"]["read"] == 66 + 36
    again = done(xunfang("night", "--home", home, "--date", NIGHT, "--json")).json
    assert again["already"]
    assert done(xunfang("replay", "--home", home, "--date", "2024-06-01", "--json")).json["identical"]
    done(xunfang("migrate", "--home", home))
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]


def test_an_old_night_that_kept_too_little_says_that_it_cannot_be_made_again(home: Path) -> None:
    done(xunfang("migrate", "--home", home))
    run = xunfang("replay", "--home", home, "--date", NIGHT)
    assert run.code == 9
    assert "cannot be made again" in run.err


def test_a_home_of_a_newer_program_is_refused_and_migrate_says_the_same(home: Path) -> None:
    layout = home / "records" / "store.json"
    layout.write_text(json.dumps(json.loads(layout.read_text("utf-8")) | {"format": FORMAT + 1}), "utf-8")
    for command in (("migrate",), ("check",)):
        run = xunfang(*command, "--home", home)
        assert (run.code, "newer" in run.err) == (7, True)
