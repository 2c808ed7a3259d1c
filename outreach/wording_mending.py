"""What a department is to mend, in Chinese and English: each rule at the door, what it means, an example of it.

Examples are of the rule and invented; nothing here is anybody's value. A rule is ``column|rule`` or a rule's name.
"""

from dataclasses import dataclass
from typing import Final

from outreach.wording import Text, same


@dataclass(frozen=True)
class Advice:
    """What is wrong with a row, and what to do about it."""

    wrong: Text
    mend: Text


_ASK: Final = Text("向原登记单位核实后填写。", "Ask the office that registered it, and write what it says.")
_OWNER: Final = Text(
    "等待：花名册送到后会自动入库；如果是户号或身份号码写错，请在下一次报送中写对。",
    "It waits: it goes in by itself when the roster names its owner; where the number itself is wrong, deliver the "
    "row again with the right one.",
)
_AGAIN: Final = Text("重新导出这一行，不要手工拼接。", "Export the row again; do not put it together by hand.")

RULES: Final[dict[str, Advice]] = {
    "not_a_date": Advice(
        Text("不是日期", "not a date"),
        Text("写成 YYYY-MM-DD，例如 2024-03-01。", "Write YYYY-MM-DD, for example 2024-03-01."),
    ),
    "not_a_whole_number": Advice(
        Text("不是整数", "not a whole number"),
        Text(
            "只写数字；金额以分为单位，不带小数点和逗号，例如 19800。",
            "Write digits alone; money in minor units without point or comma, for example 19800.",
        ),
    ),
    "not_a_number": Advice(
        Text("不是数字", "not a number"),
        Text("只写数字和小数点，例如 86.5。", "Write digits and a point, for example 86.5."),
    ),
    "not_true_or_false": Advice(
        Text("不是“是/否”", "neither true nor false"), Text("写 true 或 false。", "Write true or false.")
    ),
    "not_one_of_our_codes": Advice(
        Text("代码不在代码表里", "not in the list of codes"),
        Text("按代码表填写。", "Use a code of the list."),
    ),
    "damaged_by_a_spreadsheet": Advice(
        Text(
            "身份号码被表格软件改坏（末几位变成 0，或写成 1.1E+17）",
            "an identity number damaged by a spreadsheet (zeros at the end, or 1.1E+17)",
        ),
        Text(
            "从原系统重新导出，把这一列设为文本；不要补写末几位。",
            "Export it from the source system with the column as text; do not guess the lost digits.",
        ),
    ),
    "not_an_identity_number": Advice(Text("不是身份号码", "not an identity number"), _ASK),
    "birth_date_in_number_impossible": Advice(
        Text("号码中的出生日期不存在", "the birth date in the number does not exist"), _ASK
    ),
    "check_digit_wrong": Advice(
        Text("校验码不对，多半是抄错一位", "the check digit is wrong: most likely one digit was mistyped"), _ASK
    ),
    "not_a_social_credit_code": Advice(Text("不是统一社会信用代码", "not a unified social credit code"), _ASK),
    "check_character_wrong": Advice(
        Text("统一社会信用代码校验不对", "the check character of the code is wrong"), _ASK
    ),
    "not_an_area_code": Advice(
        Text("不是区划代码（6、9 或 12 位数字）", "not an area code (6, 9 or 12 digits)"),
        Text("按统计用区划代码填写。", "Use the statistical area code."),
    ),
    "after_the_delivery": Advice(
        Text("登记日期晚于报送日期", "registered after the day of delivery"),
        Text("核对登记日期。", "Check the day of registration."),
    ),
    "nullability": Advice(Text("必填项空白", "a required value is blank"), _ASK),
    "min": Advice(Text("数值太小", "too small"), Text("核对单位和正负号。", "Check the unit and the sign.")),
    "max": Advice(Text("数值太大", "too large"), Text("核对单位。", "Check the unit.")),
    "regex": Advice(
        Text("写法不对", "not written as it should be"), Text("按字段说明填写。", "See the reference.")
    ),
    "is_in": Advice(
        Text("代码不在代码表里", "not in the list of codes"), Text("按代码表填写。", "Use a code of the list.")
    ),
    "duplicate_key": Advice(
        Text(
            "同一主键在一次报送中出现两次，无法判断哪一行对",
            "two rows of one key in one delivery: nobody can tell which is right",
        ),
        Text("只留正确的一行。", "Send the right one only."),
    ),
    "wrong_number_of_fields": Advice(Text("列数不对", "the wrong number of fields"), _AGAIN),
    "quotation_mark_never_closed": Advice(Text("引号没有成对", "a quotation mark is never closed"), _AGAIN),
    "nul_character": Advice(Text("含有空字符", "holds a NUL character"), _AGAIN),
    "not_a_csv_record": Advice(Text("不是 CSV 行", "not a CSV record"), _AGAIN),
    "file_ends_inside_the_row": Advice(
        Text("文件在这一行中断", "the file ends inside the row"),
        Text("重新报送整个文件。", "Deliver the whole file again."),
    ),
    "not_in_the_encoding": Advice(
        Text("有无法识别的字节", "holds bytes that are no characters"),
        Text("用 UTF-8 或 GB 18030 重新导出。", "Export it again in UTF-8 or GB 18030."),
    ),
    "merged_cells": Advice(
        Text("有合并单元格，空白处不知何意", "lies under a merged cell, so that its blank says nothing"),
        Text("取消合并，每格填写。", "Undo the merging and fill every cell."),
    ),
    "formula_without_a_result": Advice(
        Text("公式没有保存结果", "holds a formula whose result was not stored"),
        Text("把公式换成数值再保存。", "Replace the formula by its value and save again."),
    ),
    "household_without_members": Advice(Text("这一户没有成员", "a household without members"), _OWNER),
    "member_of_unknown_household": Advice(Text("所属户不在名册", "the household is in no roster"), _OWNER),
    "person_not_in_any_household": Advice(Text("此人不在任何一户", "the person is in no household"), _OWNER),
    "household_not_in_any_roster": Advice(Text("户不在名册", "the household is in no roster"), _OWNER),
    "valid_to_not_before_valid_from": Advice(
        Text("结束日期早于开始日期", "ends before it begins"), Text("核对两个日期。", "Check both dates.")
    ),
    "end_not_before_start": Advice(
        Text("结束日期早于开始日期", "ends before it begins"), Text("核对两个日期。", "Check both dates.")
    ),
    "birth_not_after_validity": Advice(
        Text("出生日期晚于入户日期", "born after joining the household"),
        Text("核对两个日期。", "Check both dates."),
    ),
    "birth_date_or_age": Advice(Text("出生日期和年龄都空白", "neither birth date nor age"), _ASK),
    "one_of_person_and_household": Advice(
        Text("个人和户只能填一个", "names both a person and a household, or neither"),
        Text(
            "个人的记录填身份号码，户的记录填户号。",
            "A person's record names the person, a household's the household.",
        ),
    ),
    "month_is_a_first_day": Advice(
        Text("月份不是当月 1 日", "a month that is not its first day"),
        Text("写成当月 1 日，例如 2024-03-01。", "Write the first day, for example 2024-03-01."),
    ),
    "not_stage_b": Advice(
        Text("个税或公积金明细须经本人授权", "tax detail and housing fund need the person's consent"),
        Text("不要报送这一行。", "Leave the row out."),
    ),
    "stage_b_with_consent": Advice(
        Text("经授权的核对信息，只计数，不保存", "a check with consent: counted, and not kept"),
        Text("无需更正。", "There is nothing to mend."),
    ),
    "oop_not_above_total": Advice(
        Text("个人负担大于总费用", "more paid than was billed"), Text("核对两个金额。", "Check both amounts.")
    ),
    "erased": Advice(
        Text("此户已依法删除", "the household was erased by law"),
        Text("不要再报送。", "Do not deliver it again."),
    ),
    "names_no_row_to_be_mended": Advice(
        Text("所改的行号不在隔离区", "mends a row that is not in quarantine"),
        Text("行号照导出的文件，不要改。", "Keep the row numbers of the exported file."),
    ),
    "the_same_row_twice": Advice(
        Text("同一行改了两次", "mends the same row twice"), Text("每行只报一次。", "Send each row once.")
    ),
}
OTHER: Final = Advice(
    Text("不符合字段要求", "breaks a rule of its kind"), Text("见字段说明。", "See the columns in the reference.")
)


def advice_of(rule: str) -> tuple[Text, Advice]:
    """The column that a rule is about (empty where it is about the row), and what to do."""
    column, _, name = rule.rpartition("|")
    return same(column), RULES.get(name, OTHER)
