"""One household's relief chain (一户一条救助链) in words: what each record, night, visit and step says."""

from typing import Final

from outreach.wording import Text

LABELS: Final = {
    "title": Text("一户一条救助链", "One household, one chain"),
    "as_of": Text("截至当日已知", "As known on"),
    "on": Text("日期", "Date"),
    "known_on": Text("得知", "Known on"),
    "source": Text("来源", "Source"),
    "said": Text("内容", "What"),
    "person": Text("谁", "Who"),
    "household": Text("全家", "household"),
    "nothing": Text("截至这一天没有任何记录。", "Nothing was known by this day."),
    "noted": Text("这次查看已记入审计日志，编号", "This reading stands in the audit log as entry"),
    "gone": Text(
        "有些夜的文件已过保存期，只留下是否列入名单。",
        "The files of some nights were past their time: only who was listed is left.",
    ),
}
SOURCES: Final = {
    "night": Text("夜间运行", "the night"),
    "visit": Text("走访", "a visit"),
    "case": Text("个案", "the case"),
    "dispute": Text("异议", "a dispute"),
    "referral": Text("转介", "a referral"),
    "rights": Text("家庭的要求", "the household's wish"),
    "consent": Text("授权", "a consent"),
}
"""Where what is no department's record comes from."""
INCOMES: Final = {
    "wage": Text("工资", "wages"),
    "business": Text("经营", "business"),
    "farm": Text("务农", "farming"),
    "platform": Text("平台", "platform work"),
    "property": Text("财产", "property"),
    "transfer_pension": Text("养老金", "pension"),
    "transfer_unemployment": Text("失业金", "unemployment benefit"),
    "transfer_support": Text("赡养扶养", "support from kin"),
    "transfer_other": Text("其他转移", "other transfers"),
    "assistance": Text("救助金", "assistance"),
    "transfer_paid": Text("支付赡养", "support paid"),
    "tax": Text("税费", "tax"),
}
FORMS: Final = {
    "contract": Text("签合同", "under contract"),
    "dispatch": Text("派遣", "dispatched"),
    "informal": Text("零工", "informal"),
    "self": Text("自雇", "self-employed"),
    "employer": Text("雇主", "an employer"),
    "platform": Text("平台", "on a platform"),
    "farm": Text("务农", "farming"),
    "public_service_post": Text("公益岗", "a public service post"),
    "family_worker": Text("家庭帮工", "in the family's business"),
    "unemployed": Text("登记失业", "registered as unemployed"),
}
CARE: Final = {
    "outpatient": Text("门诊", "outpatient care"),
    "chronic": Text("慢特病门诊", "chronic outpatient care"),
    "inpatient": Text("住院", "an admission"),
    "pharmacy": Text("药店购药", "pharmacy"),
    "chronic_registration": Text("慢特病登记", "registration of a chronic disease"),
}
STATUSES: Final = {
    "in_payment": Text("发放", "paid"),
    "suspended": Text("暂停", "suspended"),
    "stopped": Text("停发", "stopped"),
    "refused": Text("未批准", "refused"),
}
SCHEMES: Final = {
    "medical_employee": Text("职工医保", "employee medical insurance"),
    "medical_resident": Text("居民医保", "resident medical insurance"),
    "medical_private": Text("商业医保", "private medical insurance"),
    "pension_employee": Text("职工养老", "employee pension insurance"),
    "pension_resident": Text("居民养老", "resident pension insurance"),
}
DISABILITIES: Final = {
    "visual": Text("视力", "visual"),
    "hearing": Text("听力", "hearing"),
    "speech": Text("言语", "speech"),
    "limb": Text("肢体", "limb"),
    "intellectual": Text("智力", "intellectual"),
    "mental": Text("精神", "mental"),
    "multiple": Text("多重", "multiple"),
}
STAGES: Final = {
    "kindergarten": Text("幼儿园", "kindergarten"),
    "primary": Text("小学", "primary school"),
    "junior": Text("初中", "junior secondary school"),
    "senior": Text("高中", "senior secondary school"),
    "vocational": Text("中职", "vocational school"),
    "higher": Text("高等教育", "higher education"),
}
HAPPENED: Final = {
    "DTH": Text("家庭成员去世", "a member has died"),
    "JAIL": Text("服刑或羁押", "imprisoned or detained"),
    "LOST": Text("失踪", "missing"),
    "DSR": Text("受灾", "a disaster"),
    "ACC": Text("意外事故", "an accident"),
    "HSE": Text("住房受损", "the house is damaged"),
    "DIV": Text("离婚", "a divorce"),
    "CHD": Text("儿童相关", "an event about a child"),
}
"""Codes of life events; one without words stands for itself."""


def both(zh: str, en: str, *parts: Text) -> Text:
    """A sentence whose ``{}`` are filled with the parts, each in its language."""
    return Text(zh.format(*(part.zh for part in parts)), en.format(*(part.en for part in parts)))
