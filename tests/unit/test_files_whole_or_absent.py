"""A file is whole or absent; a full disk is told by its path; keys stay with their owner."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from engine.errors import (
    KINDS,
    DiskFullError,
    HomeError,
    IntegrityError,
    LockedError,
    XunfangError,
    exit_code_table,
)
from engine.files import atomically, locked, remove_unfinished, sha256_of, write_bytes, write_parquet, write_text
from engine.keys import NAMES, load_keys
from engine.settings import Home, read_settings


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_there_whole_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "file.txt", "one")
    write_text(tmp_path / "deep" / "file.txt", "two")
    assert left_in(tmp_path / "deep") == ["file.txt"]
    assert (tmp_path / "deep" / "file.txt").read_text("utf-8") == "two"


@pytest.mark.parametrize("exception", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_writer_leaves_the_old_file(tmp_path: Path, exception: type[BaseException]) -> None:
    write_bytes(tmp_path / "file", b"old")

    def interrupted() -> None:
        with atomically(tmp_path / "file") as temporary:
            temporary.write_bytes(b"half")
            raise exception

    with pytest.raises(exception):
        interrupted()
    assert left_in(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match=str(tmp_path / "file")) as refused:
        write_bytes(tmp_path / "file", b"data")
    assert refused.value.exit_code == 8
    assert left_in(tmp_path) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
import polars as pl
from engine.errors import DiskFullError
from engine.files import write_parquet
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
frame = pl.select(pl.int_range(100_000).hash().alias("noise"))
try:
    write_parquet(Path(sys.argv[1]), frame)
except DiskFullError as error:
    sys.exit(error.exit_code)
"""


def test_a_frame_that_does_not_fit_leaves_no_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "frame.parquet")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 8, done.stderr
    assert left_in(tmp_path) == []


def test_equal_frames_give_equal_bytes(tmp_path: Path) -> None:
    frame = pl.select(a=pl.int_range(600_000) % 977, b=pl.int_range(600_000).cast(pl.String))
    write_parquet(tmp_path / "one", frame)
    write_parquet(tmp_path / "two", pl.concat([frame.head(1_000), frame.tail(-1_000)]))
    assert sha256_of(tmp_path / "one") == sha256_of(tmp_path / "two")
    assert pl.read_parquet(tmp_path / "one").equals(frame)


def test_only_unfinished_files_are_removed(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "done.txt", "done")
    (tmp_path / "a" / ".half.txt.77.unfinished").write_text("ha", "utf-8")
    assert remove_unfinished(tmp_path) == 1
    assert left_in(tmp_path / "a") == ["done.txt"]
    assert remove_unfinished(tmp_path / "absent") == 0


def test_a_held_lock_is_told_at_once_and_freed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "counting"), pytest.raises(LockedError, match="counting"), locked(path, "counting"):
        pass
    with locked(tmp_path / "lock", "counting"):
        pass


def test_a_folder_that_cannot_be_made_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(HomeError, match="cannot be written"):
        write_text(tmp_path / "file" / "below.txt", "text")


def test_every_kind_of_error_has_one_documented_exit_code() -> None:
    codes = {kind: kind.exit_code for kind in KINDS}
    assert set(codes.values()) == {2, 3, 4, 5, 6, 7, 8, 9, 130}
    for kind in KINDS:
        assert issubclass(kind, XunfangError)
        assert f"{kind.exit_code} " in exit_code_table()
        assert 400 <= kind.http_status < 600
    assert str(HomeError("what is wrong", "the way out")) == "what is wrong\nthe way out"


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = load_keys(home)
    assert [path.name for path in made.made] == [f"{name}.key" for name in NAMES]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.made} == {0o600}
    again = load_keys(home)
    assert again.made == ()
    assert again.fingerprints() == made.fingerprints()
    assert len({made.pseudonym, made.vault, made.tie_break, made.audit}) == 4
    assert made.vault.hex() not in repr(made)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = load_keys(Home(tmp_path)).made[0]
    path.chmod(0o640)
    with pytest.raises(HomeError, match="others may read this key") as refused:
        load_keys(Home(tmp_path))
    assert refused.value.way_out == f"Run: chmod 600 {path}"


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    path = load_keys(Home(tmp_path)).made[0]
    path.write_text("00ff\n", "ascii")
    with pytest.raises(HomeError, match="no key of 32 bytes"):
        load_keys(Home(tmp_path))


def test_a_lost_key_is_never_replaced_where_records_need_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = load_keys(home).made[0]
    write_text(home.records / "store.json", "{}")
    path.unlink()
    with pytest.raises(IntegrityError, match="the key is missing"):
        load_keys(home)
    assert not path.exists()


def test_settings_have_defaults_and_name_a_wrong_entry(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert read_settings(home).person_ids == "gb11643"
    home.settings.write_text('currency = "ARS"\nperson_ids = "free"\n[lacks]\nmedical = "not asked"\n', "utf-8")
    settings = read_settings(home)
    assert (settings.currency, settings.person_ids, settings.lacks["medical"]) == ("ARS", "free", "not asked")
    for text, message in (
        ('person_ids = "german"', "person_ids"),
        ('colour = "red"', "colour"),
        ("minor_units = 0", "minor_units"),
        ("currency = ", "no TOML"),
    ):
        home.settings.write_text(text, "utf-8")
        with pytest.raises(HomeError, match=message):
            read_settings(home)
