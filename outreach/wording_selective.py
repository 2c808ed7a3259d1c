"""What the lists miss, in words: sentences, names of strata and groups, notes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outreach.wording import Text, same

GROUPINGS: Final = {
    "area": Text("乡镇（街道）", "Township"),
    "area_kind": Text("城乡", "Urban and rural"),
    "household_type": Text("家庭类型", "Kind of household"),
    "unsupported": Text("没有在保", "No benefit in payment"),
    "has_elder": Text("有老人", "With an elder"),
    "has_child": Text("有未成年人", "With a child"),
    "has_disabled": Text("有残疾人", "With a disabled person"),
    "is_migrant": Text("流动人口", "Migrant"),
    "head_sex": Text("户主性别", "Sex of the head"),
    "head_minority": Text("户主为少数民族", "Head of an ethnic minority"),
    "digital_trace": Text("数字痕迹", "Digital trace"),
}
"""The groups that are told, each a column of ``features.groups`` but the area."""
NAMES: Final = {
    "urban": Text("城镇", "urban"),
    "rural": Text("农村", "rural"),
    "yes": Text("是", "yes"),
    "no": Text("否", "no"),
    "silent": Text("沉默群体", "silent minority"),
    "not_silent": Text("非沉默", "not silent"),
    "well_known": Text("记录较全", "well known"),
    "half_known": Text("记录一半", "half known"),
    "little_known": Text("记录很少", "little known"),
    "unknown": Text("不明", "unknown"),
    "lone_elder": Text("独居老人", "elder living alone"),
    "elders_only": Text("只有老人", "elders only"),
    "skip_generation": Text("隔代家庭", "grandparents and grandchildren"),
    "single_parent": Text("单亲家庭", "single parent"),
    "with_children": Text("有未成年人", "with children"),
    "other": Text("其他", "other"),
    "none": Text("没有", "none"),
    "low": Text("少", "low"),
    "normal": Text("一般", "normal"),
}
SEXES: Final = {"1": Text("男", "male"), "2": Text("女", "female")}
PARTS: Final = {
    "pool": Text("名单以外", "Not on lists"),
    "lot": Text("随机走访的", "Visited by lot"),
    "list": Text("名单走访的", "Visited from lists"),
    "silent": Text("沉默群体专项走访的", "Visited in the silent lane"),
}
"""Where households stand: not taken by anything, or taken, and by what."""
LABELS: Final = {
    "title": Text("名单漏掉了多少：随机走访的估计", "What the lists miss: the estimate from visits by lot"),
    "never": Text("还没有运行过", "no night yet"),
    "strata": Text("分层", "By stratum"),
    "groups": Text("按人群", "By group"),
    "part": Text("层", "Stratum"),
    "group": Text("人群", "Group"),
    "households": Text("户数", "Households"),
    "visited": Text("走访", "Visited"),
    "drawn": Text("抽中", "Drawn"),
    "answered": Text("有结论", "With an answer"),
    "need": Text("确有需要", "In need"),
    "insufficient": Text("证据不足", "insufficient evidence"),
}
NOTES: Final = (
    Text(
        "“确有需要”只看走访结论：V10、V11、V12、V21 为是，V31、V32 为否，其余（不愿申请、未遇到人等）不作结论。",
        "In need is what a visit found: V10, V11, V12, V21 yes; V31, V32 no; every other outcome (declined, absent "
        "…) says nothing.",
    ),
    Text(
        "随机走访的每一户按十二个月累计的抽中概率的倒数加权；每夜的概率在抽签时记录。名单和沉默群体专项走访的家庭"
        "不是随机抽取的，只代表自己。",
        "Each household visited by lot has the inverse of its chance, cumulated over twelve months, as its weight; "
        "the chances were recorded as the lots were drawn. Households of the lists and of the silent lane were not "
        "drawn by lot and stand for themselves alone.",
    ),
    Text(
        "没有结论的家庭按同层有结论的家庭推算；“最少”和“最多”是假定他们全都不需要、全都需要。区间为95%。",
        "Those without an answer are taken to be like those of their stratum who gave one; least and most suppose "
        "that none, or all, of them are in need. Intervals are 95 %.",
    ),
    Text(
        "随机走访有结论的不足30户，或区间宽达30个百分点的，只写“证据不足”（参照美国国家卫生统计中心2017年比例数据发布标准）。"
        "户数：7户及以下不显示，其余凑到5的倍数。",
        "With fewer than 30 answers by lot, or an interval 30 points wide, it says insufficient evidence (after "
        "the data presentation standards for proportions of the US National Center for Health Statistics, 2017). "
        "Counts: 7 and under are not shown, the rest are rounded to 5.",
    ),
)
TOO_LITTLE: Final = Text(
    "证据不足：随机走访的结论太少，或区间太宽，不作估计。",
    "Insufficient evidence: too few answers by lot, or too wide an interval, for an estimate.",
)


def named(grouping: str, group: str) -> Text:
    """A group in words; a code without words, such as an area's, stands for itself."""
    if grouping == "head_sex":
        return SEXES.get(group, same(group))
    return NAMES.get(group, same(group))


def stratum(part: str, name: str | None) -> Text:
    """A stratum in words: where its households stand, and what they have in common."""
    if name is None:
        return PARTS[part]
    zh = "、".join(NAMES.get(word, same(word)).zh for word in name.split())
    en = ", ".join(NAMES.get(word, same(word)).en for word in name.split())
    return Text(f"{PARTS[part].zh}：{zh}", f"{PARTS[part].en}: {en}")


def sentences(told: Mapping[str, Any], shown: Callable[[int], str]) -> list[Text]:
    """The figures of ``engine.selective.figures`` in sentences; ``shown`` says a count of households."""
    if not told["visits"]:
        return [
            Text(
                "还没有登记过任何走访结果，因此名单漏掉了多少无从估计，任何数字都是猜测。",
                "No outcome of a visit is on record yet, so nothing can be said about what the lists miss: any "
                "figure would be a guess.",
            )
        ]
    said = [
        Text(
            f"{told['first']} 至 {told['last']}，共 {told['nights']} 夜：随机抽中 {shown(told['drawn'])} 户，"
            f"其中有结论的 {shown(told['answered'])} 户。",
            f"{told['first']} to {told['last']}, {told['nights']} nights: {shown(told['drawn'])} households drawn "
            f"by lot, {shown(told['answered'])} of them with an answer.",
        )
        if told["nights"]
        else Text("这十二个月没有运行过。", "No night in these twelve months.")
    ]
    if told["without_lots"]:
        count = shown(told["without_lots"])
        said.append(
            Text(
                f"{count} 户所在的地方从未随机抽取，对他们无从估计。",
                f"{count} households live where no lot was ever drawn: nothing can be said of them.",
            )
        )
    if told["skipped"]:
        nights = told["skipped"]
        said.append(
            Text(f"{nights} 夜的文件已过保存期，未计入。", f"{nights} nights are past their time and left out.")
        )
    said += _estimate(told, shown) if told["need"] is not None else [TOO_LITTLE]
    if told["naive"] is not None:
        naive = told["naive"]
        said.append(
            Text(
                f"对照：全部走访过的家庭中 {_with(naive)} 确有需要。名单专挑看来困难的家庭，"
                "这个数字不能推及其他家庭。",
                f"Beside it: of all households visited, {_with(naive)} were in need. Lists choose those who look "
                "needy: this says nothing about the others.",
            )
        )
    return said


def _estimate(told: Mapping[str, Any], shown: Callable[[int], str]) -> list[Text]:
    count, whole = shown(round(told["in_need"]["value"])), shown(round(told["households"]))
    bounds, recall = told["bounds"], told["recall"]
    said = [
        Text(
            f"可以走访的家庭中，{_with(told['need'])} 确有需要：{whole} 户中约 {count} 户。",
            f"Of the households that may be visited, {_with(told['need'])} are in need: about {count} of {whole}.",
        ),
        Text(
            f"假如没有结论的全都不需要，最少 {bounds['least']:.1%}；假如全都需要，最多 {bounds['most']:.1%}"
            f"（连同抽样误差：{bounds['low']:.1%}–{bounds['high']:.1%}）。",
            f"If none of those without an answer are in need, at least {bounds['least']:.1%}; if all of them, at "
            f"most {bounds['most']:.1%} (with the sampling error: {bounds['low']:.1%}–{bounds['high']:.1%}).",
        ),
    ]
    if recall is not None:
        said.append(
            Text(
                f"名单找到了其中的 {_with(recall)}（最少 {recall['least']:.1%}，最多 {recall['most']:.1%}）。",
                f"The lists found {_with(recall)} of them (at least {recall['least']:.1%}, at most "
                f"{recall['most']:.1%}).",
            )
        )
    return said


def _with(share: Mapping[str, float]) -> str:
    return f"{share['value']:.1%} ({share['low']:.1%}–{share['high']:.1%})"
