"""What the command line shows of cases: households by number, never people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from engine.show_package import both

Told = Mapping[str, Any]


def show_cases(told: Told, console: Console) -> None:
    """The soonest due first."""
    for row in told["cases"]:
        programme = "" if row["programme"] is None else f", {row['programme']}"
        console.print(
            f"{row['case']}  {row['household']}{programme}: {both(_plain(row['words']))} ({row['since']}); "
            f"{row['owner']} has it",
            soft_wrap=True,
        )
        late = f", OVERDUE {row['overdue_days']} d" if row["overdue_days"] else ""
        if row["due_on"] is not None:
            console.print(f"   next: {both(_plain(row['next']))}, due {row['due_on']}{late}", soft_wrap=True)
        if row["parts_overdue"]:
            console.print(f"   parts overdue: {row['parts_overdue']}")
    console.print(f"cases: {len(told['cases'])}; overdue on {told['today']}: {told['overdue']}")


def show_case(told: Told, console: Console) -> None:
    """One case: what is next, every step, every part."""
    name = "" if told["programme"] is None else f", {told['programme']} {both(_plain(told['name']))}"
    console.print(f"case {told['case']}, household {told['household']}{name}", soft_wrap=True)
    console.print(f"{both(_plain(told['words']))} ({told['since']}); {told['owner']} has it", soft_wrap=True)
    if told["kinds"]:
        kinds = ", ".join(both(_plain(each)) for each in told["kinds"])
        console.print(f"{both(_plain(told['layer']))}; {kinds}; {both(_plain(told['grade']))}", soft_wrap=True)
    if told["due_on"] is not None:
        late = f" OVERDUE {told['overdue_days']} d" if told["overdue_days"] else ""
        console.print(f"next: {both(_plain(told['clock']))}{late}", soft_wrap=True)
        console.print(f"may become: {', '.join(told['onward'])}", soft_wrap=True)
    for step in told["steps"]:
        reason = "" if step["reason"] is None else f": {step['reason']}"
        heard = "" if step["heard_on"] is None else f" (heard on {step['heard_on']})"
        console.print(f"  {step['on']}  {both(_plain(step['words']))}, {step['by']}{heard}{reason}", soft_wrap=True)
    for part in told["parts"]:
        late = " OVERDUE" if part["overdue"] else ""
        result = "" if part["result"] is None else f": {part['result']}"
        said = f"{part['programme']} {both(_plain(part['name']))}, {both(_plain(part['amount']))}"
        owner = f"{both(_plain(part['owner']))}, due {part['due_on']}"
        done = f"{both(_plain(part['words']))}{result}{late}"
        console.print(f"  part {part['part']}: {said}; {owner}; {done}", soft_wrap=True)


def _plain(text: Any) -> Told:
    return text if isinstance(text, Mapping) else {"zh": text.zh, "en": text.en}


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {"case": show_case, "cases": show_cases}
