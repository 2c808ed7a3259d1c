"""Homes for functional tests: the real command line, one small demo home per test session, and copies of it."""

import fcntl
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
import tomli_w

from engine import cli

XUNFANG = Path(sys.executable).with_name("xunfang")
PEOPLE, SEED, NIGHT = 3_000, 1, "2025-12-31"
PATIENCE = 300
GIVEN = ("inbox", "keys", "home.toml", "policy.toml", "caseworkers.toml", "trial.json")
"""What is in a home before any delivery has been taken in."""


@dataclass(frozen=True)
class Run:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Everything on stdout, which must be one JSON value."""
        return json.loads(self.out)


def process(*words: object, **options: Any) -> Run:
    """Run ``xunfang`` as a process of its own."""
    ended = subprocess.run(
        [XUNFANG, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False, **options
    )
    return Run(ended.returncode, ended.stdout, ended.stderr)


def xunfang(*words: object) -> Run:
    """Run ``xunfang`` in this process, from its entry point: the libraries are loaded already."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    argv = mock.patch.object(sys, "argv", ["xunfang", *map(str, words)])
    with argv, redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as left:
            code = int(left.code or 0)
    return Run(code, out.getvalue(), err.getvalue())


def done(run: Run) -> Run:
    """The run, which must have ended well."""
    assert run.code == 0, f"exit {run.code}\n{run.out[-2000:]}\n{run.err[-4000:]}"
    return run


@contextmanager
def once_per_session(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that all workers of a test session share, and whether it is still to be filled (under a lock)."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    marker = shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / name, not marker.exists()
        marker.touch()


def demo_home(factory: pytest.TempPathFactory) -> Path:
    """The session's demo home with its first night. It is never changed: change a copy."""
    with once_per_session(factory, "demo-home") as (home, to_be_made):
        if to_be_made:
            run = done(process("demo", "--home", home, "--people", PEOPLE, "--seed", SEED, "--threads", 2))
            (home.parent / "demo-home.out").write_text(run.out + run.err, "utf-8")
    return home


def copy_of(home: Path, target: Path) -> Path:
    """A copy with the times of the files, so that it counts as the same home."""
    shutil.copytree(home, target)
    return target


def fresh_copy(home: Path, target: Path, *, models: bool = True) -> Path:
    """The same inbox, settings, keys and models; nothing has been taken in and no night has been run."""
    target.mkdir()
    for name in (*GIVEN, *(["models"] if models else [])):
        path = home / name
        if path.is_dir():
            shutil.copytree(path, target / name)
        elif path.exists():
            shutil.copy2(path, target / name)
    return target


def hashes(folder: Path) -> dict[str, str]:
    """Every visible file under a folder with the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def database_of(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the audit log's, which tells of each reading, of a second run as well."""
    database = sqlite3.connect(home / "xunfang.db", timeout=60)
    try:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert "outreach_item" in names
        names = [name for name in names if not name.startswith("audit_")]
        return {name: sorted(database.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}
    finally:
        database.close()


def frame(home: Path, name: str, day: str = NIGHT) -> pl.DataFrame:
    """A frame of a night."""
    return pl.read_parquet(home / "nights" / day / f"{name}.parquet")


def change(home: Path, statement: str) -> None:
    """Change a home's database behind its back."""
    database = sqlite3.connect(home / "xunfang.db")
    with database:
        database.execute(statement)
    database.close()


def ask(home: Path, statement: str) -> list[tuple[Any, ...]]:
    """What a home's database answers."""
    database = sqlite3.connect(home / "xunfang.db")
    found = database.execute(statement).fetchall()
    database.close()
    return found


def set_policy(home: Path, section: str, name: str, value: object) -> None:
    """Change one value of a home's policy."""
    path = home / "policy.toml"
    policy = tomllib.loads(path.read_text("utf-8"))
    policy[section][name] = {"value": value, "why": "a test"}
    path.write_text(tomli_w.dumps(policy), "utf-8")


def interrupted(words: list[object], number: int, *, after_lines: int, seconds: float = 0.0) -> Run:
    """Start a process, wait for so many lines on its stderr (and some seconds more), and send it a signal.

    It heeds Ctrl-C also where the tests run in a shell's background, which ignores it and hands that on.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started = subprocess.Popen(
        [XUNFANG, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, before)
    assert started.stderr is not None
    said = []
    while len(said) < after_lines and (line := started.stderr.readline()):
        said.append(line)
    time.sleep(seconds)
    if started.poll() is None:
        started.send_signal(number)
    out, err = started.communicate(timeout=PATIENCE)
    return Run(started.returncode, out, "".join(said) + err)


def half_written(home: Path) -> list[str]:
    """Files that are visible under their final names and are not whole."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(home).parts):
            try:
                _read_whole(path)
            except Exception as error:
                found.append(f"{path}: {type(error).__name__}")
    return found


def _read_whole(path: Path) -> None:
    if path.suffix == ".parquet":
        pl.read_parquet(path)
    elif path.suffix in {".json", ".seen"}:
        json.loads(path.read_text("utf-8"))
    elif path.suffix == ".xlsx":
        assert zipfile.ZipFile(path).testzip() is None
    elif path.suffix == ".html":
        assert path.read_text("utf-8").rstrip().endswith("</html>")
    elif path.suffix == ".key":
        assert len(path.read_text("ascii").strip()) == 64


SIGINT, SIGKILL, SIGTERM = signal.SIGINT, signal.SIGKILL, signal.SIGTERM


OFFICE: dict[str, dict[str, Any]] = {
    "near": {"role": "caseworker", "areas": ["990101"]},
    "far": {"role": "caseworker", "areas": ["110105"]},
    "op": {"role": "operator"},
    "rev": {"role": "reviewer"},
}


def staffed(home: Path) -> Path:
    """The home with an office in which everybody is named: two caseworkers, an operator, a reviewer."""
    with (home / "home.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + tomli_w.dumps({"staff": OFFICE}))
    return home


def say(home: Path, who: str, *words: object) -> Any:
    """What a command tells somebody of the office, as JSON."""
    return done(xunfang("--as", who, *words, "--home", home, "--json")).json
