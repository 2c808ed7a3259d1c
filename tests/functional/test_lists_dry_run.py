"""Lists drafted and not saved: the same as the night's own, and another policy beside them."""

from pathlib import Path

import pytest
from homes import NIGHT, copy_of, database_of, demo_home, done, frame, hashes, set_policy, xunfang

DRY = ("lists", "--dry-run", "--date", NIGHT)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def other(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy with floors and without visits by gap."""
    folder = tmp_path_factory.mktemp("policies")
    (folder / "policy.toml").write_text((home / "policy.toml").read_text("utf-8"), "utf-8")
    set_policy(folder, "floors", "by", "household_type")
    set_policy(folder, "shares", "gap", 0.1)
    set_policy(folder, "shares", "risk", 0.5)
    return folder / "policy.toml"


def test_a_dry_run_of_a_finished_night_tells_the_night_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    mine = copy_of(home, tmp_path / "home")
    before, rows = hashes(mine / "nights"), database_of(mine)
    told = done(xunfang(*DRY, "--home", mine, "--json")).json
    items = frame(mine, "items")
    assert told["finished"]
    assert told["policies"]["home"]["visits"] == items.height
    assert told["policies"]["home"]["expected"] == pytest.approx(items["chance"].sum())
    assert (items["low"] <= items["high"]).all()
    mine_told = told["policies"]["home"]
    assert 0 < mine_told["low"] <= mine_told["high"]
    assert 1 <= mine_told["stops"] <= items.height
    assert (told["minutes_of_a_visit"], mine_told["minutes"]) == (None, None)
    assert hashes(mine / "nights") == before
    assert database_of(mine) == rows


def test_another_policy_is_compared_on_the_same_night(home: Path, other: Path) -> None:
    told = done(xunfang(*DRY, "--home", home, "--policy", other, "--json")).json
    lanes = {name: each["lanes"] for name, each in told["policies"].items()}
    assert lanes["other"]["risk"] > lanes["home"].get("risk", 0)
    assert told["policies"]["other"]["floors"]["by"] == "household_type"
    assert {row["by"] for row in told["exchanged"]} > {"everybody", "lane", "area", "household_type", "head_sex"}
    counts = [row[way] for row in told["exchanged"] for way in ("enters", "leaves")]
    assert all(count is None or (count > 7 and count % 5 == 0) for count in counts)
    assert told["exchanged"][0]["by"] == "everybody"
    for way, finds, unmet in (("enters", "finds_in", "unmet_in"), ("leaves", "finds_out", "unmet_out")):
        suppressed = [row for row in told["exchanged"] if row[way] is None]
        assert suppressed
        assert not [row for row in suppressed if row[finds] is not None or row[unmet] is not None]
        assert not [row for row in told["exchanged"] if row[way] is not None and row[unmet] is None]
    text = done(xunfang(*DRY, "--home", home, "--policy", other)).out
    assert "a floor of 80% for each group by household_type" in text


def test_a_night_that_has_not_been_run_is_drafted_from_the_records_of_now(home: Path, tmp_path: Path) -> None:
    mine = copy_of(home, tmp_path / "home")
    rows = database_of(mine)
    told = done(xunfang("lists", "--dry-run", "--date", "2026-01-05", "--home", mine, "--json")).json
    assert not told["finished"]
    assert database_of(mine) == rows
    assert not (mine / "nights" / "2026-01-05").exists()
    assert (
        done(xunfang("night", "--date", "2026-01-05", "--home", mine, "--json")).json["numbers"]["listed"]
        == (told["policies"]["home"]["visits"])
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lists",), "--dry-run is missing"),
        ((*DRY, "--policy", "POLICY"), "not a TOML text"),
        ((*DRY, "--policy", "nowhere.toml"), "cannot be read"),
    ],
)
def test_what_cannot_be_drafted_is_said(home: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[capacity", "utf-8")
    run = xunfang(*(wrong if word == "POLICY" else word for word in words), "--home", home)
    assert run.code == 2
    assert said in run.err
