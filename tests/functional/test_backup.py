"""Backups made while the home is at work, put back, verified; and what is never put back."""

import json
import random
import shutil
import subprocess
import time
from datetime import date
from pathlib import Path

import pytest
from deliveries import a_home, deliver, people, wages
from homes import PATIENCE, XUNFANG, done, hashes, process, xunfang

NIGHT = "2024-05-02"
GIVEN = ("keys", "inbox", "home.toml", "policy.toml", "caseworkers.toml")


def small_home(folder: Path) -> Path:
    """Twelve people, three deliveries that nobody has taken in yet."""
    home = a_home(folder)
    deliver(home, "first", "2024-03-31", **people(12), income=wages(range(1, 13)))
    deliver(home, "second", "2024-04-10", income=wages(range(1, 5), known_on=date(2024, 4, 5)))
    deliver(home, "third", "2024-04-20", income=wages(range(12, 14), 1, date(2024, 4, 12)))  # one is unknown
    done(xunfang("init", "--home", folder))
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small home with one night."""
    folder = small_home(tmp_path_factory.mktemp("backup") / "home")
    done(xunfang("night", "--home", folder, "--date", NIGHT))
    return folder


def copied(home: Path, target: Path) -> Path:
    return Path(shutil.copytree(home, target))


def test_a_backup_holds_everything_but_keys_and_inbox_and_says_so(home: Path, tmp_path: Path) -> None:
    told = done(xunfang("backup", tmp_path / "copy", "--home", home, "--json")).json
    assert (told["with_keys"], told["with_inbox"]) == (False, False)
    assert not (tmp_path / "copy" / "keys").exists()
    assert not (tmp_path / "copy" / "inbox").exists()
    kept = hashes(tmp_path / "copy")
    for name, sha256 in hashes(home).items():
        if not name.startswith(("keys/", "inbox/", "xunfang.db")) and not name.endswith(".seen"):
            assert kept[name] == sha256, name
    assert "without the keys" in done(xunfang("backup", tmp_path / "again", "--home", home)).out
    assert xunfang("backup", tmp_path / "again", "--home", home).code == 2


def test_a_restored_home_is_verified_and_goes_on_to_the_same_bytes(home: Path, tmp_path: Path) -> None:
    copy, back = tmp_path / "copy", tmp_path / "back"
    done(xunfang("backup", copy, "--home", home))
    told = done(xunfang("restore", copy, "--home", back, "--keys", home / "keys", "--json")).json
    assert told["keys_there"]
    assert told["verified"]["intact"]
    other = copied(home, tmp_path / "other")
    for each in (back, other):
        done(xunfang("night", "--home", each, "--date", "2024-05-03"))
    assert hashes(back / "nights") == hashes(other / "nights")
    assert hashes(back / "lists") == hashes(other / "lists")


def test_a_restore_without_keys_says_what_is_missing_and_with_them_needs_none(home: Path, tmp_path: Path) -> None:
    done(xunfang("backup", tmp_path / "copy", "--home", home))
    run = done(xunfang("restore", tmp_path / "copy", "--home", tmp_path / "back"))
    assert "the keys are missing" in run.out
    done(xunfang("backup", tmp_path / "full", "--home", home, "--with-keys", "--with-inbox"))
    told = done(xunfang("restore", tmp_path / "full", "--home", tmp_path / "whole", "--json")).json
    assert told["verified"]["intact"]
    assert hashes(tmp_path / "whole" / "inbox") == hashes(home / "inbox")
    assert (tmp_path / "whole" / "keys" / "vault.key").stat().st_mode & 0o077 == 0


def test_the_drill_is_one_command_and_touches_nothing(home: Path) -> None:
    before = hashes(home / "records") | hashes(home / "nights")
    run = done(xunfang("restore", "--drill", "--home", home))
    assert "the restored home is whole" in run.out
    assert hashes(home / "records") | hashes(home / "nights") == before


@pytest.mark.parametrize("name", ["records", "xunfang.db", "backup.json", "lost"])
def test_a_damaged_backup_replaces_nothing(name: str, home: Path, tmp_path: Path) -> None:
    copy, there = tmp_path / "copy", copied(home, tmp_path / "there")
    done(xunfang("backup", copy, "--home", home))
    path = sorted((copy / "records").rglob("*.parquet"))[0] if name in {"records", "lost"} else copy / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink() if name == "lost" else path.write_bytes(data)
    before = hashes(there)
    run = xunfang("restore", copy, "--home", there, "--replace")
    assert run.code == 9
    assert "nothing was restored" in run.err
    assert hashes(there) == before
    assert [each.name for each in tmp_path.iterdir() if "there" in each.name] == ["there"]


def test_a_home_that_is_there_is_put_aside_and_only_when_asked_for(home: Path, tmp_path: Path) -> None:
    there = copied(home, tmp_path / "there")
    done(xunfang("backup", tmp_path / "copy", "--home", there))
    (there / "policy.toml").write_text("damaged", "utf-8")
    assert xunfang("restore", tmp_path / "copy", "--home", there).code == 2
    told = done(xunfang("restore", tmp_path / "copy", "--home", there, "--replace", "--json")).json
    assert told["verified"]["intact"]
    assert (Path(told["put_aside"]) / "policy.toml").read_text("utf-8") == "damaged"
    assert (there / "policy.toml").read_bytes() == (home / "policy.toml").read_bytes()


def test_damaged_records_are_not_backed_up(home: Path, tmp_path: Path) -> None:
    there = copied(home, tmp_path / "there")
    path = sorted((there / "records" / "income").rglob("*.parquet"))[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    run = xunfang("backup", tmp_path / "copy", "--home", there)
    assert (run.code, "xunfang repair" in run.err) == (9, True)
    assert not (tmp_path / "copy").exists()


def test_backups_at_random_moments_of_a_night_are_whole_and_go_on_to_the_same_bytes(
    home: Path, tmp_path: Path
) -> None:
    moments = random.Random(7)
    for number in range(4):
        at_work = small_home(tmp_path / f"{number}")
        night = subprocess.Popen(
            [XUNFANG, "night", "--home", at_work, "--date", NIGHT],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (at_work / "records" / "store.json").exists() and night.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.random() * 1.5)
        copy, back = tmp_path / f"copy{number}", tmp_path / f"back{number}"
        done(process("backup", copy, "--home", at_work, "--with-keys", "--with-inbox"))
        assert night.wait(PATIENCE) == 0
        told = done(xunfang("restore", copy, "--home", back, "--json")).json
        assert told["verified"]["intact"], json.dumps(told)
        done(xunfang("night", "--home", back, "--date", NIGHT))
        for each in (at_work, back):
            assert hashes(each / "nights") == hashes(home / "nights")
            assert hashes(each / "lists") == hashes(home / "lists")
            assert done(xunfang("verify", "--home", each, "--json")).json["intact"]
