"""A household's package of programmes, as text in both languages."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

Told = Mapping[str, Any]


def show_package(package: Told | None, console: Console) -> None:
    """Its parts in their order, what they exclude, what they cost."""
    if package is None:
        return
    from outreach.wording_package import FIND_OUT, TITLE

    console.print(f"{TITLE.zh} / {TITLE.en}")
    if not package["parts"]:
        console.print(f"  {both(package['empty'])}", soft_wrap=True)
    for number, part in enumerate(package["parts"], start=1):
        console.print(f"  {number}. {part['programme']} {_named(part)}: {both(part['words'])}", soft_wrap=True)
        console.print(f"     {both(part['amount'])}", soft_wrap=True)
        console.print(f"     {both(part['owner'])}; {part['due_on']} ({both(part['clock'])})", soft_wrap=True)
        for check in part["verify"]:
            console.print(f"     - {both(check)}", soft_wrap=True)
        for replaced in part["replaces"]:
            console.print(f"     ! {both(replaced)}", soft_wrap=True)
    for each in package["alternatives"]:
        article = f" ({each['article']})" if each["article"] else ""
        console.print(f"  - {each['programme']} {both(each['name'])}: {both(each['why'])}{article}", soft_wrap=True)
    if package["cost"]:
        console.print(f"  {both(package['cost']['words'])}", soft_wrap=True)
    if package["open"]:
        console.print(f"  {FIND_OUT.zh} / {FIND_OUT.en}", soft_wrap=True)
    for part in package["open"]:
        checks = "; ".join(both(check) for check in part["verify"])
        console.print(f"  ? {part['programme']} {_named(part)}: {checks}", soft_wrap=True)


def _named(part: Told) -> str:
    who = f" ({both(part['who'])})" if part["who"]["en"] else ""
    return f"{both(part['name'])}{who}"


def both(text: Told) -> str:
    """A text in both languages, once where they are the same."""
    return str(text["zh"]) if text["zh"] == text["en"] else f"{text['zh']} / {text['en']}"
