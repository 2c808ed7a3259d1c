"""Conditions as data: a small typed form, compiled to Polars expressions with four outcomes.

An outcome is an Int8, ordered so that "and" is the least and "or" the greatest: FAIL < UNKNOWN < NEAR < PASS.
NEAR means that the line lies within the fact's uncertainty. This is Kleene's logic with one level more; there is
no "not", because each comparison has its opposite among the operators.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import polars as pl

from outreach.vocabulary import fact_of

FAIL, UNKNOWN, NEAR, PASS = 0, 1, 2, 3
OUTCOMES: Final = ("fail", "unknown", "near", "pass")
OPERATORS: Final = ("<", "<=", ">", ">=", "==", "!=")


class Figures(Protocol):
    """A parameter's value on a day, by area kind."""

    @property
    def urban(self) -> float | None: ...  # noqa: D102

    @property
    def rural(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True)
class Compare:
    """A fact against a parameter (times a ratio) or a plain number or flag."""

    value: str
    op: str
    parameter: str | None = None
    times: str | None = None
    number: float | None = None


@dataclass(frozen=True)
class Holds:
    """A parameter that is a flag: a local extension that is on or off."""

    setting: str


@dataclass(frozen=True)
class Group:
    """All of, or any of, several tests."""

    kind: str
    tests: tuple["Test", ...]


Test = Compare | Holds | Group


def parse_test(raw: object) -> Test:
    """A test from its TOML form; raises ``ValueError`` saying what form is expected."""
    if not isinstance(raw, Mapping):
        raise ValueError("a test is a table such as {value='pc_income', op='<', parameter='db_std'}")
    keys = set(raw)
    if keys == {"setting"}:
        return Holds(str(raw["setting"]))
    if keys in ({"any"}, {"all"}):
        kind = next(iter(keys))
        parts = raw[kind]
        if not isinstance(parts, list) or len(parts) < 2:
            raise ValueError(f"'{kind}' takes a list of at least two tests")
        return Group(kind, tuple(parse_test(part) for part in parts))
    return _comparison(raw)


def _comparison(raw: Mapping[str, Any]) -> Compare:
    extra = sorted(set(raw) - {"value", "op", "parameter", "times", "number", "is"})
    if extra:
        raise ValueError(f"a test does not know: {', '.join(extra)}")
    if "value" not in raw:
        raise ValueError("a comparison names its fact in 'value'")
    given = [key for key in ("parameter", "number", "is") if key in raw]
    if len(given) != 1:
        raise ValueError("a comparison has exactly one of 'parameter', 'number', 'is'")
    if "is" in raw:
        if not isinstance(raw["is"], bool) or "op" in raw:
            raise ValueError("'is' takes true or false, and no 'op'")
        return Compare(str(raw["value"]), "==", number=float(raw["is"]))
    if raw.get("op") not in OPERATORS:
        raise ValueError(f"'op' is one of {' '.join(OPERATORS)}")
    number = raw.get("number")
    if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
        raise ValueError("'number' is a number")
    return Compare(
        str(raw["value"]),
        raw["op"],
        raw.get("parameter"),
        raw.get("times"),
        None if number is None else float(number),
    )


def leaves(test: Test) -> Iterator[Compare | Holds]:
    """The comparisons of a test, in order."""
    if isinstance(test, Group):
        for part in test.tests:
            yield from leaves(part)
    else:
        yield test


def figure(setting: Figures) -> pl.Expr:
    """A parameter's value for each row, by its ``area_kind``; null where it has none."""
    if setting.urban == setting.rural:
        return pl.lit(setting.urban, dtype=pl.Float64)
    urban, rural = (pl.lit(value, dtype=pl.Float64) for value in (setting.urban, setting.rural))
    return pl.when(pl.col("area_kind").cast(pl.String) == "urban").then(urban).otherwise(rural)


def line_of(test: Compare, settings: Mapping[str, Figures]) -> pl.Expr:
    """The line that a comparison measures against, for each row."""
    if test.parameter is None:
        return pl.lit(test.number, dtype=pl.Float64)
    line = figure(settings[test.parameter])
    return line * figure(settings[test.times]) if test.times is not None else line


def outcome(test: Test, settings: Mapping[str, Figures]) -> pl.Expr:
    """The outcome of a test for each row, as an Int8 (FAIL, UNKNOWN, NEAR, PASS); never null."""
    if isinstance(test, Group):
        parts = [outcome(part, settings) for part in test.tests]
        return pl.min_horizontal(parts) if test.kind == "all" else pl.max_horizontal(parts)
    if isinstance(test, Holds):
        flag = figure(settings[test.setting])
        return _level(pl.when(flag.is_null()).then(UNKNOWN).when(flag != 0).then(PASS).otherwise(FAIL))
    return _compared(test, line_of(test, settings))


def _compared(test: Compare, line: pl.Expr) -> pl.Expr:
    """PASS or FAIL where the bounds leave no doubt; a bound that is null leaves it open on its side."""
    fact = fact_of(test.value)
    spread = fact is not None and fact.spread
    names = (f"{test.value}_low", f"{test.value}_high") if spread else (test.value, test.value)
    low, high = (pl.col(name).cast(pl.Float64) for name in names)
    same, apart = (low == line) & (high == line), (low > line) | (high < line)
    certain, impossible = {
        "<": (high < line, low >= line),
        "<=": (high <= line, low > line),
        ">": (low > line, high <= line),
        ">=": (low >= line, high < line),
        "==": (same, apart),
        "!=": (apart, same),
    }[test.op]
    unknown = low.is_null() | high.is_null() | line.is_null()
    return _level(
        pl.when(certain).then(PASS).when(impossible).then(FAIL).when(unknown).then(UNKNOWN).otherwise(NEAR)
    )


def _level(expression: pl.Expr) -> pl.Expr:
    return expression.cast(pl.Int8)
