"""What the command line shows of programmes: the list, what is wrong with a pack, one for a household."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

Told = Mapping[str, Any]

UNITS: Final = {"H": "household", "P": "person", "E": "event"}


def _show_programmes(told: Told, console: Console) -> None:
    console.print(f"pack {told['pack']} on {told['as_of']}: {len(told['programmes'])} programmes")
    table = Table("code", "项目 / programme", "unit", "authority", "mechanism", "records", "verify", "basis")
    for row in told["programmes"]:
        shown = f"{row['name']['zh']}\n{row['name']['en']}"
        tests = str(row["conditions"]) if row["judged"] else "not judged"
        table.add_row(
            row["code"],
            shown,
            UNITS[row["unit"]],
            " ".join(row["authority"]),
            row["mechanism"],
            tests,
            str(row["to_verify"]),
            row["basis"],
        )
    console.print(table)


def _show_pack(told: Told, console: Console) -> None:
    if told["sound"]:
        console.print(f"pack {told['pack']}: sound")
        return
    console.print(f"pack {told['pack']}: {len(told['problems'])} to mend")
    for each in told["problems"]:
        console.print(f"  {each['where']}: {each['what']}", soft_wrap=True, markup=False)
        console.print(f"    → {each['way_out']}", soft_wrap=True, markup=False)


def _show_programme(told: Told, console: Console) -> None:
    programme = told["programme"]
    name = programme["name"]
    console.print(f"{programme['code']} {name['zh']} / {name['en']}", soft_wrap=True)
    console.print(f"household {told['household']} on {told['as_of']}, pack {told['pack']}", soft_wrap=True)
    if not programme["judged"]:
        console.print("由其他部门办理 / granted by others: not judged from a household's records", soft_wrap=True)
    for row in told["verdicts"]:
        who = f"{row['who']['zh']} / {row['who']['en']}: " if row["who"]["en"] else ""
        console.print(f"\n{who}{row['words']['zh']} / {row['words']['en']}", soft_wrap=True)
        for each in row["conditions"]:
            said = f"{each['words']['zh']} / {each['words']['en']}"
            console.print(f"  [{each['outcome']}] {said}", soft_wrap=True, markup=False)
        for step in row["steps"]:
            console.print(f"    {_step(step)}", soft_wrap=True, markup=False)
    for each in told["to_verify"]:
        words = each["words"]
        console.print(f"to verify: {words['zh']} / {words['en']} ({each['article']})", soft_wrap=True, markup=False)


def _step(step: Told) -> str:
    """One comparison: what is on record, the line, how it came out, from where and when, the article."""
    found = f"{step['value']['zh']} / {step['value']['en']}" if step["value"]["en"] else step["id"]
    line = f", {step['line']['en']}" if step["line"]["en"] else ""
    source = step["source"]["en"]
    dated = f" ({source}, {step['source_date']['en']})" if source and step["source_date"] else ""
    return f"{step['outcome']}: {found}{line}{dated}; {step['article']}"


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "programmes": _show_programmes,
    "pack": _show_pack,
    "programme": _show_programme,
}
