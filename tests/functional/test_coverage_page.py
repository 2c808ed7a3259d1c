"""``xunfang coverage``: the cube of a night as text, JSON and a page, with nothing small and nobody's number."""

import hashlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, copy_of, demo_home, done, frame, xunfang

from outreach.coverage import MEASURES
from outreach.month import suppressed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def told(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    page = tmp_path_factory.mktemp("cube") / "coverage.html"
    given = ("--home", home, "--by", "area", "--page", page, "--json")
    answer: dict[str, Any] = done(xunfang("--as", "auditor", "coverage", *given)).json
    return answer | {"page": page.read_text("utf-8")}


def test_the_cube_has_every_programme_with_its_people_and_authority(told: dict[str, Any]) -> None:
    codes = [each["code"] for each in told["programmes"]]
    assert {"DB", "TK", "BY", "GX", "CJ-H", "GL", "YB", "JM"} <= set(codes)
    assert codes == sorted(codes)
    for each in told["programmes"]:
        assert each["population"]["zh"]
        assert each["authority"]
        assert each["mechanism"] in ("rescue", "insurance", "welfare")


def test_its_counts_are_those_of_the_night_s_files(home: Path, told: dict[str, Any]) -> None:
    known = frame(home, "columns").select("household_id")
    verdicts = frame(home, "verdicts").join(known, on="household_id", how="semi")
    for code in ("DB", "GL", "JM"):
        said = next(each for each in told["programmes"] if each["code"] == code)
        drawn = verdicts.filter(pl.col("programme") == code, pl.col("verdict") == "in_payment").height
        assert said["enrolled"] == suppressed(drawn)
    gaps = frame(home, "findings").filter(pl.col("code") == "GAP-DB").join(known, on="household_id", how="semi")
    db = next(each for each in told["programmes"] if each["code"] == "DB")
    probable = gaps.filter(pl.col("score") == pl.col("weight")).height
    assert db["probable"] == suppressed(probable)
    assert db["possible"] == suppressed(gaps.height - probable)
    certain = frame(home, "findings").filter(pl.col("near_certain")).join(known, on="household_id", how="semi")
    for code in ("YB", "GL", "CJ-H", "YL-ZJ"):
        said = next(each for each in told["programmes"] if each["code"] == code)
        assert said["sure"] == suppressed(certain.filter(pl.col("programme") == code).height)


def counts(value: Any) -> list[int]:
    """Every count in an answer, at any depth, but for amounts of money."""
    if isinstance(value, dict):
        return [n for name, each in value.items() if name not in ("unmet", "few", "changed") for n in counts(each)]
    if isinstance(value, list):
        return [n for each in value for n in counts(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


def test_no_count_is_small_and_all_are_rounded(told: dict[str, Any]) -> None:
    found = counts(told)
    assert len(found) > 60
    assert [n for n in found if n <= 7 or n % 5] == []


def test_a_withheld_count_of_a_township_is_not_alone(told: dict[str, Any]) -> None:
    """Where a total is told, no or two and more of its townships are withheld."""
    for each in told["programmes"]:
        for name in MEASURES:
            hidden = [part[name] for part in each["areas"]].count(None)
            assert each[name] is None or hidden != 1


def test_the_page_says_it_in_both_languages_and_loads_nothing(home: Path, told: dict[str, Any]) -> None:
    page = told["page"]
    for words in ("制度方块", "institution cube", "最低生活保障", "minimum living security", "覆盖率", "民政"):
        assert words in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)
    for number in frame(home, "findings")["household_id"].unique():
        assert number not in page


def test_without_townships_the_counts_are_the_same(home: Path, told: dict[str, Any]) -> None:
    whole = done(xunfang("coverage", "--home", home, "--on", NIGHT, "--json")).json
    assert whole["areas"] == []
    for one, other in zip(whole["programmes"], told["programmes"], strict=True):
        assert [one[name] for name in MEASURES] == [other[name] for name in MEASURES]
    text = done(xunfang("coverage", "--home", home, "--by", "area")).out
    assert "households" in text
    assert "is 7 and under" in text


def test_a_night_that_is_not_there_or_was_changed_is_refused(home: Path, tmp_path: Path) -> None:
    gone = xunfang("coverage", "--home", home, "--on", "2020-01-01")
    assert gone.code != 0
    assert "no night of this date" in gone.err
    other = copy_of(home, tmp_path / "home")
    path = other / "nights" / NIGHT / "verdicts.parquet"
    pl.read_parquet(path).head(10).write_parquet(path)
    changed = xunfang("coverage", "--home", other)
    assert changed.code != 0
    assert "has changed since the night was saved" in changed.err


def test_a_night_of_before_layers_and_reviews_says_that_it_kept_none(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    folder = other / "nights" / NIGHT
    manifest = folder / "manifest.json"
    told = json.loads(manifest.read_text("utf-8"))
    del told["files"]["layers.parquet"], told["files"]["reviews.parquet"]
    manifest.write_text(json.dumps(told), "utf-8")
    with sqlite3.connect(other / "xunfang.db") as database:
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
        database.execute("UPDATE night SET manifest_sha256 = ?", (digest,))
    database.close()
    page = tmp_path / "page.html"
    answer = done(xunfang("coverage", "--home", other, "--page", page, "--json")).json
    assert (answer["layers"], answer["households"]["doubled"]) == (None, None)
    assert "这一夜没有保存分层分类" in page.read_text("utf-8")


def test_every_household_concerned_has_one_layer_and_the_listed_have_theirs_beside_them(home: Path) -> None:
    layers = frame(home, "layers")["household_id"]
    concerned = {number for name in ("findings", "items", "desk") for number in frame(home, name)["household_id"]}
    assert layers.n_unique() == layers.len() > 100
    assert set(layers) == concerned
    beside = pl.read_parquet(home / "nights" / NIGHT / "listed" / "layers.parquet")
    assert set(beside["household_id"]) == set(frame(home, "items")["household_id"])
