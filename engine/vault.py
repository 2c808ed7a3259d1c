"""The identity vault: id numbers, names, phones and addresses, sealed field by field under their own key.

Each field is bound to its table, column and row (``engine.sealing``). Whoever reads is noted in the audit log
before anything is opened.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final

import polars as pl
import sqlalchemy as sa
from sqlmodel import Session

from engine.audit import AuditLog
from engine.db import reading, writing
from engine.errors import IntegrityError
from engine.sealing import seal, unseal
from engine.tables import SUBJECT_KINDS, VaultIdentity

KEY_VERSION: Final = 1
FIELDS: Final = ("id_number", "name", "phone", "address")
AT_ONCE: Final = 5_000
CONTACT_FIELDS: Final = ("name", "phone", "address")
CONTACT_SCHEMA: Final = {"household_id": pl.String, "name": pl.String, "phone": pl.String, "address": pl.String}


class Vault:
    """Writes identities. Reading them is ``VaultReader``'s alone."""

    def __init__(self, database: sa.Engine, key: bytes) -> None:
        self._database = database
        self._key = key

    def store(self, identities: pl.DataFrame) -> int:
        """Store versions of identities in one transaction and return how many rows were given.

        ``subject`` (pseudonym), ``kind`` (person | household), ``valid_from``, ``known_on``, ``delivery_id``,
        ``id_number`` (normalised), ``name``, ``phone``, ``address``. Storing the same rows again changes nothing.
        Raises IntegrityError where a subject is already known by another id number: a collision of pseudonyms.
        """
        ordered = identities.sort("subject", "valid_from", "known_on")
        table = VaultIdentity.metadata.tables["vault_identity"]
        with writing(self._database) as session:
            for part in ordered.iter_slices(AT_ONCE):
                self._refuse_collisions(session, table, part)
                rows = [self._sealed_row(row) for row in part.iter_rows(named=True)]
                session.execute(_upsert(session, table), rows)
        return ordered.height

    def _refuse_collisions(self, session: Any, table: sa.Table, part: pl.DataFrame) -> None:
        given = dict(part.select("subject", "id_number").iter_rows())
        known = session.execute(
            sa.select(table.c.subject, table.c.valid_from, table.c.known_on, table.c.id_number, table.c.key_version)
            .where(table.c.subject.in_(sorted(given)))
            .order_by(table.c.subject)
        )
        for subject, valid_from, known_on, sealed, version in known:
            if sealed is None or given[subject] is None:
                continue
            place = _place("id_number", subject, valid_from, known_on, version)
            if unseal(self._key, place, sealed).decode("utf-8") != given[subject]:
                raise IntegrityError(
                    "two identity numbers have the same pseudonym; the delivery was not taken in",
                    "This cannot be mended here: report it, with the name of the delivery and without the numbers.",
                )

    def _sealed_row(self, row: dict[str, Any]) -> dict[str, Any]:
        sealed = dict(row)
        for field in FIELDS:
            if row[field] is not None:
                place = _place(field, row["subject"], row["valid_from"], row["known_on"], KEY_VERSION)
                sealed[field] = seal(self._key, place, row[field].encode("utf-8"))
        return {**sealed, "key_version": KEY_VERSION}


def reseal(database: sa.Engine, old: bytes, new: bytes) -> int:
    """Seal every row that has the old key with the new one, some thousands in a transaction; returns how many.

    Rows that have the new key already are passed by, so that a change that was interrupted goes on. Raises
    IntegrityError for a row that opens with neither.
    """
    table = VaultIdentity.metadata.tables["vault_identity"]
    keys = (table.c.subject, table.c.valid_from, table.c.known_on)
    done, last = 0, None
    while True:
        with writing(database) as session:
            statement = sa.select(table).order_by(*keys).limit(AT_ONCE)
            if last is not None:
                statement = statement.where(sa.tuple_(*keys) > sa.tuple_(*map(sa.literal, last)))
            rows = session.execute(statement).mappings().all()
            for row in rows:
                changed = _sealed_anew(row, old, new)
                if changed is not None:
                    here = (column == row[column.name] for column in keys)
                    session.execute(sa.update(table).where(*here).values(changed))
                    done += 1
        if not rows:
            return done
        last = tuple(rows[-1][column.name] for column in keys)


def _sealed_anew(row: Any, old: bytes, new: bytes) -> dict[str, Any] | None:
    """The fields of a row under the new key; None where they have it already."""
    version, changed = row["key_version"], {}
    for field in (field for field in FIELDS if row[field] is not None):
        where = (row["subject"], row["valid_from"], row["known_on"])
        try:
            plain = unseal(old, _place(field, *where, version), row[field])
        except IntegrityError:
            unseal(new, _place(field, *where, version), row[field])
            return None
        changed[field] = seal(new, _place(field, *where, version + 1), plain)
    return {**changed, "key_version": version + 1}


def rename(session: Session, key: bytes, became: Callable[[str, pl.Series], pl.Series]) -> int:
    """Give every row its subject's new pseudonym, in the caller's transaction; returns how many rows there were.

    ``became`` tells the new ones of a kind (person or household). Each field is bound to its row, and so is sealed
    again. Raises IntegrityError for a row that does not open.
    """
    table = VaultIdentity.metadata.tables["vault_identity"]
    keys = [table.c[name] == sa.bindparam(f"at_{name}") for name in ("subject", "valid_from", "known_on")]
    update, rows = sa.update(table).where(*keys), 0
    for kind in SUBJECT_KINDS:
        of_kind = sa.select(table.c.subject).where(table.c.kind == kind).distinct().order_by(table.c.subject)
        subjects = pl.Series(session.execute(of_kind).scalars().all(), dtype=pl.String)
        names = dict(zip(subjects, became(kind, subjects), strict=True))
        for part in subjects.to_frame("subject").iter_slices(AT_ONCE):
            here = sa.select(table).where(table.c.subject.in_(part["subject"].to_list()), table.c.kind == kind)
            changes = [_renamed(row, key, names[row["subject"]]) for row in session.execute(here).mappings()]
            session.connection().execute(update, changes)
            rows += len(changes)
    return rows


def _renamed(row: Any, key: bytes, name: str) -> dict[str, Any]:
    at = (row["valid_from"], row["known_on"], row["key_version"])
    sealed: dict[str, bytes | None] = dict.fromkeys(FIELDS)
    for field in (field for field in FIELDS if row[field] is not None):
        plain = unseal(key, _place(field, row["subject"], *at), row[field])
        sealed[field] = seal(key, _place(field, name, *at), plain)
    where = {f"at_{each}": row[each] for each in ("subject", "valid_from", "known_on")}
    return {**where, "subject": name, **sealed}


def numbers_of(database: sa.Engine, key: bytes, subjects: Sequence[str], log: AuditLog) -> set[str]:
    """Every number under which the vault knows some subjects, noted in the audit log before it is opened."""
    table = VaultIdentity.metadata.tables["vault_identity"]
    log.note("identities read", "person", {"purpose": "erasure", "fields": ("id_number",), "count": len(subjects)})
    found = set()
    with reading(database) as session:
        for start in range(0, len(subjects), AT_ONCE):
            statement = sa.select(table).where(table.c.subject.in_(subjects[start : start + AT_ONCE]))
            for row in session.execute(statement.where(table.c.id_number.is_not(None))).mappings():
                about = _place("id_number", row["subject"], row["valid_from"], row["known_on"], row["key_version"])
                found.add(unseal(key, about, row["id_number"]).decode("utf-8"))
    return found


def forget(session: Session, subjects: Sequence[str]) -> int:
    """Delete every version of some subjects in the caller's transaction; returns how many rows there were."""
    table = VaultIdentity.metadata.tables["vault_identity"]
    gone = 0
    for start in range(0, len(subjects), AT_ONCE):
        theirs = sa.delete(table).where(table.c.subject.in_(subjects[start : start + AT_ONCE]))
        gone += len(session.execute(theirs.returning(table.c.known_on)).all())
    return gone


def last_known_before(session: Session, first: date) -> list[str]:
    """The subjects of whom nothing has become known since a day, sorted."""
    table = VaultIdentity.metadata.tables["vault_identity"]
    newest = sa.select(table.c.subject).group_by(table.c.subject).having(sa.func.max(table.c.known_on) < first)
    return sorted(session.execute(newest).scalars())


def forget_replaced(session: Session, first: date) -> int:
    """Delete the versions that another had replaced before a day, in the caller's transaction; tells how many."""
    table = VaultIdentity.metadata.tables["vault_identity"]
    later = table.alias("later")
    replaced = sa.exists().where(
        later.c.subject == table.c.subject,
        later.c.known_on < first,
        later.c.known_on >= table.c.known_on,
        sa.tuple_(later.c.valid_from, later.c.known_on) > sa.tuple_(table.c.valid_from, table.c.known_on),
    )
    return len(session.execute(sa.delete(table).where(replaced).returning(table.c.known_on)).all())


class VaultReader:
    """The one way from a pseudonym back to a name: for the households on a list, as of its date.

    Every reading stands in the audit log before anything is opened: who, what for, which households.
    """

    def __init__(self, database: sa.Engine, key: bytes, log: AuditLog) -> None:
        self._database = database
        self._key = key
        self._log = log

    def contacts(self, heads: pl.DataFrame, as_of: date, purpose: str) -> pl.DataFrame:
        """How to reach households: ``household_id, name, phone, address``, sorted by household; unknown = null.

        ``heads`` holds ``household_id, person_id`` (the head; may be null), one row per household. The name is the
        head's, else the one kept for the household; phone and address are the household's, else the head's. Only
        what was known and valid on ``as_of`` counts.
        """
        households = sorted(heads["household_id"].drop_nulls())
        if not households:
            return pl.DataFrame(schema=CONTACT_SCHEMA)
        told = {"purpose": purpose, "as_of": as_of.isoformat(), "fields": CONTACT_FIELDS, "households": households}
        self._log.note("identities read", "household", told)
        subjects = sorted({*heads["household_id"].drop_nulls(), *heads["person_id"].drop_nulls()})
        found = {subject: fields for subject, fields in self._newest(subjects, as_of)}
        nobody = dict.fromkeys(FIELDS)
        rows = []
        for household, head in heads.select("household_id", "person_id").sort("household_id").iter_rows():
            home, person = found.get(household, nobody), found.get(head, nobody)
            rows.append(
                {
                    "household_id": household,
                    "name": person["name"] or home["name"],
                    "phone": home["phone"] or person["phone"],
                    "address": home["address"] or person["address"],
                }
            )
        return pl.DataFrame(rows, schema=CONTACT_SCHEMA)

    def versions(self, subjects: Sequence[str], purpose: str) -> pl.DataFrame:
        """Every version of the identities of some subjects: ``subject, id_number, name, phone, address``.

        For comparing, not for showing; the entry in the audit log tells how many, not who.
        """
        told = {"purpose": purpose, "fields": FIELDS, "count": len(subjects)}
        self._log.note("identities read", "person", told)
        table = VaultIdentity.metadata.tables["vault_identity"]
        schema = {"subject": pl.String} | dict.fromkeys(FIELDS, pl.String)
        parts = [pl.DataFrame(schema=schema)]
        with reading(self._database) as session:
            for start in range(0, len(subjects), AT_ONCE):
                statement = sa.select(table).where(table.c.subject.in_(subjects[start : start + AT_ONCE]))
                found = session.execute(statement.order_by(table.c.subject, table.c.valid_from, table.c.known_on))
                rows = [{"subject": row["subject"], **self._opened(row)} for row in found.mappings()]
                parts.append(pl.DataFrame(rows, schema=schema))
        return pl.concat(parts)

    def _newest(self, subjects: Sequence[str], as_of: date) -> Iterator[tuple[str, dict[str, str | None]]]:
        """Each subject with the fields of its newest version; later versions come later and so win."""
        table = VaultIdentity.metadata.tables["vault_identity"]
        with reading(self._database) as session:
            for start in range(0, len(subjects), AT_ONCE):
                rows = session.execute(
                    sa.select(table)
                    .where(table.c.subject.in_(subjects[start : start + AT_ONCE]))
                    .where(table.c.known_on <= as_of, table.c.valid_from <= as_of)
                    .order_by(table.c.subject, table.c.valid_from, table.c.known_on)
                )
                for row in rows.mappings():
                    yield row["subject"], self._opened(row)

    def _opened(self, row: Any) -> dict[str, str | None]:
        opened: dict[str, str | None] = {}
        for field in FIELDS:
            place = _place(field, row["subject"], row["valid_from"], row["known_on"], row["key_version"])
            sealed = row[field]
            opened[field] = None if sealed is None else unseal(self._key, place, sealed).decode("utf-8")
        return opened


def unopened(database: sa.Engine, key: bytes) -> dict[str, int]:
    """How many rows of the vault do not open with this key, by delivery. Nothing that was opened is kept."""
    table = VaultIdentity.metadata.tables["vault_identity"]
    found: dict[str, int] = {}
    with reading(database) as session:
        for row in session.execute(sa.select(table).execution_options(yield_per=AT_ONCE)).mappings():
            try:
                for field in FIELDS:
                    if row[field] is not None:
                        place = _place(
                            field, row["subject"], row["valid_from"], row["known_on"], row["key_version"]
                        )
                        unseal(key, place, row[field])
            except IntegrityError:
                found[row["delivery_id"]] = found.get(row["delivery_id"], 0) + 1
    return found


def _place(field: str, subject: str, valid_from: date, known_on: date, key_version: int) -> str:
    return f"vault_identity|{field}|{subject}|{valid_from}|{known_on}|{key_version}"


def _upsert(session: Any, table: sa.Table) -> Any:
    """Insert rows; of two with the same subject and dates that of the greater delivery id stands, in any order."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(table)
    changed = {name: insert.excluded[name] for name in ("kind", "delivery_id", *FIELDS, "key_version")}
    return insert.on_conflict_do_update(
        index_elements=["subject", "valid_from", "known_on"],
        set_=changed,
        where=table.c.delivery_id <= insert.excluded.delivery_id,
    )
