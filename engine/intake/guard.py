"""The volume guard: a delivery that does not look like its own history, told in words, until a person confirms it.

A spreadsheet saved half-way, a changed export, a month that was forgotten: each row of it may be sound, and the
night would believe it. So the receipts of a kind are compared with those before them.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final

from engine.receipts import KindFacts, Receipt
from outreach.policy import Volume
from outreach.wording import Text

MONTHLY: Final = ("income", "medical", "benefit", "utility")
"""The kinds of which every month brings some."""

NAMED: Final = 3
"""How many columns, codes or months a sentence names before it says how many more there are."""


@dataclass(frozen=True)
class Deviation:
    """In what a delivery differs from its history (``rows``, ``blank``, ``codes`` or ``months``), and how."""

    delivery_id: str
    kind: str
    what: str
    text: Text


@dataclass(frozen=True)
class _Part:
    """The part of a delivery that is of one kind."""

    receipt: Receipt
    facts: KindFacts
    rows: int


def deviations(receipts: Sequence[Receipt], policy: Volume, confirmed: Collection[str] = ()) -> list[Deviation]:
    """What nobody has confirmed yet, by delivery in the order of arrival.

    A delivery is compared with the last ``policy.deliveries`` of its kind before it, if there are at least
    ``policy.min_deliveries``. One that mends another's quarantined rows is compared with nothing. What was
    confirmed counts as history like any other.
    """
    found = []
    history: dict[str, list[_Part]] = {}
    for receipt in receipts:
        if receipt.mended:
            continue
        for kind, facts in sorted(receipt.facts.items()):
            part = _Part(receipt, facts, sum(each.accepted for each in receipt.files if each.kind == kind))
            before = history.setdefault(kind, [])
            if receipt.delivery_id not in confirmed and len(before) >= policy.min_deliveries:
                found += _compared(kind, part, before[-policy.deliveries :], policy)
            before.append(part)
    return found


def _compared(kind: str, part: _Part, before: Sequence[_Part], policy: Volume) -> list[Deviation]:
    checks: tuple[tuple[str, Callable[[str, _Part, Sequence[_Part], Volume], Text | None]], ...] = (
        ("rows", _rows),
        ("blank", _blank),
        ("codes", _codes),
        ("months", _months),
    )
    told = [(what, check(kind, part, before, policy)) for what, check in checks]
    return [Deviation(part.receipt.delivery_id, kind, what, text) for what, text in told if text is not None]


def _rows(kind: str, part: _Part, before: Sequence[_Part], policy: Volume) -> Text | None:
    usual = median(each.rows for each in before)
    if abs(part.rows - usual) <= policy.row_tolerance * usual:
        return None
    return Text(
        f"{kind}：收到 {part.rows:,} 行，此前 {len(before)} 次交付的中位数为 {usual:,.0f} 行",
        f"{kind}: {part.rows:,} rows where the last {len(before)} deliveries had {usual:,.0f} (median)",
    )


def _blank(kind: str, part: _Part, before: Sequence[_Part], policy: Volume) -> Text | None:
    lost = [
        name
        for name, blank in sorted(part.facts.blank.items())
        if part.rows and blank / part.rows - _usual_blank(name, before) > policy.blank_rise
    ]
    if not lost:
        return None
    names = _listed(lost)
    return Text(f"{kind}：以下列突然大量为空：{names.zh}", f"{kind}: suddenly blank: {names.en}")


def _usual_blank(name: str, before: Sequence[_Part]) -> float:
    return median(each.facts.blank.get(name, each.rows) / each.rows if each.rows else 1.0 for each in before)


def _codes(kind: str, part: _Part, before: Sequence[_Part], _policy: Volume) -> Text | None:
    fresh = []
    for name, codes in sorted(part.facts.codes.items()):
        known = {code for each in before for code in each.facts.codes.get(name, ())}
        fresh += [f"{name}={code}" for code in codes if known and code not in known]
    if not fresh:
        return None
    names = _listed(fresh)
    return Text(f"{kind}：出现从未见过的代码：{names.zh}", f"{kind}: codes never seen before: {names.en}")


def _months(kind: str, part: _Part, before: Sequence[_Part], _policy: Volume) -> Text | None:
    """A month that was skipped, or a last month that lies further back than it ever did on the day of delivery."""
    last, until = part.facts.last_month, [each.facts.last_month for each in before if each.facts.last_month]
    if kind not in MONTHLY or last is None or not until:
        return None
    first = part.facts.first_month or last
    skipped = range(_number(max(until)) + 1, _number(first))
    if skipped:
        names = _listed([f"{month // 12}-{month % 12 + 1:02d}" for month in skipped])
        return Text(f"{kind}：缺少月份 {names.zh}", f"{kind}: no rows of {names.en}")
    late = _number(part.receipt.delivered_on) - _number(last)
    usual = max(
        _number(each.receipt.delivered_on) - _number(each.facts.last_month)
        for each in before
        if each.facts.last_month
    )
    if late <= usual:
        return None
    return Text(
        f"{kind}：最后的月份是 {last:%Y-%m}，比以往晚了 {late - usual} 个月",
        f"{kind}: the last month is {last:%Y-%m}, {late - usual} months further back than ever before",
    )


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _listed(names: Sequence[str]) -> Text:
    shown, more = ", ".join(names[:NAMED]), len(names) - NAMED
    return Text(f"{shown} 等 {len(names)} 项", f"{shown} and {more} more") if more > 0 else Text(shown, shown)
