"""Words in Chinese and English: the bilingual text, and figures, money and dates as people say them.

Every sentence that a caseworker, a reviewer or a household reads is a ``Text``. Figures are rounded and said in
words: money to tens, shares to whole per cents, never a decimal of a probability.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import floor, isfinite
from typing import Final

MONTHS_EN: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True)
class Text:
    """The same thing said in Chinese and in English."""

    zh: str
    en: str

    def join(self, parts: "Iterable[Text]") -> "Text":
        """The parts with this text between them."""
        listed = tuple(parts)
        return Text(self.zh.join(part.zh for part in listed), self.en.join(part.en for part in listed))


@dataclass(frozen=True)
class Currency:
    """The home's currency in words, and how many minor units make one main unit."""

    zh: str
    en: str
    minor_units: int


NOTHING: Final = Text("", "")
UNKNOWN: Final = Text("没有记录", "nothing on record")
YUAN: Final = Currency("元", "yuan", 100)


def same(word: str) -> Text:
    """A word that reads the same in both languages, such as a name."""
    return Text(word, word)


def sentence(said: Text) -> Text:
    """The text as the beginning of a line: a capital in English."""
    return Text(said.zh, said.en[:1].upper() + said.en[1:])


def rounded(value: float, step: float = 1) -> int:
    """The nearest multiple of the step as a whole number; a half goes up."""
    return round(floor(value / step + 0.5) * step)


def money(minor: float, currency: Currency) -> Text:
    """An amount in the main unit, rounded to tens: 约 560 元 / about 560 yuan."""
    if not isfinite(minor):
        return UNKNOWN
    main = minor / currency.minor_units
    tens = rounded(abs(main), 10)
    if tens < 10:
        return Text(f"不到 10 {currency.zh}", f"under 10 {currency.en}") if main > 0 else _none(main, currency)
    sign_zh, sign_en = ("负", "minus ") if main < 0 else ("", "")
    return Text(f"约{sign_zh} {tens:,} {currency.zh}", f"about {sign_en}{tens:,} {currency.en}")


def _none(main: float, currency: Currency) -> Text:
    return Text(f"0 {currency.zh}", f"0 {currency.en}") if main == 0 else Text("略低于零", "slightly below zero")


def line(minor: float, currency: Currency) -> Text:
    """A line set by rule, such as a standard: exact to the main unit, not rounded to tens."""
    main = minor / currency.minor_units
    shown = f"{rounded(main):,}" if main >= 10 else f"{main:g}"
    return Text(f"{shown} {currency.zh}", f"{shown} {currency.en}")


def percent(share: float) -> Text:
    """A share of one as whole per cents, to fives from ten on: 约 45% / about 45%."""
    if not isfinite(share):
        return UNKNOWN
    whole = share * 100
    shown = rounded(whole, 5) if abs(whole) >= 10 else rounded(whole)
    if shown == 0 and whole > 0:
        return Text("不到 1%", "under 1%")
    if shown == 100 and whole < 100:
        return Text("几乎全部", "nearly all")
    return Text("0%", "0%") if shown == 0 else Text(f"约 {shown}%", f"about {shown}%")


def times(ratio: float) -> Text:
    """A ratio: per cents up to twice, then whole times."""
    if not isfinite(ratio):
        return UNKNOWN
    if ratio <= 2:
        return percent(ratio)
    return Text(f"约 {rounded(ratio)} 倍", f"about {rounded(ratio)} times")


def counted(value: float, zh: str, en_one: str, en_many: str) -> Text:
    """A number of things: whole numbers exactly, others as "about"."""
    if not isfinite(value):
        return UNKNOWN
    whole = rounded(value)
    about_zh, about_en = ("", "") if abs(value - whole) < 0.05 else ("约 ", "about ")
    return Text(f"{about_zh}{whole} {zh}", f"{about_en}{whole} {en_one if whole == 1 else en_many}")


def day(when: date) -> Text:
    """A date: 2026年11月21日 / 21 November 2026."""
    return Text(f"{when.year}年{when.month}月{when.day}日", f"{when.day} {MONTHS_EN[when.month - 1]} {when.year}")


def month(when: date) -> Text:
    """A month: 2026年11月 / November 2026."""
    return Text(f"{when.year}年{when.month}月", f"{MONTHS_EN[when.month - 1]} {when.year}")
