"""A home that has lost its database, or holds a folder whose name is no UTF-8: said, and nothing is made anew."""

import json
import os
from pathlib import Path

import pytest
from homes import NIGHT, copy_of, demo_home, hashes, process, xunfang


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return copy_of(demo_home(tmp_path_factory), tmp_path / "home")


@pytest.mark.parametrize("emptied", [True, False])
def test_a_lost_database_is_not_made_anew_over_finished_nights(emptied: bool, home: Path) -> None:
    for path in home.glob("xunfang.db*"):
        path.unlink()
    if emptied:
        (home / "xunfang.db").touch()
    before = hashes(home / "nights")
    for command in (("night", "--date", NIGHT), ("check",), ("status",)):
        run = xunfang(command[0], "--home", home, *command[1:])
        assert run.code == 9
        assert "xunfang.db" in run.err
    assert hashes(home / "nights") == before
    assert not any(path.stat().st_size for path in home.glob("xunfang.db*"))


def test_a_folder_with_a_name_in_another_encoding_is_refused_in_valid_json(home: Path) -> None:
    (home / "inbox" / os.fsdecode("收入".encode("gb18030"))).mkdir()
    run = process("check", "--home", home, "--json", env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert run.code == 3
    assert "Traceback" not in run.err
    assert len(json.loads(run.out)["refused"]) == 1
