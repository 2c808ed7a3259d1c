"""The measurements as a table for people."""

from typing import Any


def printed(told: dict[str, Any], meanings: dict[str, str]) -> str:
    """Markdown: stage, people, seconds, CPU seconds, ratio to another way, peak GB, people/s."""
    machine = told["machine"]
    lines = [
        f"{machine['cores']} cores, {machine['memory_gb']} GB, Python {machine['python']}; "
        f"load {told['load_before']:.1f} before and {told['load_after']:.1f} after",
        "",
        "| stage | people | seconds | CPU s | ratio | peak GB | people/s |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in told["stages"]:
        lines.append(
            f"| {row['stage']}: {meanings[row['stage']]} | {row['people']:,} | {row['seconds']:.1f} "
            f"| {row['cpu_seconds']:.1f} | {_ratio(row, told['stages'])} | {row['peak_gb']:.2f} "
            f"| {row['people'] / max(row['seconds'], 1e-3):,.0f} |"
        )
    return "\n".join(lines)


def _ratio(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """How many times as long pandas takes (features); how many times as long as read_csv it takes (checking).

    Three: what OpenFisca takes beside it, less its set-up. Fairness: how many times as long fairlearn takes for one
    figure in one sample, a household.
    """
    if row["stage"] == "features":
        return f"pandas takes {_other('pandas', row, rows)['seconds'] / row['seconds']:.1f} ×"
    if row["stage"] == "checking":
        return f"{row['seconds'] / _other('read_csv', row, rows)['seconds']:.1f} × read_csv"
    if row["stage"] == "three" and any(each["stage"] == "openfisca" for each in rows):
        return f"OpenFisca takes {_other('openfisca', row, rows)['seconds'] / row['seconds']:.2f} ×"
    if row["stage"] == "fairness":
        own, other = (
            each["seconds"] / each["figures"] / each["households"] for each in (row, _other("fairlearn", row, rows))
        )
        return f"for one figure fairlearn takes {other / own:,.0f} ×"
    return ""


def _other(stage: str, row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return next(each for each in rows if each["stage"] == stage and each["people"] == row["people"])
