"""Lists reach their folder whole, and writing them again changes nothing."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from visit_cards import ANA, a_list

from engine.errors import HomeError
from engine.push.outbox import write_list, write_lists


def test_a_list_is_a_page_and_a_spreadsheet_in_the_folder_of_its_date(tmp_path: Path) -> None:
    written = write_lists(tmp_path, [a_list()])
    assert [each.path.relative_to(tmp_path).as_posix() for each in written] == [
        "2026-11-21/ana.html",
        "2026-11-21/ana.xlsx",
    ]
    assert [each.sha256 for each in written] == [sha256(each.path.read_bytes()).hexdigest() for each in written]
    assert len(list((tmp_path / "2026-11-21").iterdir())) == 2


def test_writing_a_list_again_changes_nothing(tmp_path: Path) -> None:
    assert write_list(tmp_path, a_list()) == write_list(tmp_path, a_list())


@pytest.mark.parametrize("name", ["../ana", "a/b", "", ".", "安娜", "a" * 41, "con\n"])
def test_an_id_that_is_no_file_name_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    visits = replace(a_list(), caseworker=replace(ANA, caseworker_id=name))
    with pytest.raises(HomeError) as caught:
        write_list(tmp_path, visits)
    assert not name or f"'{name}'" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
