"""The command line holds everybody to their role, shows a household to whom it may, and notes both first."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import tomli_w
from homes import NIGHT, copy_of, demo_home, done, process, xunfang

STAFF = {
    "li": {"role": "caseworker", "areas": ["990101"]},
    "far": {"role": "caseworker", "areas": ["110105"]},
    "rev": {"role": "reviewer"},
    "sci": {"role": "data_scientist"},
    "aud": {"role": "auditor"},
    "help": {"role": "contractor", "areas": ["990101"]},
    "op": {"role": "operator"},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path_factory.mktemp("roles") / "home")


@pytest.fixture(scope="module")
def staffed(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    other = copy_of(home, tmp_path_factory.mktemp("staffed") / "home")
    with (other / "home.toml").open("a", encoding="utf-8") as file:
        file.write("\n" + tomli_w.dumps({"staff": STAFF}))
    return other


@pytest.fixture(scope="module")
def household(home: Path) -> str:
    found: str = pl.read_parquet(home / "nights" / NIGHT / "items.parquet")["household_id"][0]
    return found


def log(home: Path, *words: object, as_whom: str = "auditor") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(
        xunfang("--as", as_whom, "audit", "list", "--home", home, "--json", *words)
    ).json["entries"]
    return found


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("data_scientist", ("night", "--date", NIGHT)),
        ("data_scientist", ("check",)),
        ("data_scientist", ("reveal", "000000000000", "--purpose", "visit")),
        ("contractor", ("quarantine", "export", "--delivery", "county", "--out", "out")),
        ("contractor", ("audit", "export", "log")),
        ("auditor", ("train",)),
        ("auditor", ("reveal", "000000000000", "--purpose", "audit")),
        ("operator", ("audit", "list")),
        ("caseworker", ("reveal", "000000000000", "--purpose", "learning")),
    ],
)
def test_a_role_is_refused_what_is_not_its_work_and_the_refusal_is_noted(
    role: str, words: tuple[str, ...], home: Path
) -> None:
    run = xunfang("--as", role, *words, "--home", home)
    assert run.code == 6, run.err
    assert " / " in run.err
    assert "Traceback" not in run.err
    last = [each for each in log(home, "--actor", role) if each["action"] != "command"][-1]
    assert (last["action"], last["role"]) == ("command refused", role)
    assert last["details"]["command"] == " ".join(words[: 2 if words[0] in {"audit", "quarantine"} else 1])


def test_an_auditor_looks_and_proves(home: Path) -> None:
    done(xunfang("--as", "auditor", "status", "--home", home))
    done(xunfang("--as", "auditor", "verify", "--home", home))


def test_a_name_or_a_role_that_is_unknown_is_refused(home: Path, staffed: Path) -> None:
    for where, words, said in (
        (home, ("--as", "mayor"), "no such role"),
        (staffed, ("--as", "reviewer"), "is not named"),
        (staffed, (), "nobody is named"),
    ):
        run = xunfang(*words, "status", "--home", where)
        assert run.code == 6
        assert said in run.err
    assert process("--as", "op", "status", "--home", staffed).code == 0


def test_the_role_may_come_from_the_environment(staffed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNFANG_AS", "sci")
    assert xunfang("night", "--home", staffed, "--date", NIGHT).code == 6
    assert xunfang("status", "--home", staffed).code == 0


def test_a_household_is_shown_to_its_caseworker_and_noted_first(staffed: Path, household: str) -> None:
    told = done(xunfang("--as", "li", "reveal", household, "--purpose", "visit", "--home", staffed, "--json")).json
    assert told["household_id"] == household
    assert told["name"]
    assert told["form"] == "plain"
    hidden = done(
        xunfang("--as", "help", "reveal", household, "--purpose", "visit", "--home", staffed, "--json")
    ).json
    assert (hidden["form"], hidden["name"]) == ("masked", told["name"][:1] + "**")
    for name in ("name", "phone", "address"):
        assert told[name] is None or hidden[name] != told[name]
    refused = xunfang("--as", "far", "reveal", household, "--purpose", "visit", "--home", staffed)
    assert refused.code == 6
    assert "own area" in refused.err
    assert told["name"] not in refused.out + refused.err
    seen = [
        (each["actor"], each["action"], each["purpose"])
        for each in log(staffed, "--household", household, as_whom="aud")
    ]
    assert seen[0] == ("demo", "identities read", "visit")
    assert seen[1][1] == "list sent"
    assert seen[2:] == [
        ("li", "identities read", "visit"),
        ("help", "identities read", "visit"),
        ("far", "reveal refused", "visit"),
    ]
    assert household not in json.dumps(log(staffed, as_whom="aud")[-1])


def test_where_the_rank_is_hidden_a_caseworker_reads_a_household_without_scores_and_places(
    staffed: Path, household: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(who: str, purpose: str) -> dict[str, Any]:
        words = ("--as", who, "explain", household, "--purpose", purpose, "--home", staffed, "--json")
        found: dict[str, Any] = done(xunfang(*words)).json
        return found

    assert asked("li", "visit")["scores"]
    monkeypatch.setattr("engine.explain.household.hides_rank", lambda _text: True)
    blind = asked("li", "visit")
    assert blind["scores"] == []
    assert any("no visitor is shown a score" in each["en"] for each in blind["notices"])
    assert not [each for each in blind["why_not"]["lanes"] if "number " in each["why"]["en"]]
    assert not [key for key in ("probability", "priority", "rank") if f'"{key}"' in json.dumps(blind)]
    assert asked("rev", "review")["scores"]
    page = xunfang("--as", "li", "explain", household, "--purpose", "visit", "--home", staffed)
    assert "probability" not in done(page).out


def test_a_household_that_nobody_knows_and_a_purpose_that_is_none_are_said(home: Path, household: str) -> None:
    run = xunfang("--as", "reviewer", "reveal", "000000000000", "--purpose", "review", "--home", home)
    assert (run.code, "no such household" in run.err) == (2, True)
    run = xunfang("--as", "reviewer", "reveal", household, "--purpose", "curiosity", "--home", home)
    assert (run.code, "no such purpose" in run.err) == (2, True)


def test_an_export_is_proved_on_a_machine_without_the_home(home: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "log.jsonl", tmp_path / "audit.key"
    done(xunfang("--as", "auditor", "audit", "export", file, "--home", home))
    key.write_text((home / "keys" / "audit.key").read_text("ascii"), "ascii")
    words = ["audit", "verify", file, "--key-file", key, "--checkpoints", home / "checkpoints"]
    told = done(process(*words, "--json", cwd=tmp_path)).json
    assert told["intact"] is True
    assert told["checkpoints"] == 1
    assert "the log is as it was written" in done(xunfang(*words)).out
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:3], lines[3].replace('"demo"', '"eve"'), *lines[4:]]), "utf-8")
    run = xunfang(*words)
    assert run.code == 9
    assert "broken at entry 3" in run.err
    key.write_text("no key", "ascii")
    assert xunfang(*words).code == 2
