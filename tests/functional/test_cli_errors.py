"""A user's mistake ends with what is wrong, the way out and the exit code of its kind; never with a traceback."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deliveries import a_home, deliver, people, wages
from homes import XUNFANG, Run, copy_of, done, process, xunfang

from engine.files import locked
from engine.settings import Home


def refused(run: Run, code: int, *words: str) -> None:
    """The run ended with this code, said all of these words on stderr, a second line, and no traceback."""
    assert run.code == code, run.err
    assert "Traceback" not in run.err + run.out
    said = " ".join(run.err.replace("│", " ").split())
    for word in words:
        assert word in said
    assert len([line for line in run.err.splitlines() if line.strip()]) >= 2


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two homes with a policy and caseworkers: ``empty``, and ``checked`` with one small delivery taken in."""
    folder = tmp_path_factory.mktemp("templates")
    for name in ("empty", "checked"):
        done(xunfang("init", "--home", folder / f"{name}-init"))
        place = a_home(folder / name)
        for path in (folder / f"{name}-init").glob("*.toml"):
            if path.name != "home.toml":
                path.rename(place.root / path.name)
    deliver(Home(folder / "checked"), "first", **people(6), income=wages(range(1, 7)))
    done(process("check", "--home", folder / "checked"))
    return folder


@pytest.fixture
def home(templates: Path, tmp_path: Path) -> Home:
    """A small home with nothing in its inbox."""
    return Home(copy_of(templates / "empty", tmp_path / "home"))


@pytest.fixture
def checked(templates: Path, tmp_path: Path) -> Home:
    """A small home with one delivery."""
    return Home(copy_of(templates / "checked", tmp_path / "checked"))


MISTAKES: dict[str, tuple[list[str], int, list[str]]] = {
    "no such command": (["frobnicate"], 2, ["No such command"]),
    "no such option": (["night", "--home", "{home}", "--speed", "9"], 2, ["No such option"]),
    "no home named": (["night"], 2, ["Missing option", "--home"]),
    "a date that is none": (["night", "--home", "{home}", "--date", "2025-02-30"], 2, ["--date"]),
    "no threads": (["night", "--home", "{home}", "--threads", "0"], 2, ["--threads"]),
    "a negative seed": (["train", "--home", "{home}", "--seed", "-1"], 2, ["--seed"]),
    "too few people": (["demo", "--home", "{new}", "--people", "999"], 2, ["--people"]),
    "another world that is not there": (
        ["demo", "--home", "{new}", "--world", "{new}/w.toml"],
        2,
        ["w.toml", "path"],
    ),
    "a demo in somebody's home": (["demo", "--home", "{home}"], 2, ["somebody's home", "empty folder"]),
    "an hour that is none": (["schedule", "--home", "{home}", "--at", "24:00"], 2, ["24:00", "HH:MM"]),
    "a time that is none": (["schedule", "--home", "{home}", "--at", "noon"], 2, ["noon", "HH:MM"]),
    "a zone that is none": (["schedule", "--home", "{home}", "--zone", "Mars/Utopia"], 2, ["Mars/Utopia"]),
    "one wave": (["survey", "eph", "--from", ".", "--home", "{new}", "--waves", "2016T3"], 2, ["--waves"]),
    "a wave that is none": (
        ["survey", "eph", "--from", ".", "--waves", "2016T3", "2017T9", "--home", "{new}"],
        2,
        ["a wave is a year and a quarter"],
    ),
    "the same wave twice": (
        ["survey", "eph", "--from", ".", "--waves", "2016T3", "2016T3", "--home", "{new}"],
        2,
        ["twice", "a year apart"],
    ),
    "no survey there": (
        ["survey", "eph", "--from", "{new}", "--waves", "2016T3", "2017T3", "--home", "{new}"],
        3,
        ["no such file", "--from"],
    ),
    **{
        f"no home for {' '.join(words)}": ([*words, "--home", "{new}"], 7, ["no such folder", "xunfang init"])
        for words in (
            ("check",),
            ("train",),
            ("evaluate",),
            ("night",),
            ("status",),
            ("verify",),
            ("migrate",),
            ("schedule",),
            ("features", "show", "members", "--as-of", "2025-12-31"),
        )
    },
    **{
        f"nothing delivered for {' '.join(words)}": (
            [*words, "--home", "{home}"],
            7,
            ["no records", "xunfang check"],
        )
        for words in (
            ("check",),
            ("train",),
            ("evaluate",),
            ("night",),
            ("features", "show", "members", "--as-of", "2025-12-31"),
        )
    },
    "a home under a file": (["init", "--home", "{home}/policy.toml/home"], 7, ["cannot be", "folder"]),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_its_code_its_message_and_its_way_out(name: str, home: Home, tmp_path: Path) -> None:
    words, code, said = MISTAKES[name]
    places = {"home": str(home.root), "new": str(tmp_path / "nowhere")}
    refused(xunfang(*(word.format(**places) for word in words)), code, *said)
    assert not (tmp_path / "nowhere" / "xunfang.db").exists()


def spoil(name: str, text: str) -> Callable[[Home], Any]:
    return lambda home: (home.root / name).write_text(text, "utf-8")


BROKEN: dict[str, tuple[Callable[[Home], Any], int, list[str]]] = {
    "settings that are no TOML": (spoil("home.toml", "= nothing"), 7, ["home.toml", "no TOML"]),
    "a setting nobody knows": (spoil("home.toml", 'colour = "red"'), 7, ["home.toml", "colour"]),
    "a pack nobody has": (spoil("home.toml", 'person_ids = "free"\nprogrammes = "atlantis"'), 2, ["atlantis"]),
    "a label spec that is none": (
        spoil("home.toml", 'person_ids = "free"\n[labels.relative_poverty]\ntheta = 7'),
        5,
        ["home.toml", "labels.relative_poverty"],
    ),
    "a policy without a value": (spoil("policy.toml", "[capacity]\n"), 7, ["policy.toml"]),
    "no policy": (lambda home: home.policy.unlink(), 7, ["policy.toml", "xunfang init"]),
    "no caseworkers": (lambda home: home.caseworkers.unlink(), 7, ["caseworkers.toml", "no such file"]),
    "a caseworker without any area": (
        spoil("caseworkers.toml", "[[caseworker]]\nid='a'\nname_zh='甲'\nname_en='A'\nareas=['99']\n"),
        7,
        ["caseworkers.toml", "area: Field required"],
    ),
    "a caseworker with a negative capacity": (
        lambda home: home.caseworkers.write_text(
            re.sub(r"capacity_week = \d+", "capacity_week = -1", home.caseworkers.read_text("utf-8"), count=1),
            "utf-8",
        ),
        7,
        ["caseworkers.toml", "capacity_week"],
    ),
    "settings in another encoding": (
        lambda home: home.settings.write_bytes('currency = "寻访下乡"'.encode("gb18030")),
        7,
        ["home.toml", "UTF-8"],
    ),
    "a key that others may read": (lambda home: (home.keys / "vault.key").chmod(0o644), 7, ["vault.key", "chmod"]),
    "a lost key": (lambda home: (home.keys / "pseudonym.key").unlink(), 9, ["pseudonym.key", "backup"]),
    "a database that is none": (
        lambda home: home.database.write_bytes(b"nothing of the kind" * 100),
        7,
        ["xunfang.db", "cannot be used"],
    ),
    "a damaged store": (spoil("records/store.json", "{"), 9, ["store.json", "backup"]),
    "a damaged receipt": (spoil("records/deliveries/first.json", "{}"), 9, ["first.json", "backup"]),
    "a damaged experiment": (
        spoil("models/relative_poverty/experiment.json", "{"),
        9,
        ["experiment.json", "train"],
    ),
    "a damaged promotion": (spoil("models/emergency/promoted.json", "{"), 9, ["promoted.json", "train"]),
    "a model that is lost": (
        spoil("models/emergency/promoted.json", '{"model_id": "000000000000"}'),
        9,
        ["000000000000", "train"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_home_is_named_with_the_way_out(name: str, checked: Home) -> None:
    for risk in ("relative_poverty", "emergency"):
        (checked.models / risk).mkdir(parents=True)
    how, code, said = BROKEN[name]
    how(checked)
    command = "train" if "label" in name else "status" if "experiment" in name else "night"
    date = ["--date", "2024-12-31"] if command == "night" else []
    refused(xunfang(command, "--home", checked.root, *date), code, *said)


def test_a_home_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / "寻访 [/b] :smile: [red]"
    assert str(odd) in xunfang("init", "--home", odd).out
    told = json.loads(xunfang("status", "--home", odd, "--json").out)
    assert told["home"] == str(odd)
    assert told["last_night"] is None
    assert "No night" in xunfang("status", "--home", odd).out


def test_a_night_of_a_day_on_which_nobody_is_known_is_no_night(checked: Home) -> None:
    refused(
        xunfang("night", "--home", checked.root, "--date", "1999-12-31"), 2, "1999-12-31", "no household is known"
    )
    assert json.loads(xunfang("status", "--home", checked.root, "--json").out)["last_night"] is None


def test_a_home_is_made_once_and_kept(home: Home) -> None:
    home.policy.write_text(home.policy.read_text("utf-8") + "\n# ours\n", "utf-8")
    told = xunfang("init", "--home", home.root, "--json").json
    assert told["home"] == str(home.root)
    assert home.policy.read_text("utf-8").endswith("# ours\n")


def test_a_reader_that_goes_away_is_no_error() -> None:

    both = subprocess.run(
        f"{XUNFANG} features | head -1", shell=True, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in both.stderr


def test_an_output_on_a_full_disk_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [XUNFANG, "features", "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert ended.returncode == 8
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_process_at_work_is_said(checked: Home) -> None:
    with locked(checked.records / ".lock", "taking in deliveries"):
        refused(process("check", "--home", checked.root), 7, "another process is taking in deliveries", "Wait")
    with locked(checked.nights / ".lock", "running a night"):
        refused(xunfang("night", "--home", checked.root, "--date", "2024-12-31"), 7, "another process is running a")
