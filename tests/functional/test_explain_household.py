"""``xunfang explain`` on a home: who was listed and why, who was not, and what is refused."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from homes import NIGHT, Run, copy_of, demo_home, done, frame, xunfang
from people_search import named_in, people_of

from engine.errors import IntegrityError
from engine.explain import whatif
from engine.explain.page import household_page
from outreach.bands import band


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("explain") / "home")


def ask(home: Path, household: str, *words: object) -> Run:
    return xunfang("--as", "reviewer", "explain", household, "--home", home, "--json", *words)


def listed(home: Path, number: int = 0) -> str:
    return str(frame(home, "items").sort("household_id")["household_id"][number])


def left_out(home: Path) -> str:
    """A household that no list holds, of which rules found something."""
    found = frame(home, "findings")["household_id"]
    rows = frame(home, "left_out").filter(pl.col("household_id").is_in(found.implode())).sort("household_id")
    return str(rows["household_id"][0])


@pytest.fixture(scope="module")
def of_the_listed(home: Path) -> dict[str, Any]:
    answer: dict[str, Any] = done(ask(home, listed(home))).json
    return answer


@pytest.fixture(scope="module")
def of_the_left_out(home: Path) -> dict[str, Any]:
    answer: dict[str, Any] = done(ask(home, left_out(home))).json
    return answer


def test_the_scores_are_those_of_the_night_and_their_concepts_add_up(
    home: Path, of_the_listed: dict[str, Any], of_the_left_out: dict[str, Any]
) -> None:
    for told in (of_the_listed, of_the_left_out):
        assert [score["risk"] for score in told["scores"]] == ["relative_poverty", "emergency"]
        for score in told["scores"]:
            served = frame(home, f"scores_{score['risk']}").filter(household_id=told["household"])
            assert served.select("raw", "probability", "priority").row(0) == (
                score["raw"],
                score["probability"],
                score["priority"],
            )
            whole = score["base"] + sum(each["contribution"] for each in score["concepts"])
            assert abs(whole - score["raw"]) <= 1e-9


def test_the_strongest_reasons_of_the_card_are_on_the_page_with_the_same_figures(
    home: Path, of_the_listed: dict[str, Any]
) -> None:
    reasons = frame(home, "listed/reasons").filter(household_id=of_the_listed["household"])
    for score in of_the_listed["scores"]:
        shown = {each["concept"]: each["contribution"] for each in score["concepts"]}
        for row in reasons.filter(risk=score["risk"]).iter_rows(named=True):
            assert shown[row["concept"]] == pytest.approx(row["contribution"], abs=1e-9)


def test_the_package_is_made_of_the_verdicts_each_part_with_an_owner_and_a_date(
    home: Path, of_the_left_out: dict[str, Any]
) -> None:
    package = of_the_left_out["package"]
    open_ones = {
        row["programme"]
        for row in of_the_left_out["rules"]["verdicts"]
        if row["verdict"] in ("eligible_likely", "eligible_possible")
    }
    named = {each["programme"] for each in (*package["parts"], *package["alternatives"])}
    assert open_ones - {"YL-CB"} <= named
    assert package["parts"]
    assert all(part["owner"]["zh"] and part["due_on"] > NIGHT for part in package["parts"])
    page = household_page(of_the_left_out).decode()
    assert all(part["owner"]["en"] in page and part["name"]["zh"] in page for part in package["parts"])
    shown = xunfang("--as", "reviewer", "household", of_the_left_out["household"], "--home", home, "--json")
    again = done(shown).json["package"]
    assert [part["programme"] for part in again["parts"]] == [part["programme"] for part in package["parts"]]


def test_every_verdict_has_its_steps_with_source_and_article_for_the_listed_and_for_the_left_out(
    home: Path, of_the_listed: dict[str, Any], of_the_left_out: dict[str, Any]
) -> None:
    for told in (of_the_listed, of_the_left_out):
        assert told["rules"]["traced"]
        stored = frame(home, "verdicts").filter(household_id=told["household"])
        assert [row["verdict"] for row in told["rules"]["verdicts"]] == stored["verdict"].cast(pl.String).to_list()
        for row in told["rules"]["verdicts"]:
            assert row["steps"]
            for step in row["steps"]:
                assert step["article"]
                assert step["condition"]["zh"]
                assert step["condition"]["en"]
                assert step["stage"] == "B" or step["outcome"] != "verify"


def test_layer_kinds_and_grade_are_told_with_their_reasons_as_the_night_stored_them(
    home: Path, of_the_listed: dict[str, Any], of_the_left_out: dict[str, Any]
) -> None:
    for told in (of_the_listed, of_the_left_out):
        stored, layer = (
            frame(home, "layers").filter(household_id=told["household"]).row(0, named=True),
            told["kind"],
        )
        assert layer["layer"]["codes"]["layer"] == stored["layer"]
        assert [each["code"] for each in layer["layer"]["kinds"]] == stored["kinds"]
        assert all(each["zh"] and each["en"] for each in layer["layer"]["because"])
        page = household_page(told).decode("utf-8")
        for language in ("zh", "en"):
            assert layer["layer"]["layer"][language] in page
            assert layer["layer"]["grade"][language] in page


def test_who_is_on_no_list_reads_why_not(home: Path, of_the_left_out: dict[str, Any]) -> None:
    kind = of_the_left_out["kind"]
    row = frame(home, "left_out").filter(household_id=of_the_left_out["household"]).row(0, named=True)
    assert not kind["listed"]
    assert kind["left_out_code"] == row["reason"]
    assert kind["chance"] == row["inclusion_probability"]
    assert kind["action"]["code"] == "none"
    assert of_the_left_out["rules"]["findings"]


def test_who_lives_there_is_told_by_relation_and_every_source_by_its_age(of_the_left_out: dict[str, Any]) -> None:
    who = of_the_left_out["who"]
    assert who["persons"] == len(who["members"]) > 0
    sources = {row["kind"]: row for row in of_the_left_out["evidence"]["sources"]}
    assert sources["member"]["rows"] >= who["persons"]
    assert all(row["age_days"] >= 0 for row in sources.values() if row["rows"])
    assert sources["income"]["match_rate"] > 0.9


def test_the_page_says_everything_in_both_languages_and_loads_nothing(
    home: Path, of_the_listed: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "household.html"
    run = done(xunfang("--as", "reviewer", "explain", listed(home), "--home", home, "--page", path))
    page = path.read_text("utf-8")
    assert "on a list" in run.out
    assert not re.search(r"(src|href)=", page)
    assert page.rstrip().endswith("</html>")
    for number, (zh, en) in enumerate(
        [
            ("文书头", "What this page is"),
            ("对象", "Who it is about"),
            ("结论类别", "What was found and suggested"),
            ("为什么（规则）", "Why, by the rules"),
            ("为什么（评分）", "Why, by the score"),
            ("证据与时效", "Evidence and its age"),
            ("不确定与反证", "What is uncertain"),
            ("家庭自述", "What the household says"),
            ("同类对照", "Households like this one"),
            ("处置记录", "What was done"),
        ],
        1,
    ):
        assert re.search(rf"<h2>{number}\s.*{zh}.*{en}", page)
    assert of_the_listed["head"]["manifest_sha256"] in page
    assert of_the_listed["sha256"] in page
    assert "fraud" not in page.lower()


def test_the_same_household_of_the_same_night_is_the_same_page_but_for_the_entry_of_the_reading(
    home: Path, of_the_listed: dict[str, Any]
) -> None:
    again = done(ask(home, listed(home), "--date", NIGHT, "--threads", 1)).json
    assert again["entry"] > of_the_listed["entry"]
    assert again | {"entry": 0} == of_the_listed | {"entry": 0}


def test_a_page_whose_numbers_do_not_add_up_is_not_made(of_the_listed: dict[str, Any]) -> None:
    assert household_page(of_the_listed)
    for spoil in (
        lambda score: score.update(raw=score["raw"] + 1e-6),
        lambda score: score["concepts"][0].update(contribution=score["concepts"][0]["contribution"] + 1e-6),
        lambda score: score["concepts"][0]["columns"].pop(),
    ):
        spoilt = json.loads(json.dumps(of_the_listed))
        spoil(spoilt["scores"][0])
        with pytest.raises(IntegrityError, match="the page is not made"):
            household_page(spoilt)


def test_changes_that_are_told_cross_the_band_and_are_of_the_records_alone(home: Path) -> None:
    crossed = 0
    for number in range(0, 25, 4):
        told = done(ask(home, listed(home, number))).json
        for score, change in zip(told["scores"], told["uncertain"]["changes"], strict=True):
            assert change["state"] in ("lowest", "nothing", "none", "found")
            assert (change["state"] == "lowest") == (score["band"]["code"] == "lower")
            for way in change["ways"]:
                crossed += 1
                assert way["probability"] < score["probability"]
                reached = band(way["probability"], score["risk"])
                assert reached.code != score["band"]["code"]
                assert 1 <= len(way["changes"]) <= 3
                assert set(way["changes"]) <= {"job", "raise", "bill", "enrol", "arrears", "house", "fees"}
    assert crossed >= 3


def test_a_night_without_the_columns_that_came_since_is_explained_as_before(
    home: Path, of_the_listed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whatif, "SCALED", (*whatif.SCALED, "a_column_of_a_later_version"))
    again = done(ask(home, listed(home))).json
    assert again["uncertain"]["changes"] == of_the_listed["uncertain"]["changes"]


def test_reading_a_household_is_in_the_audit_log_under_its_number(
    home: Path, of_the_listed: dict[str, Any]
) -> None:
    run = done(
        xunfang("--as", "auditor", "audit", "list", "--home", home, "--household", listed(home), "--json")
    ).json
    (first, *_) = [entry for entry in run["entries"] if entry["action"] == "explained"]
    assert first["seq"] == of_the_listed["entry"]
    assert (first["role"], first["purpose"]) == ("reviewer", "review")


@pytest.mark.parametrize("role", ["data_scientist", "contractor", "auditor", "operator"])
def test_a_role_without_the_right_reads_nothing(home: Path, role: str) -> None:
    run = xunfang("--as", role, "explain", listed(home), "--home", home)
    assert run.code == 6
    assert run.out == ""


def test_an_unknown_household_or_night_is_named_as_such_without_the_number(home: Path) -> None:
    run = ask(home, "000000000000")
    assert run.code == 2
    assert "did not know a household of this number" in run.err
    assert "000000000000" not in run.err
    assert ask(home, listed(home), "--date", "2020-01-01").code == 2


def test_nobodys_name_number_phone_or_address_is_on_a_page(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "household.html"
    done(ask(home, listed(home, 1), "--page", path))
    workers = {
        each["name_zh"] for each in tomllib.loads((home / "caseworkers.toml").read_text("utf-8"))["caseworker"]
    }
    assert not named_in(path.read_text("utf-8"), people_of(home)) - workers


def test_a_file_of_the_night_that_was_changed_is_refused(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "other")
    path = other / "nights" / NIGHT / "scores_emergency.parquet"
    pl.read_parquet(path).with_columns(raw=pl.col("raw") + 1e-3).write_parquet(path)
    run = ask(other, listed(home))
    assert run.code == 9
    assert "scores_emergency.parquet" in run.err
