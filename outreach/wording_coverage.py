"""Coverage in words: what each column counts, out of what, and what is not shown."""

from typing import Final

from outreach.month import FEW
from outreach.wording import Text

LABELS: Final = {
    "title": Text("保障覆盖：制度方块", "Coverage: the institution cube"),
    "night": Text("依据这一夜的判断", "By the verdicts of the night of"),
    "known": Text("登记在册", "On record"),
    "households": Text("户", "households"),
    "persons": Text("人", "persons"),
    "pack": Text("政策包", "programmes"),
    "run": Text("运行号", "run"),
    "changed": Text(
        "这一夜之后，本单位的政策参数已改动；这里的政策名称和主管部门按现在的。",
        "The bureau's own programmes have changed since this night; names and authorities are those of now.",
    ),
    "lacking": Text(
        "至少漏享一项的户（确漏或疑漏）", "Households that lack at least one, surely or by the records"
    ),
    "misplaced_households": Text("有错位待复核的户", "Households with a misplacement to review"),
    "doubled_households": Text("有重复待复核的户", "Households with a duplicate to review"),
    "sums": Text("按机制、按责任主体合计", "By mechanism and by authority"),
    "cube": Text("人群 × 项目 × 责任主体", "Population × programme × authority"),
    "by_area": Text("按乡镇（街道）", "By township"),
    "layers": Text("对象分层 × 需求分类", "Layer × category"),
    "layers_of": Text(
        "有发现、在名单上或在案头的户；一户一层，可有几类需求",
        "Households with a finding, on a list or on the desk; each in one layer, with one or more needs",
    ),
    "all": Text("合计", "All"),
    "programme": Text("项目", "Programme"),
    "enrolled": Text("在享", "draws"),
    "sure": Text("确漏", "sure"),
    "probable": Text("疑漏", "seems"),
    "possible": Text("可能", "may"),
    "unknown": Text("不明", "untold"),
    "misplaced": Text("错位", "wrong"),
    "doubled": Text("重复", "double"),
    "share": Text("覆盖", "share"),
    "coverage": Text("覆盖率", "coverage"),
    "unmet": Text("每月缺", "missing a month"),
    "judged": Text("对象", "judged of"),
    "elsewhere": Text("由其他机构直接办理，本系统不判断", "granted elsewhere; not judged here"),
    "outside": Text("有此保障的人不在这一对象内", "who has it is outside this population"),
    "not_asked": Text("未享受不算漏享", "not drawing it is no gap"),
    "too_few": Text("各数都不到可显示的规模", "No count is large enough to be shown"),
    "in_layer": Text("本层户数", "Households in the layer"),
    "nothing": Text("各数都不到可显示的规模。", "No count is large enough to be shown."),
    "none_kept": Text("这一夜没有保存分层分类。", "This night kept no layers."),
}
UNITS: Final = {"H": Text("户", "households"), "P": Text("人", "persons"), "E": Text("户次", "households struck")}
NOTES: Final = (
    Text(
        "在享：记录显示正在领取（参保、已获救助）。漏享分两种：确漏，部门登记直接比对即可确定；"
        "疑漏，按现有记录符合而没有领取。另有更强的项目按现有记录符合或在享的，不算漏享。"
        "可能：在标准线上下或只有部分依据。不明：缺记录，无法判断，绝不当作不符合。",
        "Draws: in payment, insured or assisted by the records. Who lacks it is entitled and does not draw it: "
        "sure where registers alone tell; else it seems so by the records on hand, which is right less often. "
        "Whoever has, or by the records may have, a stronger programme lacks nothing. May: near a line, or on "
        "partial evidence. Untold: a record is missing, so nobody can say; never counted as no.",
    ),
    Text(
        "覆盖率的分母是在享的加上漏享的；下限把可能的和不明的也算作符合，上限只算漏享的。按乡镇只给上限。"
        "每月缺：规则能算出金额的，为平均金额乘以人数（户数），"
        "从漏享到连同可能；漏享人数不足以显示的不给。",
        "Coverage is out of those who draw it and those who lack it; its lower end counts the possible and the "
        "untold as entitled too, its upper end only those who lack it. By township only the upper end is given. "
        "Missing a month: the mean of the amounts that the rules know, times how many, from those who lack it to "
        "those who lack it or may.",
    ),
    Text(
        "错位、重复：有待人工复核的户数；复核前先听取意见，不停、不减任何待遇。",
        "Wrong and double: households with a review to be decided by a person after a hearing; nothing is stopped "
        "or lowered before.",
    ),
    Text(
        f"“–”为不显示：{FEW} 及以下，或为使这样的数不能从合计中推算出来而一并隐去的。其余的数四舍五入到 5。"
        "合计只加已显示的数，是“至少”；同一户可在几个项目中。",
        f"A dash is a count that is not shown: {FEW} and under, or withheld with one so that no sum gives it away. "
        "Others are rounded to 5. Sums add what is shown, so they are at least; a household may be in several "
        "programmes.",
    ),
)
SHORT: Final = {
    "TK": Text("特困", "TK"),
    "DB": Text("低保", "DB"),
    "BY": Text("边缘", "BY"),
    "GX": Text("刚性", "GX"),
    "FP": Text("监测", "FP"),
    "OT": Text("其他", "OT"),
    "NO": Text("未见", "NO"),
    "UN": Text("不明", "UN"),
}
"""Heads of narrow columns; the long names stand below the table."""
