"""A search for people in whatever a home, its database and its commands leave behind.

Looked for are the identity number, household number, name, phone and address of everybody who was delivered, also
inside of longer words: Chinese text has no spaces. Most of the county's names have two characters, and such a pair
could stand in a sentence of ours by chance (周平 in 每周平均). No pair is let off for that: ``by_chance`` holds the
program's own words against all names, and as long as it finds nothing every hit is a person.
"""

import csv
import gzip
import hashlib
import html
import json
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import sqlalchemy as sa

HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
"""Chinese characters, the rare ones too."""
WORDS = re.compile(f"[0-9A-Za-z{HAN}-]{{2,}}")
ESCAPE = re.compile(r"(?:\\+u[0-9a-fA-F]{4})+")
ROOT = Path(__file__).parents[1]
_READ: dict[tuple[bytes, frozenset[str]], set[str]] = {}
NUMBERS = ("person_id", "household_id", "kin_id")


def people_of(home: Path) -> frozenset[str]:
    """Everything by which somebody in a home's deliveries can be named or found."""
    found: set[str] = set()
    for path in sorted((home / "inbox").rglob("*-[0-9]*")):
        if path.suffix == ".parquet":
            rows = pl.read_parquet(path)
        elif path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = pl.DataFrame(list(csv.DictReader(file)))
        else:
            continue
        wanted = (*NUMBERS, *(("name", "phone", "address") if path.name.startswith("identity") else ()))
        for name in wanted:
            found |= set(rows[name].drop_nulls()) if name in rows.columns else set()
    return frozenset(each for each in found if WORDS.fullmatch(each))


def named_in(text: str, secrets: frozenset[str]) -> set[str]:
    """Whom a text names, whichever way it is escaped; as a word or inside of one."""
    plain = ESCAPE.sub(_unescaped, text) if "\\u" in text else text
    plain = html.unescape(plain) if "&#" in plain else plain
    lengths = {
        latin: sorted({len(each) for each in secrets if not latin or each.isascii()}) for latin in (True, False)
    }
    found = set()
    for word in set(WORDS.findall(plain)):
        found |= {
            word[start : start + length]
            for length in lengths[word.isascii()]
            for start in range(len(word) - length + 1)
            if word[start : start + length] in secrets
        }
    return found


def hits_in(folder: Path, secrets: frozenset[str], allowed: Iterable[str] = ()) -> dict[str, int]:
    """How many people each file of a folder names, by its path; ``allowed`` folders are not looked into."""
    found: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in allowed:
            continue
        known = named_in(str(inside), secrets)
        known |= _named_in_file(path, secrets) if path.is_file() else set()
        if known:
            found[str(inside)] = len(known)
    return found


def texts_of(path: Path) -> Iterator[str]:
    """Everything that can be read in a file: its bytes as text, and what is packed or stored in it, by column."""
    data = path.read_bytes()
    yield data.decode("utf-8", "replace")
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data).decode("utf-8", "replace")
    elif data.startswith(b"PAR1"):
        yield columns_of(pl.read_parquet(path))
    elif data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    elif data.startswith(b"SQLite format 3"):
        database = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path, timeout=60))
        yield rows_of(database)
        database.dispose()


def columns_of(frame: pl.DataFrame) -> str:
    """The names and the distinct values of all columns, nested ones included; a whole number may be a phone."""
    told = list(frame.columns)
    for column in frame:
        told += [_as_text(each) for each in column.unique()]
    return "\n".join(told)


def rows_of(database: sa.Engine) -> str:
    """Every value of every column of every table; what is sealed, as the bytes that it is."""
    told: list[str] = []
    with database.connect() as connection:
        for table in sa.inspect(database).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                told += [_as_text(each) for each in row]
    return "\n".join(told)


def by_chance(secrets: frozenset[str]) -> set[str]:
    """The names that stand in the program's own source, which knows nobody; it must have none of the county's."""
    paths = [
        path
        for room in ("engine", "features", "models", "outreach")
        for path in sorted((ROOT / room).rglob("*"))
        if path.suffix in {".py", ".toml", ".j2", ".css"}
    ]
    assert len(paths) > 100
    return {name for path in paths for name in named_in(path.read_text("utf-8"), secrets)}


def _named_in_file(path: Path, secrets: frozenset[str]) -> set[str]:
    """Whom a file names; the same bytes in another place are not read again."""
    key = hashlib.sha256(path.read_bytes()).digest(), secrets
    if key not in _READ:
        _READ[key] = {each for text in texts_of(path) for each in named_in(text, secrets)}
    return _READ[key]


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _unescaped(found: re.Match[str]) -> str:
    """Escapes of JSON and Python as the characters they stand for, pairs of surrogates put together."""
    units = [int(each, 16) for each in re.findall(r"u([0-9a-fA-F]{4})", found[0])]
    return b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be", "replace")
