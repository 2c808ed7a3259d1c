"""What a feature column is: a noun, declared once by one short pure function, with all that a reader needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

Direction = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    ``direction`` is +1 where a higher value must never lower the risk, -1 where it must never raise it, 0 where no
    direction can be defended. ``concept`` groups correlated columns for the reasons. ``modelled`` is False for
    columns that people read but models may not (nominal money: a model must survive inflation). ``no_direction``
    says of a column that less income, more costs or more arrears move why no direction can be defended: a poverty
    model may not have it (with it such a household could fall on the list).
    """

    name: str
    expression: Callable[[], pl.Expr]
    sources: tuple[str, ...]
    label_zh: str
    label_en: str
    unit: str
    low: float | None
    high: float | None
    direction: Direction
    concept: str
    modelled: bool
    no_direction: str | None = None

    @property
    def meaning(self) -> str:
        """What it measures, and when it is null and why that is not zero."""
        return " ".join((self.expression.__doc__ or "").split())


def feature(
    *,
    zh: str,
    en: str,
    sources: tuple[str, ...],
    unit: str,
    concept: str,
    low: float | None = None,
    high: float | None = None,
    direction: Direction = 0,
    modelled: bool = True,
    no_direction: str | None = None,
) -> Callable[[Callable[[], pl.Expr]], Feature]:
    """Declare the function below it as a feature; the function's name is the column's name."""

    def declare(expression: Callable[[], pl.Expr]) -> Feature:
        return Feature(
            name=expression.__name__,
            expression=expression,
            sources=sources,
            label_zh=zh,
            label_en=en,
            unit=unit,
            low=low,
            high=high,
            direction=direction,
            concept=concept,
            modelled=modelled,
            no_direction=no_direction,
        )

    return declare
