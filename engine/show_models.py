"""What is told of models as text for people: the kept ones, experiments, comparisons."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from models.promotion import BASELINES

Told = Mapping[str, Any]

POPULATIONS: Final = ("everybody", "entry", "unsupported")
FIGURES: Final = {
    "base_rate": "base rate",
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "precision_at_10pct": "p@10%",
    "recall_at_10pct": "r@10%",
}


def _show_models(told: Told, console: Console) -> None:
    named = ("auc", "average_precision", "log_loss")
    table = Table("risk", "model", "state", "tested", *(FIGURES[name] for name in named), "gates")
    for row in told["models"]:
        gates = "hold it back" if row["held_back"] else "passed"
        figures = (_number(row[name]) for name in named)
        table.add_row(row["risk"], row["model_id"], row["state"], row["tested"] or "–", *figures, gates)
    console.print(table)
    for row in told["models"]:
        for why in row["held_back"]:
            console.print(f"{row['model_id']}: {why['en']} / {why['zh']}", soft_wrap=True)


def _show_compared(told: Told, console: Console) -> None:
    days = ", ".join(told["as_of"])
    console.print(f"{told['risk']}: {told['rows']:,} households that all of them were tested on ({days})")
    console.print(_figures("model", told["models"], told["models"]))


def _show_experiments(told: Told, console: Console) -> None:
    for risk, experiment in told.items():
        if "unavailable" in experiment:
            console.print(f"{risk}: no model, {experiment['unavailable']['en']}")
            continue
        console.print(f"\n{risk} ({experiment['figure']}, test {experiment['as_of'].get('test')})")
        console.print(_figures("candidate", experiment, ("model", *BASELINES)))
        _show_earlier(experiment, console)
        console.print("promoted" if experiment.get("promoted") else "not promoted")
        for reason in experiment["promotion"]["reasons"]:
            console.print(f"  {reason['en']}")
        gate = experiment.get("fairness_gate", {"verdict": "insufficient", "reasons": ()})
        console.print(f"groups: {GATES[gate['verdict']]}")
        for reason in experiment.get("signs_gate", {}).get("reasons", ()):
            console.print(f"signs: {reason['en']}")


GATES: Final = {
    "held": "one or more are found too seldom, beyond doubt: xunfang fairness tells which",
    "pass": "every one is found at least four fifths as often as everybody",
    "insufficient": "none is found too seldom beyond doubt; for some there is insufficient evidence",
}


def _show_earlier(experiment: Told, console: Console) -> None:
    """The dates before the newest that were tested on as well, the model beside the last status."""
    for day, figures in sorted(experiment.get("by_date", {}).items()):
        if day != experiment["as_of"].get("test"):
            model, last = figures["model"], figures["last_status"]
            said = (
                f"{FIGURES[name]} {_number(model[name])} : {_number(last[name])}"
                for name in ("auc", "average_precision", "log_loss")
            )
            console.print(f"  tested on {day} as well, beside the last status: {', '.join(said)}")


def _show_scorecard(told: Told, console: Console) -> None:
    """The newest date of the unsupported; the page and the JSON tell all."""
    for world in told.get("worlds", ()):
        console.print(f"\n[bold]{world['world']}[/bold]")
        _show_scorecard(world, console)
    for each in told.get("risks", ()):
        if "unavailable" in each:
            console.print(f"{each['risk']}: {each['unavailable']}")
            continue
        rows = [row for row in each["rows"] if row["by"] is None and row["subset"] == "unsupported"]
        newest = max(row["as_of"] for row in rows)
        serves = "" if each["serves"] else " (this model does not serve)"
        console.print(f"\n{each['risk']}: the unsupported on {newest}{serves}")
        named = ("precision", "lift", "recall", "exclusion", "recall_soon", "verified_per_visit")
        table = Table("list", "by", "households", *(name.replace("_", " ") for name in named))
        for row in rows:
            if row["as_of"] == newest:
                cells = (_number(row[name]) for name in named)
                table.add_row(f"{row['share']:.1%}", row["way"], str(row["k"]), *cells)
        console.print(table)


def _figures(title: str, told: Told, names: Iterable[str]) -> Table:
    """A row for each population and candidate."""
    table = Table("population", title, "n", *FIGURES.values())
    for population in POPULATIONS:
        for name in names:
            figures = told.get(name)
            figures = figures if figures is None or population == "everybody" else figures.get(population)
            if figures and figures["n"]:
                table.add_row(
                    population, name, f"{figures['n']:,}", *(_number(figures.get(key)) for key in FIGURES)
                )
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


SHAPES: Final[Mapping[str, Callable[[Told, Console], None]]] = {
    "models": _show_models,
    "compared": _show_compared,
    "experiments": _show_experiments,
    "scorecard": _show_scorecard,
}
