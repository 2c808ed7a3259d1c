"""A new pseudonym key: everybody gets another number, and nothing else in the home changes."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401
from deliveries import a_home, deliver, people, wages
from homes import done, xunfang
from keyed_home import COUNT, home_with_names, names, rotate

from engine import rekey, renaming
from engine.audit import AuditLog
from engine.db import open_db, reading, writing
from engine.errors import IntegrityError
from engine.identity import LENGTH, later_names, pseudonyms
from engine.intake.inbox import take_in
from engine.intake.parse import DOMAINS
from engine.keys import load_keys, read_key
from engine.recordstore import RecordStore, summary
from engine.settings import Home
from engine.tables import Row, UtcDateTime, pseudonym_columns
from features.records import KINDS

NUMBERS = [f"H{number}" for number in range(1, 1 + COUNT // 2)]
NO_PSEUDONYMS = {
    "night": {"kind", "state", "held_reason", "input_sha256", "relative_poverty_model", "emergency_model"}
    | {"policy_sha256", "code_version", "manifest_path", "manifest_sha256", "actor"},
    "outreach_list": {"caseworker_id", "state", "content_sha256"},
    "outreach_item": {"lane", "state", "state_reason"},
    "visit": {"outcome", "visited_by", "recorded_by", "contact", "hindrance", "about", "mark"},
    "visit_undone": {"undone_by", "reason"},
    "referral": {"kind", "about", "owner", "state", "closed_by", "result"},
    "casework": {"state", "owner", "programme", "within", "due_name", "due_kind", "due_basis"}
    | {"layer", "kinds", "grade"},
    "case_step": {"from_state", "to_state", "recorded_by", "reason"},
    "case_part": {"programme", "mechanism", "verdict", "authority", "basis", "verify", "state", "result"},
    "fact_dispute": {"subject", "raised_by", "reason", "recorded_by", "owner", "state", "decided_by", "result"},
    "review_task": {"code", "state", "owner", "heard_how", "heard_by", "reason", "concluded_by"},
    "opt_out": {"recorded_by", "reason"},
    "objection": {"recorded_by", "reason", "state", "decided_by", "decision"},
    "erasure": {"digest", "state", "recorded_by", "reason"},
    "erased_subject": {"digest"},
    "linkage_proposal": {"delivery_id", "file", "found_by", "state", "decided_by", "reason", "carried_by"},
    "consent": {"application", "facts", "evidence", "recorded_by", "withdrawn_by", "reason"},
    "confirmation": {"name", "reason", "confirmed_by"},
    "delivery": {"channel"},
    "push_message": {"message_id", "channel", "state", "claim", "answer", "problem", "read_by"},
    "night_ledger": {"state", "holder", "message"},
    "lease": {"name", "holder"},
    "audit_entry": {"actor", "action", "subject_kind", "payload_sha256", "previous_hash", "hash"},
    "vault_identity": {"subject", "kind", "delivery_id"},
}
"""Columns of text that hold no pseudonyms (the vault's subject is led over by the vault itself)."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with_names(tmp_path)


def numbers(home: Home, domain: str = "household", raw: list[str] = NUMBERS) -> dict[str, str]:
    """The department's number of each pseudonym as it is now."""
    keys = load_keys(home)
    return dict(zip(pseudonyms(keys.pseudonym, domain, pl.Series(raw), keys.pseudonym_before), raw, strict=True))


def told(home: Home) -> Mapping[str, pl.DataFrame]:
    """All records of a home under the department's own numbers, each once, in a fixed order."""
    persons = [f"P{number}" for number in range(1, 30)]
    known = {**numbers(home, "person", persons), **numbers(home, "household", [f"H{n}" for n in range(1, 30)])}
    found = {}
    store = RecordStore.open(home, load_keys(home))
    for kind in store.kinds():
        rows = store.records(kind).filter(~pl.col("copied")).collect()
        ids = [name for name in DOMAINS if name in rows.columns]
        rows = rows.with_columns(pl.col(name).replace_strict(known, default="?") for name in ids)
        found[kind] = rows.sort(rows.columns)
    return found


def same(one: Mapping[str, pl.DataFrame], other: Mapping[str, pl.DataFrame]) -> None:
    assert one.keys() == other.keys()
    for kind, frame in one.items():
        assert frame.equals(other[kind], null_equal=True), kind


def texts(home: Home) -> str:
    """All that can be read in the tables, sealed bytes left out."""
    database = open_db(home.database)
    with reading(database) as session:
        return str([session.execute(sa.select(table)).all() for table in Row.metadata.sorted_tables])


def test_every_column_that_may_hold_a_pseudonym_is_led_over():
    led = {(table.name, column.name) for table, column, _ in pseudonym_columns()}
    text = {
        (table.name, column.name)
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, sa.Boolean | sa.Integer | sa.Float | sa.Date | sa.LargeBinary | UtcDateTime)
    }
    assert ("opt_out", "household_id") in led
    assert text == led | {(table, name) for table, columns in NO_PSEUDONYMS.items() for name in columns}


def test_whoever_makes_a_pseudonym_makes_it_with_all_keys():
    """A call with the newest key alone would join nobody after a change."""
    engine = Path(renaming.__file__).parent
    calls = [
        call
        for path in sorted(engine.rglob("*.py"))
        if path.name != "identity.py"
        for call in re.findall(
            r"(?<![A-Za-z_])(?:Pseudonymiser|pseudonyms)\((?:[^()]|\([^()]*\))+\)", path.read_text("utf-8")
        )
    ]
    assert len(calls) >= 5
    assert [call for call in calls if not re.search(r"before|keys\[|\(self\)", call)] == []


def test_every_id_of_a_record_is_a_number_that_is_led_over():
    ids = {
        name
        for schema in KINDS.values()
        for name in schema.column_names()
        if name.endswith("_id") and name not in {"delivery_id", "event_id"}
    }
    assert ids <= set(DOMAINS)


def test_all_get_other_numbers_and_all_is_known_of_them_as_before(home: Home) -> None:
    before, named, old = told(home), names(home), numbers(home)
    assert "?" not in before["income"]["person_id"]
    report = rotate(home, "pseudonym")
    assert (report["version"], report["identities"]) == (2, COUNT)
    same(told(home), before)
    assert names(home) == named
    assert set(numbers(home)).isdisjoint(old)
    assert not any(each in texts(home) for each in old)
    assert not any(
        (RecordStore.open(home).records("member").collect()["household_id"] == each).any() for each in old
    )
    assert done(xunfang("verify", "--home", home.root, "--json")).json["intact"]


def test_later_deliveries_and_a_second_change_join_what_is_known(home: Home) -> None:
    for version in (2, 3):
        rotate(home, "pseudonym")
        delivery = f"d{version}"
        deliver(
            home,
            delivery,
            f"2025-0{version}-01",
            income=wages(range(1, COUNT + 1), version, date(2025, version, 1)),
        )
        taken = take_in(home)
        taken.raise_refused()
        assert [receipt.facts["income"].rows_matched for receipt in taken.taken] == [COUNT * version]
    assert "?" not in told(home)["income"]["person_id"]
    listed = done(xunfang("keys", "list", "--home", home.root, "--json")).json["keys"]
    (key,) = [key for key in listed if key["name"] == "pseudonym"]
    assert (key["version"], key["fingerprint"], len(key["earlier"])) == (
        3,
        load_keys(home).fingerprints()["pseudonym"],
        2,
    )
    assert done(xunfang("verify", "--home", home.root, "--json")).json["intact"]


def test_rows_that_wait_for_their_owner_go_in_when_the_owner_comes_after_the_change(tmp_path: Path) -> None:
    place = a_home(tmp_path / "home")
    deliver(place, "d1", **people(4), income=wages(range(3, 7)))
    take_in(place).raise_refused()
    rekey.rotate(place, "pseudonym", now=datetime(2025, 1, 1, tzinfo=UTC))
    everybody = people(6)
    new = {kind: frame.slice({"household": 2, "member": 4}[kind]) for kind, frame in everybody.items()}
    deliver(place, "d2", "2025-01-31", **new)
    take_in(place).raise_refused()
    (income,) = [each for each in summary(RecordStore.open(place)) if each["name"] == "income"]
    assert (income["accepted"], income["quarantined"]) == (12, 0)
    assert set(told(place)["income"]["person_id"]) == {"P3", "P4", "P5", "P6"}


STEPS = (
    (renaming, "_revised"),
    (rekey, "renamed_store"),
    (rekey, "remember_keys"),
    (rekey, "write_rewriting"),
    (rekey, "remove_unnamed"),
    (rekey, "rename"),
    (rekey, "rename_rows"),
    (rekey.audit, "note_new_pseudonyms"),
    (rekey, "sync_folder"),
)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("module", "step"), STEPS)
def test_a_change_that_was_interrupted_anywhere_goes_on(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    step: str,
    late: bool,
) -> None:
    before, named = told(home), names(home)
    run = getattr(module, step)

    def broken(*given: object, **named: object) -> object:
        if late:
            run(*given, **named)
        raise ZeroDivisionError

    with monkeypatch.context() as there:
        there.setattr(module, step, broken)
        with pytest.raises(ZeroDivisionError):
            xunfang("keys", "rotate", "pseudonym", "--home", home.root, "--yes")
    if (home.keys / "pseudonym.next").exists():
        run_ = xunfang("check", "--home", home.root)
        assert run_.code == IntegrityError.exit_code
        assert "xunfang keys rotate pseudonym" in run_.err
        rotate(home, "pseudonym")
    else:
        done(xunfang("check", "--home", home.root))
    keys = load_keys(home)
    assert len(keys.pseudonyms) == 1 + (step not in {"_revised", "renamed_store"})
    same(told(home), before)
    assert names(home) == named
    assert done(xunfang("verify", "--home", home.root, "--json")).json["intact"]


def test_a_lost_earlier_key_is_noticed_before_anything_is_joined_wrongly(home: Home) -> None:
    rotate(home, "pseudonym")
    path = home.keys / "pseudonym-v1.key"
    kept = path.read_bytes()
    path.unlink()
    assert xunfang("check", "--home", home.root).code == IntegrityError.exit_code
    path.touch(0o600)
    path.write_bytes(kept)
    done(xunfang("check", "--home", home.root))
    rotate(home, "pseudonym")
    path.unlink()
    assert "pseudonym-v1.key: the key is missing" in xunfang("check", "--home", home.root).err


def test_a_copy_of_the_keys_holds_all_that_pseudonyms_are_made_with(home: Home, tmp_path: Path) -> None:
    rotate(home, "pseudonym")
    done(xunfang("keys", "backup", tmp_path / "safe", "--home", home.root))
    assert read_key(tmp_path / "safe" / "pseudonym-v1.key") == read_key(home.keys / "pseudonym-v1.key")
    done(xunfang("backup", tmp_path / "copy", "--home", home.root))
    done(xunfang("restore", tmp_path / "copy", "--home", tmp_path / "again", "--keys", tmp_path / "safe"))
    assert done(xunfang("verify", "--home", tmp_path / "again", "--json")).json["intact"]
    same(told(Home(tmp_path / "again")), told(home))


def test_damaged_files_are_made_again_as_they_were_before_and_after_the_change(home: Home) -> None:
    rotate(home, "pseudonym")
    deliver(home, "d2", "2025-02-01", income=wages(range(1, COUNT + 1), 2, date(2025, 1, 31)))
    take_in(home).raise_refused()
    rotate(home, "pseudonym")
    paths = [*sorted(home.records.rglob("+*.parquet")), home.records / "deliveries" / "d1.json"]
    kept = {path: path.read_bytes() for path in (paths[0], paths[-2], paths[-1])}
    for path in kept:
        path.write_bytes(b"damaged")
    told_ = done(xunfang("repair", "--home", home.root, "--json")).json
    assert (told_["left"], len(told_["repaired"])) == ([], 3)
    assert {path: path.read_bytes() for path in kept} == kept
    assert done(xunfang("verify", "--home", home.root, "--json")).json["intact"]


def test_a_damaged_store_is_not_led_over(home: Home) -> None:
    path = next((home.records / "income").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)
    run = xunfang("keys", "rotate", "pseudonym", "--home", home.root, "--yes")
    assert (run.code, "xunfang repair" in run.err) == (IntegrityError.exit_code, True)
    assert len(load_keys(home).pseudonyms) == 1


def test_while_an_erasure_is_unfinished_the_key_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine import erasure

    household = next(iter(numbers(home)))
    with monkeypatch.context() as broken:
        broken.setattr(erasure, "_forget", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            xunfang("rights", "erase", "--home", home.root, "--household", household)
    run = xunfang("keys", "rotate", "pseudonym", "--home", home.root, "--yes")
    assert (run.code, "rights erase" in run.err) == (6, True)
    assert len(load_keys(home).pseudonyms) == 1
    done(xunfang("rights", "erase", "--home", home.root, "--household", household))
    rotate(home, "pseudonym")


def test_the_door_knows_whom_the_home_has_forgotten_under_any_key(home: Home) -> None:
    first, *_ = (pseudonym for pseudonym, number in numbers(home).items() if number == "H1")
    done(xunfang("rights", "erase", "--home", home.root, "--household", first))
    rotate(home, "pseudonym")
    second, *_ = (pseudonym for pseudonym, number in numbers(home).items() if number == "H2")
    done(xunfang("rights", "erase", "--home", home.root, "--household", second))
    rotate(home, "pseudonym")
    deliver(home, "d2", "2025-01-31", **people(COUNT))
    taken = take_in(home, reject_limit=1.0)
    taken.raise_refused()
    (receipt,) = taken.taken
    assert {file.kind: file.rules["erased"] for file in receipt.files} == {"household": 2, "member": 4}
    assert set(told(home)["member"]["household_id"]) == {"H3"}


def test_a_card_from_before_the_change_still_names_its_household(home: Home) -> None:
    old = next(iter(numbers(home)))
    done(xunfang("rights", "opt-out", "--home", home.root, "--household", old))
    rotate(home, "pseudonym")
    (now,) = later_names(load_keys(home).pseudonyms, "household", old) - {old}
    (opted,) = done(xunfang("rights", "list", "--home", home.root, "--json")).json["opt_outs"]
    assert opted["household_id"] == now
    done(xunfang("rights", "objection", "--home", home.root, "--household", old))
    (objection,) = done(xunfang("rights", "list", "--home", home.root, "--json")).json["objections"]
    assert objection["household_id"] == now
    words = ("--as", "auditor", "audit", "list", "--home", home.root, "--json", "--household")
    by_old, by_new = (done(xunfang(*words, each)).json["entries"] for each in (old, now))
    actions = [entry["action"] for entry in by_new]
    assert {"opt-out recorded", "objection recorded"} <= set(actions)
    assert [entry["action"] for entry in by_old][: len(actions)] == actions


def test_whoever_still_has_the_old_numbers_in_hand_writes_down_nothing(home: Home) -> None:
    from engine import rights
    from engine.workplace import Workplace

    place = Workplace.open(home)
    old = next(iter(numbers(home)))
    rotate(home, "pseudonym")
    with pytest.raises(IntegrityError, match="keys"):
        rights.opt_out(place, old)
    with (
        pytest.raises(IntegrityError, match="changed since this process began"),
        writing(place.database) as session,
    ):
        place.log.note("opt-out recorded", "household", {"households": [old]}, session)


def test_nobody_is_named_by_what_the_change_says(home: Home) -> None:
    old = {**numbers(home), **numbers(home, "person", [f"P{n}" for n in range(1, 1 + COUNT)])}
    run = done(xunfang("keys", "rotate", "pseudonym", "--home", home.root, "--yes"))
    new = {**numbers(home), **numbers(home, "person", [f"P{n}" for n in range(1, 1 + COUNT)])}
    note = next((home.records / "rewrites").glob("*.json")).read_text()
    assert not any(each in run.out + run.err + note for each in (*old, *new))
    assert "still needed for every delivery" in run.err


def test_tables_are_led_over_on_both_databases_and_an_erased_household_stays_nobody(any_engine):  # noqa: F811
    old, new = b"1" * 32, b"2" * 32
    (who,) = pseudonyms(old, "household", pl.Series(["H1"]))
    with writing(any_engine) as session:
        table = Row.metadata.tables["opt_out"]
        for household in (who, "erased-7"):
            session.execute(
                sa.insert(table).values(household_id=household, since=date(2025, 1, 1), recorded_by="ana")
            )
        assert renaming.rename_rows(session, (old, new)) == 1
        found = set(session.execute(sa.select(table.c.household_id)).scalars())
    (now,) = pseudonyms(new, "household", pl.Series(["H1"]), [old])
    assert found == {now, "erased-7"}
    assert len(now) == LENGTH


def test_the_vault_is_led_over_on_both_databases(any_engine):  # noqa: F811
    from engine.identity import renewed
    from engine.vault import Vault, VaultReader, rename

    keys, sealed = (b"1" * 32, b"2" * 32), b"v" * 32
    person, household = pseudonyms(keys[0], "person", pl.Series(["P1"]))[0], "0" * LENGTH
    identity = {"valid_from": date(2024, 1, 1), "known_on": date(2024, 1, 1), "delivery_id": "d1"}
    rows = [
        {"subject": person, "kind": "person", "id_number": "P1", "name": "安娜", "phone": None, "address": None},
        {"subject": household, "kind": "household", "id_number": "H1", "name": None, "phone": "1", "address": "北"},
    ]
    Vault(any_engine, sealed).store(pl.DataFrame([row | identity for row in rows]))

    def became(kind: str, subjects: pl.Series) -> pl.Series:
        return renewed(keys, 1, "person" if kind == "person" else "household", subjects)

    with writing(any_engine) as session:
        assert rename(session, sealed, became) == 2
    now = {
        name: renewed(keys, 1, name, pl.Series([old]))[0]
        for name, old in (("person", person), ("household", household))
    }
    heads = pl.DataFrame({"household_id": [now["household"]], "person_id": [now["person"]]})
    reader = VaultReader(any_engine, sealed, AuditLog(any_engine, b"a" * 32, "ana", "operator"))
    (found,) = reader.contacts(heads, date(2025, 1, 1), "a test").rows()
    assert found == (now["household"], "安娜", "1", "北")
