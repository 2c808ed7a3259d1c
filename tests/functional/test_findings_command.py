"""The command that measures every finding code against what is really so."""

from pathlib import Path

import polars as pl
import pytest
from homes import copy_of, demo_home, done, xunfang

from outreach.wording_measured import UNMEASURED

WORDS = ("evaluate", "--findings")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("measured") / "home")


def test_every_code_is_told_with_shares_or_a_reason_and_without_an_id(home: Path) -> None:
    ran = done(xunfang(*WORDS, "--json", "--home", home))
    rows = {row["code"]: row for row in ran.json["rows"]}
    assert ran.json["as_of"] == "2025-06-30"
    assert all(("so" in row) != (code in UNMEASURED) for code, row in rows.items())
    assert rows["GAP-YB"]["complete"]["so"] > 10
    assert rows["GAP-YB"]["complete"]["precision"] >= 0.99
    assert rows["GAP-YB"]["complete"]["recall"] >= 0.99
    assert rows["GAP-DB"]["why"]["zh"]
    truth = pl.concat(pl.read_parquet(path) for path in sorted((home / "truth").glob("error-*.parquet")))
    assert not any(number in ran.out for number in truth["household_id"].unique())


def test_the_figures_are_of_the_day_that_is_asked_for_and_read_as_a_table(home: Path) -> None:
    out = done(xunfang(*WORDS, "--date", "2024-09-30", "--home", home)).out
    assert out.startswith("2024-09-30")
    assert "GAP-CJ-H" in out
    assert "DUP-10" in out


def test_a_home_of_which_nobody_knows_the_truth_is_refused(home: Path, tmp_path: Path) -> None:
    real = copy_of(home, tmp_path / "home")
    for path in (real / "truth").iterdir():
        path.unlink()
    refused = xunfang(*WORDS, "--home", real)
    assert refused.code == 2
    assert "xunfang demo" in refused.err
    assert refused.out == ""
