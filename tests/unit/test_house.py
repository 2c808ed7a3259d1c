"""The rules of the house run, and a planted violation of each is caught."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = ("features", "models", "outreach", "fixtures")
ROOMS = (*PURE, "engine")
BIN = Path(sys.executable).parent
TOUCHES_THE_WORLD = {"open", "input", "eval", "exec", "__import__", "breakpoint"}


def modules(*folders: str) -> list[Path]:
    return sorted(
        path for folder in folders for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
    )


def world_touching_calls(source: str) -> list[str]:
    return [
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOUCHES_THE_WORLD
    ]


@pytest.mark.parametrize("path", modules(*PURE), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_folder_calls_nothing_that_touches_the_world(path: Path) -> None:
    assert world_touching_calls(path.read_text("utf-8")) == []


def test_a_planted_open_is_caught() -> None:
    assert world_touching_calls("def f():\n    return open('x').read()\n") == ["open"]


def test_every_package_init_is_empty() -> None:
    filled = [p for room in ROOMS for p in (ROOT / room).rglob("__init__.py") if p.read_text("utf-8").strip()]
    assert filled == []


def test_no_module_outgrows_one_subject() -> None:
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in modules(*ROOMS)}
    assert {name: lines for name, lines in lengths.items() if lines > 430} == {}


@pytest.fixture(scope="module")
def copy_of_the_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", house)
    return house


def lint_imports(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_house_as_it_stands_keeps_every_contract(copy_of_the_house: Path) -> None:
    result = lint_imports(copy_of_the_house)
    assert result.returncode == 0, result.stdout
    assert " 0 broken" in result.stdout


IMPORTS_THAT_BREAK_THE_HOUSE = {
    "models/planted.py": ("import outreach.policy", "Data walks left to right"),
    "features/planted.py": ("import os", "touch no file"),
    "outreach/planted.py": ("import logging", "touch no file"),
    "fixtures/planted.py": ("import features.catalog", "Fixtures know the record schemas only"),
    "models/planted_fixture.py": ("import fixtures.surveys.eph", "Data walks left to right"),
    "engine/db.py": ("import engine.cli", "Inside the engine"),
    "engine/pipeline.py": ("import engine.scheduler", "Inside the engine"),
    "engine/ledger.py": ("import fixtures.surveys.eph", "Only the command line"),
}


@pytest.mark.parametrize("where", IMPORTS_THAT_BREAK_THE_HOUSE)
def test_a_planted_import_against_the_layers_is_caught(copy_of_the_house: Path, where: str) -> None:
    statement, contract = IMPORTS_THAT_BREAK_THE_HOUSE[where]
    planted = copy_of_the_house / where
    before = planted.read_text("utf-8") if planted.exists() else None
    planted.write_text(f"{statement}  # planted\n{before or ''}", "utf-8")
    try:
        result = lint_imports(copy_of_the_house)
    finally:
        if before is None:
            planted.unlink()
        else:
            planted.write_text(before, "utf-8")
    assert result.returncode != 0
    broken = [line for line in result.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken), result.stdout


BANNED = {
    "the clock": "import datetime\n\nTODAY = datetime.date.today()\n",
    "the clock with a zone": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "print": "print('seen')\n",
    "a file read by polars": "import polars as pl\n\nFRAME = pl.read_parquet('x')\n",
    "a file scanned by polars": "import polars as pl\n\nFRAME = pl.scan_csv('x')\n",
    "a database read by polars": "import polars as pl\n\nFRAME = pl.read_database_uri('q', 'u')\n",
}


@pytest.mark.parametrize("what", BANNED)
def test_a_planted_use_of_a_banned_name_is_caught(what: str) -> None:
    result = subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--stdin-filename", "features/planted.py", "-"],
        cwd=ROOT,
        input=f'"""Planted."""\n\n{BANNED[what]}',
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert any(code in result.stdout for code in ("TID251", "T201")), result.stdout
