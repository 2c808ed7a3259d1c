"""``make tamper``: fourteen ways of changing the audit log, at a thousand places, on SQLite and on PostgreSQL.

Every change is made by somebody who owns the database but not the key, in a transaction that is then undone. All
must be found, and a chain that nobody has touched must always hold. Prints one line per database and way.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from databases import as_owner
from postgres import as_psycopg, running_server, statement
from sqlmodel import Session

from engine import audit, chain
from engine.chain import Checkpoint, Link
from engine.db import migrate, open_db, writing

KEY, NOW = b"k" * 32, datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
TEXTS = ("actor", "action", "subject_kind", "payload_sha256", "previous_hash", "hash")


class Attack:
    """One transaction in the hands of the owner of the database; ``seq`` is the place, ``last`` the end."""

    def __init__(self, session: Session, seq: int, last: int, rng: random.Random) -> None:
        self.session, self.seq, self.last, self.rng = session, seq, last, rng

    def run(self, text: str, **values: object) -> None:
        """Run a statement; it must change something."""
        result = self.session.execute(sa.text(text), values)
        assert result.rowcount != 0, text

    def row(self, seq: int) -> dict[str, object]:
        """An entry as it is stored."""
        found = self.session.execute(sa.text("SELECT * FROM audit_entry WHERE seq = :seq"), {"seq": seq})
        return dict(found.mappings().one())

    def put(self, row: dict[str, object]) -> None:
        """Insert an entry."""
        names = ", ".join(row)
        self.run(f"INSERT INTO audit_entry ({names}) VALUES ({', '.join(':' + name for name in row)})", **row)

    def cut(self, first: int, last: int | None = None) -> None:
        """Delete entries with their details."""
        for table in ("audit_detail", "audit_entry"):
            self.run(f"DELETE FROM {table} WHERE seq BETWEEN :a AND :b", a=first, b=last or self.last)

    def forged(self, seq: int, previous: str, key: bytes, actor: str = "eve") -> Link:
        """An entry that was made with another key."""
        payload = chain.canonical({"purpose": "forged"})
        link = Link(seq, chain.moment(NOW), actor, "look", "household", chain.sha256(payload), previous, "", b"x")
        return link._replace(hash=chain.hash_of(key, link))


def edit_a_text(a: Attack) -> None:
    a.run(f"UPDATE audit_entry SET {a.rng.choice(TEXTS)} = 'eve' WHERE seq = :seq", seq=a.seq)


def edit_the_moment(a: Attack) -> None:
    at = NOW - timedelta(seconds=a.rng.randrange(1, 10**6), microseconds=7)
    a.session.execute(sa.update(audit.ENTRIES).where(audit.ENTRIES.c.seq == a.seq).values(at=at))


def delete_one(a: Attack) -> None:
    a.cut(a.seq, a.seq)


def insert_one(a: Attack) -> None:
    link = a.forged(a.last + 1, str(a.row(a.last)["hash"]), b"x" * 32)
    a.put({name: value for name, value in link._asdict().items() if name != "sealed"} | {"at": a.row(a.seq)["at"]})


def exchange_two(a: Attack) -> None:
    other = a.seq % a.last + 1
    one, two = a.row(a.seq), a.row(other)
    for seq, row in ((a.seq, two), (other, one)):
        kept = {name: value for name, value in row.items() if name != "seq"}
        a.run(f"UPDATE audit_entry SET {', '.join(f'{n} = :{n}' for n in kept)} WHERE seq = :seq", seq=seq, **kept)


def cut_the_tail(a: Attack) -> None:
    a.cut(a.seq)


def replace_one(a: Attack) -> None:
    row = a.row(a.seq) | {"actor": "eve"}
    names, given = ", ".join(row), ", ".join(f":{name}" for name in row)
    if a.session.get_bind().dialect.name == "sqlite":
        a.run(f"INSERT OR REPLACE INTO audit_entry ({names}) VALUES ({given})", **row)
    else:
        how = "ON CONFLICT (seq) DO UPDATE SET actor = excluded.actor"
        a.run(f"INSERT INTO audit_entry ({names}) VALUES ({given}) {how}", **row)


def hash_anew_without_the_key(a: Attack) -> None:
    previous = str(a.row(a.seq)["previous_hash"])
    for seq in range(a.seq, min(a.seq + 5, a.last) + 1):
        link = a.forged(seq, previous, b"x" * 32)
        a.run(
            "UPDATE audit_entry SET actor = 'eve', previous_hash = :p, hash = :h WHERE seq = :seq",
            p=previous, h=link.hash, seq=seq,
        )  # fmt: skip
        previous = link.hash


def put_back_an_old_copy_and_go_on(a: Attack) -> None:
    a.cut(a.seq)
    for _ in range(min(a.last - a.seq + 2, 20)):  # with the true key: the program itself goes on writing
        audit.append(a.session, KEY, at=NOW, actor="ana", action="look", subject_kind="night", details={})


def repeat_one(a: Attack) -> None:
    a.put(a.row(a.seq) | {"seq": a.last + 1})
    a.run(
        "INSERT INTO audit_detail SELECT :to, sealed FROM audit_detail WHERE seq = :seq", to=a.last + 1, seq=a.seq
    )


def renumber(a: Attack) -> None:
    a.put(a.row(a.seq) | {"seq": a.last + 7})
    a.run("UPDATE audit_detail SET seq = :to WHERE seq = :seq", to=a.last + 7, seq=a.seq)
    a.run("DELETE FROM audit_entry WHERE seq = :seq", seq=a.seq)


def edit_a_detail(a: Attack) -> None:
    found = a.session.execute(sa.text("SELECT sealed FROM audit_detail WHERE seq = :seq"), {"seq": a.seq})
    sealed = bytearray(found.scalar_one())
    sealed[a.rng.randrange(len(sealed))] ^= 1 << a.rng.randrange(8)
    a.run("UPDATE audit_detail SET sealed = :sealed WHERE seq = :seq", sealed=bytes(sealed), seq=a.seq)


def take_a_detail_away(a: Attack) -> None:
    a.run("DELETE FROM audit_detail WHERE seq = :seq", seq=a.seq)


def give_it_the_detail_of_another(a: Attack) -> None:
    other = a.seq % a.last + 1
    copied = "(SELECT sealed FROM audit_detail WHERE seq = :other)"
    a.run(f"UPDATE audit_detail SET sealed = {copied} WHERE seq = :seq", other=other, seq=a.seq)


WAYS: tuple[Callable[[Attack], None], ...] = (
    edit_a_text,
    edit_the_moment,
    delete_one,
    insert_one,
    exchange_two,
    cut_the_tail,
    replace_one,
    hash_anew_without_the_key,
    put_back_an_old_copy_and_go_on,
    repeat_one,
    renumber,
    edit_a_detail,
    take_a_detail_away,
    give_it_the_detail_of_another,
)


@contextmanager
def undone(engine: sa.Engine) -> Iterator[Session]:
    """A session of the owner of the database, in a transaction that is undone; the triggers are gone in it."""
    with engine.connect() as connection, connection.begin() as transaction:
        as_owner(connection)
        with Session(connection) as session:
            yield session
        transaction.rollback()


def missed(engine: sa.Engine, way: Callable[[Attack], object], places: int, length: int, seed: int) -> int:
    """How many of so many changes were not found; the chain has ``length`` entries and a checkpoint at its end."""
    rng = random.Random(f"{seed} {way.__name__}")
    with engine.connect() as connection, Session(connection) as session:
        *_, last = audit.links(session)
        assert last.seq == length
    mark = chain.signed(KEY, Checkpoint("2026-11-21", chain.moment(NOW), last.seq, last.hash))
    count = 0
    for number in range(places):
        seq = number % length + 1 if places >= length else rng.randrange(1, length + 1)
        with undone(engine) as session:
            way(Attack(session, seq, length, rng))
            count += audit.verify(session, KEY, [mark]).intact
    return count


def false_alarms(engine: sa.Engine, runs: int) -> int:
    """How often a chain that nobody has touched does not hold."""
    count = 0
    for _ in range(runs):
        with engine.connect() as connection, Session(connection) as session:
            count += not audit.verify(session, KEY).intact
    return count


def filled(engine: sa.Engine, length: int) -> None:
    """Make the tables and a chain of so many entries."""
    migrate(engine)
    with writing(engine) as session:
        for number in range(length):
            audit.append(
                session,
                KEY,
                at=NOW + timedelta(seconds=number),
                actor="ana",
                action="identities read",
                subject_kind="household",
                details={"purpose": "visit", "households": [f"household{number:03d}"]},
            )


def told(line: str) -> None:
    """Say how it goes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(places: int, length: int, seed: int) -> int:
    """Run all; the exit code is 1 where anything was missed."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        statement(as_psycopg(server.get_uri()), "CREATE DATABASE tamper")
        for place in (Path(folder) / "x.db", as_psycopg(server.get_uri("tamper"))):
            engine = open_db(place)
            filled(engine, length)
            for way in WAYS:
                count = missed(engine, way, places, length, seed)
                wrong += count
                told(f"{engine.dialect.name:11} {places:6,} × {way.__name__}: {count} missed")
            count = false_alarms(engine, 1_000 if places >= 1_000 else places)
            wrong += count
            told(f"{engine.dialect.name:11} untouched: {count} false alarms")
            engine.dispose()
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--length", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.places, given.length, given.seed))
