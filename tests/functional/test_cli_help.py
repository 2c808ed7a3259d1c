"""The help of the command line: quick to start, and an example for every command."""

import json
import subprocess
import sys

import pytest
from homes import process, xunfang

COMMANDS = (
    ("demo",),
    ("survey",),
    ("survey", "eph"),
    ("survey", "gsoep"),
    ("survey", "eusilc"),
    ("init",),
    ("check",),
    ("train",),
    ("evaluate",),
    ("night",),
    ("status",),
    ("verify",),
    ("migrate",),
    ("compact",),
    ("replay",),
    ("backup",),
    ("repair",),
    ("restore",),
    ("schedule",),
    ("features",),
    ("features", "show"),
)
HEAVY = ("polars", "numpy", "pyarrow", "lightgbm", "shap", "sklearn", "scipy", "sqlalchemy", "sqlmodel", "alembic")
HEAVY += ("apscheduler", "xlsxwriter", "cryptography", "dataframely", "pydantic", "jinja2", "pandas")


def test_help_loads_no_heavy_library() -> None:
    watch = (
        "import sys, atexit\n"
        "from engine import cli\n"
        "sys.argv = ['xunfang', '--help']\n"
        f"atexit.register(lambda: print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr))\n"
        "cli.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0
    assert "Usage: xunfang" in ended.stdout
    assert ended.stderr.strip() == "LOADED []"


def test_no_arguments_print_the_help() -> None:
    bare, asked = process(), process("--help")
    assert bare.out.split() == asked.out.split()
    assert "Traceback" not in bare.err
    assert asked.code == 0


def test_the_help_names_every_command_and_every_exit_code() -> None:
    text = " ".join(xunfang("--help").out.split())
    for words in COMMANDS:
        assert f" {words[0]} " in text
    for code in ("0 done", "2 a wrong argument", "3 a source", "4 more bad rows", "7 the home", "8 the disk"):
        assert code in text


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    run = xunfang(*words, "--help")
    assert run.code == 0
    assert run.err == ""
    text = " ".join(run.out.replace("│", " ").split())
    assert "Usage: " in text
    assert f"Example: xunfang {' '.join(words)}" in text


def test_features_are_listed_for_people_and_for_machines() -> None:
    told = json.loads(xunfang("features", "--json").out)["features"]
    assert len(told) >= 60
    assert len({each["name"] for each in told}) == len(told)
    for each in told:
        assert each["zh"]
        assert each["en"]
        assert each["unit"]
        assert each["direction"] in {-1, 0, 1}
    assert "人" in xunfang("features").out
