"""The vault opens a field only where it belongs, and tells how to reach a household as of a date."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from databases import any_engine, migrated_template, postgres_server  # noqa: F401

from engine import audit
from engine.audit import AuditLog
from engine.db import open_db, prepare, reading, writing
from engine.errors import IntegrityError
from engine.sealing import seal, unseal
from engine.tables import VaultIdentity
from engine.vault import Vault, VaultReader

KEY = bytes(range(32))
AUDIT_KEY = bytes(range(1, 33))
AS_OF = date(2025, 1, 1)
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)


@pytest.fixture
def database(any_engine: sa.Engine) -> sa.Engine:  # noqa: F811
    return any_engine


def identities(*rows: dict[str, Any]) -> pl.DataFrame:
    defaults = {
        "subject": "p1",
        "kind": "person",
        "valid_from": date(2020, 1, 1),
        "known_on": date(2020, 2, 1),
        "delivery_id": "d1",
        "id_number": "11010519491231002X",
        "name": "龘 明",
        "phone": "10001234567",
        "address": None,
    }
    schema = {name: pl.Date if name.endswith(("from", "on")) else pl.String for name in defaults}
    return pl.DataFrame([{**defaults, **row} for row in rows], schema=schema)


def heads(*pairs: tuple[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"household_id": pl.String, "person_id": pl.String}, orient="row")


def reader(database: sa.Engine) -> VaultReader:
    return VaultReader(database, KEY, AuditLog(database, AUDIT_KEY, "ana", "caseworker", lambda: NOW))


def contact(database: sa.Engine, as_of: date = AS_OF) -> dict[str, str | None]:
    return reader(database).contacts(heads(("h1", "p1")), as_of, "visit").to_dicts()[0]


def test_a_sealed_text_opens_only_with_its_key_and_in_its_place() -> None:
    sealed = seal(KEY, "table|column|row", b"secret")
    assert b"secret" not in sealed
    assert unseal(KEY, "table|column|row", sealed) == b"secret"
    for key, place, data in (
        (bytes(32), "table|column|row", sealed),
        (KEY, "table|column|other", sealed),
        (KEY, "table|column|row", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (KEY, "table|column|row", b""),
    ):
        with pytest.raises(IntegrityError) as refused:
            unseal(key, place, data)
        assert "other" not in str(refused.value)


def test_sealing_again_gives_the_same_bytes() -> None:
    assert seal(KEY, "place", b"text") == seal(KEY, "place", b"text") != seal(KEY, "elsewhere", b"text")


def test_the_head_is_named_and_the_household_reached(database: sa.Engine) -> None:
    Vault(database, KEY).store(
        identities(
            {},
            {
                "subject": "h1",
                "kind": "household",
                "id_number": "77",
                "name": None,
                "phone": None,
                "address": "云溪镇1组",
            },
        )
    )
    assert contact(database) == {
        "household_id": "h1",
        "name": "龘 明",
        "phone": "10001234567",
        "address": "云溪镇1组",
    }


def test_only_what_was_known_and_valid_on_the_day_counts(database: sa.Engine) -> None:
    Vault(database, KEY).store(
        identities(
            {"phone": "1"},
            {"phone": "2", "known_on": date(2024, 6, 1)},
            {"phone": "3", "known_on": date(2025, 2, 1)},
            {"phone": "4", "valid_from": date(2025, 6, 1), "known_on": date(2024, 7, 1)},
        )
    )
    assert contact(database, date(2024, 1, 1))["phone"] == "1"
    assert contact(database, AS_OF)["phone"] == "2"
    assert contact(database, date(2025, 3, 1))["phone"] == "3"
    assert contact(database, date(2025, 7, 1))["phone"] == "4"
    assert contact(database, date(2019, 1, 1))["phone"] is None


def test_unknown_households_are_listed_with_nulls_in_order(database: sa.Engine) -> None:
    found = reader(database).contacts(heads(("h2", None), ("h1", "p9")), AS_OF, "visit")
    assert found.rows() == [("h1", None, None, None), ("h2", None, None, None)]


def test_storing_again_changes_nothing_and_the_order_of_deliveries_neither(tmp_path: Path) -> None:
    dumps = []
    for order in (("d1", "d2"), ("d2", "d1", "d2")):
        engine = open_db(tmp_path / f"{'-'.join(order)}.db")
        prepare(engine)
        for delivery in order:
            Vault(engine, KEY).store(identities({"delivery_id": delivery, "phone": delivery}))
        with reading(engine) as session:
            dumps.append(session.execute(sa.select(VaultIdentity.metadata.tables["vault_identity"])).all())
    assert dumps[0] == dumps[1]
    assert len(dumps[0]) == 1


def test_no_field_can_be_read_in_the_database(database: sa.Engine, tmp_path: Path) -> None:
    Vault(database, KEY).store(identities({"address": "云溪镇1组"}))
    database.dispose()
    data = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(text.encode() in data for text in ("11010519491231002X", "龘 明", "10001234567", "云溪镇1组"))


def test_a_field_moved_to_another_row_does_not_open(database: sa.Engine) -> None:
    Vault(database, KEY).store(identities({}, {"subject": "p2", "phone": "2", "id_number": "2"}))
    with writing(database) as session:
        session.execute(
            sa.text(
                "UPDATE vault_identity SET phone = (SELECT phone FROM vault_identity WHERE subject = 'p2') "
                "WHERE subject = 'p1'"
            )
        )
    with pytest.raises(IntegrityError):
        contact(database)


def test_a_collision_of_pseudonyms_is_refused_without_naming_anybody(database: sa.Engine) -> None:
    Vault(database, KEY).store(identities({}))
    with pytest.raises(IntegrityError) as refused:
        Vault(database, KEY).store(identities({"id_number": "4711", "known_on": date(2021, 1, 1)}))
    assert "4711" not in str(refused.value)
    assert "11010519491231002X" not in str(refused.value)


def test_every_reading_is_noted_before_anything_is_opened(database: sa.Engine) -> None:
    Vault(database, KEY).store(identities({}, {"subject": "p2", "phone": "2", "id_number": "2"}))
    reader(database).contacts(heads(("h2", "p2"), ("h1", "p1")), AS_OF, "visit")
    with pytest.raises(IntegrityError):
        VaultReader(database, bytes(32), reader(database)._log).contacts(heads(("h3", "p1")), AS_OF, "objection")
    with reading(database) as session:
        found = list(audit.entries(session, AUDIT_KEY))
    assert [(link.actor, link.action, details["purpose"], details["households"]) for link, details in found] == [
        ("ana", "identities read", "visit", ["h1", "h2"]),
        ("ana", "identities read", "objection", ["h3"]),
    ]
    assert {(details["role"], details["as_of"]) for _, details in found} == {("caseworker", "2025-01-01")}


def test_a_reading_of_nobody_is_not_noted(database: sa.Engine) -> None:
    assert reader(database).contacts(heads(), AS_OF, "visit").is_empty()
    assert audit.head(database) == (0, audit.START)
