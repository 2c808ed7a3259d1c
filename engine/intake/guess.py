"""Guesses about a sample file's columns: which of ours each may be, by its name and by what its values look like.

Values are looked at and never kept: a guess holds names of columns, formats, units, and codes of ours.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from engine.intake.description import Column, codes_of
from engine.intake.mapping import amounts, days
from engine.intake.parse import DOMAINS, SCHEMAS

FORMATS: Final = (
    *("YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日"),
    *("YYYY-MM", "YYYYMM", "YYYY/M", "YYYY年M月", "excel"),
)
MOSTLY: Final = 0.95
"""So much of a column must fit before a guess is made of it."""
NUMBER: Final = r"^[0-9]{17}[0-9Xx]$"
NAMES: Final[Mapping[str, Sequence[str]]] = {
    "person_id": ("公民身份号码", "身份证号码", "身份证号", "身份证", "证件号码", "证件号", "id number", "idcard"),
    "household_id": ("户号", "户编号", "家庭编号", "家庭编码", "household"),
    "kin_id": ("义务人公民身份号码", "义务人身份证号"),
    "region": ("区划代码", "行政区划代码", "地区编码", "区划", "region code"),
    "month": ("所属期", "发放月份", "待遇所属期", "费款所属期", "月份", "年月", "month"),
    "amount": ("金额", "发放金额", "缴费金额", "待遇金额", "amount"),
    "known_on": ("登记日期", "入库日期", "更新日期", "经办日期", "registered on"),
    "birth_date": ("出生日期", "出生年月日", "生日", "birth date", "date of birth"),
    "sex": ("性别", "sex", "gender"),
    "relation": ("与户主关系", "家庭关系", "关系", "relation"),
    "event_date": ("结算日期", "就诊日期", "入院日期", "发生日期", "event date"),
    "event_id": ("结算号", "结算编号", "单据号", "事件编号", "event id"),
    "total": ("医疗费总额", "总费用", "费用总额", "total"),
    "oop": ("个人自付", "个人支付", "自付金额", "out of pocket"),
    "start": ("就业日期", "参保日期", "开始日期", "起始日期", "start date"),
    "end": ("终止日期", "停保日期", "结束日期", "end date"),
    "name": ("姓名", "名字", "full name"),
    "phone": ("联系电话", "手机号", "手机号码", "电话", "phone"),
    "address": ("居住地址", "家庭住址", "住址", "地址", "address"),
}
"""Names that departments give to columns, beside those of the shipped descriptions and our own."""


@dataclass(frozen=True)
class Guess:
    """Where one of our columns may come from: their column, its entry in TOML, and what a person should check."""

    source: str
    entry: str
    remark: str


def guesses(kind: str, frame: pl.DataFrame, shipped: Mapping[str, Column]) -> dict[str, Guess]:
    """By column of ours, in their order; one of their columns may serve one of ours only."""
    found: dict[str, Guess] = {}
    free = [name for name in frame.columns if frame[name].count()] + [
        name for name in frame.columns if not frame[name].count()
    ]
    for name in SCHEMAS[kind].column_names():
        source = _by_name(name, free, shipped.get(name)) or _by_values(name, free, frame)
        if source is not None:
            found[name] = _guess(kind, name, source, frame[source], shipped.get(name))
            free.remove(source)
    return found


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False)


def date_format(values: pl.Series) -> str | None:
    """The first format that nearly all values fit; None where there is none, or no value."""
    given = values.drop_nulls()
    for written in FORMATS if given.len() else ():
        if days(given, (written,)).count() >= MOSTLY * given.len():
            return written
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\s_*:：]|[(（\[].*?[)）\]]", "", name).lower()


def _by_name(name: str, free: Sequence[str], shipped: Column | None) -> str | None:
    wanted = [name, *(shipped.source or () if shipped else ()), *NAMES.get(name, ())]
    plain = {_plain(each): each for each in reversed(free)}
    exact = next((plain[_plain(each)] for each in wanted if _plain(each) in plain), None)
    if exact is not None:
        return exact
    long = [_plain(each) for each in wanted if len(_plain(each)) >= 4]
    return next((theirs for each in long for key, theirs in plain.items() if key.endswith(each)), None)


def _by_values(name: str, free: Sequence[str], frame: pl.DataFrame) -> str | None:
    """The one column of identity numbers is a person's; of nothing else can values alone be trusted."""
    if name != "person_id":
        return None
    like = [each for each in free if _share(frame[each], pl.col(each).str.contains(NUMBER)) >= MOSTLY]
    return like[0] if len(like) == 1 else None


def _share(values: pl.Series, fits: pl.Expr) -> float:
    given = values.drop_nulls()
    return given.to_frame().select(fits.sum()).item() / given.len() if given.len() else 0.0


def _guess(kind: str, name: str, source: str, values: pl.Series, shipped: Column | None) -> Guess:
    schema = SCHEMAS[kind].columns()[name]
    if isinstance(schema, dy.Date):
        return _date(source, values)
    if codes_of(kind, name) is not None:
        return _codes(source, values, shipped, codes_of(kind, name) or ())
    if isinstance(schema, dy.Int64) and "minor unit" in (schema.description or "").lower():
        return _money(source, values)
    return Guess(source, quoted(source), "by its name" if name not in DOMAINS else "numbers become pseudonyms")


def _date(source: str, values: pl.Series) -> Guess:
    written = date_format(values)
    if written is None:
        return Guess(source, f'{{ from = {quoted(source)}, dates = ["YYYY-MM-DD"] }}', "CHECK: no format was found")
    return Guess(source, f"{{ from = {quoted(source)}, dates = [{quoted(written)}] }}", "by its values")


def _codes(source: str, values: pl.Series, shipped: Column | None, ours: Sequence[str]) -> Guess:
    """Codes that the shipped description knows are written; of all others only how many there are."""
    there = set(values.drop_nulls().str.strip_chars().unique().to_list())
    if there <= set(ours):
        return Guess(source, quoted(source), "our codes")
    known = {theirs: code for theirs, code in ((shipped.codes or {}) if shipped else {}).items() if theirs in there}
    pairs = ", ".join(f"{quoted(theirs)} = {json.dumps(code)}" for theirs, code in known.items())
    left = len(there - set(known))
    remark = f"CHECK: {left} more codes in the file; ours: {', '.join(ours)}" if left else "all codes of the sample"
    return Guess(source, f"{{ from = {quoted(source)}, codes = {{ {pairs} }} }}", remark)


def _money(source: str, values: pl.Series) -> Guess:
    given = values.drop_nulls()
    thousands = bool(given.len()) and given.str.contains(r"^[^.]*[0-9],[0-9]{3}").any()
    told = re.search(r"[(（\[/](万元|千元|元|角|分)", source)
    units = {"万元": "wan_yuan", "千元": "thousand_yuan", "元": "yuan", "角": "jiao", "分": "fen"}
    unit = units[told[1]] if told else "yuan"
    fits = amounts(given, unit, ".", "," if thousands else None).count() >= MOSTLY * given.len()
    remark = "the unit is in its name" if told else "CHECK the unit: fen, jiao, yuan, thousand_yuan or wan_yuan"
    separator = ', thousands = ","' if thousands else ""
    entry = f"{{ from = {quoted(source)}, unit = {quoted(unit)}{separator} }}"
    return Guess(source, entry, remark if fits else "CHECK: many values are no amounts in this unit")
