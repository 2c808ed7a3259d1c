"""Who may do what: the whole table, cell by cell, and everything else is refused.

The table below is written by hand, to be read by a lawyer without reading the program. A line says: for these
purposes, with facts of these classes (- none, S social, P private, I identity), these actions, in any area or in
the own area only, and in which form the facts are shown.
"""

from itertools import product

import pytest

from engine.commands.guard import DEEDS
from outreach.permissions import (
    ACTIONS,
    PURPOSES,
    ROLE_WORDS,
    ROLES,
    SENSITIVITIES,
    Sensitivity,
    in_area,
    masked,
    may,
)

TABLE = """
operator       | operation learning review objection | - S P I | look take_in learn run | any | plain
operator       | operation learning review objection | - S P I | record review keep  | any | plain
operator       | operation learning review objection | - S P I | verify set_up       | any | plain
operator       | visit                               |   S P I | record              | any | plain
operator       | operation objection                 | - S P I | export              | any | plain
operator       | objection                           |   S P I | reveal              | any | plain
caseworker     | operation visit                     | -       | look                | any | plain
caseworker     | visit                               |   S P I | reveal record       | own | plain
reviewer       | operation review                    | -       | look verify         | any | plain
reviewer       | operation review objection          | - S P I | review              | any | plain
reviewer       | review objection                    |   S P I | reveal record       | any | plain
reviewer       | visit                               |   S P I | record              | any | plain
data_scientist | operation learning                  | -       | look                | any | plain
data_scientist | operation learning                  | - S P   | learn               | any | pseudonym
auditor        | operation audit                     | -       | look verify read_log | any | pseudonym
contractor     | visit                               |   S   I | reveal              | own | masked
"""
LETTERS: dict[str, Sensitivity] = {"-": "none", "S": "social", "P": "private", "I": "identity"}

Cell = tuple[str, str, str, bool, str]


def written_by_hand() -> dict[Cell, str]:
    """Every cell that the table above allows, with the form."""
    allowed: dict[Cell, str] = {}
    for line in TABLE.strip().splitlines():
        role, purposes, letters, actions, where, form = (part.strip() for part in line.split("|"))
        for purpose, letter, action in product(purposes.split(), letters.split(), actions.split()):
            for near in (True, False) if where == "any" else (True,):
                allowed[role, action, LETTERS[letter], near, purpose] = form
    return allowed


def test_every_cell_is_allowed_or_refused_as_the_table_says():
    expected = written_by_hand()
    found = {}
    for cell in product(ROLES, ACTIONS, SENSITIVITIES, (True, False), PURPOSES):
        decision = may(*cell)
        assert decision.reason.zh
        assert decision.reason.en
        if decision.allowed:
            found[cell] = decision.form
    assert found == expected
    assert len(ROLES) * len(ACTIONS) * len(SENSITIVITIES) * 2 * len(PURPOSES) == 3456


@pytest.mark.parametrize("role", ROLES)
def test_nobody_reviews_or_reveals_their_own_work_as_a_reviewer(role):
    for cell in product(("review", "reveal"), SENSITIVITIES, PURPOSES):
        action, kind, purpose = cell
        other = may(role, action, kind, True, purpose)
        own = may(role, action, kind, True, purpose, own_work=True)
        if role == "reviewer" and other.allowed:
            assert not own.allowed
            assert own.reason.en == "nobody reviews their own work"
        else:
            assert own == other


def test_names_are_for_those_who_need_them():
    see = {
        role
        for role, near, purpose in product(ROLES, (True, False), PURPOSES)
        if (seen := may(role, "reveal", "identity", near, purpose)).allowed and seen.form == "plain"
    }
    assert see == {"operator", "caseworker", "reviewer"}
    assert not any(
        may("data_scientist", action, "identity", True, p).allowed for action, p in product(ACTIONS, PURPOSES)
    )
    assert not any(
        may("contractor", "export", kind, True, p).allowed for kind, p in product(SENSITIVITIES, PURPOSES)
    )


def test_a_refusal_says_what_stands_against_it():
    assert may("data_scientist", "run", "identity", True, "operation").reason.zh == "数据分析人员不办理这类事项"
    assert (
        may("contractor", "reveal", "private", True, "visit").reason.en
        == "a contractor does not see facts of this kind"
    )
    assert may("caseworker", "reveal", "identity", True, "learning").reason.zh == "经办人员不得为此目的使用"
    assert may("caseworker", "reveal", "identity", False, "visit").reason.zh == "该户不在本人辖区"
    assert set(ROLE_WORDS) == set(ROLES)


def test_an_area_is_the_beginning_of_a_region():
    assert in_area("990101001001", ["990102", "990101001"])
    assert not in_area("990101001001", ["990102"])
    assert not in_area("990101001001", [])


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("id_number", "11010519491231002X", "110**************X"),
        ("id_number", "12", "12"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "1234567", "*******"),
        ("name", "王小明", "王**"),
        ("address", "云溪镇1组3号", "云溪镇***"),
        ("address", "某地3号", "***"),
        ("phone", None, None),
    ],
)
def test_a_masked_fact_shows_too_little_to_find_anybody(field, value, shown):
    assert masked(field, value) == shown


def test_a_data_scientist_and_a_contractor_and_an_auditor_have_the_commands_of_their_work_only():
    def commands_of(role):
        return {
            words
            for words, deed in DEEDS.items()
            if may(role, deed.action, deed.sensitivity, True, deed.purpose or "visit").allowed
        }

    assert {"train", "evaluate", "features show", "status"} <= commands_of("data_scientist")
    assert commands_of("data_scientist").isdisjoint({"check", "night", "schedule", "reveal", "quarantine export"})
    assert commands_of("contractor") == {"reveal"}
    assert {"audit list", "audit export", "audit verify", "verify", "status"} <= commands_of("auditor")
    assert commands_of("auditor").isdisjoint({"check", "train", "night", "reveal", "quarantine export", "migrate"})
