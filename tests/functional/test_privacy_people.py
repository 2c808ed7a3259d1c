"""Id numbers, names, phones and addresses are in the inbox, on the lists and, sealed, in vault and quarantine.

Nowhere else: not in what commands say or log when they fail, not in records, nights, reports, models, the database,
a backup, or the name of a file. How they are looked for stands in ``people_search``.
"""

import gzip
import io
import json
import logging
import sqlite3
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
import structlog
from homes import NIGHT, Run, copy_of, demo_home, done, process, xunfang
from people_search import by_chance, hits_in, named_in, people_of, texts_of

from engine import logs

ALLOWED = ("inbox", "lists", "truth", "caseworkers.toml")
"""Where people are named; ``truth`` is the generator's own, which no bureau has; the staff have namesakes."""
NEXT = "2026-01-07"
IDENTITY = ("person_id", "household_id", "name", "phone", "address", "valid_from")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


@pytest.fixture(scope="module")
def secrets(home: Path) -> frozenset[str]:
    return people_of(home)


@pytest.fixture(scope="module")
def rows(home: Path) -> pl.DataFrame:
    """Identities as they were delivered, of forty people with everything."""
    people = pl.concat(pl.read_parquet(path) for path in sorted((home / "inbox").glob("*/identity-*.parquet")))
    return people.drop_nulls(["person_id", "name", "phone"]).select(IDENTITY).cast(pl.String).head(40)


@dataclass
class Said:
    """What commands have said: on their two streams, in logs at debug, and in tracebacks."""

    texts: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    log: io.StringIO = field(default_factory=io.StringIO)

    def run(self, *words: object, by: Callable[..., Run] = xunfang) -> Run:
        """Run a command; an exception that is no user's mistake is kept as Python would print it."""
        name = f"{len(self.texts)} {' '.join(map(str, words))}"
        try:
            run = by(*words)
        except Exception as bug:
            run = Run(1, "", "".join(traceback.format_exception(bug)))
        self.texts[name], self.codes[name] = run.out + run.err, run.code
        return run

    def naming(self, secrets: frozenset[str]) -> dict[str, int]:
        """The commands that named somebody, and how many."""
        told = {name: len(named_in(text, secrets)) for name, text in self.texts.items()}
        told["the log"] = len(named_in(self.log.getvalue(), secrets))
        return {name: count for name, count in told.items() if count}


@contextmanager
def at_debug(said: Said) -> Iterator[None]:
    """Everything that any library or we ourselves log, from debug on."""
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(said.log))
    root.handlers = [logging.StreamHandler(said.log)]
    root.setLevel(logging.DEBUG)
    engines = [logging.getLogger(name) for name in ("sqlalchemy.engine", "sqlalchemy.pool", "alembic")]
    levels = [each.level for each in engines]
    for each in engines:
        each.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        structlog.reset_defaults()
        root.handlers = handlers
        root.setLevel(before)
        for each, level in zip(engines, levels, strict=True):
            each.setLevel(level)


def deliver(home: Path, name: str, kind: str, data: bytes, *, file: str | None = None, manifest: str = "") -> None:
    folder = home / "inbox" / name
    folder.mkdir()
    file = file or f"{kind}.csv"
    (folder / file).write_bytes(data)
    told = {"delivery_id": name, "delivered_on": "2026-01-05", "files": [{"name": file, "kind": kind}]}
    (folder / "manifest.json").write_text(manifest or json.dumps(told), "utf-8")


def stage_b(rows: pl.DataFrame) -> bytes:
    income = rows.select(
        "person_id",
        pl.lit(None, pl.String).alias("household_id"),
        pl.lit("2025-11-01").alias("month"),
        pl.lit("1").alias("period_months"),
        pl.lit("wage").alias("kind"),
        pl.lit("SW").alias("source_dept"),
        pl.col("name").alias("record_no"),
        pl.lit("100").alias("amount"),
        pl.lit("registered").alias("quality"),
    )
    return income.write_csv().encode()


def bad_deliveries(home: Path, rows: pl.DataFrame) -> set[str]:
    """Deliveries that are refused, each for another reason, each with people in the file."""
    text = rows.write_csv()
    wrong_kind = rows.with_columns(valid_from=pl.col("name"))
    some_broken = rows.with_columns(
        valid_from=pl.when(pl.int_range(pl.len()) % 2 == 0).then("valid_from").otherwise("name")
    )
    deliver(home, "headerless", "identity", text.split("\n", 1)[1].encode())
    deliver(home, "no-such-column", "identity", text.replace("phone", "电话", 1).encode())
    deliver(home, "wrong-kind", "identity", wrong_kind.write_csv().encode())
    deliver(home, "many-broken", "identity", some_broken.write_csv().encode())
    deliver(home, "many-broken-gb", "identity", some_broken.write_csv().encode("gb18030"))
    deliver(home, "stage-b", "income", stage_b(rows))
    deliver(home, "stage-b-column", "identity", text.replace("address", "银行账号", 1).encode())
    deliver(home, "cut", "identity", gzip.compress(text.encode())[:-9], file="identity.csv.gz")
    deliver(home, "no-workbook", "identity", text.encode(), file="identity.xlsx")
    deliver(home, "no-parquet", "identity", b"PAR1" + text.encode() + b"PAR1", file="identity.parquet")
    deliver(home, "no-json", "identity", text.encode(), manifest=f'{{"delivery_id": "{rows["name"][0]}", "files')
    deliver(home, "strangers", "kin", stage_b(rows).replace(b"person_id,household_id", b"person_id,kin_id"))
    return {path.name for path in (home / "inbox").iterdir() if path.name != "county"}


LOOKED = (
    ("check", "--json"),
    ("status",),
    ("status", "--json"),
    ("verify", "--json"),
    ("features", "show", "income_drop_3m", "--as-of", NIGHT),
    ("linkage", "propose", "--json"),
    ("linkage", "list", "--json"),
    ("retain", "--dry-run", "--json"),
    ("keys", "list"),
    ("rights", "list", "--json"),
    ("consent", "list", "--json"),
    ("quarantine", "list", "--json"),
)


@pytest.fixture(scope="module")
def at_work(home: Path, rows: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said]:
    """A folder with a home in which everything has been done that says or logs something, and what was said."""
    folder, said = tmp_path_factory.mktemp("work"), Said()
    here = copy_of(home, folder / "home")
    said.texts["demo"] = (home.parent / "demo-home.out").read_text("utf-8")
    with at_debug(said):
        _work(here, rows, said)
        _mistakes(here, rows, said)
        _bugs(here, rows, said)
    return folder, said


def _work(home: Path, rows: pl.DataFrame, said: Said) -> None:
    """What an operator does in a month."""
    out, at = home.parent / "out", ("--home", home)
    deliver(home, "late", "identity", rows.with_columns(valid_from=pl.lit("2026-01-02")).write_csv().encode())
    sample = home / "inbox" / "late" / "identity.csv"
    (household,) = pl.read_parquet(home / "nights" / NIGHT / "items.parquet")["household_id"].head(1)
    form = ("--on", "2025-12-01", "--until", "2026-12-01", "--application", "A-1", "--evidence", "form 1")
    for words in (
        ("check", *at),
        ("consent", "record", household, *at, *form),
        ("consent", "withdraw", 1, *at),
        ("rights", "opt-out", *at, "--household", household, "--reason", "asked"),
        ("rights", "objection", *at, "--household", household, "--json"),
        ("rights", "decide", *at, "--objection", 1, "--upheld", "--actor", "wang", "--reason", "agreed"),
        ("night", *at, "--date", NEXT),
        ("night", *at, "--date", NEXT, "--json"),
        ("replay", *at, "--date", NEXT, "--into", out / "replay"),
        ("compact", *at, "--files", 2),
        ("repair", *at),
        ("quarantine", "report", *at, "--out", out / "pages"),
        ("quarantine", "export", *at, "--delivery", "county", "--out", home.parent / "to-mend"),
        ("--as", "auditor", "audit", "list", "--json", *at),
        ("--as", "auditor", "audit", "export", *at, out / "log.jsonl"),
        ("backup", out / "backup", *at),
        ("keys", "backup", out / "keys", *at),
        ("keys", "rotate", "vault", *at, "--yes"),
        ("features",),
        ("init", "--home", home.parent / "other", "--sample", sample, "--kind", "identity"),
        *((*words, *at) for words in LOOKED),
    ):
        done(said.run(*words))


def _mistakes(home: Path, rows: pl.DataFrame, said: Said) -> None:
    """Mistakes of departments and users: bad deliveries, a held night, words that make no sense."""
    at, name, number = ("--home", home), rows["name"][0], rows["person_id"][0]
    names = bad_deliveries(home, rows) - {"late"}
    told = said.run("check", "--json", *at)
    refused = {each["delivery"] for each in json.loads(told.out)["refused"]}
    assert refused == names
    assert said.run("check", *at).code in {3, 4, 6}
    held = done(said.run("night", *at, "--date", "2026-01-14", "--json")).json
    assert held["state"] == "held"
    assert "stage-B" in held["held_reason"]
    done(said.run("confirm", "stage-b", *at, "--reason", "asked for it again"))
    done(said.run("release", *at, "--date", "2026-01-14", "--reason", "seen"))
    for words in (
        ("night", *at, "--date", "1900-01-01"),
        ("replay", *at, "--date", "2024-01-01"),
        ("features", "show", "no_such_column", "--as-of", NIGHT, *at),
        ("rights", "opt-out", *at, "--household", "000000000000"),
        ("reveal", "000000000000", *at, "--purpose", "visit"),
        ("quarantine", "export", *at, "--delivery", "none", "--out", home.parent / "none"),
    ):
        assert said.run(*words).code not in {0, 1}
    assert named_in(f"{name} {number}", frozenset({name, number}))


def _bugs(home: Path, rows: pl.DataFrame, said: Said) -> None:
    """Bugs and damage in the midst of it: tracebacks and all."""
    bug = RuntimeError("a bug of ours")
    broken = copy_of(home, home.parent / "broken")
    deliver(broken, "later", "identity", rows.with_columns(valid_from=pl.lit("2026-01-03")).write_csv().encode())
    for place in (
        "engine.intake.parse.Parser.parse",
        "engine.intake.mapping.Mapper.whole_rows",
        "engine.intake.deliver.Vault.store",
        "engine.intake.deliver.write_receipt",
        "engine.intake.deliver.seal_rows",
        "engine.pipeline.draft_lists",
        "engine.pipeline.write_night",
        "engine.pipeline.nights.save_night",
    ):
        with mock.patch(place, side_effect=bug):
            run = said.run("night", "--home", broken, "--date", "2026-02-01")
        assert "Traceback" in run.err, place
    with closing(sqlite3.connect(broken / "xunfang.db")) as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON vault_identity BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        database.commit()
    deliver(broken, "last", "identity", rows.with_columns(valid_from=pl.lit("2026-01-04")).write_csv().encode())
    assert "Traceback" in said.run("check", "--home", broken, by=process).err
    (broken / "keys" / "vault.key").write_text("0" * 64 + "\n", "ascii")
    assert said.run("night", "--home", broken, "--date", "2026-02-02", by=process).code == 9


def test_the_search_finds_what_is_there(home: Path, secrets: frozenset[str]) -> None:
    assert len(secrets) > 5_000
    page = next((home / "lists" / NIGHT).glob("*.html"))
    assert named_in(page.read_text("utf-8"), secrets)
    assert any(len(each) == 18 for each in secrets)
    assert any(each.startswith("1000") and len(each) == 11 for each in secrets)
    assert sum(len(each) == 2 for each in secrets) > 100
    assert any(ord(letter) > 0xFFFF for each in secrets for letter in each)
    assert {"inbox", "lists"} <= {Path(path).parts[0] for path in hits_in(home, secrets)}


def test_nobody_is_named_outside_inbox_lists_and_vault(home: Path, secrets: frozenset[str]) -> None:
    read = sum(
        len(text)
        for path in home.rglob("*")
        if path.is_file() and path.relative_to(home).parts[0] not in ALLOWED
        for text in texts_of(path)
    )
    assert read > 1_000_000
    assert hits_in(home, secrets, ALLOWED) == {}


def test_no_command_says_or_logs_who_anybody_is_even_when_it_fails(
    at_work: tuple[Path, Said], secrets: frozenset[str]
) -> None:
    _, said = at_work
    assert len(said.texts) > 50
    assert len(said.log.getvalue()) > 100_000
    assert sum("Traceback" in text for text in said.texts.values()) >= 8
    assert {0, 2, 9} <= set(said.codes.values())
    assert said.naming(secrets) == {}


def test_after_all_this_nobody_is_named_in_any_artefact(
    at_work: tuple[Path, Said], secrets: frozenset[str]
) -> None:
    folder, _ = at_work
    assert {path.name for path in folder.iterdir()} >= {"home", "broken", "out", "other", "to-mend"}
    for place in ("home", "broken", "other"):
        assert hits_in(folder / place, secrets, ALLOWED) == {}
    hits = hits_in(folder / "out", secrets)
    assert {path for path in hits if not path.startswith(tuple(f"backup/{name}" for name in ALLOWED))} == set()
    assert hits_in(folder / "to-mend", secrets)


def test_a_name_that_is_revealed_is_in_the_answer_and_in_no_log(
    home: Path, tmp_path: Path, secrets: frozenset[str]
) -> None:
    other, said = copy_of(home, tmp_path / "home"), Said()
    (household,) = pl.read_parquet(home / "nights" / NIGHT / "items.parquet")["household_id"].head(1)
    with at_debug(said):
        told = done(xunfang("--as", "reviewer", "reveal", household, "--home", other, "--purpose", "review"))
    assert named_in(told.out, secrets)
    assert said.naming(secrets) == {}
    assert hits_in(other, secrets, ALLOWED) == {}


def plant_frame(values: Mapping[str, Any]) -> Callable[[Path, str], None]:
    """A Parquet file with a column of such values; ``{}`` in a text is the person."""

    def plant(home: Path, who: str) -> None:
        filled = {name: [_filled(value, who)] * 3 for name, value in values.items()}
        pl.DataFrame(filled).write_parquet(home / "records" / "planted.parquet")

    return plant


def plant_text(name: str, text: str, encode: Callable[[str], str] = str) -> Callable[[Path, str], None]:
    """A file of text."""

    def plant(home: Path, who: str) -> None:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text.format(encode(who)), "utf-8")

    return plant


def plant_row(value: Callable[[str], Any]) -> Callable[[Path, str], None]:
    """A value in the database."""

    def plant(home: Path, who: str) -> None:
        with closing(sqlite3.connect(home / "xunfang.db")) as database:
            database.execute("CREATE TABLE planted (value)")
            database.execute("INSERT INTO planted VALUES (?)", (value(who),))
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return plant


def _filled(value: Any, who: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, who) for name, each in value.items()}
    if value is int:
        return int(who) if who.isdigit() else 0
    return value.format(who)


def _packed(home: Path, who: str) -> None:
    (home / "nights" / "log.gz").write_bytes(gzip.compress(f"seen: {who}".encode()))


PLANTED: dict[str, Callable[[Path, str], None]] = {
    "a column of text": plant_frame({"a": "{}"}),
    "a column of sentences": plant_frame({"a": "本户户主{}近三个月收入下降"}),
    "a nested column": plant_frame({"a": {"b": {"c": "x{}x"}}}),
    "a page": plant_text("nights/report.html", "<p>近三个月{}收入下降</p>"),
    "a page with entities": plant_text(
        "nights/report.html", "<p>{}</p>", lambda who: "".join(f"&#{ord(letter)};" for letter in who)
    ),
    "escaped JSON": plant_text("nights/manifest.json", "{}", json.dumps),
    "JSON in JSON": plant_text("nights/manifest.json", "{}", lambda who: json.dumps(json.dumps(who))),
    "a log": plant_text("logs/night.log", "2026-01-05T01:30:00Z error could not read row of {}"),
    "a compressed log": _packed,
    "a row of the database": plant_row(lambda who: f"for {who} see"),
    "bytes in the database": plant_row(lambda who: who.encode()),
}


def somebody(secrets: frozenset[str], what: str) -> str:
    """An identity number, a phone, a name of two characters, or a name with a rare one."""
    fits: dict[str, Callable[[str], bool]] = {
        "number": lambda each: len(each) == 18 and each.isdigit(),
        "phone": lambda each: len(each) == 11 and each.isdigit(),
        "short name": lambda each: len(each) == 2,
        "rare name": lambda each: any(ord(letter) > 0xFFFF for letter in each),
    }
    return min(each for each in secrets if fits[what](each))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A home with nothing in it that names anybody."""
    for name in ("records", "nights"):
        (tmp_path / name).mkdir()
    with closing(sqlite3.connect(tmp_path / "xunfang.db")) as database:
        database.execute("CREATE TABLE night (id)")
    return tmp_path


@pytest.mark.parametrize("what", ["number", "phone", "short name", "rare name"])
@pytest.mark.parametrize("how", PLANTED)
def test_a_planted_leak_is_found_by_the_same_search(
    how: str, what: str, bare: Path, secrets: frozenset[str]
) -> None:
    assert hits_in(bare, secrets, ALLOWED) == {}
    PLANTED[how](bare, somebody(secrets, what))
    assert len(hits_in(bare, secrets, ALLOWED)) == 1


def test_a_number_kept_as_a_number_and_a_person_in_a_file_name_are_found(
    bare: Path, secrets: frozenset[str]
) -> None:
    plant_frame({"a": int})(bare, somebody(secrets, "phone"))
    plant_row(int)(bare, somebody(secrets, "number"))
    (bare / "nights" / f"{somebody(secrets, 'short name')}.html").write_text("", "utf-8")
    assert len(hits_in(bare, secrets, ALLOWED)) == 3


def test_a_leak_in_what_a_command_says_is_found(secrets: frozenset[str]) -> None:
    said, who = Said(), somebody(secrets, "short name")
    said.run("x", by=lambda _: Run(1, "", f"Traceback: ValueError: could not read '{who}'"))
    said.run("y", by=mock.Mock(side_effect=ValueError(f"{who}：无法读取")))
    with at_debug(said):
        logging.getLogger("polars").debug("row %s", who)
        structlog.get_logger().warning("night", household=who)
    assert said.naming(secrets) == {"0 x": 1, "1 y": 1, "the log": 1}


def test_no_sentence_of_ours_holds_a_name_by_chance(secrets: frozenset[str]) -> None:
    assert by_chance(secrets) == set()
    assert by_chance(frozenset({"低保"})) == {"低保"}


def test_files_are_their_owners_alone(home: Path) -> None:
    open_to_others = [
        str(path.relative_to(home))
        for name in ("keys", "records", "quarantine", "nights", "lists", "models", "xunfang.db")
        for path in [home / name, *(home / name).rglob("*")]
        if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
