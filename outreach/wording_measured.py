"""Why a finding code misses on the synthetic county, or why it is not measured there."""

from typing import Final

from outreach.wording import Text

_LATE: Final = Text(
    "漏和错都来自晚到的记录",
    "What is missed or wrong rests on records that came in late; none where they are complete",
)
_UNREGISTERED: Final = Text(
    "真实收入有五分之一到三分之一不在任何登记中，财产只有经同意后才能核对",
    "A fifth to a third of income is in no register, and assets are checked after consent only",
)
_HEARD: Final = Text("有的变故没有任何部门得知", "Of some nobody hears")
_RELIEF: Final = Text(
    "救助要看支出占收入的比例，收入登记不全；已好转的不再提示",
    "The share of income that costs take is not known better than the income",
)
_UNPLANTED: Final = Text("合成县中没有这种情况", "The county does not have it")
_NOBODY_PAID: Final = Text(
    "合成县不发放此项，符合条件的都没有领",
    "The county pays it to nobody: everybody entitled goes without, and there is nothing to tell apart",
)
_REGISTER: Final = Text(
    "登记本身就是事实，没有可比较的隐藏真相",
    "The register is the fact itself: nothing lies behind it to compare with",
)
_DECISION: Final = Text(
    "金额是上次复核时按当时的收入和裁量定的，没有那次决定的记录就无法分辨",
    "The amount was set at the last review, on the income of then and with discretion, and no record holds that",
)
_INCOME_EVENT: Final = Text(
    "农业和零工收入的起落登记不到，登记的中断又像是没有收入",
    "Ups and downs of farms and odd jobs are in no register, and a gap in a register looks like no income",
)

WHY: Final[dict[str, Text]] = {
    "GAP-CJ-S": _LATE,
    "GAP-CJ-H": _LATE,
    "GAP-GL": _LATE,
    "GAP-YB": _LATE,
    "GAP-YL-ZJ": Text(
        "账单晚到；一年内换了家庭的，原家庭的低保不在本户记录中",
        "Bills that came in late; who has moved since was on DB in a household whose records are another's",
    ),
    "GAP-DB": _UNREGISTERED,
    "GAP-BY": _UNREGISTERED,
    "GAP-GX": _RELIEF,
    "GAP-TK": Text(
        "收入登记不全；无人赡养的老年夫妻依法可享，合成县只发给独居者；真正漏掉的极少",
        "Income is not all registered; couples without a supporter count by law, and the county pays those alone "
        "only; few really go without",
    ),
    "GAP-LS-E": Text(
        "没有医疗或变故记录的变故不知道；收入未知时只说可能",
        "Where nobody reported what happened it is not known, and where income is not known it is only possible",
    ),
    "GAP-LS-Z": _RELIEF,
    "GAP-SY": Text(
        "法定六十日窗口短于登记滞后；县里登记的工作起始日不等于缴费起始日",
        "The window of 60 days is shorter than what the registers take, and their start of work is not that of the "
        "contributions",
    ),
    "DUP-11": Text(
        "复工登记晚到，或当月就停", "The return to work comes in late, or the benefit stops in that month"
    ),
    "DUP-12": _LATE,
    "DUP-14": _LATE,
    "MIS-01": Text(
        "多数是边缘户按登记收入低于低保线，而财产不符",
        "Most are on BY and under the DB line by what is on record only",
    ),
    "MIS-02": _DECISION,
    "MIS-03": _DECISION,
    "MIS-06": Text("一年内已停发的也会提示", "What was stopped within the year is told as well"),
    "MIS-07": Text(
        "从第三个月起才提示；大户少一口，与复核前后的差别相近",
        "It is told from the third month on; in a large household one fewer looks like a review",
    ),
    "EV-ACC": _HEARD,
    "EV-DSR": _HEARD,
    "EV-CHD": _HEARD,
    "EV-JAIL": _HEARD,
    "EV-LOST": _HEARD,
    "EV-DTH": _HEARD,
    "EV-DIV": Text(
        "先搬走后离婚的，只告诉新家", "Who moved out before the divorce is told with the new household only"
    ),
    "EV-DIS": _LATE,
    "EV-INS": _LATE,
    "EV-JOB1": Text(
        "两个月断缴前已找到工作；终止日期晚到；提前退出劳动的也被提示",
        "Some find work before two months are missing, some ends come in late, and some leave work for good early",
    ),
    "EV-JOB3": Text("没有登记的零工看不到", "Odd jobs that are in no register are not seen"),
    "EV-JOB2": _INCOME_EVENT,
    "EV-INC1": _INCOME_EVENT,
    "EV-MED4": Text(
        "收入登记不全；未参保者的账单没有记录",
        "Income is not all registered, and the bills of the uninsured are in no register",
    ),
    "EV-MED5": Text(
        "收入登记不全；未参保者的账单没有记录；报销前后的金额不同",
        "Income is not all registered, bills of the uninsured are in no register, and assistance lowers others",
    ),
    "EV-MED6": Text("未参保者的住院没有记录", "Admissions of the uninsured are in no register"),
    "EV-EXIT": Text("其间又重新领取的不提示", "Who is on a roll again by the day is not told"),
    "EV-REJ": Text("登记收入高于标准1.2倍的不提示", "Whose income on record is above 1.2 lines is not told"),
}
UNMEASURED: Final[dict[str, Text]] = {
    **dict.fromkeys(
        ("CLIFF-BY", "CLIFF-DB"),
        Text(
            "只说登记收入略高于线，不作主张",
            "It claims nothing: only how little the income on record is above a line",
        ),
    ),
    "GAP-DB-P": Text("与低保同一真相，见 GAP-DB", "Of the same truth as GAP-DB, person by person"),
    "GAP-FP": _NOBODY_PAID,
    "GAP-GE": _NOBODY_PAID,
    "GAP-JG": _NOBODY_PAID,
    "GAP-JM": Text(
        "没有养老金就没有，登记与事实相同", "Who draws no pension on record draws none: the register is the fact"
    ),
    "GAP-JM-DJ": Text(
        "没有参保记录就没有参保，登记与事实相同",
        "Who is enrolled in no scheme on record is in none: the register is the fact",
    ),
    "GAP-JU": _NOBODY_PAID,
    "GAP-JYJ": Text(
        "资助与学籍同在一份记录中，登记与事实相同",
        "The aid stands in the school's own record: the register is the fact",
    ),
    "GAP-KF": _NOBODY_PAID,
    "GAP-QN": _NOBODY_PAID,
    "GAP-SW": _NOBODY_PAID,
    "GAP-SY-BZ": _NOBODY_PAID,
    "GAP-SZ": _NOBODY_PAID,
    "GAP-YL-QX": _NOBODY_PAID,
    "GAP-YL-YP": _NOBODY_PAID,
    "GAP-YLF": _NOBODY_PAID,
    "GAP-ZF": _NOBODY_PAID,
    "DUP-04": _UNPLANTED,
    "DUP-05": _UNPLANTED,
    "DUP-07": _UNPLANTED,
    "DUP-08": _UNPLANTED,
    "DUP-09": _UNPLANTED,
    "DUP-10": Text(
        "记录分辨不出：同一人同月第二个机关的发放视为更正",
        "No record tells: the same month from a second authority is taken as a correction",
    ),
    "DUP-13": _UNPLANTED,
    "DUP-15": _UNPLANTED,
    "DUP-17": Text(
        "合成县户主去世当月即有新户主", "A household of the county has a new head in the month of the death"
    ),
    "MIS-04": Text("记录分辨不出：由走访人员上门查看", "No record tells: whoever visits is asked to look"),
    "MIS-05": _UNPLANTED,
    "MIS-08": _UNPLANTED,
    "MIS-09": Text("记录分辨不出：由走访人员上门查看", "No record tells: whoever visits is asked to look"),
    "MIS-10": Text(
        "合成县没有渐退期，何时停发由收入决定", "The county knows no grace period: support ends by income alone"
    ),
    "EV-BIZ": _UNPLANTED,
    "EV-CALL": _UNPLANTED,
    "EV-EDU1": _UNPLANTED,
    "EV-EDU2": _REGISTER,
    "EV-EDU3": _REGISTER,
    "EV-HSE": _REGISTER,
    "EV-MED1": Text(
        "账单合计过线，见 EV-MED4、EV-MED5",
        "A line on a sum of bills: EV-MED4 and EV-MED5 tell how well sums are seen",
    ),
    "EV-MED2": Text(
        "账单合计过线，见 EV-MED4、EV-MED5",
        "A line on a sum of bills: EV-MED4 and EV-MED5 tell how well sums are seen",
    ),
    "EV-MED3": Text(
        "账单合计过线，见 EV-MED4、EV-MED5",
        "A line on a sum of bills: EV-MED4 and EV-MED5 tell how well sums are seen",
    ),
    "EV-UTIL": _REGISTER,
}
HEADS: Final = {
    "code": Text("代码", "Code"),
    "so": Text("确实如此", "Truly so"),
    "told": Text("提示", "Told"),
    "right": Text("正确", "Right"),
    "precision": Text("准确率", "Precision"),
    "recall": Text("查全率", "Recall"),
    "complete_precision": Text("记录完整者准确率", "Precision, complete"),
    "complete_recall": Text("记录完整者查全率", "Recall, complete"),
    "may": Text("另有“可能”（其中正确）", "May besides (right)"),
    "why": Text("为什么漏或错", "Why it misses"),
}
COMPLETE: Final = Text(
    "记录完整：规则所读的记录中，已发生且应已上报的，到当日没有晚到或后改的；一年内的缴费、账单须在同一家庭。",
    "Complete: of the records that the rule reads, none that had happened and was due by the day came in or "
    "changed later; of payments and bills of a year, the person has lived in one household.",
)
