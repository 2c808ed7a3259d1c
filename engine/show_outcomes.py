"""What the command line shows of outcomes: items by number, never people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]


def show_outcome(told: Told, console: Console) -> None:
    """One outcome: what it says, until when the household is left in peace, what was handed on."""
    from outreach.wording_casework import OUTCOMES

    said = OUTCOMES[told["outcome"]]
    console.print(f"{told['item']}: {told['outcome']} {said.zh} {said.en}", soft_wrap=True)
    if told["already"]:
        again = "it was taken back since" if told["undone"] else "nothing was changed"
        console.print(f"recorded before; {again}")
    console.print(f"attempt {told['attempt']}; left in peace until {told['quiet_until']}")
    if told["again_on"] is not None:
        console.print(f"to be visited again on {told['again_on']}")
    label = {True: "need", False: "no need", None: "nothing about need"}[told["need"]]
    console.print(f"as a label it says: {label}")
    if told["referral"] is not None:
        console.print(_referral(told["referral"]), soft_wrap=True)


def show_returned(told: Told, console: Console) -> None:
    """A returned list: its rows by what became of them, and the reason of each that was set aside."""
    console.print(
        f"{told['rows']} rows filled in: {told['recorded']} recorded, {told['already']} known already, "
        f"{told['set_aside']} set aside; {told['blank']} rows without an outcome"
    )
    for row in told["aside"]:
        item = "" if row["item"] is None else f", item {row['item']}"
        console.print(f"  {row['sheet']}, row {row['row']}{item}: {row['zh']} / {row['en']}", soft_wrap=True)
    for each in told["unread"]:
        console.print(
            f"  {each['sheet']}, column {each['column']}: not read, its heading is none of the list's; "
            "put it back and send the file again",
            soft_wrap=True,
        )
    console.print(f"{told['still_open']} visits of these lists still wait for an outcome")


def show_outcomes(told: Told, console: Console) -> None:
    """The visits of a night, then the open referrals."""
    table = Table("item", "caseworker", "household", "due", "state", "outcome", "on", "attempt")
    for row in told["items"]:
        state = row["state"] if row["state_reason"] is None else f"{row['state']} ({row['state_reason']})"
        names = ("item", "caseworker", "household", "due_on")
        end = ("" if row[name] is None else str(row[name]) for name in ("outcome", "visited_on", "attempt"))
        table.add_row(*(str(row[name]) for name in names), state, *end)
    console.print(table)
    for row in told["referrals"]:
        late = " OVERDUE" if row["overdue"] else ""
        console.print(f"{_referral(row)}{late}", soft_wrap=True)


def _referral(row: Told) -> str:
    from outreach.wording_outcomes import ABOUT, REFERRALS

    kind = REFERRALS[row["kind"]]
    about = "" if row["about"] is None else f" ({ABOUT[row['about']].zh} {ABOUT[row['about']].en})"
    return f"referral {row['id']}: {kind.zh} {kind.en}{about}; {row['owner']} has it, due {row['due_on']}"


SHAPES: Final[dict[str, Callable[[Told, Console], None]]] = {
    "outcome": show_outcome,
    "outcomes": show_outcomes,
    "returned": show_returned,
}
