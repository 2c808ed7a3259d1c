"""The catalogue: every column there is, in one tuple, and the concepts that group them for the reasons."""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from hashlib import sha256
from typing import Final

from features import (
    combined,
    disability,
    dwelling,
    employment,
    events,
    household,
    income,
    income_change,
    income_mix,
    income_years,
    medical,
    neighbourhood,
    schooling,
    support,
    utility,
)
from features.feature import Feature

FEATURES: Final[tuple[Feature, ...]] = (
    *household.FEATURES,
    *dwelling.FEATURES,
    *income.FEATURES,
    *income_change.FEATURES,
    *income_mix.FEATURES,
    *income_years.FEATURES,
    *employment.FEATURES,
    *medical.FEATURES,
    *disability.FEATURES,
    *schooling.FEATURES,
    *support.FEATURES,
    *events.FEATURES,
    *utility.FEATURES,
    *combined.FEATURES,
    *neighbourhood.FEATURES,
)

CONCEPTS: Final[Mapping[str, tuple[str, str]]] = {
    "composition": ("家庭构成", "who lives in the household"),
    "dependants": ("抚养负担", "children and others who depend on few"),
    "elders": ("老年成员", "old members"),
    "education": ("受教育程度", "education of the adults"),
    "dwelling": ("住房与土地", "dwelling and land"),
    "income_level": ("收入水平", "level of income"),
    "income_change": ("收入变化", "change of income"),
    "income_mix": ("收入来源", "sources of income"),
    "earners": ("收入承担者", "who brings in the income"),
    "work": ("就业状况", "work"),
    "employment_form": ("就业形式", "form of employment"),
    "work_loss": ("失业与断缴", "loss of work, contributions that stopped"),
    "medical_burden": ("医疗支出负担", "burden of medical costs"),
    "illness": ("患病与住院", "illness and admissions"),
    "disability": ("残疾", "disability"),
    "schooling": ("子女就学", "children and students at school"),
    "support": ("在享救助与福利", "benefits in payment"),
    "support_lost": ("救助退出或被拒", "benefits that ended or were refused"),
    "insurance": ("社会保险", "insurance"),
    "events": ("突发事件", "life events"),
    "arrears": ("水电气欠费", "arrears and use of utilities"),
    "neighbourhood": ("邻里环境", "the neighbourhood"),
}
"""Concepts in zh and en: correlated columns share one."""

_BY_NAME: Final = {item.name: item for item in FEATURES}


def by_name(name: str) -> Feature:
    """The column of this name. ``ValueError`` with the nearest names where there is none."""
    found = _BY_NAME.get(name)
    if found is None:
        near = get_close_matches(name, _BY_NAME, n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `xunfang features` lists them all"
        raise ValueError(f"there is no feature named {name!r}{hint}")
    return found


def modelled_names() -> tuple[str, ...]:
    """Names of the columns that models may use, in the order of the catalogue."""
    return tuple(item.name for item in FEATURES if item.modelled)


def unknown_names(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these names that no column of the catalogue has, sorted."""
    return tuple(sorted(set(names) - set(_BY_NAME)))


def fingerprint(names: Iterable[str]) -> str:
    """Hash of what these columns are declared to be: name, unit, bounds, direction, meaning, in this order.

    A name that the catalogue does not have counts by itself.
    """
    told = []
    for name in names:
        one = _BY_NAME.get(name)
        told.append([name] if one is None else [name, one.unit, one.low, one.high, one.direction, one.meaning])
    return sha256(json.dumps(told).encode()).hexdigest()
