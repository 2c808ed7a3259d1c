"""verify and status: what is damaged is found and named, and a clean home passes."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from homes import NIGHT, copy_of, demo_home, done, xunfang


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def flip(pattern: str, place: float = 0.5) -> Callable[[Path], str]:
    def damage(home: Path) -> str:
        path = sorted(home.glob(pattern))[0]
        data = bytearray(path.read_bytes())
        data[int(len(data) * place)] ^= 1
        path.write_bytes(data)
        return path.relative_to(home).as_posix()

    return damage


def execute(statements: str) -> Callable[[Path], str]:
    def damage(home: Path) -> str:
        with sqlite3.connect(home / "xunfang.db") as database:
            database.executescript(statements)
            assert database.total_changes > 0
        database.close()
        return "xunfang.db"

    return damage


def lose(pattern: str) -> Callable[[Path], str]:
    def damage(home: Path) -> str:
        path = sorted(home.glob(pattern))[0]
        path.unlink()
        return path.relative_to(home).as_posix()

    return damage


DAMAGES = {
    "records": flip("records/income/bucket=00/*.parquet"),
    "records in their last byte": flip("records/member/bucket=00/*.parquet", 0.9999),
    "the reporting calendar": flip("records/reporting/*.parquet"),
    "a lost bucket": lose("records/kin/bucket=00/*.parquet"),
    "the night's columns": flip(f"nights/{NIGHT}/columns.parquet"),
    "the night's people": flip(f"nights/{NIGHT}/listed/people.parquet", 0.1),
    "a lost file of the night": lose(f"nights/{NIGHT}/left_out.parquet"),
    "the night's manifest": flip(f"nights/{NIGHT}/manifest.json"),
    "the audit chain": execute(
        "DROP TRIGGER audit_entry_no_update; UPDATE audit_entry SET actor = 'nobody' WHERE seq = 1"
    ),
    "the details of an audit entry": execute("DROP TRIGGER audit_detail_no_delete; DELETE FROM audit_detail"),
    "the tail of the audit chain": execute(
        "DROP TRIGGER audit_detail_no_delete; DROP TRIGGER audit_entry_no_delete; "
        "DELETE FROM audit_detail WHERE seq > 3; DELETE FROM audit_entry WHERE seq > 3"
    ),
}


def test_a_clean_home_passes(home: Path) -> None:
    told = done(xunfang("verify", "--home", home, "--json")).json
    assert told["damaged"] == []
    assert told["intact"] is True
    assert (told["nights"], told["audit_checkpoints"]) == (1, 1)
    assert told["audit_entries"] > 5
    assert told["night_files"] > 10
    assert "everything is as it was written" in done(xunfang("verify", "--home", home)).out


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_named(name: str, home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    where = DAMAGES[name](other)
    run = xunfang("verify", "--home", other, "--json")
    assert run.code == 9
    assert [each["path"] for each in run.json["damaged"]] == [where]
    assert "Traceback" not in run.err
    assert "backup" in run.err


def test_a_flipped_byte_in_a_model_is_found_and_no_night_runs_on_it(home: Path, tmp_path: Path) -> None:
    models = [path for path in sorted(home.glob("models/*/*")) if path.is_dir()]
    assert models
    for number, folder in enumerate(models):
        for path in sorted(folder.iterdir()):
            other = copy_of(home, tmp_path / f"{number}{path.name}")
            flip(path.relative_to(home).as_posix(), 0.7)(other)
            run = xunfang("verify", "--home", other, "--json")
            assert run.code == 9
            assert [each["kind"] for each in run.json["damaged"]] == ["model"]
            night = xunfang("night", "--home", other, "--date", "2026-01-02")
            assert night.code == 9
            assert "train" in night.err


def test_status_of_a_home_whose_night_is_lost_says_what_to_do(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    shutil.rmtree(other / "nights")
    for command in (["status"], ["night", "--date", NIGHT]):
        run = xunfang(*command, "--home", other)
        assert run.code == 9
        assert "manifest.json" in run.err
        assert "backup" in run.err


def test_the_night_after_one_whose_folder_was_put_away_is_made(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    shutil.rmtree(other / "nights")
    told = done(xunfang("night", "--home", other, "--date", "2026-01-05", "--json")).json
    assert told["numbers"]["listed"] > 0
    assert Path(told["report"]).is_file()
