"""The report of a night in words: what was confirmed, what people overrode, which standard asks for which part."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from models.intervals import wilson
from outreach import wording_casework as casework
from outreach.bands import RISKS, WORDS
from outreach.wording import Text, same
from outreach.wording_month import TAKEN_OFF

Shown = Callable[[int], str]
FEW: Final = 7

NO_VISITS: Final = Text(
    "还没有登记过走访结果：每一档里有多少户确有需要，现在还说不出。",
    "No outcome of a visit is on record yet: nothing can be said of how many in each band are in need.",
)
NOT_THE_SAME: Final = Text(
    "“核实有需要”是走访的结论（V10、V11、V12、V21 为是，V31、V32 为否，其余不作结论），"
    "模型估计的是今后收入困难或急难的可能，两者不是一回事。名单是挑出来的，不能代表名单以外的家庭。",
    "Verified need is what a visit found (V10, V11, V12, V21 yes; V31, V32 no; the rest says nothing); a model "
    "estimates a poor year or an emergency to come: the two are not the same. Lists are chosen and do not stand "
    "for anybody else.",
)
NOTHING_OVERRIDDEN: Final = Text(
    "自上一夜以来，没有人改动过机器的建议。", "Since the night before, nobody has overridden anything."
)
NO_GATE: Final = Text("没有公平性检验的结果。", "There is no result of a check of fairness.")
VERDICTS: Final = {
    "pass": Text("通过", "passed"),
    "held": Text("未通过：有人群被明显漏掉", "held: a group is found too seldom, beyond doubt"),
    "insufficient": Text("证据不足", "insufficient evidence"),
}
DEEDS: Final = {
    "lists released": Text("由人放行了名单", "lists were released by a person"),
    "delivery confirmed": Text("由人确认了一批数据", "a delivery was confirmed by a person"),
    "model promoted by a person": Text("由人启用了一个模型", "a model was promoted by a person"),
    "objection upheld": Text("一项异议成立", "an objection was upheld"),
    "objection dismissed": Text("一项异议不成立", "an objection was dismissed"),
    "outcome taken back": Text("撤回了一项走访结果", "an outcome of a visit was taken back"),
    "referral returned": Text("一项转介被退回", "a referral was returned"),
}
"""What counts as an override, by the action of the audit log, in the order of the report."""
REASONED: Final = ("lists released", "delivery confirmed", "model promoted by a person")
"""Overrides whose reason is told: it is about lists, data or models, and about no household."""

ASKED_BY: Final[dict[str, Text]] = {
    "purpose": Text(
        "模型卡：预期用途 · 英国 ATRS：用途与负责方 · 欧盟 AI 法附件四第 1 点 · 个人信息保护法第 55–56 条",
        "Model card: intended use · UK ATRS: purpose and owner · EU AI Act, Annex IV(1) · PIPL Arts. 55–56",
    ),
    "sources": Text(
        "模型卡：数据 · 英国 ATRS：数据 · 欧盟 AI 法附件四第 2 点",
        "Model card: data · UK ATRS: data · EU AI Act, Annex IV(2)",
    ),
    "confirmed": Text(
        "模型卡：量化分析 · 欧盟 AI 法附件四第 3、4 点",
        "Model card: quantitative analyses · EU AI Act, Annex IV(3) and (4)",
    ),
    "fairness": Text(
        "模型卡：分组因素 · 欧盟 AI 法附件四第 3 点 · 个人信息保护法第 24 条",
        "Model card: factors · EU AI Act, Annex IV(3) · PIPL Art. 24",
    ),
    "overrides": Text(
        "英国 ATRS：人工决定 · 欧盟 AI 法附件四第 2、3 点（人工监督）· 个人信息保护法第 24 条",
        "UK ATRS: human decisions · EU AI Act, Annex IV(2) and (3) (human oversight) · PIPL Art. 24",
    ),
    "limits": Text(
        "模型卡：注意事项 · 英国 ATRS：风险与缓解 · 个人信息保护法第 56 条",
        "Model card: caveats · UK ATRS: risks and mitigations · PIPL Art. 56",
    ),
}
"""Which standard asks for a part of the report."""


def confirmed(told: Mapping[str, Any], shown: Shown) -> list[tuple[Text, list[Text]]]:
    """By risk, in words: of 100 suggested in each band, how many a visit confirmed, beside what the model said.

    ``told``: ``engine.confirmed.confirmed``. First, without a risk, of everybody who was suggested.
    """
    if not told or not told["all"]["answered"]:
        return [(Text("全部", "All"), [NO_VISITS])]
    parts = [(Text("全部", "All"), [_of_hundred(Text("名单上的", "of those suggested"), told["all"], shown)])]
    for risk, name in RISKS.items():
        rows = [row for row in told["bands"] if row["risk"] == risk]
        said = [_of_hundred(WORDS[row["band"]], row, shown) for row in rows]
        if said:
            parts.append((name, said))
    parts[-1][1].append(NOT_THE_SAME)
    return parts


def _of_hundred(name: Text, row: Mapping[str, Any], shown: Shown) -> Text:
    found, of = row["confirmed"], row["answered"]
    interval = wilson(found, of) if found > FEW else None
    if interval is None:
        return Text(
            f"{name.zh}：有结论的走访 {shown(of)} 户，太少，说不出比例",
            f"{name.en}: {shown(of)} visits with an answer: too few for a share",
        )
    low, high = (round(100 * each) for each in interval)
    share, expected = round(100 * found / of), row.get("expected")
    zh = f"{name.zh}：每 100 户有结论的走访中，约 {share} 户核实有需要（95% 区间 {low} 到 {high}；{shown(of)} 户）"
    en = (
        f"{name.en}: of 100 visits with an answer, about {share} found need (95 % interval {low} to {high}; "
        f"{shown(of)} visits)"
    )
    if expected is None:
        return Text(zh, en)
    about = round(100 * expected)
    return Text(f"{zh}；模型估计约 {about} 户", f"{en}; the model said about {about}")


def overridden(told: Sequence[Mapping[str, Any]], shown: Shown) -> list[Text]:
    """What people decided against or beside the machine since the night before, with reasons that name nobody.

    ``told``: ``engine.confirmed.overrides``.
    """
    said = []
    for each in told:
        if each["action"] == "items taken off":
            name = TAKEN_OFF.get(each["reason"], same(each["reason"]))
            said.append(Text(f"{name.zh}：{shown(each['count'])} 户", f"{name.en}: {shown(each['count'])}"))
            continue
        name, reason = DEEDS[each["action"]], each["reason"]
        because = Text(f"：{reason}", f": {reason}") if reason else same("")
        times = same(f" × {each['count']}") if each["count"] > 1 else same("")
        said.append(Text(f"{name.zh}{times.zh}{because.zh}", f"{name.en}{times.en}{because.en}"))
    return said or [NOTHING_OVERRIDDEN]


def fair(experiments: Mapping[str, Mapping[str, Any]]) -> list[tuple[Text, list[Text]]]:
    """By risk: the verdict of the gate of fairness of the kept experiment, and its reasons."""
    told = []
    for risk, experiment in sorted(experiments.items()):
        gate = experiment.get("fairness_gate")
        if gate:
            reasons = [Text(each["zh"], each["en"]) for each in gate["reasons"]]
            told.append(
                (RISKS.get(risk, same(risk)), [VERDICTS.get(gate["verdict"], same(gate["verdict"])), *reasons])
            )
    return told


def compared(manifest: Mapping[str, Any], previous: Mapping[str, Any], shown: Shown) -> list[Text]:
    """Numbers of a night beside those of the night before: listed, lanes that moved, sources that stand still."""
    now, before = (sum(each.get("lanes", {}).values()) for each in (manifest, previous))
    said = [
        Text(
            f"列入名单 {now:,} 户，上一夜 {before:,} 户", f"{now:,} households listed, {before:,} the night before"
        )
    ]
    moved = []
    for lane, name in casework.LANES_OF_THE_REPORT.items():
        here, there = (shown(each.get("lanes", {}).get(lane, 0)) for each in (manifest, previous))
        if here != there:
            moved.append(Text(f"{name.zh} {there} → {here}", f"{name.en} {there} → {here}"))
    if moved:
        said.append(Text("；", "; ").join(moved))
    earlier = {row["name"]: row.get("last_known_on") for row in previous.get("sources", ())}
    still = [
        casework.source_name(row["name"])
        for row in manifest.get("sources", ())
        if row.get("last_known_on") is not None and row["last_known_on"] == earlier.get(row["name"])
    ]
    if still:
        names = Text("、", ", ").join(still)
        said.append(Text(f"没有更新的记录：{names.zh}", f"nothing newer from: {names.en}"))
    return said
