"""What the command line shows of one household's page: the short of it; the page has all."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from engine.show_package import show_package

Told = Mapping[str, Any]


def _show_explain(told: Told, console: Console) -> None:
    kind = told["kind"]
    console.print(f"{told['household']}, night of {told['business_date']} (run {told['head']['run_id']})")
    if kind["listed"]:
        console.print(f"on a list: {kind['lane']['en']}, number {kind['position']}, due {kind['due_on']['en']}")
    else:
        why = "no reason stored" if kind["left_out"] is None else kind["left_out"]["en"]
        console.print(f"on no list: {why}", soft_wrap=True)
    console.print(f"to do: {kind['action']['words']['en']}", soft_wrap=True)
    if layer := kind["layer"]:
        kinds = ", ".join(each["words"]["en"] for each in layer["kinds"])
        console.print(f"layer: {layer['layer']['en']}; needs: {kinds}; {layer['grade']['en']}", soft_wrap=True)
    for each in told["why_not"]["lanes"]:
        if not each["listed"]:
            console.print(f"  not in {each['lane']}: {each['why']['en']}", soft_wrap=True)
    register = told["why_not"]["register"]
    often = ", ".join(f"{each['words']['en']} ({each['nights']})" for each in register["left_out"])
    console.print(
        f"on lists of {register['listed']} of {register['nights']} nights; left out: {often or 'never'}",
        soft_wrap=True,
    )
    for finding in told["rules"]["findings"]:
        console.print(f"  {finding['code']}: {finding['words']['en']}", soft_wrap=True)
    show_package(told["package"], console)
    for score in told["scores"]:
        console.print(
            f"{score['name']['en']}: {score['band']['word']['en']} ({score['band']['of_hundred']['en']})",
            soft_wrap=True,
        )
        for each in score["concepts"][:4]:
            console.print(f"  {each['contribution']:+.3f}  {each['name']['en']}")
    console.print(f"sha256 {told['sha256']}")


SHAPES: dict[str, Callable[[Told, Console], None]] = {"explain": _show_explain}
