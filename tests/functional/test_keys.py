"""Keys are copied and changed by command; what a key seals opens afterwards, and what cannot change says why."""

import subprocess
from pathlib import Path

import pytest
from homes import done, process, xunfang
from keyed_home import COUNT, home_with_names, names, rotate

from engine import rekey
from engine.errors import HomeError, IntegrityError
from engine.intake.quarantine import open_rows
from engine.keys import read_key
from engine.settings import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with_names(tmp_path)


def test_a_copy_of_the_keys_has_their_fingerprints_and_is_its_owners_alone(home: Home, tmp_path: Path) -> None:
    told = done(xunfang("keys", "list", "--home", home.root, "--json")).json
    marks = {key["name"]: key["fingerprint"] for key in told["keys"]}
    copies = done(xunfang("keys", "backup", tmp_path / "safe", "--home", home.root, "--json")).json
    assert copies["keys"] == marks
    assert read_key(tmp_path / "safe" / "vault.key") == read_key(home.keys / "vault.key")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "safe").iterdir())
    shown = done(xunfang("keys", "list", "--home", home.root)).out
    assert "can never be read again" in shown
    assert not any(read_key(home.keys / f"{name}.key").hex() in shown for name in marks)


def test_a_copy_inside_the_home_or_over_another_key_is_refused(home: Home, tmp_path: Path) -> None:
    assert "lies inside the home" in xunfang("keys", "backup", home.root / "x", "--home", home.root).err
    done(xunfang("keys", "backup", tmp_path / "safe", "--home", home.root))
    rotate(home, "tie_break")
    run = xunfang("keys", "backup", tmp_path / "safe", "--home", home.root)
    assert run.code == 2
    assert "is another key" in run.err


def test_with_a_new_vault_key_every_name_and_every_set_aside_row_opens(home: Home) -> None:
    before, old = names(home), read_key(home.keys / "vault.key")
    row = open_rows(home, old, "d1", "income.csv")
    told = rotate(home, "vault")
    assert (told["identities"], told["quarantine_files"]) == (COUNT, 1)
    new = read_key(home.keys / "vault.key")
    assert new != old
    assert names(home) == before
    assert len(before) == COUNT
    assert open_rows(home, new, "d1", "income.csv").equals(row)
    with pytest.raises(IntegrityError):
        open_rows(home, old, "d1", "income.csv")
    assert read_key(Path(str(told["old_key"]))) == old


def test_a_change_that_was_interrupted_goes_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names(home)
    with monkeypatch.context() as broken:
        broken.setattr(rekey, "_file_anew", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            xunfang("keys", "rotate", "vault", "--home", home.root, "--yes")
    run = xunfang("check", "--home", home.root)
    assert run.code == IntegrityError.exit_code
    assert "xunfang keys rotate vault" in run.err
    assert rotate(home, "vault")["identities"] == 0
    assert names(home) == before


def log_of(home: Home) -> list[dict[str, object]]:
    return list(
        done(xunfang("--as", "auditor", "audit", "list", "--last", 1000, "--home", home.root, "--json")).json[
            "entries"
        ]
    )


def test_with_a_new_audit_key_the_log_holds_and_is_read_from_its_first_entry_to_its_last(home: Home) -> None:
    before = log_of(home)
    told = rotate(home, "audit")
    assert read_key(home.keys / "audit.key") != read_key(Path(str(told["old_key"])))
    done(xunfang("verify", "--home", home.root))
    after = log_of(home)
    assert after[: len(before)] == before
    seam = [str(entry["action"]) for entry in after].index("audit key changed")
    assert after[seam + 1]["action"] == "audit log goes on"
    assert after[seam]["actor"] == "operator"
    rotate(home, "audit")
    done(xunfang("verify", "--home", home.root))
    listed = done(xunfang("keys", "list", "--home", home.root, "--json")).json["keys"]
    assert {key["name"]: len(key["earlier"]) for key in listed} == {
        "pseudonym": 0,
        "vault": 0,
        "tie_break": 0,
        "audit": 2,
    }


def test_a_log_whose_key_was_changed_is_proved_on_another_machine_with_both_keys(
    home: Home, tmp_path: Path
) -> None:
    old = Path(str(rotate(home, "audit")["old_key"]))
    log, key = tmp_path / "log.jsonl", home.keys / "audit.key"
    done(xunfang("--as", "auditor", "audit", "export", log, "--home", home.root))
    done(xunfang("audit", "verify", log, "--key-file", key, "--old-key", old))
    alone = xunfang("audit", "verify", log, "--key-file", key)
    assert alone.code == IntegrityError.exit_code
    assert "broken at entry 1" in alone.err
    exchanged = xunfang("audit", "verify", log, "--key-file", old, "--old-key", key)
    assert "ends before its key was changed" in exchanged.err


def test_what_a_lost_old_audit_key_costs_is_said(home: Home) -> None:
    run = done(xunfang("keys", "rotate", "audit", "--home", home.root, "--yes", "--json"))
    assert "checked and read with the old key alone" in run.err
    Path(str(run.json["old_key"])).unlink()
    verified = xunfang("verify", "--home", home.root)
    assert verified.code == IntegrityError.exit_code
    assert "was not made with this key" in verified.out + verified.err
    assert "keys/old/" in xunfang("--as", "auditor", "audit", "list", "--home", home.root).err


@pytest.mark.parametrize("step", ["change_key", "head"])
def test_a_change_of_the_audit_key_that_was_interrupted_goes_on(
    home: Home, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(rekey.audit, step, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            xunfang("keys", "rotate", "audit", "--home", home.root, "--yes")
    assert "xunfang keys rotate audit" in xunfang("check", "--home", home.root).err
    rotate(home, "audit")
    done(xunfang("verify", "--home", home.root))
    assert [entry["action"] for entry in log_of(home)].count("audit key changed") == 1


def test_a_copy_of_the_keys_and_a_restored_backup_hold_the_keys_that_were_replaced(
    home: Home, tmp_path: Path
) -> None:
    old = Path(str(rotate(home, "audit")["old_key"]))
    copies = done(xunfang("keys", "backup", tmp_path / "safe", "--home", home.root, "--json")).json["keys"]
    assert read_key(tmp_path / "safe" / "old" / old.name) == read_key(old)
    assert f"old/{old.stem}" in copies
    done(xunfang("backup", tmp_path / "copy", "--home", home.root))
    words = ("restore", tmp_path / "copy", "--home", tmp_path / "again", "--keys", tmp_path / "safe")
    done(xunfang(*words))
    done(xunfang("verify", "--home", tmp_path / "again"))


def test_a_key_is_not_changed_while_the_change_of_another_waits(home: Home) -> None:
    (home.keys / "vault.next").write_text("0" * 64)
    run = xunfang("keys", "rotate", "audit", "--home", home.root, "--yes")
    assert "xunfang keys rotate vault" in run.err
    assert not (home.keys / "audit.next").exists()


def test_what_is_lost_is_said_before_anything_is_asked(home: Home) -> None:
    old = read_key(home.keys / "vault.key")
    run = process("keys", "rotate", "vault", "--home", home.root, stdin=subprocess.DEVNULL)
    assert run.code != 0
    assert run.err.index("can never be read again") < run.err.index("Change it?")
    assert read_key(home.keys / "vault.key") == old


def test_a_key_that_others_may_read_is_refused(home: Home) -> None:
    (home.keys / "vault.key").chmod(0o644)
    with pytest.raises(HomeError, match="others may read"):
        rekey.listed(home)
