"""Duplicates and misplacements in words, for the desk: what the records show, what to look at, and the source.

Nobody is accused: a record may be late or wrong, and the household is heard before anything is decided. The sources
(``L3``, ``W32`` …) are those of the project's list.
"""

from dataclasses import dataclass
from typing import Final

from outreach.wording import Text

HEARING: Final = Text(
    "先核对记录，再听取家庭的说明，然后才能作出决定；在此之前，任何待遇不得停发或减发。",
    "Check the records first, then hear the household; until a decision is made nothing is stopped or lowered.",
)


@dataclass(frozen=True)
class ReviewText:
    """A code of review: what the records show, what to look at, and the rule it rests on."""

    said: Text
    look: Text
    basis: str


_BOTH: Final = Text("哪一项应当保留，从哪个月起", "Which of the two is right, and from which month")
_DEATH: Final = Text("去世日期是否属实，何时得知", "Whether the date of death is right, and when it was told")

REVIEWS: Final[dict[str, ReviewText]] = {
    "DUP-01": ReviewText(
        Text("同一人同月既在低保又在特困", "The same person on DB and on TK in one month"),
        Text("特困人员是否计入低保户人口", "Whether the person on TK is counted in the DB household"),
        "暂行办法 Art. 15 [L2]; [L4]",
    ),
    "DUP-02": ReviewText(
        Text("刚性支出与低保、特困或边缘家庭重叠", "GX beside DB, TK or BY"), _BOTH, "[L4] Art. 4(1)"
    ),
    "DUP-03": ReviewText(
        Text("边缘家庭与低保或特困重叠", "BY beside DB or TK"),
        Text("是否单人保，其余成员是否按边缘", "Whether one member alone is on DB, which is lawful"),
        "[W28]",
    ),
    "DUP-04": ReviewText(
        Text("未成年特困人员同时领取孤儿或事实无人抚养保障", "A minor on TK also draws GE or SW"),
        Text("监护人选择哪一项", "Which one the guardian chooses"),
        "[L5] Art. 9",
    ),
    "DUP-05": ReviewText(
        Text("事实无人抚养保障与低保、特困或生活补贴并发", "SW beside DB, TK or CJ-S"),
        Text("是否只补差额", "Whether only the difference up to the SW standard is paid"),
        "[L10]",
    ),
    "DUP-06": ReviewText(
        Text("特困人员领取残疾人两项补贴", "A person on TK draws a disability subsidy"), _BOTH, "[W32]"
    ),
    "DUP-07": ReviewText(
        Text("工伤生活护理费与残疾人补贴并发", "A disability subsidy beside the work-injury care allowance"),
        _BOTH,
        "[W32]",
    ),
    "DUP-08": ReviewText(
        Text("孤儿保障与困难残疾人生活补贴并发", "CJ-S beside the orphan allowance"), _BOTH, "[W32]"
    ),
    "DUP-09": ReviewText(
        Text("护理补贴与养老护理补贴并发", "CJ-H beside an elder care subsidy"),
        Text("性质是否相同；相同的取高者", "Whether they are of one nature; then the higher one is paid"),
        "[W32]",
    ),
    "DUP-10": ReviewText(
        Text("同一人同一项目由两地发放", "One person is paid one programme by two authorities"),
        Text("户籍何时迁移，哪一地应当发放", "When the person moved, and which place should pay"),
        "[L7]",
    ),
    "DUP-11": ReviewText(
        Text("就业期间领取失业保险金", "Unemployment benefit for a month that was worked through"),
        Text("就业登记的起止日期是否属实", "Whether the dates of the employment are right"),
        "失业保险条例 Art. 15 [L14]",
    ),
    "DUP-12": ReviewText(
        Text("同时参加职工医保和居民医保", "Employees' and residents' medical insurance at once"),
        Text("哪一项应当暂停，已缴保费如何处理", "Which one to suspend, and what becomes of the premium"),
        "[R]",
    ),
    "DUP-13": ReviewText(
        Text("同一年度两次临时救助", "Temporary relief twice in one year"),
        Text("两次是否同一原因", "Whether both were for the same cause"),
        "[W33]",
    ),
    "DUP-14": ReviewText(
        Text("去世后仍在发放", "A payment goes on after the death"), _DEATH, "[L3] Art. 7; [L5] Art. 24"
    ),
    "DUP-15": ReviewText(
        Text("公租房实物配租与租赁补贴并存", "Public rental housing beside a rent subsidy"), _BOTH, "[R]"
    ),
    "DUP-16": ReviewText(
        Text("同一人计入两户低保", "One person is counted in two households on DB"),
        Text("此人实际与哪一户共同生活", "With which of the two the person lives"),
        "[L3] Art. 7",
    ),
    "DUP-17": ReviewText(
        Text("户主去世三个月后仍以其名义发放", "Paid in the name of a head who died over three months ago"),
        Text(
            "尽快复核家庭人口和账户；在世成员的待遇不中断",
            "Review who lives there and the account; the others' help must not break off",
        ),
        "[L7]",
    ),
    "MIS-01": ReviewText(
        Text("可能应在更高一层（特困或低保）", "Perhaps in a layer too low: TK or DB may be right"),
        Text(
            "有无赡养人、收入和财产是否符合更高一层",
            "Whether there is a supporter, and whether means fit the higher layer",
        ),
        "[L5] Arts. 4–9; [L3] Art. 8",
    ),
    "MIS-02": ReviewText(
        Text("低保金额像是按另一类地区的标准计算", "The amount of DB fits the standard of the other kind of area"),
        Text("住地、户籍和承包地按哪一标准", "Which standard residence, registration and land call for"),
        "[L3]",
    ),
    "MIS-03": ReviewText(
        Text("低保金额与应补差额相差较大", "The amount of DB is far from the gap to the standard"),
        Text("最近一次核算的收入和人口，有无分类施保", "Income and members at the last calculation; any top-up"),
        "社会救助法 Arts. 18, 20 [L1]; [L3] Art. 23",
    ),
    "MIS-04": ReviewText(
        Text("特困护理档次可能不符", "The care tier of a person on TK may be wrong"),
        Text(
            "吃饭、穿衣、上下床、如厕、室内行走、洗澡六项能做几项",
            "How many of six daily activities the person can do",
        ),
        "[L5] Arts. 21–22",
    ),
    "MIS-05": ReviewText(
        Text("医疗救助按较低类别结算", "A bill was settled in a lower class of medical assistance"),
        Text("就医时的身份何时生效", "From when the status held at the time of care"),
        "[W31]",
    ),
    "MIS-06": ReviewText(
        Text("认定或证件已过有效期", "A recognition or a certificate has run out"),
        Text("是否已续办；仍符合的尽快重新认定", "Whether it was renewed; who still qualifies is recognised anew"),
        "[L4] Art. 11; [W32]",
    ),
    "MIS-07": ReviewText(
        Text("成员去世后低保金额未变", "A member died and the amount of DB is unchanged"),
        _DEATH,
        "[L3] Art. 7; [L7]",
    ),
    "MIS-08": ReviewText(
        Text("按人的项目发给了户，或相反", "A person's programme is paid to a household, or the other way round"),
        Text("发放对象登记是否有误", "Whether the payee is recorded rightly"),
        "[L1]",
    ),
    "MIS-09": ReviewText(
        Text("可能更需要服务而不是现金", "Services may be needed rather than cash"),
        Text("日常照料由谁承担，缺什么", "Who gives daily care, and what is missing"),
        "社会救助法 [L1]",
    ),
    "MIS-10": ReviewText(
        Text("就业后未给渐退期即停发低保", "DB ended at once after a member found work, without the grace period"),
        Text("渐退期是否应当补给", "Whether the grace period should be given after all"),
        "[L7]",
    ),
}
