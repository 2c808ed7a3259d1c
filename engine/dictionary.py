"""The dictionary of features and labels in Chinese and English, generated from the code into docs/dictionary.md.

python -m engine.dictionary docs/dictionary.md
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from features.catalog import FEATURES
from features.feature import Feature
from features.labels import COUNTY
from outreach import wording_casework as casework
from outreach.bands import RISKS
from outreach.wording_findings import EVENTS
from outreach.wording_programmes import PROGRAMMES, checks
from outreach.wording_reasons import CONCEPTS, UNSAID

LABELS: Final = (
    (
        "relative_poverty",
        "poverty_12m",
        "Mean income before social assistance over the next 12 months below θ × the median. Null where the "
        "household dissolves, or where no income source has reported for it. / "
        "今后十二个月救助前平均收入低于中位数的 θ 倍。",
    ),
    (
        "emergency",
        "emergency_90d",
        "Onset within 90 days of a hardship that was not running on the day: catastrophic spending (WHO-40), the "
        "earner lost, a third month without any income, disaster or accident with loss. / 九十天内新发生的急难。",
    ),
    (
        "need_verified",
        "need_verified",
        "From visits only: V10, V11, V12, V21 are 1; V31, V32 are 0; every other outcome is null. / "
        "只来自走访结果。",
    ),
)
SPEC_ZH: Final = "未在 home.toml 中另行指定时使用"


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    parts = [
        "# Dictionary / 数据字典",
        "Generated from the code by `python -m engine.dictionary docs/dictionary.md`; a test fails where it is "
        "stale. / 由程序生成，请勿手改。",
        _features(),
        _labels(),
        _lanes(),
        _findings(),
        _outcomes(),
    ]
    return "\n\n".join(parts) + "\n"


def _features() -> str:
    ordered = sorted(enumerate(FEATURES), key=lambda each: (each[1].concept, each[0]))
    parts = [
        f"## Features / 特征\n\n{len(FEATURES)} columns, of which {sum(f.modelled for f in FEATURES)} may be used "
        "by models; the others are nominal money, for people to read. *Direction* says what a higher value may do "
        "to the risk: +1 never lowers it, -1 never raises it, 0 is free. A value of a column marked † is never "
        "shown at a door."
    ]
    for concept, members in groupby((feature for _, feature in ordered), key=lambda feature: feature.concept):
        text = CONCEPTS[concept]
        rows = [_feature_row(feature) for feature in members]
        head = ["name", "中文", "English", "unit", "bounds", "direction", "model", "sources", "meaning"]
        parts.append(
            f"### `{concept}` · {text.heading.zh} · {text.heading.en}\n\n"
            f"{text.check.zh}？/ {text.check.en}?\n\n{_table(head, rows)}"
        )
    return "\n\n".join(parts)


def _feature_row(feature: Feature) -> list[str]:
    mark = " †" if feature.name in UNSAID else ""
    return [
        f"`{feature.name}`{mark}",
        feature.label_zh,
        feature.label_en,
        feature.unit,
        f"{_bound(feature.low)} … {_bound(feature.high)}",
        f"{feature.direction:+d}" if feature.direction else "0",
        "yes" if feature.modelled else "no",
        ", ".join(feature.sources),
        feature.meaning,
    ]


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _labels() -> str:
    said = [[f"`{name}`", RISKS[risk].zh if risk in RISKS else "入户核实", text] for risk, name, text in LABELS]
    spec = [[f"`{key}`", _plain(value)] for key, value in COUNTY.to_mapping().items()]
    return (
        "## Labels / 标签\n\n"
        + _table(["label", "中文", "meaning"], said)
        + f"\n\nThe label spec of `poverty_12m` where home.toml names none ({SPEC_ZH}):\n\n"
        + _table(["key", "value"], spec)
    )


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(str(each) for each in value) or "–"
    return "–" if value is None else str(value)


def _lanes() -> str:
    rows = [
        [f"`{code}`", text.zh, text.en, casework.LANES[code].zh, casework.LANES[code].en]
        for code, text in casework.LANES_OF_THE_REPORT.items()
    ]
    note = "A visitor is not told which of the two routine lanes a household is in until the outcome is filed."
    return f"## Lanes / 名单类别\n\n{note}\n\n" + _table(
        ["lane", "中文", "English", "名单上写", "on the card"], rows
    )


def _findings() -> str:
    events = [[f"`{code}`", e.said.zh, e.said.en, e.check.zh, e.check.en] for code, e in EVENTS.items()]
    gaps = [
        [
            f"`GAP-{code}`",
            name.zh,
            name.en,
            "；".join(c.zh for c in checks(code)),
            "; ".join(c.en for c in checks(code)),
        ]
        for code, name in PROGRAMMES.items()
    ]
    head = ["code", "中文", "English", "核实", "verify at the door"]
    return (
        "## Findings / 发现\n\nEvents (EV) and, per programme, what is missing (GAP). A finding suggests a visit; "
        f"it decides nothing.\n\n{_table(head, events)}\n\n{_table(head, gaps)}"
    )


def _outcomes() -> str:
    rows = [[f"`{code}`", text.zh, text.en] for code, text in casework.OUTCOMES.items()]
    return "## Outcomes / 走访结果\n\n" + _table(["code", "中文", "English"], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dictionary(), "utf-8")
