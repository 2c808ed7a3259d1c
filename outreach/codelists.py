"""The three code lists of a case: depth of hardship (对象分层), its kinds (需求分类), grade of service (服务分级).

A code list is data: each code with its words in Chinese and English, the source of the code and its mark
(``vocabulary.MARKS``: found in a source, recalled, proposed by us). The order of the depths and who is in which
grade are proposals; the names of the recognised depths are the law's, the rhythm of the grades is found practice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from outreach.wording import Text

UNTOLD: Final = "UN"
"""Not told by the records: never the same as no hardship, and never lower than what may lie behind it."""


@dataclass(frozen=True)
class Code:
    """A code in words; ``source`` says where it comes from, ``mark`` how sure that is."""

    said: Text
    source: str
    mark: str


DEPTHS: Final[Mapping[str, Code]] = {
    "TK": Code(Text("特困人员", "destitute"), "社会救助法 Art. 16-17", "found"),
    "DB": Code(Text("低保对象", "minimum living security"), "社会救助法 Art. 18-20", "found"),
    "BY": Code(Text("低保边缘家庭", "low-income margin"), "社会救助法 Art. 13, 21", "found"),
    "GX": Code(Text("刚性支出困难家庭", "rigid expenditure"), "社会救助法 Art. 22", "found"),
    "FP": Code(Text("防止返贫致贫监测对象", "monitored against poverty"), "中农组发〔2021〕7号", "found"),
    "OT": Code(
        Text("其他困难家庭", "other hardship"),
        "关于加强低收入人口动态监测做好分层分类社会救助工作的意见",
        "recalled",
    ),
    "NO": Code(Text("记录未见困难", "no hardship on record"), "ours", "proposed"),
    UNTOLD: Code(Text("记录不明", "not told by the records"), "ours", "proposed"),
}
"""对象分层, the deepest first, then not told. A household has exactly one."""

KINDS: Final[Mapping[str, Code]] = {
    "ILL": Code(Text("疾病医疗", "illness"), "社会救助法 Art. 24", "found"),
    "DIS": Code(Text("残疾康复", "disability"), "国发〔2015〕52号; 国发〔2018〕20号", "found"),
    "CARE": Code(
        Text("照护", "care"), "社会救助法 Art. 16-17; 老年人权益保障法 Art. 30; 民发〔2019〕62号", "found"
    ),
    "JOB": Code(Text("失业就业", "work"), "社会救助法 Art. 27", "found"),
    "INC": Code(Text("收入不足", "income"), "社会救助法 Art. 18", "found"),
    "EDU": Code(Text("就学", "schooling"), "社会救助法 Art. 25", "found"),
    "HSE": Code(Text("住房", "housing"), "社会救助法 Art. 26", "found"),
    "DSR": Code(Text("灾害事故", "disaster or accident"), "社会救助法 Art. 28-29", "found"),
    "FAM": Code(Text("家庭变故", "a blow to the family"), "暂行办法 Art. 47; 民发〔2019〕62号", "found"),
    "INS": Code(Text("参保中断", "insurance lapsed"), "社会保险法 Art. 20-25", "found"),
    UNTOLD: Code(Text("类别待了解", "kind to be learnt"), "ours", "proposed"),
}
"""需求分类. A household has one or more, or the last alone."""

GRADES: Final[Mapping[str, Code]] = {
    "G1": Code(
        Text("一级：每周联系，重大变化24小时内到户", "grade 1: weekly, and within 24 hours of a major change"),
        "casework of Inner Mongolia, high-risk households",
        "found",
    ),
    "G2": Code(Text("二级：每月走访", "grade 2: monthly"), "casework of Inner Mongolia, key households", "found"),
    "G3": Code(Text("三级：每季度走访", "grade 3: quarterly"), "casework of Inner Mongolia, others", "found"),
    UNTOLD: Code(Text("分级待定，首访时确定", "grade to be set at the first visit"), "ours", "proposed"),
}
"""服务分级, the closest first, then not told."""

ORDER: Final = tuple(code for code in DEPTHS if code != UNTOLD)
"""The depths that the records can tell, the deepest first."""
SAID: Final = ("TK", "DB", "BY", "GX", "FP")
"""Depths that an office recognises: each is a benefit code in payment, and a programme that rules judge."""

OF_FINDING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("EV-MED1", "EV-MED2", "EV-MED3", "EV-MED4", "EV-MED5", "EV-MED6"), "ILL"),
    **dict.fromkeys(("GAP-YL-CB", "GAP-YL-ZJ", "GAP-YL-QX", "GAP-YL-YP"), "ILL"),
    **dict.fromkeys(("EV-DIS", "GAP-CJ-S", "GAP-CJ-H", "GAP-KF"), "DIS"),
    **dict.fromkeys(("EV-CHD", "GAP-TK", "GAP-YLF", "GAP-GE", "GAP-SW"), "CARE"),
    **dict.fromkeys(("EV-JOB1", "EV-JOB3", "EV-BIZ", "GAP-JU", "GAP-SY", "GAP-SY-BZ"), "JOB"),
    **dict.fromkeys(("EV-JOB2", "EV-INC1", "EV-EXIT", "EV-REJ", "EV-UTIL"), "INC"),
    **dict.fromkeys(("GAP-DB", "GAP-DB-P", "GAP-BY", "GAP-GX", "GAP-FP", "GAP-JG", "GAP-QN", "GAP-JM"), "INC"),
    **dict.fromkeys(("EV-EDU1", "EV-EDU2", "EV-EDU3", "GAP-JYJ"), "EDU"),
    **dict.fromkeys(("EV-HSE", "GAP-ZF"), "HSE"),
    **dict.fromkeys(("EV-DSR", "EV-ACC", "GAP-SZ"), "DSR"),
    **dict.fromkeys(("EV-DTH", "EV-JAIL", "EV-LOST", "EV-DIV"), "FAM"),
    **dict.fromkeys(("EV-INS", "GAP-YB", "GAP-JM-DJ"), "INS"),
}
"""The kind of hardship that a finding speaks of."""
OF_NO_KIND: Final = ("GAP-LS-E", "GAP-LS-Z", "GAP-GL", "EV-CALL")
"""Findings that say nothing of the kind: relief (its event does), an allowance for age, a plea."""
