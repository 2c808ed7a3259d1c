"""What the documents show as typed and printed is what happens when it is typed."""

from functools import cache
from pathlib import Path

import pytest

from docs.tools import session

ROOT = session.ROOT
WRITTEN = [
    (name, block.command)
    for name in session.DOCUMENTS
    for block in session.sessions((ROOT / name).read_text("utf-8"))
    if block.command not in session.NOT_RUN
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    """What each session shows, and what it prints now, in one folder and in the order of the documents."""
    folder = tmp_path_factory.mktemp("sessions")
    return {
        (name, block.command): (block.output, output)
        for name in session.DOCUMENTS
        for block, output in session.play((ROOT / name).read_text("utf-8"), folder)
    }


@cache
def _surveys() -> bool:
    return (ROOT / session.SURVEY).is_dir()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "command"), WRITTEN)
def test_a_session_prints_what_is_written(
    name: str, command: str, printed: dict[tuple[str, str], tuple[str, str]]
) -> None:
    if (name, command) not in printed:
        assert "eph" in command
        assert not _surveys()
        pytest.skip("the public microdata are not here")
    written, now = printed[name, command]
    found = session.differences(written, now)
    assert not found, "run .venv/bin/python docs/tools/session.py\n" + "\n".join(found)


def test_the_six_numbers_and_where_to_look_are_in_the_first_session() -> None:
    first = session.sessions((ROOT / "README.md").read_text("utf-8"))[0]
    assert first.command == "make demo"
    for line in ("The night in six numbers", "records read", "households on lists", "Where to look", "report.html"):
        assert line in first.output


def test_both_readmes_show_the_same_sessions() -> None:
    for original, translation in session.TRANSLATED.items():
        here, there = (session.sessions((ROOT / name).read_text("utf-8")) for name in (original, translation))
        assert [block.text for block in here] == [block.text for block in there]


def test_a_changed_number_word_or_line_is_noticed() -> None:
    shown = "  11,740  households scored\n  247  households on lists\nAUC 0.913 beside 0.781\n"
    assert session.differences(shown, shown.replace("247", "249").replace("0.913", "0.914")) == []
    assert session.differences(shown, shown.replace("11,740", "11,741"))
    assert session.differences(shown, shown.replace("0.913", "0.813"))
    assert session.differences(shown, shown.replace("247", "300"))
    assert session.differences(shown, shown.replace("scored", "judged"))
    assert session.differences(shown, shown + "one more line\n")


def test_places_ids_ages_and_the_disk_are_left_out(tmp_path: Path) -> None:
    printed = (
        f"python3 -m venv .venv\n.venv/bin/xunfang demo --home {tmp_path}/demo-home\n"
        f"lists {tmp_path}/demo-home/lists\nmodel x: 0123456789ab\n│ kin │ 3,449 │ 2102     │\n"
        "disk: 57 MiB used here, 77.7 GiB free\n"
    )
    assert session.normalised(printed, tmp_path) == (
        ".venv/bin/xunfang demo --home demo-home\nlists …/demo-home/lists\nmodel x: …\n│ kin │ 3,449 │ …        │\n"
        "disk: … MiB used here, … GiB free\n"
    )


def test_a_make_inside_a_make_prints_what_a_reader_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    monkeypatch.setenv("MAKEFLAGS", "w")
    assert "directory" not in session.run("make help", tmp_path)


def test_make_test_is_shown_with_what_it_runs() -> None:
    shown = {block.command: block.output for block in session.sessions((ROOT / "README.md").read_text("utf-8"))}
    assert shown["make test"].startswith(".venv/bin/python -m pytest")
