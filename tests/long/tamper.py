"""``make tamper``: every way of changing the audit log, at a thousand places, on SQLite and on PostgreSQL.

Every change is made by somebody who owns the database but not the key, in a transaction that is then undone; then
the same in a log whose key was changed half-way, where the first key is in wrong hands, too. All must be found, and
a chain that nobody has touched must always hold. Prints one line per database and way.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
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
FIRST = b"f" * 32
"""The key before it, in a log whose key was changed."""
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

    @property
    def seam(self) -> int:
        """The last entry under the first key."""
        found = sa.text("SELECT seq FROM audit_entry WHERE action = :action")
        return int(self.session.execute(found, {"action": chain.CHANGED}).scalar_one())

    def rehash(self, first: int, last: int, key: bytes) -> None:
        """Link entries again with a key that the attacker has."""
        for link in list(audit.links(self.session)):
            if first <= link.seq <= last:
                previous = str(self.row(link.seq - 1)["hash"]) if link.seq > 1 else chain.START
                told = link._replace(previous_hash=previous)
                self.run(
                    "UPDATE audit_entry SET previous_hash = :p, hash = :h WHERE seq = :seq",
                    p=previous, h=chain.hash_of(key, told), seq=link.seq,
                )  # fmt: skip

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


def rewrite_with_the_first_key(a: Attack) -> None:
    seq = a.rng.randrange(1, a.seam + 1)
    a.run("UPDATE audit_entry SET actor = 'eve' WHERE seq = :seq", seq=seq)
    a.rehash(seq, a.seam, FIRST)


def cut_behind_the_seam(a: Attack) -> None:
    a.cut(a.seam + 1)


def cut_the_seam_and_go_on_with_the_first_key(a: Attack) -> None:
    a.cut(a.rng.randrange(2, a.seam + 1))
    audit.append(a.session, FIRST, at=NOW, actor="eve", action="look", subject_kind="night", details={})


def make_a_seam_to_another_key(a: Attack) -> None:
    a.cut(a.rng.randrange(2, a.seam + 1))
    audit.change_key(a.session, FIRST, b"e" * 32, at=NOW, actor="eve", details={})


def make_the_seam_again_and_go_on(a: Attack) -> None:
    a.cut(a.rng.randrange(2, a.seam + 1))
    last = a.session.execute(sa.text("SELECT max(seq) FROM audit_entry")).scalar_one()
    told = {chain.NEXT: chain.commitment(KEY)}  # it can be read in the true seam by whoever has the first key
    audit.append(a.session, FIRST, at=NOW, actor="eve", action=chain.CHANGED, subject_kind="key", details=told)
    link = a.forged(last + 2, str(a.row(last + 1)["hash"]), FIRST)
    a.put({name: value for name, value in link._asdict().items() if name != "sealed"} | {"at": NOW.isoformat(" ")})


def take_the_seam_out(a: Attack) -> None:
    seam, before = a.seam, str(a.row(a.seam)["previous_hash"])
    a.cut(seam, seam)
    a.run("UPDATE audit_entry SET previous_hash = :p WHERE seq = :seq", p=before, seq=seam + 1)


SEAM_WAYS: tuple[Callable[[Attack], None], ...] = (
    rewrite_with_the_first_key,
    cut_behind_the_seam,
    cut_the_seam_and_go_on_with_the_first_key,
    make_a_seam_to_another_key,
    make_the_seam_again_and_go_on,
    take_the_seam_out,
)
"""In a log whose key was changed, by somebody who has its first key."""
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


def missed(
    engine: sa.Engine,
    way: Callable[[Attack], object],
    places: int,
    length: int,
    seed: int,
    *,
    earlier: Sequence[bytes] = (),
    checkpoint: bool = True,
) -> int:
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
            count += audit.verify(session, KEY, [mark] if checkpoint else [], earlier).intact
    return count


def false_alarms(engine: sa.Engine, runs: int, earlier: Sequence[bytes] = ()) -> int:
    """How often a chain that nobody has touched does not hold."""
    count = 0
    for _ in range(runs):
        with engine.connect() as connection, Session(connection) as session:
            count += not audit.verify(session, KEY, earlier=earlier).intact
    return count


def filled(engine: sa.Engine, length: int, *, changed: bool = False) -> None:
    """Make the tables and a chain of so many entries, two of them for a change of its key half-way."""
    migrate(engine)
    with writing(engine) as session:
        for number in range(length - 2 * changed):
            if changed and number == length // 2 - 1:
                audit.change_key(session, FIRST, KEY, at=NOW, actor="ana", details={})
            audit.append(
                session,
                FIRST if changed and number < length // 2 - 1 else KEY,
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
        statement(as_psycopg(server.get_uri()), "CREATE DATABASE tamper_changed")
        for changed in (False, True):
            name = "tamper_changed" if changed else "tamper"
            for place in (Path(folder) / f"{name}.db", as_psycopg(server.get_uri(name))):
                engine = open_db(place)
                wrong += _all_ways(engine, places, length, seed, changed=changed)
                engine.dispose()
    return 1 if wrong else 0


def _all_ways(engine: sa.Engine, places: int, length: int, seed: int, *, changed: bool) -> int:
    filled(engine, length, changed=changed)
    wrong, earlier = 0, [FIRST] if changed else []
    for way in (*WAYS, *(SEAM_WAYS if changed else ())):
        count = missed(engine, way, places, length, seed, earlier=earlier)
        wrong += count
        told(f"{engine.dialect.name:11} {places:6,} × {way.__name__}: {count} missed")
    count = false_alarms(engine, 1_000 if places >= 1_000 else places, earlier)
    told(f"{engine.dialect.name:11} untouched: {count} false alarms")
    return wrong + count


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--length", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(main(given.places, given.length, given.seed))
