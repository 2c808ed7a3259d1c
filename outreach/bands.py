"""Probabilities as bands: a word and "of 100 such households about so many", never a decimal."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from outreach.wording import Text, rounded

UNKNOWN_BAND: Final = "unknown"
EDGES: Final = {
    "relative_poverty": (0.6, 0.35, 0.15),
    "emergency": (0.25, 0.10, 0.03),
}
"""Lower edges of very high, high and medium. An emergency within 90 days is rarer than a poor year, so that the
same word starts at a lower probability."""

WORDS: Final = {
    "very_high": Text("很高", "very high"),
    "high": Text("较高", "high"),
    "medium": Text("中等", "medium"),
    "lower": Text("较低", "lower"),
    UNKNOWN_BAND: Text("无法估计", "cannot be estimated"),
}
RISKS: Final = {
    "relative_poverty": Text("今后一年收入困难的可能", "A poor year ahead"),
    "emergency": Text("三个月内急难的可能", "Emergency within three months"),
}


@dataclass(frozen=True)
class Band:
    """A band: its code, its word, and the sentence about a hundred households like this one."""

    code: str
    word: Text
    of_hundred: Text


def band(probability: float | None, risk: str) -> Band:
    """The band of a probability of this risk. A probability outside 0 to 1 is a programming error."""
    if probability is None or not isfinite(probability):
        return Band(UNKNOWN_BAND, WORDS[UNKNOWN_BAND], Text("没有模型估计", "no model has judged it"))
    if not 0 <= probability <= 1:
        raise ValueError("a probability lies between 0 and 1")
    codes = ("very_high", "high", "medium")
    code = next((c for c, edge in zip(codes, EDGES[risk], strict=True) if probability >= edge), "lower")
    return Band(code, WORDS[code], of_hundred(probability))


def of_hundred(probability: float) -> Text:
    """Of a hundred such households about so many: to tens from fifteen on, to fives from five on."""
    if probability < 0.01:
        return Text("每 100 户这样的家庭不到 1 户", "fewer than 1 of 100 such households")
    if probability < 0.05:
        return Text("每 100 户这样的家庭不到 5 户", "fewer than 5 of 100 such households")
    if probability > 0.95:
        return Text("每 100 户这样的家庭 95 户以上", "more than 95 of 100 such households")
    number = rounded(probability * 100, 10 if probability >= 0.15 else 5)
    return Text(f"每 100 户这样的家庭约 {number} 户", f"about {number} of 100 such households")
