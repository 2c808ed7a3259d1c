"""A visit is given to another caseworker: both lists say so, and what the former one sends is answered."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from homes import NIGHT, copy_of, demo_home, done, xunfang

STAFF = {
    "w0001": {"role": "caseworker", "areas": ["990101"]},
    "w0002": {"role": "caseworker", "areas": ["990101"]},
    "op": {"role": "operator"},
}


THIRD = """
[[caseworker]]
id = "w0009"
name_zh = "王芳"
name_en = "Wang 9"
areas = ["990101001", "990101002"]
capacity_week = 5
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("reassign") / "home")
    with (made / "home.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + tomli_w.dumps({"staff": STAFF}))
    with (made / "caseworkers.toml").open("a", encoding="utf-8") as file:
        file.write(THIRD)
    return made


def say(home: Path, who: str, *words: object) -> Any:
    return done(xunfang("--as", who, *words, "--home", home, "--json")).json


def waiting(home: Path) -> list[dict[str, Any]]:
    return [each for each in say(home, "op", "outcome", "list")["items"] if each["state"] == "open"]


def test_a_visit_waits_anew_with_the_same_day_and_the_former_one_is_told_where(home: Path) -> None:
    item = next(each for each in waiting(home) if each["caseworker"] == "w0001")
    words = ("reassign", item["item"], "--to", "w0009", "--reason", "ill this week")
    told = say(home, "op", *words)
    assert (told["from"], told["to"], told["due_on"]) == ("w0001", "w0009", item["due_on"])
    assert told["new_item"] != item["item"]
    rows = {each["item"]: each for each in say(home, "op", "outcome", "list")["items"]}
    assert rows[item["item"]]["state"] == "superseded"
    new = rows[told["new_item"]]
    assert (new["caseworker"], new["household"], new["state"]) == ("w0009", item["household"], "open")
    late = xunfang("--as", "op", "outcome", "record", item["item"], "V10", "--on", NIGHT, "--home", home)
    assert (late.code, told["new_item"] in late.err, "w0009" in late.err) == (2, True, True)
    assert say(home, "op", "outcome", "record", told["new_item"], "V10", "--on", NIGHT)["attempt"] == 1
    pages = [path.read_text("utf-8") for path in (home / "lists" / NIGHT).glob("*w0009*.html")]
    assert any(item["household"] in page for page in pages)
    former = [path.read_text("utf-8") for path in (home / "lists" / NIGHT).glob("*w0001*.html")]
    assert former
    assert not any(item["household"] in page for page in former)


def test_what_cannot_be_given_away_is_refused_and_nothing_changes(home: Path) -> None:
    item = next(each for each in waiting(home) if each["caseworker"] == "w0001")
    before = waiting(home)
    refusals = [
        ("op", "nobody", "is no caseworker"),
        ("op", "w0002", "does not serve the area"),
        ("op", "w0001", "has it already"),
        ("w0002", "w0009", "only what is on their own list"),
    ]
    for who, to, why in refusals:
        run = xunfang("--as", who, "reassign", item["item"], "--to", to, "--reason", "ill", "--home", home)
        assert run.code != 0
        assert why in run.err
    blank = xunfang("--as", "op", "reassign", item["item"], "--to", "w0009", "--reason", " ", "--home", home)
    assert blank.code == 2
    assert waiting(home) == before
    mine = say(home, "w0001", "reassign", item["item"], "--to", "w0009", "--reason", "knows the family")
    again = xunfang("--as", "op", "reassign", item["item"], "--to", "w0009", "--reason", "ill", "--home", home)
    assert (again.code, "does not wait for a visit" in again.err) == (2, True)
    assert mine["to"] == "w0009"


def test_a_list_of_which_everything_has_ended_is_closed_and_opens_again_with_a_visit(home: Path) -> None:
    left = [each for each in waiting(home) if each["caseworker"] == "w0009"]
    for each in left:
        say(home, "op", "outcome", "record", each["item"], "V32", "--on", NIGHT)
    one = next(each for each in waiting(home) if each["caseworker"] == "w0002")
    given = say(home, "op", "reassign", one["item"], "--to", "w0009", "--reason", "nearer")["new_item"]
    say(home, "op", "outcome", "record", given, "V32", "--on", NIGHT)
    assert states(home)["w0009"] == "released"
    done(xunfang("--as", "op", "night", "--home", home, "--date", "2026-01-05"))
    assert states(home)["w0009"] == "closed"
    say(home, "op", "outcome", "undo", given, "--reason", "mistyped")
    assert states(home)["w0009"] == "released"


def states(home: Path) -> dict[str, str]:
    """The states of the lists of the first night, by caseworker."""
    with sqlite3.connect(home / "xunfang.db") as database:
        found = dict(
            database.execute(
                "SELECT caseworker_id, outreach_list.state FROM outreach_list JOIN night ON night.id = night_id "
                "WHERE business_date = ?",
                [NIGHT],
            ).fetchall()
        )
    database.close()
    return found
