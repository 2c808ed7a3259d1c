"""A finished night is never made again, and the same inputs give the same bytes."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from homes import (
    NIGHT,
    PEOPLE,
    SEED,
    copy_of,
    database_of,
    demo_home,
    done,
    fresh_copy,
    hashes,
    process,
    set_policy,
    xunfang,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("again") / "home")


def state(home: Path) -> tuple[Any, ...]:
    return hashes(home / "nights"), hashes(home / "lists"), hashes(home / "models"), database_of(home)


def test_running_a_night_twice_changes_nothing_and_says_so(home: Path) -> None:
    before = state(home)
    told = done(process("night", "--home", home, "--date", NIGHT, "--json")).json
    assert told["already"] is True
    assert told["changed"] == []
    assert "finished already; nothing was changed" in told["message"]
    assert told["written"] == 0
    assert "finished already" in done(xunfang("night", "--home", home, "--date", NIGHT)).out
    assert state(home) == before


def test_running_the_demo_twice_makes_no_second_night(home: Path) -> None:
    status = done(xunfang("status", "--home", home, "--json")).json
    before = hashes(home / "nights"), hashes(home / "lists"), database_of(home)
    refused = xunfang("demo", "--home", home, "--people", PEOPLE, "--seed", SEED + 1)
    assert refused.code == 2
    assert "other arguments" in refused.err
    assert (hashes(home / "nights"), hashes(home / "lists"), database_of(home)) == before
    assert done(xunfang("status", "--home", home, "--json")).json["last_night"] == status["last_night"]


@pytest.mark.parametrize("changed", ["policy_sha256", "input_sha256", "relative_poverty_model"])
def test_an_input_that_has_changed_since_is_named_and_changes_nothing(
    changed: str, home: Path, tmp_path: Path
) -> None:
    other = copy_of(home, tmp_path / "home")
    if changed == "policy_sha256":
        set_policy(other, "capacity", "factor", 0.5)
    elif changed == "input_sha256":
        path = other / "caseworkers.toml"
        path.write_text(path.read_text("utf-8").replace("capacity_week = 18", "capacity_week = 3"), "utf-8")
    else:
        shutil.rmtree(other / "models" / "relative_poverty")
    before = state(other)
    told = done(xunfang("night", "--home", other, "--date", NIGHT, "--json")).json
    assert (told["already"], told["changed"], told["written"]) == (True, [changed], 0)
    assert "nothing was changed" in told["message"]
    assert changed in told["message"]
    assert state(other) == before


def test_a_later_training_leaves_the_reports_of_finished_nights_alone(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    path = other / "models" / "relative_poverty" / "experiment.json"
    path.write_text(path.read_text("utf-8").replace('"auc": 0.', '"auc": 0.1'), "utf-8")
    before = hashes(other / "nights")
    done(xunfang("night", "--home", other, "--date", NIGHT))
    assert hashes(other / "nights") == before


def test_the_same_seed_and_keys_give_the_same_bytes_whatever_the_threads(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    first, again = demo_home(tmp_path_factory), tmp_path / "again"
    again.mkdir()
    shutil.copytree(first / "keys", again / "keys")
    others = {**os.environ, "POLARS_MAX_THREADS": "3"}
    done(process("demo", "--home", again, "--people", PEOPLE, "--seed", SEED, "--threads", 1, env=others))
    for part in ("inbox", "records", "models", "nights", "lists", "truth"):
        one, other = hashes(first / part), hashes(again / part)
        names = {name for name in one if not name.endswith(".seen")}
        assert names
        assert {name: other.get(name) for name in names} == {name: one[name] for name in names}


def test_a_night_rests_on_its_inputs_and_not_on_the_run_that_took_them_in(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    first = demo_home(tmp_path_factory)
    other = fresh_copy(first, tmp_path / "home")
    left = other / "nights" / NIGHT / "listed"
    left.mkdir(parents=True)
    (left / "reasons.parquet").write_bytes(b"left by a run that was interrupted")
    (left / "older.parquet").write_bytes(b"left by a run of an older program")
    told = done(xunfang("night", "--home", other, "--date", NIGHT, "--threads", 1, "--json")).json
    assert told["already"] is False
    assert hashes(other / "nights") == hashes(first / "nights")
    assert hashes(other / "lists") == hashes(first / "lists")
