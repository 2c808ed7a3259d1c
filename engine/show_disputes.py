"""What the command line shows of disputes: households by number, never people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from engine.show_package import both

Told = Mapping[str, Any]
STATES: Final = {
    "open": {"zh": "待核实", "en": "open"},
    "upheld": {"zh": "异议成立，待更正", "en": "upheld, to be put right"},
    "rejected": {"zh": "异议不成立", "en": "rejected"},
    "corrected": {"zh": "已更正", "en": "put right"},
}
UNKNOWN: Final = {
    "zh": "从下一夜起按“未知”处理，直到办结",
    "en": "unknown to every night from the next on, until it is settled",
}


def show_dispute(told: Told, console: Console) -> None:
    """One dispute, and what it means for the next night."""
    late = " OVERDUE" if told["overdue"] else ""
    console.print(
        f"dispute {told['id']}, household {told['household_id']}: {both(told['words'])}; "
        f"{both(STATES[told['state']])}; {told['owner']} has it, due {told['due_on']}{late}",
        soft_wrap=True,
    )
    console.print(f"  {told['raised_by']}, {told['since']}: {told['reason']}", soft_wrap=True)
    if told["result"] is not None:
        console.print(f"  {told['decided_on']}: {told['result']}", soft_wrap=True)
    if told["frozen"]:
        console.print(f"  {both(UNKNOWN)}", soft_wrap=True)


def show_disputes(told: Told, console: Console) -> None:
    """The soonest due first."""
    for each in told["disputes"]:
        show_dispute(each, console)
    if not told["disputes"]:
        console.print("no dispute stands / 没有未办结的异议")


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"dispute": show_dispute, "disputes": show_disputes}
