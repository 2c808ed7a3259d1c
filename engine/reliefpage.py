"""One household's relief chain as one self-contained page, in Chinese and English."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.files import write_bytes
from engine.html import page
from outreach.wording import NOTHING, Text, day
from outreach.wording_chain import LABELS
from outreach.wording_package import LABELS as PACKAGE


def write_page(told: Mapping[str, Any], path: Path) -> None:
    """Write the chain (``engine.relief.chain_of``) as a page. It tells of one household: for its reader alone."""
    write_bytes(path, relief_page(told))


def relief_page(told: Mapping[str, Any]) -> bytes:
    """The chain for people, the newest first."""
    return page(
        "household.html.j2",
        title=LABELS["title"],
        label=LABELS,
        household=told["household"],
        when=day(date.fromisoformat(told["as_of"])),
        entry=told["entry"],
        package=told["package"],
        package_label=PACKAGE,
        retired=told["retired"],
        persons=[_text(each) for each in told["persons"]],
        rows=[
            {
                "on": each["on"],
                "known_on": each["known_on"],
                "source": _text(each["source"]),
                "said": _text(each["said"]),
                "person": LABELS["household"] if _text(each["person"]) == NOTHING else _text(each["person"]),
            }
            for each in reversed(told["chain"])
        ],
    )


def _text(told: Mapping[str, str]) -> Text:
    return Text(told["zh"], told["en"])
