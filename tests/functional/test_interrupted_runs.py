"""Ctrl-C, a kill or a full disk at any moment: nothing half-written, and the next run goes on to the same end."""

import resource
from pathlib import Path

import pytest
from homes import (
    NIGHT,
    SIGINT,
    SIGKILL,
    copy_of,
    database_of,
    demo_home,
    done,
    fresh_copy,
    half_written,
    hashes,
    interrupted,
    process,
    xunfang,
)

MOMENTS = (
    (SIGINT, 0, 0.3),
    (SIGKILL, 0, 0.9),
    (SIGINT, 1, 0.0),
    (SIGKILL, 1, 0.02),
    (SIGINT, 2, 0.05),
    (SIGKILL, 3, 0.0),
    (SIGINT, 4, 0.02),
    (SIGKILL, 4, 0.1),
    (SIGINT, 5, 0.0),
    (SIGKILL, 8, 0.0),
    (SIGINT, 12, 0.0),
    (SIGKILL, 13, 0.05),
)
"""The signal that comes after so many lines of talk, and so many seconds more."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_home(tmp_path_factory)


def same_end(home: Path, whole: Path) -> None:
    """The home ended as the one whose run nobody interrupted."""
    for part in ("records", "nights", "lists"):
        one, other = hashes(home / part), hashes(whole / part)
        assert {name: sha for name, sha in one.items() if not name.endswith(".seen")} == {
            name: sha for name, sha in other.items() if not name.endswith(".seen")
        }
    one, other = database_of(home), database_of(whole)
    for name in ("outreach_list", "outreach_item", "vault_identity"):
        assert len(one[name]) > 0
        assert one[name] == other[name]
    assert len(one["night"]) == len(other["night"]) == 1
    assert done(xunfang("verify", "--home", home, "--json")).json["intact"] is True


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "night"])
def test_a_run_that_is_stopped_again_and_again_ends_as_if_it_had_not_been(
    command: str, home: Path, tmp_path: Path
) -> None:
    other = fresh_copy(home, tmp_path / "home")
    words: list[object] = [command, "--home", other]
    if command == "night":
        done(xunfang("check", "--home", other))
        words += ["--date", NIGHT]
    stopped = 0
    for number, lines, seconds in MOMENTS:
        run = interrupted(words, number, after_lines=lines, seconds=seconds)
        assert half_written(other) == []
        if run.code == 0:
            break
        stopped += 1
        before_the_program = {-SIGINT, *({1} if "init_import_site" in run.err else ())} if lines == 0 else set()
        assert run.code in ({130} | before_the_program if number == SIGINT else {-SIGKILL}), run.err
        if run.code == 130:
            assert "stopped; nothing half-written remains" in run.err
            assert "Run the same command again" in run.err
            assert "Traceback" not in run.err
    assert stopped >= 4
    done(xunfang("night", "--home", other, "--date", NIGHT))
    same_end(other, home)


@pytest.mark.parametrize(
    ("command", "limit"), [("check", 60_000), ("check", 300_000), ("check", 800_000), ("night", 90_000)]
)
def test_a_full_disk_is_named_and_the_next_run_goes_on(
    command: str, limit: int, home: Path, tmp_path: Path
) -> None:
    other = fresh_copy(home, tmp_path / "home")
    words = [command, "--home", other]
    if command == "night":
        done(xunfang("check", "--home", other))
        words += ["--date", NIGHT]
    run = process(*words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert run.code == 8, run.err
    assert "the disk is full" in run.err
    assert f"{other}/" in run.err
    assert "Free some space" in run.err
    assert "Traceback" not in run.err
    assert half_written(other) == []
    done(xunfang("night", "--home", other, "--date", NIGHT))
    same_end(other, home)


def test_a_training_that_is_stopped_leaves_the_model_in_service_as_it_was(home: Path, tmp_path: Path) -> None:
    other = copy_of(home, tmp_path / "home")
    before = hashes(other / "models")
    run = interrupted(["train", "--home", other, "--seed", 5], SIGINT, after_lines=2)
    assert run.code == 130, run.err
    assert hashes(other / "models") == before
