"""What the command line shows: bars while it works, and results as text. Never people."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from io import StringIO
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from engine import (
    show_audit,
    show_card,
    show_case,
    show_coverage,
    show_disputes,
    show_explain,
    show_fairness,
    show_linkage,
    show_lists,
    show_measured,
    show_models,
    show_month,
    show_outcomes,
    show_programmes,
    show_push,
    show_relief,
    show_rescue,
    show_reviews,
    show_rights,
    show_selective,
    show_signs,
)
from engine.show_sources import show_described

Told = Mapping[str, Any]


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars on stderr, one per stage; where stderr is no terminal, one line per finished stage."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _finished_stages()
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=total)
            shown.update(tasks[stage], completed=done, total=total)

        yield progress


def as_text(told: Told, shape: str) -> str:
    """A result as text for people."""
    out = StringIO()
    width = 110 if not sys.stdout.isatty() else None
    console = Console(file=out, width=width, highlight=False, soft_wrap=False, markup=False, emoji=False)
    SHAPES[shape](told, console)
    return out.getvalue()


def feature_rows() -> list[dict[str, Any]]:
    """The catalogue as plain values."""
    from features.catalog import FEATURES

    return [
        {
            "name": item.name,
            "zh": item.label_zh,
            "en": item.label_en,
            "unit": item.unit,
            "low": item.low,
            "high": item.high,
            "direction": item.direction,
            "concept": item.concept,
            "modelled": item.modelled,
            "sources": list(item.sources),
            "meaning": item.meaning,
        }
        for item in FEATURES
    ]


def feature_shown(population: Any, name: str, as_of: date) -> dict[str, Any]:
    """One column on one date: its meaning, how many households know it, its quantiles. No household is named."""
    from engine.errors import UsageError
    from features.catalog import by_name

    try:
        item = by_name(name)
    except ValueError as wrong:
        raise UsageError(str(wrong), "xunfang features lists them.") from None
    values = population.columns(as_of, [name])[name]
    known = values.drop_nulls()
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    return {
        "name": name,
        "as_of": as_of.isoformat(),
        "zh": item.label_zh,
        "en": item.label_en,
        "unit": item.unit,
        "meaning": item.meaning,
        "households": len(values),
        "unknown": len(values) - len(known),
        "mean": known.mean(),
        "quantiles": {str(share): known.quantile(share) for share in shares} if len(known) >= 100 else {},
    }


def _finished_stages() -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if done == total:
            sys.stderr.write(f"{stage}: done\n")

    return progress


def _show_night(told: Told, console: Console) -> None:
    numbers = told["numbers"]
    console.print(told.get("message", f"Night of {told['business_date']} ({told['state']})"))
    if told["held_reason"]:
        console.print(f"HELD: {told['held_reason']}")
    if told["basis"] != "model":
        console.print("No promoted model: the lists rest on triggers, rules and the income line.")
    console.print("\nThe night in six numbers")
    for name, meaning in (
        ("read", "records read"),
        ("quarantined", "set aside, with the rule they broke"),
        ("scored", "households scored"),
        ("listed", "households on lists"),
        ("sent", "lists written for caseworkers"),
        ("answered", "visits answered so far"),
    ):
        console.print(f"  {numbers[name]:>12,}  {meaning}")
    for area, count in told.get("unserved", {}).items():
        many = "7 or fewer" if count is None else f"{count:,}"
        console.print(f"  {many:>12}  left out in {area}, which nobody in caseworkers.toml serves", soft_wrap=True)
    for risk, model in told.get("models", {}).items():
        console.print(_model_line(risk, model))
    if "messages" in told:
        show_push.show_sent(told["messages"], console)
    console.print("\nWhere to look")
    console.print(f"  lists     {told['lists']}", soft_wrap=True)
    console.print(f"  report    {told['report']}", soft_wrap=True)
    console.print(f"  manifest  {told['manifest']}", soft_wrap=True)
    _show_keys(told, console)


def _show_keys(told: Told, console: Console) -> None:
    for path in told.get("keys_made", ()):
        console.print(f"  key       {path}  (made now: keep a copy elsewhere)", soft_wrap=True)


def _model_line(risk: str, model: Told) -> str:
    if "unavailable" in model:
        return f"\n{risk}: no model, {model['unavailable']['en']}"
    own, last = model["model"], model["last_status"]
    state = "promoted" if model["promoted"] else "not promoted"
    return (
        f"\n{risk}: {state} ({model['figure']}); AUC {_number(own['auc'])} beside {_number(last['auc'])} "
        f"of the last status alone"
    )


def _show_check(told: Told, console: Console) -> None:
    table = Table("source", "rows", "accepted", "set aside", "found their owner", "last known", "months")
    for source in told["sources"]:
        rate, months = source["match_rate"], source["months"]
        table.add_row(
            source["name"],
            f"{source['rows']:,}",
            f"{source['accepted']:,}",
            f"{source['quarantined']:,}",
            "–" if rate is None else f"{rate:.1%}",
            source["last_known_on"] or "–",
            "–" if months is None else " … ".join(months),
        )
    console.print(table)
    broken = [(source["name"], *each) for source in told["sources"] for each in source["rules"].items()]
    if broken:
        console.print("\nSet aside, by the rule that they broke")
    for name, rule, count in broken:
        console.print(f"  {count:>12,}  {name}: {rule}", soft_wrap=True)
    show_described(told.get("described", []), console)
    for delivery in told["deliveries"]:
        console.print(f"\n{delivery['delivery_id']}, delivered on {delivery['delivered_on']}")
        for file in delivery["files"]:
            console.print(
                f"  {file['name']}: {file['rows']:,} rows = {file['accepted']:,} accepted + "
                f"{file['quarantined']:,} set aside",
                soft_wrap=True,
            )
            for alert, rows in file["alerts"].items():
                console.print(f"  to be looked at: {rows:,} {alert.replace('_', ' ')}", soft_wrap=True)
    for refused in told["refused"]:
        console.print(
            f"\nREFUSED {refused['delivery']}: {refused['error']}\n  {refused['way_out']}", soft_wrap=True
        )
    if told.get("keys_made"):
        console.print("\nKeys of this home")
    _show_keys(told, console)


def _show_status(told: Told, console: Console) -> None:
    if told["last_night"] is None:
        console.print("No night has been run in this home yet.")
    else:
        _show_night(told["last_night"], console)
    for held in told["held"]:
        console.print(f"\nHELD {held['business_date']}: {held['why']}")
    for each in told["to_confirm"]:
        console.print(f"\nTO CONFIRM {each['delivery']}: {each['en']} / {each['zh']}", soft_wrap=True)
    for row in told["ledger"]:
        console.print(f"\n{row['state'].upper()} {row['business_date']}: {row['message'] or ''}")
    console.print("\nWhat waits")
    for name, count in told["waiting"].items():
        console.print(f"  {count:>12,}  {name.replace('_', ' ')}")
    table = Table("source", "rows", "set aside", "last month", "last known", "days ago")
    for source in told["sources"]:
        table.add_row(
            source["name"],
            f"{source['rows']:,}",
            f"{source['quarantined']:,}",
            source["months"][1] if source["months"] else "–",
            source["last_known_on"] or "–",
            "–" if source["days_since_known"] is None else str(source["days_since_known"]),
        )
    console.print(table)
    _show_absent(told, console)
    show_push.show_push(told["push"], console)
    for risk, model in told["models"].items():
        console.print(f"model {risk}: {model['promoted'] or 'none promoted'}")
    disk = told["disk"]
    console.print(
        f"disk: {disk['home_bytes'] / 2**20:,.0f} MiB used here, {disk['free_bytes'] / 2**30:,.1f} GiB free"
    )
    if disk["scarce"]:
        console.print("THE DISK IS NEARLY FULL: free some space before the next night.")


def _show_absent(told: Told, console: Console) -> None:
    for name, why in told["lacks"].items():
        console.print(f"not there: {name} ({why})", soft_wrap=True)
    for each in told["not_fetched"]:
        console.print(f"NOT DELIVERED {each['source']} since {each['since']}: {each['why']}", soft_wrap=True)
    if told["retention"]["automatic"]:
        console.print(f"past its time: last taken away on {told['retention']['last'] or '–'}, each month by itself")


def _show_verify(told: Told, console: Console) -> None:
    for each in told["damaged"]:
        console.print(f"DAMAGED {each['path']}: {each['what']}", soft_wrap=True)
    state = "everything is as it was written" if told["intact"] else f"{len(told['damaged'])} damaged"
    console.print(
        f"{state}: {told['nights']} nights with {told['night_files']} files, {told['audit_entries']} audit entries"
    )


def _show_features(told: Told, console: Console) -> None:
    table = Table("name", "中文", "English", "unit", "direction", "concept")
    for item in told["features"]:
        sign = {1: "+", -1: "−", 0: ""}[item["direction"]]
        table.add_row(item["name"], item["zh"], item["en"], item["unit"], sign, item["concept"])
    console.print(table)


def _show_feature(told: Told, console: Console) -> None:
    console.print(f"{told['name']} as of {told['as_of']}: {told['en']} / {told['zh']} ({told['unit']})")
    console.print(told["meaning"], soft_wrap=True)
    console.print(
        f"households {told['households']:,}, unknown for {told['unknown']:,}, mean {_number(told['mean'])}"
    )
    for share, value in told["quantiles"].items():
        console.print(f"  {float(share):>5.0%}  {_number(value)}")


def _show_plain(told: Told, console: Console) -> None:
    for name, value in told.items():
        if isinstance(value, Mapping):
            console.print(f"{name}:")
            for key, why in value.items():
                console.print(f"  {key}: {why}", soft_wrap=True)
        else:
            console.print(f"{name}: {', '.join(value) if isinstance(value, list) else value}", soft_wrap=True)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _show_poverty(told: Told, console: Console) -> None:
    known = told["households"] - told["unknown"]
    console.print(f"{told['as_of']}: {known:,} households counted; income unknown for {told['unknown']:,}")
    table = Table("line", "of the median", "persons below", "gap", "severity", "to lift all, a month", "margin")
    for row in told["figures"]:
        if row["grouping"] == "everybody":
            shares = [row[name] and f"{row[name]['value']:.1%}" for name in ("headcount", "gap", "severity")]
            money = None if row["few"] else f"{row['total_gap'] / 100:,.0f}"
            margin = None if row["few"] else f"{row['margin']:.1%}"
            line = f"{row['scale']}, {row['base']}"
            table.add_row(line, f"{row['theta']:.0%}", *(each or "–" for each in (*shares, money, margin)))
    console.print(table)


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "night": _show_night,
    "check": _show_check,
    "status": _show_status,
    "verify": _show_verify,
    "poverty": _show_poverty,
    "features": _show_features,
    "feature": _show_feature,
    "survey": _show_plain,
    "init": _show_plain,
    "fetch": _show_plain,
    "plain": _show_plain,
    **show_rights.SHAPES,
    **show_audit.SHAPES,
    **show_fairness.SHAPES,
    **show_explain.SHAPES,
    **show_linkage.SHAPES,
    **show_lists.SHAPES,
    **show_measured.SHAPES,
    **show_models.SHAPES,
    **show_programmes.SHAPES,
    **show_month.SHAPES,
    **show_coverage.SHAPES,
    **show_relief.SHAPES,
    **show_outcomes.SHAPES,
    **show_card.SHAPES,
    **show_case.SHAPES,
    **show_disputes.SHAPES,
    **show_reviews.SHAPES,
    **show_push.SHAPES,
    **show_rescue.SHAPES,
    **show_selective.SHAPES,
    **show_signs.SHAPES,
}
