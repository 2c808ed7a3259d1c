"""On a PostgreSQL server as in a file: a new pseudonym key, what is past its time, decisions on whose a row is."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from builders import records
from deliveries import a_home, deliver, people
from descriptions import describe, pensions, put
from homes import done, xunfang
from named import COLUMNS, NAMES, NUMBERS, identities, roster
from people_search import rows_of
from postgres import fresh_database, postgres_server  # noqa: F401

from engine import db
from engine.audit import RENAMED
from engine.db import writing
from engine.files import sha256_of
from engine.identity import pseudonyms, renewed
from engine.keys import load_keys
from engine.recordstore import RecordStore, summary
from engine.retention import retain
from engine.settings import Home
from engine.tables import Night, OutreachItem, OutreachList, Row, Visit, pseudonym_columns
from engine.workplace import Workplace

ENV = "XUNFANG_TEST_DATABASE"
NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
OLD, LATE = date(2001, 2, 1), date(2025, 12, 1)
CUT = NUMBERS[0][:15] + "000"


@pytest.fixture
def server(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:  # noqa: F811
    """The database; what the commands open in this process is closed at the end."""
    monkeypatch.setenv(ENV, fresh_database.replace("+psycopg", ""))
    opened = [db.open_db(fresh_database)]
    open_db = db.open_db

    def noted(place: Path | str) -> sa.Engine:
        opened.append(open_db(place))
        return opened[-1]

    monkeypatch.setattr(db, "open_db", noted)
    yield opened[0]
    for each in opened:
        each.dispose()


def on_the_server(folder: Path, person_ids: str = "free") -> Home:
    """An empty home whose database is the server's."""
    done(xunfang("init", "--home", folder / "init"))
    home = a_home(folder / "home", person_ids)
    for name in ("policy.toml", "caseworkers.toml"):
        shutil.copy(folder / "init" / name, home.root / name)
    text = home.settings.read_text("utf-8")
    home.settings.write_text(f'{text}database_url_env = "{ENV}"\n', "utf-8")
    return home


def visited(home: Home, server: sa.Engine, households: list[str], day: date) -> None:
    """A night with a list: every household on it but the last was visited."""
    manifest = home.nights / day.isoformat() / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"files": {}}), "utf-8")
    night = Night(
        business_date=day, state="finished", input_sha256="0", policy_sha256="0", code_version="0", actor="ana",
        manifest_path=f"nights/{day}/manifest.json", manifest_sha256=sha256_of(manifest), records_read=1,
        records_quarantined=0, households_scored=1, households_listed=1, started_at=NOW, finished_at=NOW,
    )  # fmt: skip
    with writing(server) as session:
        session.add(night)
        session.flush()
        assert night.id is not None
        each = OutreachList(night_id=night.id, caseworker_id="w1", week=day, state="released", content_sha256="0")
        session.add(each)
        session.flush()
        assert each.id is not None
        for place, household in enumerate(households, start=1):
            waits = place == len(households)
            item = OutreachItem(
                list_id=each.id, household_id=household, business_date=day, position=place, lane="gap", due_on=day,
                state="open" if waits else "done",
            )  # fmt: skip
            session.add(item)
            session.flush()
            if not waits:
                assert item.id is not None
                session.add(
                    Visit(
                        item_id=item.id, household_id=household, outcome="V10", visited_on=day, visited_by="w1",
                        recorded_at=NOW,
                    )
                )  # fmt: skip


def tables(server: sa.Engine) -> dict[str, list[Any]]:
    """All rows of the tables that only change by a deed; the chain only grows."""
    with server.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in Row.metadata.sorted_tables
            if not table.name.startswith("audit_")
        }


def rows(server: sa.Engine, query: str) -> list[Any]:
    with server.connect() as connection:
        return list(connection.execute(sa.text(query)).all())


def intact(home: Home) -> list[str]:
    """What was done, by the chain, which holds; the home is whole."""
    assert done(xunfang("verify", "--home", home.root, "--json")).json["intact"]
    assert not home.database.exists()
    told = done(xunfang("--as", "auditor", "audit", "list", "--home", home.root, "--json")).json
    return [each["action"] for each in told["entries"]]


def test_a_new_pseudonym_key_names_everybody_anew_in_every_table_of_a_server(
    tmp_path: Path, server: sa.Engine
) -> None:
    home = on_the_server(tmp_path, "gb11643")
    deliver(home, "d1", **roster(), identity=identities())
    done(xunfang("check", "--home", home.root))
    old = load_keys(home)
    names = {
        "person": pseudonyms(old.pseudonym, "person", pl.Series(NUMBERS)),
        "household": pseudonyms(old.pseudonym, "household", pl.Series([f"H{n}" for n in range(1, 7)])),
    }
    homes = names["household"].to_list()
    visited(home, server, homes[:3], LATE)
    done(xunfang("rights", "opt-out", "--home", home.root, "--household", homes[3]))
    signed = ("--on", "2025-12-01", "--until", "2026-05-31", "--application", "A-1", "--evidence", "form 1")
    done(xunfang("consent", "record", homes[4], "--home", home.root, *signed))
    before = tables(server)
    report = done(xunfang("keys", "rotate", "pseudonym", "--home", home.root, "--yes", "--json")).json
    assert (report["version"], report["identities"]) == (2, len(NUMBERS))
    keys = load_keys(home)
    renaming: dict[Any, Any] = {}
    for domain, each in names.items():
        new = renewed(keys.pseudonyms, 1, domain, each)  # type: ignore[arg-type]
        renaming |= dict(zip(each, new, strict=True))
    after = tables(server)
    assert {table.name for table, _, _ in pseudonym_columns() if before[table.name]} >= {
        "outreach_item", "visit", "opt_out", "consent", "consent_person",
    }  # fmt: skip
    for name, rows in before.items():
        if name != "vault_identity":  # sealed anew
            expected = [tuple(renaming.get(value, value) for value in row) for row in rows]
            assert sorted(map(repr, after[name])) == sorted(map(repr, expected)), name
    assert {row[0] for row in after["vault_identity"]} == {renaming[row[0]] for row in before["vault_identity"]}
    assert len(after["vault_identity"]) == len(NUMBERS)
    dump = rows_of(server)
    assert [name for name in renaming if name in dump] == []
    assert all(new in dump for new in (renaming[home] for home in homes[:5]))
    members = RecordStore.open(home).records("member").collect()
    assert set(members["household_id"]) == {renaming[each] for each in homes}
    assert [action for action in intact(home) if action.startswith(RENAMED)] == [
        f"{RENAMED}{keys.fingerprints()['pseudonym']}"
    ]


def test_on_a_server_what_is_past_its_time_goes_and_nothing_else(tmp_path: Path, server: sa.Engine) -> None:
    home = on_the_server(tmp_path)
    since = {"person_id": "P1", "known_on": OLD}
    gone = {"person_id": "P2", "household_id": "H1", "valid_from": OLD, "valid_to": date(2003, 1, 1)}
    roster = people(4)
    lives = pl.concat([roster["member"].filter(person_id="P1"), records("member", [gone]), roster["member"][2:]])
    header = "person_id,household_id,valid_from,known_on,name,phone,address\n"
    named = (
        "P1,,2001-01-01,2001-01-02,甲,,旧址\nP1,,2005-01-01,2005-01-02,甲,,新址\nP2,,2001-01-01,2001-01-02,乙,,\n"
    )
    income = [{**since, "month": OLD, "record_no": "1"}, {**since, "month": LATE, "known_on": LATE}]
    deliver(
        home, "d1", "2025-12-10", household=roster["household"], member=lives,
        income=records("income", income), identity=(header + named).encode(),
    )  # fmt: skip
    done(xunfang("check", "--home", home.root))
    for day in (OLD, LATE):
        visited(home, server, [f"household{number}" for number in range(3)], day)
    before = tables(server)
    place = Workplace.open(home, clock=lambda: NOW)
    assert place.database.dialect.name == "postgresql"
    first = retain(place, NOW.date(), dry_run=True)
    assert tables(server) == before
    told = retain(place, NOW.date(), dry_run=False)
    place.database.dispose()
    assert (told["visits"], told["items"], told["identities"]) == (2, 2, 2)
    assert {kind: each["records"] for kind, each in told["kinds"].items() if each["records"]} == {
        "member": 1,
        "income": 1,
    }
    assert [first[name] for name in ("visits", "items", "identities")] == [2, 2, 2]
    after = tables(server)
    assert {name: len(before[name]) - len(rows) for name, rows in after.items() if rows != before[name]} == {
        "vault_identity": 2,
        "outreach_item": 2,
        "visit": 2,
    }
    assert all(set(rows) <= set(before[name]) for name, rows in after.items())
    assert [day for (day,) in rows(server, "SELECT visited_on FROM visit")] == [LATE, LATE]
    waits = rows(server, "SELECT business_date FROM outreach_item WHERE state = 'open' ORDER BY 1")
    assert [day for (day,) in waits] == [OLD, LATE]
    assert [each for each in intact(home) if each.startswith("retention")] == ["retention begun", "retention done"]


def test_on_a_server_a_row_is_carried_in_by_a_decision_and_taken_out_by_its_undoing(
    tmp_path: Path, server: sa.Engine
) -> None:
    home = on_the_server(tmp_path, "gb11643")
    describe(home, columns=COLUMNS, linkage={"name": "姓名"})
    deliver(home, "d1", **roster(), identity=identities())
    put(home, "2025-01-20", pension=pensions(f"{NAMES[0]},{CUT},202412,100", f"{NAMES[5]},{NUMBERS[5]},202412,600"))
    done(xunfang("check", "--home", home.root))

    def said(*words: object) -> Any:
        return done(xunfang("linkage", *words, "--home", home.root, "--json")).json

    def paid() -> tuple[set[int], int]:
        done(xunfang("check", "--home", home.root))
        store = RecordStore.open(home)
        found = [store.sources(bucket).known_by(date.max).frame("income").collect() for bucket in store.buckets()]
        (source,) = [each for each in summary(store) if each["name"] == "income"]
        assert source["rows"] == source["accepted"] + source["quarantined"]
        return set(pl.concat(found)["amount"]), source["quarantined"]

    assert said("propose")["one_candidate"] == 1
    assert paid() == ({60_000}, 1)
    assert said("accept", 1, "--reason", "confirmed")["deliveries"] == ["linked-1"]
    assert paid() == ({10_000, 60_000}, 0)
    assert said("undo", 1, "--reason", "the wrong person")["deliveries"] == ["unlinked-1"]
    assert paid() == ({60_000}, 0)
    assert said("propose")["new"] == 0
    assert [row[0] for row in rows(server, "SELECT state FROM linkage_proposal")] == ["undone"]
    actions = intact(home)
    assert [action for action in actions if action.startswith("linkage")] == [
        "linkage proposed", "linkage accepted", "linkage undone",
    ]  # fmt: skip
    dump = rows_of(server)
    assert [value for value in (*NUMBERS, *NAMES, CUT) if value in dump] == []
