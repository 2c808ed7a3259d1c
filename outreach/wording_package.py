"""A package of programmes in words: its parts in their order, what they exclude, what they cost."""

from collections.abc import Mapping
from typing import Any, Final

from outreach.catalogue import Programme
from outreach.package import Alternative, Cost, Deadline, Package, Part
from outreach.wording import NOTHING, Currency, Text, day, line, same
from outreach.wording_programmes import VERDICTS, programme_name

TITLE: Final = Text("建议一起申请的组合", "What to apply for together")
ORDER: Final = Text(
    "先保险、后救助、再福利：保险待遇是缴费换来的权利，计入收入后由救助补足差额",
    "insurance first, then assistance, then welfare: what insurance pays is a right bought by contributions; it "
    "counts as income, and assistance fills what is left",
)
FIND_OUT: Final = Text("还可能符合，先问清这些", "May fit as well: find these out first")
LABELS: Final[Mapping[str, Text]] = {
    "together": TITLE,
    "find_out": FIND_OUT,
    "owner_due": Text("主管部门，期限", "Authority, due"),
    "beside": Text("未列入的", "Not in it"),
    "cost": Text("财政和基金支出", "Cost to public funds"),
    "to_verify": Text("先核实：", "Verify first: "),
}
NOT_A_DECISION: Final = Text(
    "这是建议一起申请的组合，由各主管部门审核确认；不停、不减任何正在发放的待遇",
    "what to apply for together; each authority decides; nothing in payment is lowered or stopped by it",
)
EMPTY: Final = Text("按现有记录没有可建议的项目", "by what is on record there is nothing to suggest")
MECHANISMS: Final[Mapping[str, Text]] = {
    "insurance": Text("保险", "insurance"),
    "rescue": Text("救助", "assistance"),
    "welfare": Text("福利", "welfare"),
}
AUTHORITIES: Final[Mapping[str, Text]] = {
    "MZ": Text("民政", "civil affairs"),
    "YB": Text("医保", "medical insurance"),
    "JY": Text("教育", "education"),
    "ZJ": Text("住建", "housing"),
    "RS": Text("人社", "labour and social security"),
    "YJ": Text("应急管理", "emergency management"),
    "WJ": Text("卫健", "health"),
    "NY": Text("农业农村", "agriculture and rural affairs"),
    "CL": Text("残联", "disabled persons' federation"),
    "SW": Text("税务", "tax"),
    "GA": Text("公安", "police"),
}
WHY: Final[Mapping[str, Text]] = {
    "worth": Text(
        "与{}只能择一，按现有记录{}对这户更有利", "excluded by {}: by what is on record {} is worth more"
    ),
    "stronger": Text(
        "先申请{}；若不符合{}，在同一次审核中按这一项认定",
        "apply for {} first; if {} fails, the same check decides this",
    ),
    "known": Text(
        "与{}只能择一，而记录不足以判断；查清后若{}不如它，可改申请",
        "excluded by {}; too little is on record to say: once known, it may be better than {}",
    ),
    "kept": Text("正在领取{}，与{}不能同时享受", "{} is in payment and excludes it ({})"),
}


def told(
    package: Package, programmes: Mapping[str, Programme], persons: Mapping[str, Text], currency: Currency
) -> dict[str, Any]:
    """The package for people; ``persons``: each member by relation and age."""
    return {
        "parts": [_part(each, programmes, persons, currency) for each in package.parts],
        "open": [_part(each, programmes, persons, currency) for each in package.open],
        "alternatives": [_alternative(each, persons) for each in package.alternatives],
        "cost": _cost(package.cost, currency) if package.parts else None,
        "order": ORDER,
        "decides": NOT_A_DECISION,
        "empty": EMPTY,
    }


def _part(
    part: Part, programmes: Mapping[str, Programme], persons: Mapping[str, Text], currency: Currency
) -> dict[str, Any]:
    conditions = {each.id: Text(each.zh, each.en) for each in programmes[part.programme].conditions}
    barred = {f"no_{each.programme}": Text(each.zh, each.en) for each in programmes[part.programme].exclusions}
    return {
        "programme": part.programme,
        "name": programme_name(part.programme),
        "who": persons.get(part.person_id or "", NOTHING),
        "mechanism": MECHANISMS[part.mechanism],
        "verdict": part.verdict,
        "words": VERDICTS[part.verdict],
        "owner": AUTHORITIES[part.authority],
        "amount": amount(part.month, part.low, part.high, currency),
        "due_on": part.due.on.isoformat(),
        "due": day(part.due.on),
        "clock": clock(part.due),
        "verify": [(conditions | barred).get(each, same(each)) for each in part.verify],
        "replaces": [_instead(code) for code in part.replaces],
    }


def amount(month: int | None, low: int | None, high: int | None, currency: Currency) -> Text:
    """An amount per month with how far it may lie; or that none can be said."""
    if month is None or low is None or high is None:
        return Text("金额待核定", "the amount is still to be found out")
    said = line(month, currency)
    if low == month == high:
        return Text(f"每月 {said.zh}", f"{said.en} a month")
    least, most = line(low, currency), line(high, currency)
    return Text(
        f"每月 {said.zh}（{least.zh} 至 {most.zh}）", f"{said.en} a month (between {least.en} and {most.en})"
    )


def clock(due: Deadline) -> Text:
    """How the due date was counted, and by which article."""
    kinds = {"working": Text("个工作日", "working days"), "natural": Text("日", "days")}
    days = Text(" + ", " + ").join(
        Text(f"{number} {kinds[kind].zh}", f"{number} {kinds[kind].en}") for number, kind in due.steps
    )
    if not due.article:
        return Text(
            f"政策包没有规定期限，按本单位 {days.zh}办理",
            f"no limit is in the pack: {days.en} by the policy of this office",
        )
    return Text(f"{days.zh}，{due.article}", f"{days.en}, {due.article}")


def _instead(code: str) -> Text:
    name = programme_name(code)
    return Text(
        f"由家庭选择是否代替正在领取的{name.zh}；确认之前原待遇照发",
        f"in place of {name.en}, if the household so chooses; that is paid on until this is confirmed",
    )


def _alternative(each: Alternative, persons: Mapping[str, Text]) -> dict[str, Any]:
    instead, words = programme_name(each.instead), WHY[each.why]
    return {
        "programme": each.programme,
        "name": programme_name(each.programme),
        "who": persons.get(each.person_id or "", NOTHING),
        "verdict": each.verdict,
        "instead": each.instead,
        "why": Text(words.zh.format(instead.zh, instead.zh), words.en.format(instead.en, instead.en)),
        "article": each.article,
    }


def _cost(cost: Cost, currency: Currency) -> dict[str, Any]:
    year, funds = line(cost.year, currency), line(cost.insurance, currency)
    parts = [amount(cost.month, cost.low, cost.high, currency), Text(f"每年 {year.zh}", f"{year.en} a year")]
    if cost.insurance:
        parts.append(Text(f"其中保险基金每月 {funds.zh}", f"of it {funds.en} a month from insurance funds"))
    if cost.unpriced:
        parts.append(
            Text(
                f"另有 {cost.unpriced} 项金额待核定",
                f"not counting {cost.unpriced} of which the amount is to be found out",
            )
        )
    return {
        "words": Text("，", ", ").join(parts),
        "month": cost.month,
        "low": cost.low,
        "high": cost.high,
        "year": cost.year,
        "insurance": cost.insurance,
        "unpriced": cost.unpriced,
    }
