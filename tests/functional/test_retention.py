"""What is past its time goes, all of it and no more: records, set-aside text, identities, nights, lists, visits."""

import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from builders import records
from deliveries import a_home, deliver
from homes import (
    NIGHT,
    PATIENCE,
    SIGKILL,
    XUNFANG,
    copy_of,
    database_of,
    demo_home,
    done,
    hashes,
    set_policy,
    xunfang,
)
from polars.testing import assert_frame_equal

from engine.intake.quarantine import open_rows
from engine.recordstore import RecordStore
from engine.retention import retain
from engine.rewriting import alone, steady
from engine.settings import Home
from engine.verify import verify_home
from engine.workplace import Workplace, default_policy
from features.records import KEYS, KINDS
from features.sources import Sources

NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
LATER = datetime(2030, 1, 15, 12, tzinfo=UTC)
"""Four years after the demo home's night."""

LIVES = """
    person_id | household_id | valid_from | valid_to   | known_on   | delivery_id
    P1        | H1           | 2001-01-01 | -          | 2001-01-02 |
    P2        | H1           | 2001-01-01 | 2010-05-31 | 2010-06-02 |
    P2        | H2           | 2010-06-01 | -          | 2010-06-02 |
    P3        | H3           | 2001-01-01 | 2011-01-31 | 2011-02-02 |
    P4        | H4           | 2001-01-01 | 2025-01-31 | 2025-02-02 |
"""
HOUSES = """
    household_id | valid_from | valid_to   | known_on
    H1           | 2001-01-01 | -          | 2001-01-02
    H2           | 2001-01-01 | -          | 2001-01-02
    H3           | 2001-01-01 | 2011-01-31 | 2011-02-02
    H4           | 2001-01-01 | 2009-01-31 | 2009-02-02
"""
WORK = """
    person_id | start      | record_no | end        | known_on
    P1        | 2001-01-01 | open      | -          | 2001-01-02
    P2        | 2001-01-01 | ended     | -          | 2001-01-02
    P2        | 2001-01-01 | ended     | 2009-12-31 | 2010-01-09
"""
MONEY = """
    person_id | month   | record_no | known_on   | amount
    P1        | 2020-11 | 1         | 2020-12-05 | 1
    P1        | 2020-11 | 1         | 2025-12-05 | 2
    P1        | 2020-12 | 1         | 2021-01-05 | 3
    P2        | 2019-01 | 1         | 2019-02-05 | 4
    P2        | 2025-11 | 1         | 2025-12-05 | 5
    P9        | 2018-01 | 1         | 2018-02-05 | 6
    P9        | 2025-01 | 1         | 2025-02-05 | 7
"""
EVENTS = """
    event_id | person_id | event_date | known_on
    old      | P1        | 2020-03-01 | 2020-03-02
    redated  | P1        | 2020-03-01 | 2020-03-02
    new      | P2        | 2024-03-01 | 2024-03-02
"""
REDATED = "event_id | person_id | event_date | known_on\n redated | P2 | 2024-05-01 | 2024-06-02"


def a_small_home(folder: Path) -> Workplace:
    """Three buckets; a person who moved, an event that was given to somebody else, money of a stranger."""
    home = a_home(folder)
    home.policy.write_text(default_policy(), "utf-8")
    tables = {"household": HOUSES, "member": LIVES, "employment": WORK, "income": MONEY, "event": EVENTS}
    frames = {kind: records(kind, table) for kind, table in tables.items()}
    deliver(home, "d1", "2025-12-10", **frames)
    deliver(home, "d2", "2025-12-20", event=records("event", REDATED), **spoilt())
    from engine.intake.inbox import take_in

    take_in(home, buckets=3, reject_limit=1.0).raise_refused()
    return Workplace.open(home, clock=lambda: NOW)


def spoilt() -> dict[str, Any]:
    """A file with a row that breaks a rule."""
    frame = records("utility", [{"household_id": "H1", "month": date(2025, 11, 1)}])
    text = frame.drop("known_on_assumed", "delivery_id").write_csv()
    return {"utility": (text + text.splitlines()[1].replace("2025-11-01", "no month") + "\n").encode()}


def everything(store: RecordStore) -> dict[str, pl.DataFrame]:
    """Every version in every bucket, copies as well."""
    return {kind: store.records(kind).collect() for kind in KINDS}


def keys_of(store: RecordStore, kind: str, column: str) -> set[Any]:
    return set(store.records(kind).select(column).collect()[column])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    place = a_small_home(tmp_path / "home")
    yield place
    place.database.dispose()


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


def later(home: Path, now: datetime = LATER) -> Workplace:
    return Workplace.open(Home(home), clock=lambda: now)


def test_a_record_goes_with_all_its_versions_and_copies_once_it_is_over_and_what_is_in_force_stays(
    place: Workplace,
) -> None:
    before = everything(place.store())
    assert before["employment"].filter(pl.col("record_no") == "ended")["copied"].any()  # P2 has moved
    told = retain(place, NOW.date(), dry_run=False)
    assert {kind: each["records"] for kind, each in told["kinds"].items() if each["records"]} == {
        "employment": 1,
        "event": 1,
        "household": 1,
        "income": 3,
        "member": 2,
    }
    assert told["kinds"]["income"] == {"records": 3, "oldest": "2018-01-31", "kept_from": "2020-12-01"}
    store = place.store()
    assert keys_of(store, "employment", "record_no") == {"open"}
    assert keys_of(store, "event", "event_id") == {"redated", "new"}  # with the version of the other bucket
    assert store.records("event").collect().filter(event_id="redated").height >= 2
    assert keys_of(store, "income", "month") == {date(2020, 12, 1), date(2025, 11, 1)}
    assert keys_of(store, "household", "household_id") == keys_of(store, "member", "household_id")
    assert len(keys_of(store, "household", "household_id")) == 3  # H4 has ended and its member left this year
    waits = store.waiting("income")
    assert waits is not None
    assert waits["month"].to_list() == [date(2025, 1, 1)]
    months = store.reporting().filter(kind="income")["month"]
    assert (months.min(), months.max()) == (date(2020, 12, 1), date(2025, 11, 1))
    after = everything(store)
    for kind, frame in before.items():  # what stays is as it was, in every bucket
        on = [*KEYS[kind], "known_on", "seq", "copied"]
        kept = frame.join(after[kind].select(KEYS[kind]).unique(), on=KEYS[kind], how="semi", nulls_equal=True)
        assert_frame_equal(kept.sort(on), after[kind].sort(on))
    for bucket in store.buckets():  # the short way of the lists of revised keys says the same as the long one
        short = store.sources(bucket)
        known = {kind: short.known_by(NOW.date()).frame(kind).collect() for kind in short.frames}
        long = Sources(short.frames).known_by(NOW.date())
        for kind, frame in known.items():
            assert_frame_equal(frame, long.frame(kind).collect(), check_row_order=False)
    assert verify_home(place)["intact"]


def test_a_dry_run_tells_the_same_and_changes_nothing(place: Workplace) -> None:
    def told_without_inbox(*, dry_run: bool) -> dict[str, Any]:
        told = retain(place, NOW.date(), dry_run=dry_run)
        return {name: each for name, each in told.items() if name not in {"dry_run", "still_in_inbox"}}

    files, rows = hashes(place.home.root), database_of(place.home.root)
    first = told_without_inbox(dry_run=True)
    assert {name: sha for name, sha in hashes(place.home.root).items() if "xunfang.db" not in name} == {
        name: sha for name, sha in files.items() if "xunfang.db" not in name
    }
    assert database_of(place.home.root) == rows
    assert told_without_inbox(dry_run=False) == first
    assert not any(each["records"] for each in told_without_inbox(dry_run=True)["kinds"].values())


def test_the_periods_are_the_policys_and_every_deed_is_in_the_audit_log(home: Path) -> None:
    set_policy(home, "retention", "utility", 24)
    set_policy(home, "retention", "medical", 1_200)
    told = done(xunfang("retain", "--home", home, "--as-of", NIGHT, "--json")).json
    assert told["kinds"]["utility"]["kept_from"] == "2023-12-01"
    assert told["kinds"]["utility"]["records"] > 0
    assert told["kinds"]["medical"]["records"] == 0
    assert told["still_in_inbox"] == ["county"]
    log = done(xunfang("--as", "auditor", "audit", "list", "--home", home, "--json")).json["entries"]
    deeds = [each for each in log if each["action"].startswith("retention")]
    assert [each["action"] for each in deeds] == ["retention begun", "retention done"]
    assert deeds[1]["details"]["kinds"]["utility"] == told["kinds"]["utility"]["records"]
    again = done(xunfang("retain", "--home", home, "--as-of", NIGHT)).out
    assert again == f"nothing is past its time on {NIGHT}\n"


def test_a_period_that_would_change_the_nights_is_refused_and_so_is_a_day_to_come(home: Path) -> None:
    run = xunfang("retain", "--home", home, "--as-of", "2999-01-01")
    assert (run.code, "a day to come" in run.err) == (2, True)
    for name, months in (("income", 23), ("nights", 35), ("lists", 40)):
        other = copy_of(home, home.with_name(f"home-{name}"))
        set_policy(other, "retention", name, months)
        run = xunfang("retain", "--home", other)
        assert (run.code, "retention" in run.err) == (7, True)


def test_after_it_the_home_is_whole_and_a_replay_says_why_it_differs(home: Path) -> None:
    done(xunfang("retain", "--home", home, "--as-of", NIGHT))
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
    told = done(xunfang("replay", "--home", home, "--date", NIGHT, "--json")).json
    assert not told["identical"]
    assert [(each["what"], each["rows"] > 0) for each in told["reasons"]] == [("retention", True)]
    assert "scores_emergency.parquet" in told["differ"]


def test_columns_that_look_back_a_time_are_as_before(home: Path) -> None:
    old = pl.read_parquet(home / "nights" / NIGHT / "columns.parquet")
    done(xunfang("retain", "--home", home, "--as-of", NIGHT))
    into = home.with_name("again")
    done(xunfang("replay", "--home", home, "--date", NIGHT, "--into", into))
    new = pl.read_parquet(into / "columns.parquet")
    changed = [name for name in old.columns if not old[name].equals(new[name], null_equal=True)]
    assert changed == ["patients_share"]  # who has any claim at all, as long as claims are kept


def test_the_text_of_rows_set_aside_goes_and_their_account_stays(home: Path) -> None:
    name = next(path for path in sorted((home / "quarantine" / "county").glob("*.sealed"))).name[: -len(".sealed")]
    before = done(xunfang("quarantine", "list", "--home", home, "--json")).json
    place = later(home, datetime(2027, 2, 1, tzinfo=UTC))
    rows = open_rows(place.home, place.keys.vault, "county", name)
    assert rows["text"].null_count() < rows.height
    told = retain(place, date(2027, 2, 1), dry_run=False)
    assert told["quarantined"] >= rows.height - rows["text"].null_count() > 0
    after = open_rows(place.home, place.keys.vault, "county", name)
    assert_frame_equal(after.drop("text"), rows.drop("text"))
    assert after["text"].null_count() == after.height
    assert done(xunfang("quarantine", "list", "--home", home, "--json")).json == before
    run = xunfang("quarantine", "export", "--delivery", "county", "--out", home.with_name("out"), "--home", home)
    assert (run.code, "no row of it can be mended" in run.err) == (2, True)
    assert verify_home(place)["intact"]
    place.database.dispose()


def visited(home: Path, item: int, on: str) -> None:
    database = sqlite3.connect(home / "xunfang.db")
    with database:
        database.execute("UPDATE outreach_item SET state = 'done' WHERE id = ?", (item,))
        database.execute(
            "INSERT INTO visit (item_id, household_id, outcome, visited_on, visited_by, recorded_at) "
            "SELECT id, household_id, 'V10', ?, 'w1', '2026-01-02 00:00:00' FROM outreach_item WHERE id = ?",
            (on, item),
        )
    database.close()


def test_a_night_past_its_time_keeps_its_manifest_and_says_that_its_files_are_gone(home: Path) -> None:
    done(xunfang("night", "--home", home, "--date", "2026-01-31"))
    visited(home, 1, "2026-01-05")
    visited(home, 2, "2026-01-06")
    place = later(home, datetime(2029, 1, 15, tzinfo=UTC))
    told = retain(place, date(2029, 1, 15), dry_run=False)
    assert (told["nights"], told["lists"]) == ([NIGHT], [NIGHT, "2026-01-31"])
    assert [path.name for path in (home / "nights" / NIGHT).iterdir()] == ["manifest.json"]
    assert (home / "nights" / "2026-01-31" / "columns.parquet").exists()
    assert not (home / "lists" / NIGHT).exists()
    assert verify_home(place)["intact"]
    assert (told["visits"], told["items"]) == (0, 0)
    run = done(xunfang("replay", "--home", home, "--date", NIGHT, "--json")).json
    assert (run["identical"], [each["what"] for each in run["reasons"]]) == (False, ["retention"])
    assert "36 months" in run["reasons"][0]["why"]
    assert retain(place, date(2029, 1, 15), dry_run=False)["nights"] == []
    done(xunfang("night", "--home", home, "--date", "2026-02-28"))  # its cards look at where a household stood
    place.database.dispose()


def test_old_visits_and_items_go_and_an_item_that_waits_for_its_visit_stays(home: Path) -> None:
    visited(home, 1, "2026-01-05")
    place = later(home, datetime(2032, 1, 15, tzinfo=UTC))
    before = len(database_of(home)["outreach_item"])
    told = retain(place, date(2032, 1, 15), dry_run=False)
    assert (told["visits"], told["items"]) == (1, 1)
    left = database_of(home)
    assert left["visit"] == []
    assert len(left["outreach_item"]) == before - 1
    assert len(left["outreach_list"]) > 0
    place.database.dispose()


def test_a_list_of_a_night_that_is_gone_is_not_written_anew(home: Path) -> None:
    place = later(home)
    retain(place, LATER.date(), dry_run=False)
    place.database.dispose()
    ((household,),) = rows_of(home, "SELECT household_id FROM outreach_item WHERE state = 'open' LIMIT 1")
    done(xunfang("rights", "opt-out", "--home", home, "--household", household))
    assert rows_of(home, "SELECT count(*) FROM delivery WHERE sent_at IS NULL") == [(0,)]
    assert not (home / "lists" / NIGHT).exists()


def rows_of(home: Path, query: str) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(home / "xunfang.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_identities_go_that_were_replaced_or_of_whom_the_roster_keeps_nobody(tmp_path: Path) -> None:
    home = a_home(tmp_path / "home")
    home.policy.write_text(default_policy(), "utf-8")
    names = "person_id,household_id,valid_from,known_on,name,phone,address\n"
    told = [
        "P1,,2001-01-01,2001-01-02,甲,,旧址",
        "P1,,2005-01-01,2005-01-02,甲,,新址",
        "P3,,2001-01-01,2001-01-02,丙,,",
        "P4,,2001-01-01,2001-01-02,丁,,",
        "P8,,2025-01-01,2025-01-02,辛,,",
    ]
    identity = (names + "\n".join(told) + "\n").encode()
    deliver(
        home,
        "d1",
        "2025-12-10",
        household=records("household", HOUSES),
        member=records("member", LIVES),
        identity=identity,
    )
    place = Workplace.open(home, clock=lambda: NOW)
    place.take_in().raise_refused()
    assert len(database_of(home.root)["vault_identity"]) == 5
    assert retain(place, NOW.date(), dry_run=True)["identities"] == 2
    assert retain(place, NOW.date(), dry_run=False)["identities"] == 2
    left = database_of(home.root)["vault_identity"]
    assert sorted(row[1] for row in left) == ["2001-01-01", "2005-01-01", "2025-01-01"]  # P4, P1 as of now, P8
    place.database.dispose()


@pytest.mark.parametrize(
    "at",
    ["retention.rewrite_locked", "retention.write_bytes", "retention.forget_replaced", "oldnights.write_text",
     "oldnights.sha256_of", "oldnights.shutil.rmtree", "oldnights.forget_visits"],
)  # fmt: skip
def test_stopped_anywhere_the_same_command_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    other = copy_of(home, home.with_name("other"))
    whole = later(other)
    retain(whole, LATER.date(), dry_run=False)
    place = later(home)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"engine.{at}", stop)
        with pytest.raises(KeyboardInterrupt):
            retain(place, LATER.date(), dry_run=False)
    retain(place, LATER.date(), dry_run=False)
    assert verify_home(place)["intact"]
    tables = {name: rows for name, rows in database_of(home).items() if name != "night"}
    assert tables == {name: rows for name, rows in database_of(other).items() if name != "night"}
    for folder in ("nights", "lists"):
        assert sorted(hashes(home / folder)) == sorted(hashes(other / folder))
    one, two = everything(place.store()), everything(whole.store())
    for kind, frame in one.items():
        assert_frame_equal(frame, two[kind])
    for opened in (place, whole):
        opened.database.dispose()


def test_damaged_records_are_made_again_as_they_were_after_it(place: Workplace) -> None:
    retain(place, NOW.date(), dry_run=False)
    stored = [part.file for part in place.store().every_part() if part.file.path.rsplit("/", 1)[1].startswith("+")]
    assert len(stored) > 3
    before = hashes(place.home.records)
    for file in stored:
        (place.home.records / file.path).write_bytes(b"damaged")
    told = done(xunfang("repair", "--home", place.home.root, "--json")).json
    assert (len(told["repaired"]), told["left"]) == (len(stored), [])
    assert hashes(place.home.records) == before


@pytest.mark.parametrize("words", [["train"], ["night", "--date", "2026-01-31"], ["evaluate", "--seed", "7"]])
def test_nothing_is_taken_away_while_another_process_reads_the_records(home: Path, words: list[str]) -> None:
    household = rows_of(home, "SELECT household_id FROM outreach_item LIMIT 1")[0][0]
    other = subprocess.Popen(
        [XUNFANG, *words, "--home", home], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stderr is not None
        while not (line := other.stderr.readline()).startswith("features"):
            assert line
        files = hashes(home / "records")
        for command in (
            ["compact", "--files", "2"],
            ["retain", "--as-of", NIGHT],
            ["rights", "erase", "--household", household],
        ):
            run = xunfang(*command, "--home", home)
            assert (run.code, "another process is" in run.err) == (7, True), run.err
        assert other.poll() is None
        assert hashes(home / "records") == files
        told = done(xunfang("retain", "--dry-run", "--home", home, "--as-of", NIGHT, "--json")).json
        assert told["kinds"]["utility"]["records"] > 0
    finally:
        other.send_signal(SIGKILL)
        other.communicate(timeout=PATIENCE)
    done(xunfang("retain", "--home", home, "--as-of", NIGHT))


def test_nobody_reads_while_records_are_taken_away(home: Path) -> None:
    with alone(Home(home)):
        for words in (["train"], ["evaluate"], ["verify"], ["replay", "--date", NIGHT]):
            run = xunfang(*words, "--home", home)
            assert "another process is" in run.err, words
    with steady(Home(home)), steady(Home(home)):  # readers do not mind each other
        assert done(xunfang("verify", "--home", home, "--json")).json["intact"]
