"""A mistake in one description stops its own source: it is named, what it may read waits, all else goes on."""

from datetime import date
from pathlib import Path

import pytest
from deliveries import a_home, deliver, people, wages
from descriptions import describe, income_of, pensions, put
from homes import done, hashes, xunfang

from engine.intake.inbox import take_in
from engine.settings import Home

BROKEN = "sources/pensions.toml"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a roster, a described delivery that was taken in, and two sources."""
    home = a_home(tmp_path / "home")
    done(xunfang("init", "--home", home.root))
    describe(home)
    describe(home, "allowances", **{"from": {"files": "allowance*.csv"}})
    deliver(home, "roster", "2024-01-31", **people(2))
    put(home, "rs-2024-02-20", pension=pensions("甲,P1,202401,1"))
    take_in(home).raise_refused()
    return home


def spoil(home: Home, text: str = "kind = income\n") -> None:
    """Make the description no TOML, or add a line to it that is a mistake."""
    path = home.sources / "pensions.toml"
    path.write_text(text if text.startswith("kind") else text + path.read_text("utf-8"), "utf-8")


def test_what_the_source_may_read_waits_and_other_sources_and_deliveries_go_in(home: Home) -> None:
    spoil(home, 'colums = "x"\n')
    put(home, "rs-2024-03-20", pension=pensions("甲,P1,202402,2"))
    put(home, "mz-2024-03-20", allowance=pensions("甲,P2,202402,3"))
    deliver(home, "plain", "2024-03-21", income=wages(range(1, 2)))
    result = take_in(home)
    assert sorted(receipt.delivery_id for receipt in result.taken) == ["mz-2024-03-20", "plain"]
    assert sorted(result.refused) == ["rs-2024-03-20", BROKEN]
    assert "colums" in result.refused[BROKEN].message
    assert BROKEN in result.refused["rs-2024-03-20"].message
    describe(home)
    after = take_in(home)
    assert (after.refused, [receipt.delivery_id for receipt in after.taken]) == ({}, ["rs-2024-03-20"])
    assert {100, 200, 300} <= {row[1] for row in income_of(after.store)}


def test_where_its_patterns_cannot_be_read_every_folder_without_a_manifest_waits(home: Home) -> None:
    spoil(home)
    put(home, "mz-2024-03-20", allowance=pensions("甲,P2,202402,3"))
    deliver(home, "plain", "2024-03-21", income=wages(range(1, 2)))
    result = take_in(home)
    assert [receipt.delivery_id for receipt in result.taken] == ["plain"]
    assert sorted(result.refused) == ["mz-2024-03-20", BROKEN]  # what was taken in before is not named again


def test_a_delivery_whose_manifest_names_the_source_waits_and_one_taken_in_before_is_passed_over(
    home: Home,
) -> None:
    folder = put(home, "named", pension=pensions("甲,P1,202402,2"))
    manifest = '{"delivery_id": "named", "delivered_on": "2024-03-20", '
    manifest += '"files": [{"name": "pension.csv", "source": "pensions"}]}'
    (folder / "manifest.json").write_text(manifest, "utf-8")
    assert take_in(home).refused == {}
    spoil(home)
    folder = put(home, "again", pension=pensions("甲,P1,202403,2"))
    (folder / "manifest.json").write_text(manifest.replace("named", "again"), "utf-8")
    assert sorted(take_in(home).refused) == ["again", BROKEN]


def test_check_and_the_night_name_it_and_the_night_is_held(home: Home) -> None:
    spoil(home, 'colums = "x"\n')
    run = xunfang("check", "--home", home.root, "--json")
    assert run.code == 7
    assert [each["delivery"] for each in run.json["refused"]] == [BROKEN]
    told = done(xunfang("night", "--home", home.root, "--date", "2024-05-02", "--json")).json
    assert told["state"] == "held"
    assert "来源说明有误" in told["held_reason"]
    assert "pensions.toml: colums" in told["held_reason"]
    describe(home)
    told = done(xunfang("night", "--home", home.root, "--date", "2024-05-03", "--json")).json
    assert told["state"] == "finished"


def test_the_other_commands_go_on(home: Home) -> None:
    spoil(home)
    before = hashes(home.records)
    for words in (["status"], ["verify"], ["rights", "list"], ["quarantine", "list"], ["compact"], ["fetch"]):
        run = done(xunfang(*words, "--home", home.root))
        assert "Traceback" not in run.err
    assert "pensions.toml" in done(xunfang("fetch", "--home", home.root)).out
    assert xunfang("fetch", "--source", "pensions", "--home", home.root).code == 7
    done(xunfang("quarantine", "report", "--home", home.root, "--out", home.root.with_name("pages")))
    assert hashes(home.records) == before
    assert date(2024, 1, 1) in {row[0] for row in income_of(take_in(home).store)}
