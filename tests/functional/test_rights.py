"""What a household asks for is in force at once: on the lists that are out, and in every night after."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from homes import NIGHT, copy_of, demo_home, done, xunfang


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


def rows(home: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    database = sqlite3.connect(home / "xunfang.db")
    try:
        return database.execute(query, values).fetchall()
    finally:
        database.close()


def listed(home: Path) -> tuple[str, str]:
    """A household on a list that has gone out, and its caseworker."""
    query = (
        "SELECT household_id, caseworker_id FROM outreach_item JOIN outreach_list l ON l.id = list_id "
        "WHERE outreach_item.state = 'open' ORDER BY household_id LIMIT 1"
    )
    ((household, worker),) = rows(home, query)
    return str(household), str(worker)


def page(home: Path, worker: str, night: str = NIGHT) -> str:
    return (home / "lists" / night / f"{worker}.html").read_text("utf-8")


def state_of(home: Path, household: str) -> list[tuple[object, ...]]:
    return rows(home, "SELECT state, state_reason FROM outreach_item WHERE household_id = ?", household)


def left_out(home: Path, night: str, household: str) -> str | None:
    import polars as pl

    frame = pl.read_parquet(home / "nights" / night / "left_out.parquet")
    found = frame.filter(pl.col("household_id") == household)["reason"].to_list()
    return found[0] if found else None


def test_a_household_that_opts_out_comes_off_the_list_that_is_out(home: Path) -> None:
    household, worker = listed(home)
    before = page(home, worker)
    assert household in before
    run = done(xunfang("rights", "opt-out", "--home", home, "--household", household, "--json")).json
    assert (run["taken_off"], run["lists_written"]) == (1, 1)
    assert state_of(home, household) == [("withdrawn", "opted_out")]
    after = page(home, worker)
    assert household not in after
    assert "本名单发出后撤下 1 户" in after
    assert "Taken off this list since it went out: 1." in after
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    assert left_out(home, "2026-01-05", household) == "opted_out"
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]


def test_a_household_that_objects_is_ranked_by_no_model_until_a_reviewer_decides(home: Path) -> None:
    household, _ = listed(home)
    rows_before = rows(home, "SELECT count(*) FROM objection")
    assert rows_before == [(0,)]
    told = done(xunfang("rights", "objection", "--home", home, "--household", household, "--json")).json
    again = done(xunfang("rights", "objection", "--home", home, "--household", household, "--json")).json
    assert again["objection"] == told["objection"]
    listing = done(xunfang("rights", "list", "--home", home, "--json")).json
    assert [each["state"] for each in listing["objections"]] == ["open"]
    decide = ("rights", "decide", "--home", home, "--objection", told["objection"], "--reason", "x", "--upheld")
    own = xunfang(*decide, "--actor", "operator")
    assert own.code == 2
    assert "nobody decides what they recorded themselves" in own.err
    assert done(xunfang(*decide, "--actor", "reviewer", "--json")).json["state"] == "upheld"
    assert xunfang(*decide, "--actor", "reviewer").code == 2


def test_only_a_household_of_the_records_has_rights_here_and_the_message_does_not_repeat_it(home: Path) -> None:
    run = xunfang("rights", "opt-out", "--home", home, "--household", "nobody-there")
    assert run.code == 2
    assert "nobody-there" not in run.err
    assert "twelve characters" in run.err


def test_an_opt_out_in_the_past_is_refused(home: Path) -> None:
    household, _ = listed(home)
    run = xunfang("rights", "opt-out", "--home", home, "--household", household, "--until", "2020-01-01")
    assert run.code == 2
    assert "lies in the past" in run.err


def correction(home: Path, household: str, **changed: object) -> None:
    """Deliver all members of a household again, as the department would: raw numbers, changed columns."""
    import polars as pl

    from engine.identity import pseudonyms
    from engine.keys import load_keys
    from engine.settings import Home

    key = load_keys(Home(home)).pseudonym
    paths = sorted((home / "inbox").glob("*/member-*.parquet"))
    frames = (pl.read_parquet(path) for path in paths)
    frame = next(
        found
        for each in frames
        if (found := each.filter(pseudonyms(key, "household", each["household_id"]) == household)).height
    )
    frame = frame.with_columns(
        pl.lit(value).cast(frame.schema[name]).alias(name) for name, value in changed.items()
    )
    frame = frame.with_columns(known_on=pl.lit("2026-01-02").str.to_date())
    folder = home / "inbox" / "correction"
    folder.mkdir()
    frame.write_parquet(folder / "member.parquet")
    manifest = {
        "delivery_id": "correction",
        "delivered_on": "2026-01-03",
        "files": [{"name": "member.parquet", "kind": "member"}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"death_date": "2025-12-30"}, "deceased"), ({"void": True}, "voided"), ({"valid_to": "2025-12-31"}, "moved")],
)
def test_whoever_is_no_household_any_more_comes_off_the_lists_that_are_out(
    home: Path, changed: dict[str, object], reason: str
) -> None:
    from datetime import date

    household, worker = listed(home)
    assert household in page(home, worker)
    days = {name: date.fromisoformat(value) if isinstance(value, str) else value for name, value in changed.items()}
    correction(home, household, **days)
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    assert state_of(home, household) == [("withdrawn", reason)]
    assert household not in page(home, worker)
    assert re.search(r"撤下 \d+ 户", page(home, worker))


def frames_with(home: Path, household: str) -> list[str]:
    """Every Parquet file under the home that knows a household."""
    import polars as pl

    found = []
    for path in sorted(home.rglob("*.parquet")):
        if (home / "inbox") in path.parents or (home / "truth") in path.parents:
            continue
        frame = pl.read_parquet(path, glob=False)
        texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
        if any((frame[name] == household).any() for name in texts):
            found.append(str(path.relative_to(home)))
    return found


def test_an_erased_household_is_nowhere_and_the_night_says_that_it_cannot_be_made_again(home: Path) -> None:
    household, worker = listed(home)
    assert household in page(home, worker)
    assert len(frames_with(home, household)) > 5
    form = ("--on", "2025-12-01", "--until", "2026-12-01", "--application", "A-1", "--evidence", "form 1")
    done(xunfang("consent", "record", household, "--home", home, *form))
    assert rows(home, "SELECT * FROM consent_person")
    run = done(xunfang("rights", "erase", "--home", home, "--household", household, "--json")).json
    assert run["records"] > 0
    assert run["identities"] > 0
    assert run["nights"] == [NIGHT]
    assert run["still_in_inbox"] == ["county"]
    assert frames_with(home, household) == []
    assert household not in page(home, worker)
    for table in ("vault_identity", "outreach_item", "erasure", "opt_out", "visit", "consent"):
        assert household not in str(rows(home, f"SELECT * FROM {table}"))
    assert rows(home, "SELECT * FROM consent_person") == []
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
    again = done(xunfang("night", "--home", home, "--date", NIGHT))
    assert "1 erased since: it cannot be made again byte by byte" in " ".join(again.out.split())
    (erasure,) = done(xunfang("rights", "list", "--home", home, "--json")).json["erasures"]
    assert (erasure["state"], erasure["persons"] > 0) == ("purged", True)
    correction(home, household, valid_to=None)
    report = done(xunfang("check", "--home", home, "--json")).json
    (file,) = report["deliveries"][-1]["files"]
    assert file["rules"] == {"erased": file["rows"]}
    assert frames_with(home, household) == []
    assert xunfang("rights", "erase", "--home", home, "--household", household).code == 2


def moved(home: Path, household: str, number: str) -> str:
    """Deliver a household and all its living members under a new number; the pseudonym of that number."""
    import polars as pl

    from engine.identity import pseudonyms
    from engine.keys import load_keys
    from engine.settings import Home

    key = load_keys(Home(home)).pseudonym
    folder = home / "inbox" / "moved"
    folder.mkdir()
    for kind in ("household", "member"):
        frames = (pl.read_parquet(path) for path in sorted((home / "inbox" / "county").glob(f"{kind}-*.parquet")))
        frame = next(
            found
            for each in frames
            if (found := each.filter(pseudonyms(key, "household", each["household_id"]) == household)).height
        )
        day = pl.lit("2026-01-01").str.to_date()
        frame = frame.sort("valid_from").unique(
            ["household_id"] if kind == "household" else ["person_id"], keep="last", maintain_order=True
        )
        frame = frame.with_columns(pl.lit(number).alias("household_id"), valid_from=day, known_on=day)
        frame.with_columns(pl.lit(None, pl.Date).alias("valid_to")).write_parquet(folder / f"{kind}.parquet")
    files = [{"name": f"{kind}.parquet", "kind": kind} for kind in ("household", "member")]
    told = {"delivery_id": "moved", "delivered_on": "2026-01-03", "files": files}
    (folder / "manifest.json").write_text(json.dumps(told), "utf-8")
    return str(pseudonyms(key, "household", pl.Series([number]))[0])


def test_a_household_that_moves_keeps_its_open_visit_and_is_listed_under_no_number(home: Path) -> None:
    household, _ = listed(home)
    successor = moved(home, household, "a-new-number")
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    ((state, reason),) = state_of(home, household)
    assert (state in ("open", "escalated"), reason) == (True, None)
    assert left_out(home, "2026-01-05", successor) == "open_item"
    assert state_of(home, successor) == []


def test_a_household_that_opted_out_and_moves_is_left_in_peace(home: Path) -> None:
    household, _ = listed(home)
    done(xunfang("rights", "opt-out", "--home", home, "--household", household))
    successor = moved(home, household, "a-new-number")
    done(xunfang("night", "--home", home, "--date", "2026-01-05"))
    assert left_out(home, "2026-01-05", successor) == "opted_out"
    assert left_out(home, "2026-01-05", household) in (None, "moved")
