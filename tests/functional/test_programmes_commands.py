"""``xunfang programmes``: the list, a pack of the bureau's own, its mistakes, one programme for a household."""

import json
from pathlib import Path

import polars as pl
import pytest
from homes import NIGHT, Run, copy_of, demo_home, done, frame, xunfang

OWN = """
[pack]
id = "here-2025"
level = "county"
parent = "cn-average-2025"
zh = "本县"
en = "this county"
currency = "CNY"
minor_units = 100

[[parameter]]
name = "db_std"
values = [{ from = 2026-01-01, urban = 3000, rural = 3000, source = "x", mark = "proposed" }]
"""
AFTER = "2026-01-01"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("programmes") / "home")


def explain(home: Path, household: str, *words: object, code: str = "DB", day: str = NIGHT) -> Run:
    words = ("--household", household, "--as-of", day, "--home", home, *words)
    return xunfang("--as", "reviewer", "programmes", "explain", code, *words)


def of(home: Path, programme: str, verdict: str) -> str:
    """A household in a town of which a programme came out so."""
    towns = frame(home, "columns").filter(pl.col("area_kind").cast(pl.String) == "urban")
    rows = frame(home, "verdicts").filter(
        (pl.col("programme") == programme) & (pl.col("verdict").cast(pl.String) == verdict)
    )
    rows = rows.join(towns, on="household_id", how="semi")
    return str(rows["household_id"].sort()[0])


def test_the_list_shows_every_programme_of_the_day_in_two_languages(home: Path) -> None:
    told = done(xunfang("programmes", "list", "--home", home, "--as-of", NIGHT, "--json")).json
    assert {"DB", "TK", "GX", "LS-E", "YL-ZJ", "SW", "JB"} <= {row["code"] for row in told["programmes"]}
    assert all(row["name"]["zh"] and row["name"]["en"] and row["basis"] for row in told["programmes"])
    text = done(xunfang("programmes", "list", "--home", home, "--as-of", NIGHT)).out
    assert "低保" in text or "最低生活保障" in text


def test_one_programme_for_one_household_comes_out_as_it_did_in_the_night(home: Path) -> None:
    household = of(home, "DB", "eligible_likely")
    told = done(explain(home, household, "--json")).json
    (row,) = told["verdicts"]
    assert row["verdict"] == "eligible_likely"
    assert {"id": "income_below_standard", "outcome": "pass"}.items() <= row["conditions"][0].items()
    step = row["steps"][0]
    assert all((step["value"]["zh"], step["line"]["en"], step["source_date"]))
    assert "第" in step["article"]
    assert {each["id"] for each in told["to_verify"]} == {"assets", "household_composition"}


def test_a_programme_of_persons_tells_of_everybody_also_of_those_whom_it_is_not_for(home: Path) -> None:
    people = frame(home, "verdicts").filter(programme="GL")["household_id"].sort()
    told = done(explain(home, str(people[0]), "--json", code="GL")).json
    living = frame(home, "columns").filter(household_id=people[0])["members"].item()
    assert len(told["verdicts"]) == living
    text = done(explain(home, str(people[0]), code="GL")).out
    assert "高龄津贴" in text
    assert "old-age allowance" in text


def test_who_asked_is_noted_before_anything_is_shown_and_a_refusal_too(home: Path) -> None:
    household = of(home, "DB", "eligible_likely")
    entry = done(explain(home, household, "--json")).json["entry"]
    assert entry is not None
    refused = xunfang(
        *("--as", "caseworker", "programmes", "explain", "DB", "--household", household),
        *("--as-of", NIGHT, "--home", home),
    )
    assert refused.code != 0
    noted = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json
    assert "programme explained" in json.dumps(noted)
    assert household not in json.dumps(noted)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("XX", "--household", "000000000000"), "no such programme"),
        (("DB", "--household", "000000000000"), "nobody is known"),
    ],
)
def test_a_programme_or_household_that_is_not_there_is_said(home: Path, words: tuple[str, ...], said: str) -> None:
    run = xunfang("--as", "reviewer", "programmes", "explain", *words, "--as-of", NIGHT, "--home", home)
    assert run.code == 2
    assert said in run.err


def test_a_bureaus_own_pack_changes_verdicts_from_a_day_on_and_no_night_of_before(
    home: Path, tmp_path: Path
) -> None:
    mine = copy_of(home, tmp_path / "home")
    own = mine / "programmes" / "here-2025.toml"
    own.parent.mkdir()
    own.write_text(OWN, "utf-8")
    assert "sound" in done(xunfang("programmes", "check", own, "--home", mine)).out
    settings = mine / "home.toml"
    settings.write_text(settings.read_text("utf-8").replace("cn-average-2025", "here-2025"), "utf-8")
    household = of(home, "DB", "not_eligible")
    lines = {}
    for day in (NIGHT, AFTER):
        told = done(explain(mine, household, "--json", day=day)).json
        lines[day] = told["verdicts"][0]["steps"][0]["line"]["en"]
    assert lines == {NIGHT: "below 810 yuan a month", AFTER: "below 3,000 yuan a month"}
    done(xunfang("night", "--home", mine, "--date", AFTER))
    own.write_text(OWN.replace("3000", "4000"), "utf-8")
    assert done(xunfang("replay", "--home", mine, "--date", AFTER, "--json")).json["identical"]
    assert done(xunfang("replay", "--home", mine, "--date", NIGHT, "--json")).json["identical"]


def test_every_mistake_is_told_in_one_pass_with_its_way_out(tmp_path: Path) -> None:
    wrong = OWN + (
        '[[parameter]]\nname = "by_multiplier"\nvalues = [{ value = 9.0, source = "x", mark = "proposed" }]\n'
        '[[parameter]]\nname = "gl_agge"\nvalues = [{ value = 80, source = "x", mark = "proposed" }]\n'
        '[[parameter]]\nname = "gl_80"\nvalues = [{ value = 80, source = "", mark = "sure" }]\n'
    )
    path = tmp_path / "here-2025.toml"
    path.write_text(wrong, "utf-8")
    run = xunfang("programmes", "check", path, "--json")
    told = json.loads(run.out)
    assert run.code == 2
    assert not told["sound"]
    places = " ".join(f"{each['where']}: {each['what']}" for each in told["problems"])
    assert all(name in places for name in ("by_multiplier", "gl_agge", "gl_80"))
    assert all(each["way_out"] for each in told["problems"])


def test_a_pack_with_the_name_of_a_shipped_one_is_refused(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "cn-national.toml"
    path.write_text(OWN, "utf-8")
    run = xunfang("programmes", "check", path, "--home", home)
    assert run.code == 2
    assert "a shipped pack has this name" in run.err
