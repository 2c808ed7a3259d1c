"""One household's relief chain, as text: by pseudonym, relation and age, never a name."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from engine.show_package import show_package

Told = Mapping[str, Any]


def show_household(told: Told, console: Console) -> None:
    """A line a link, oldest first."""
    from outreach.wording_chain import LABELS

    console.print(f"{LABELS['title'].zh} {LABELS['title'].en}: {told['household']}, {told['as_of']}")
    if not told["chain"]:
        console.print(f"{LABELS['nothing'].zh} {LABELS['nothing'].en}")
    show_package(told["package"], console)
    for each in told["chain"]:
        known = "" if each["known_on"] == each["on"] else f" ({LABELS['known_on'].en.lower()} {each['known_on']})"
        who = f"{each['person']['zh']} {each['person']['en']}: " if each["person"]["en"] else ""
        source, said = each["source"], each["said"]
        console.print(
            f"{each['on']}{known}  {source['zh']} {source['en']}: {who}{said['zh']} / {said['en']}", soft_wrap=True
        )


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"household": show_household}
