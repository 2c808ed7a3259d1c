"""What the command line shows of messages that lists are there. Never people."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

Told = Mapping[str, Any]


def show_push(told: Told, console: Console) -> None:
    """A line per channel with its figures; nothing in a home without channels."""
    for name, kind in told["channels"].items():
        each = told["figures"].get(name)
        said = "nothing to tell yet" if each is None else _figures(each)
        console.print(f"channel {name} ({kind}): {said}", soft_wrap=True)
    for name in told["unknown_channels"]:
        console.print(f"NO SUCH CHANNEL {name}: messages wait for it, and home.toml names none", soft_wrap=True)
    if told["without_address"]:
        console.print(f"no email in caseworkers.toml: {', '.join(told['without_address'])}", soft_wrap=True)


def _figures(each: Told) -> str:
    said = f"{each['delivered']:,} delivered, {each['read']:,} read, {each['waiting']:,} waiting"
    if each["waits_since"] is not None:
        said += f" (since {each['waits_since']:%Y-%m-%d %H:%M} UTC)"
    return f"{said}, {each['dead']:,} DEAD" if each["dead"] else said


def _show_status(told: Told, console: Console) -> None:
    show_push(told, console)
    if not told["channels"] and not told["figures"]:
        console.print("home.toml names no channel: lists are written into the folder, and nobody is told")
    _show_letters(told["waiting"], "waiting", console)
    _show_letters(told["dead"], "DEAD", console)


def _show_letters(letters: list[Told], name: str, console: Console) -> None:
    """A line each, which is not broken: the message's key is copied from it."""
    for each in letters:
        why = each["problem"] or ("being sent" if each["state"] == "claimed" else "not tried yet")
        soon = "" if each["state"] == "dead" else f"; next {each['due_at']:%m-%d %H:%M} UTC"
        urgent = ", urgent" if each["urgent"] else ""
        console.print(
            f"{name} {each['message']}  {each['channel']}, night of {each['business_date']}{urgent}, "
            f"tried {each['attempts']} times: {why}{soon}",
            soft_wrap=True,
        )


def _show_dead(told: Told, console: Console) -> None:
    _show_letters(told["dead"], "DEAD", console)
    if not told["dead"]:
        console.print("there is no dead letter")


def show_sent(told: Told, console: Console) -> None:
    """What came of sending."""
    counts = f"{told['delivered']:,} delivered, {told['again']:,} to be tried again, {told['dead']:,} given up"
    console.print(f"messages: {counts}")
    for name, why in told["problems"].items():
        console.print(f"CANNOT BE USED: channel {name}: {why}", soft_wrap=True)


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "push_status": _show_status,
    "push_dead": _show_dead,
    "push_sent": show_sent,
}
