"""The page of one household as one self-contained file: ten parts, in Chinese and English, for desk and paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.errors import IntegrityError
from engine.files import write_bytes
from engine.html import page
from models.explanation import DoesNotAddUpError, adds_up
from outreach import wording_explain as words
from outreach import wording_layers as layers
from outreach import wording_package as package_words
from outreach.wording import Text
from outreach.wording_explain import of_hundred_exact

SHOWN_COLUMNS: Final = 2
WORTH_SHOWING: Final = 0.005
"""Log-odds under which a column stands in the annex only."""


def write_page(told: Mapping[str, Any], path: Path) -> None:
    """Write what ``explain`` told as a page."""
    write_bytes(path, household_page(told))


def household_page(told: Mapping[str, Any]) -> bytes:
    """The page of what ``explain`` told. Raises IntegrityError where the numbers of a score do not add up."""
    for score in told["scores"]:
        _refuse_what_does_not_add_up(score)
    return page(
        "explain.html.j2",
        told=told,
        title=words.TITLE,
        parts=words.PARTS,
        label=LABELS,
        package_label=package_words.LABELS,
        decides=words.NOT_A_DECISION,
        handling=words.FOR_THE_REVIEWER,
        signed=signed,
        chance=of_hundred_exact,
        few_columns=few_columns,
        states=words.CHANGE_STATES,
        percent=lambda value: "–" if value is None else f"{value:.1%}",
    )


def signed(value: float) -> str:
    """Log-odds with a sign: what raises has a plus, what lowers a minus."""
    said = f"{value:+.3f}"
    return "0.000" if float(said) == 0 else said.replace("-", "\u2212")


def few_columns(columns: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The columns of a concept that are worth a line in the table; the annex has all of them."""
    worth = [each for each in columns if abs(each["contribution"]) >= WORTH_SHOWING]
    return (worth or list(columns))[:SHOWN_COLUMNS]


def _refuse_what_does_not_add_up(score: Mapping[str, Any]) -> None:
    concepts = score["concepts"]
    try:
        adds_up(score["base"], [each["contribution"] for each in concepts], score["raw"])
        for each in concepts:
            adds_up(0.0, [column["contribution"] for column in each["columns"]], each["contribution"])
    except DoesNotAddUpError as wrong:
        raise IntegrityError(
            f"the page is not made: {score['risk']}: {wrong}",
            "Make it again: xunfang explain HOUSEHOLD --page FILE.",
        ) from None


LABELS: Final[dict[str, Text]] = {
    "case_no": Text("案件编号", "Case"),
    "night": Text("名单日期", "Night"),
    "run": Text("运行号", "Run"),
    "models": Text("模型", "Models"),
    "pack": Text("政策包", "Programmes"),
    "policy": Text("名单政策", "Policy"),
    "code": Text("程序", "Code"),
    "worker": Text("责任经办人", "Responsible worker"),
    "area_worker": Text("本辖区经办人", "Workers of the area"),
    "none": Text("无", "none"),
    "household": Text("户编号（不含身份信息）", "Household number (no identity)"),
    "area": Text("所在地", "Area"),
    "village": Text("村（社区）", "village"),
    "members": Text("家庭成员", "Members"),
    "needs": Text("注意", "Mind"),
    "listed": Text("在名单上", "On a list"),
    "number": Text("第", "number"),
    "due": Text("办理期限", "due"),
    "not_listed": Text("不在名单上：", "On no list: "),
    "until": Text("至", "until"),
    "why_not": Text("为什么不在其他类别", "Why it is not in the other lanes"),
    "register": Text("历次名单", "Over all nights"),
    "by_lot": Text("抽签概率", "Chance in the lottery"),
    "found": Text("发现", "Found"),
    "suggested": Text("建议事项", "Suggested programmes"),
    "action": Text("建议做法", "What to do first"),
    **{name: layers.LABELS[name] for name in ("layer", "kinds", "grade", "open")},
    "to_verify": Text("核实：", "Verify: "),
    "nobody": Text("没有", "none"),
    "condition": Text("条件", "Condition"),
    "or_else": Text("同上（其中一种情形）", "as above (one of its cases)"),
    "line": Text("标准", "Line"),
    "value": Text("这户的值", "This household"),
    "outcome": Text("结果", "Result"),
    "source": Text("来源和日期", "Source and day"),
    "article": Text("依据", "Article"),
    "no_trace": Text(
        "当晚没有保存逐条判断，现在重做的结果与当晚不一致（记录或规则已变），因此只显示当晚的结论。",
        "The night kept no trace of this household, and what is made again now does not come out as it did "
        "(records or rules have changed): only the verdicts of that night are shown.",
    ),
    "no_rules": Text(
        "当晚没有政策包，没有按规则判断。", "No pack of programmes was in force: no rule was applied."
    ),
    "no_model": Text(
        "当晚没有启用的模型，没有评分：名单只依据变故提示、政策规则和收入线。",
        "No model was promoted that night, so there is no score: lists rested on triggers, rules and the "
        "income line.",
    ),
    "likely": Text("校准后的可能性", "Calibrated probability"),
    "priority": Text("排序所用", "Used for the place"),
    "sure": Text("有多大把握", "How sure"),
    "adds": Text("各项相加", "How it adds up"),
    "base": Text("起点（一般家庭）", "Starting point (households in general)"),
    "sum": Text("合计（原始分）", "Sum (raw score)"),
    "concept": Text("方面", "What"),
    "adds_to": Text("加减", "Adds"),
    "here": Text("这户 / 同类中位数", "This household / its peers' median"),
    "kind": Text("来源", "Source"),
    "rows": Text("条数", "Records"),
    "newest": Text("最近的事", "Newest fact"),
    "known": Text("最近获知", "Last known"),
    "age": Text("距名单日", "Days old"),
    "match": Text("来源匹配率", "Matched, whole source"),
    "corrected": Text("更正过", "Corrected"),
    "assumed": Text("（获知日期为推定）", " (day of knowledge assumed)"),
    "lacks": Text("本县没有的来源", "Sources this bureau does not have"),
    "conflicts": Text("来源之间不一致", "Where sources disagree"),
    "no_conflict": Text("没有发现不一致", "No disagreement was found"),
    "missing": Text("没有记录的", "Not on record"),
    "silent": Text("整个来源都没有这户的记录", "Sources that hold nothing on this household"),
    "against": Text("降低可能性的事实（反证）", "Facts that lower the estimate (counter-evidence)"),
    "unmet": Text("按记录不符合的项目", "Programmes whose conditions are not met on record"),
    "never": Text("从不使用的", "Never used"),
    "changes": Text("怎样的变化会离开现在的档次", "The smallest changes that would leave this band"),
    "changes_note": Text(
        "把近一年的记录改成那样，重新算出所有数值再评分；试过单项和最多三项合在一起的改变。工资不超过同类在职者的"
        "中位数，改后的数值不超出同类家庭已有的范围；从不改动年龄、性别、健康和家庭成员。这不是对家庭的要求，"
        "也不预告将来。",
        "Made in the records of the past year, with every column computed again and scored: each change alone and "
        "up to three together. No wage above the median of peers in work, no value beyond what peers have; never "
        "age, sex, health or who lives there. It asks nothing of the household and foretells nothing.",
    ),
    "box": Text(
        "由家庭口述，照原话记录；有异议请写明。", "In the household's own words; write down what they dispute."
    ),
    "objection": Text("异议", "Objection"),
    "opted_out": Text("要求不再联系", "asked not to be contacted"),
    "circle": Text("比较范围", "Compared with"),
    "households": Text("户数", "Households"),
    "recommended": Text("建议走访", "Recommended"),
    "share": Text("比例", "Share"),
    "peers_note": Text(
        "用来发现偏差：如果某一类家庭的比例明显偏高或偏低，请在报告里查看原因。抽签走访不计入；"
        "7 户及以下不显示，其余凑到 5 的倍数。",
        "To notice bias: where the share of a group is far from the others', look for the reason in the fairness "
        "report. Visits by lot are left out; counts of 7 and under are not shown, others are rounded to 5.",
    ),
    "visited": Text("走访日期", "Visited"),
    "by": Text("走访人", "By"),
    "result": Text("结果", "Outcome"),
    "next": Text("下次日期", "Next"),
    "no_visit": Text("还没有走访记录。", "No visit is on record yet."),
    "state": Text("名单状态", "On lists"),
    "looked": Text("查看人 / 日期", "Looked at by / on"),
    "code_line": Text("结果代码 / 下次日期", "Outcome code / next date"),
    "visitors": Text("走访人签名（两人）", "Two visitors"),
    "consent": Text("家庭签名（同意后）", "Household (after consent)"),
    "sha": Text("当晚清单 sha256", "sha256 of the night's manifest"),
    "page_sha": Text("本页内容 sha256", "sha256 of this page's facts"),
    "ledger": Text("审计日志第 … 条", "Entry of the audit log"),
    "annex": Text("附：每一列的加减", "Annex: what every column adds"),
    "annex_note": Text(
        "对数几率；全部相加等于原始分（误差不超过十亿分之一，否则本页不生成）。",
        "Log-odds. They add up to the raw score to 1e-9, or else this page is not made.",
    ),
}
