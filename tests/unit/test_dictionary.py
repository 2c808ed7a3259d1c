"""The dictionary in docs/ is the one that the code gives."""

from pathlib import Path

from engine.dictionary import dictionary
from features.catalog import FEATURES
from outreach.wording_casework import OUTCOMES
from outreach.wording_findings import EVENTS

WRITTEN = Path(__file__).parents[2] / "docs" / "dictionary.md"


def test_the_dictionary_is_not_stale() -> None:
    assert WRITTEN.read_text("utf-8") == dictionary(), (
        "docs/dictionary.md is stale: run python -m engine.dictionary docs/dictionary.md"
    )


def test_every_feature_event_and_outcome_has_a_row() -> None:
    text = dictionary()
    named = [*(feature.name for feature in FEATURES), *EVENTS, *OUTCOMES]
    assert [name for name in named if f"| `{name}`" not in text] == []


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    cells = 0
    for line in dictionary().replace("\\|", "").splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        cells = cells or line.count("|")
        assert line.count("|") == cells
