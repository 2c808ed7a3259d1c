"""What the command line shows of reviews: households by number, and that nothing is stopped by them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from engine.show_codes import show_codes
from engine.show_package import both

Told = Mapping[str, Any]


def show_review(told: Told, console: Console) -> None:
    """One review, and what it may not do."""
    _line(told, console)
    console.print(f"  {both(told['notice'])}", soft_wrap=True)


def show_reviews(told: Told, console: Console) -> None:
    """The soonest due first."""
    console.print(both(told["notice"]), soft_wrap=True)
    for each in told["reviews"]:
        _line(each, console)
    show_codes((each["code"] for each in told["reviews"]), console)
    late = sum(each["overdue"] for each in told["reviews"])
    console.print(f"reviews: {len(told['reviews'])}; overdue on {told['today']}: {late}")


def _line(told: Told, console: Console) -> None:
    late = " OVERDUE" if told["overdue"] else ""
    heard = "" if told["heard_on"] is None else f"; {both(told['how'])} {told['heard_on']}"
    reason = "" if told["reason"] is None else f": {told['reason']}"
    console.print(
        f"{told['id']}  {told['code']}, household {told['household_id']}: {both(told['words'])}{reason}{heard}; "
        f"{told['owner']} has it, due {told['due_on']}{late}",
        soft_wrap=True,
    )


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"review": show_review, "reviews": show_reviews}
