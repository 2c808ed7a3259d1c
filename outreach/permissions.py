"""Who may do what with which facts, where and what for: one table, and everything else is refused.

Classes of column are identity (number, name, phone, address), social and private (PIPL Art. 28: health,
disability), and none where no person stands behind a figure. The table says what the law leaves room for: within
authority and purpose (PIPL Arts. 6, 34), confidential (社会救助法 Arts. 40-42), contractors under supervision
(数据安全法 Art. 40).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from outreach.wording import Text

Role = Literal["operator", "caseworker", "reviewer", "data_scientist", "auditor", "contractor"]
Action = Literal[
    "look",  # figures about the home and its nights, no person behind them
    "take_in",  # deliveries from the inbox
    "learn",  # train, evaluate, compute columns: pseudonyms only
    "run",  # a night, which writes the caseworkers' lists
    "reveal",  # one household, on a screen
    "export",  # rows about people, out of the home
    "review",  # release, hold, confirm what somebody else has made
    "record",  # what a household or a visitor tells: outcome, opt-out, objection, consent, erasure
    "keep",  # keys, backups, versions of the database, repair of stored files
    "read_log",  # the audit log
    "verify",  # compare what is stored with its hashes
    "set_up",  # lay out a home
]
Sensitivity = Literal["none", "social", "private", "identity"]
Purpose = Literal["operation", "visit", "review", "objection", "learning", "audit"]
Form = Literal["plain", "masked", "pseudonym"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
SENSITIVITIES: Final[tuple[Sensitivity, ...]] = get_args(Sensitivity)
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)

PEOPLE: Final[tuple[Sensitivity, ...]] = ("social", "private", "identity")
ALL: Final[tuple[Sensitivity, ...]] = ("none", *PEOPLE)


SOMEBODY: Final = re.compile(r"[0-9]{11}|[0-9]{17}[0-9Xx]")
"""A phone or an identity number: a text that is kept in the open names nobody by one."""


@dataclass(frozen=True)
class Decision:
    """Whether it is allowed, in which form facts may be shown, and why or why not."""

    allowed: bool
    form: Form
    reason: Text


@dataclass(frozen=True)
class Grant:
    """A row of the table: what a role may do. ``own_area``: only for households of its own area."""

    role: Role
    actions: tuple[Action, ...]
    sensitivities: tuple[Sensitivity, ...]
    purposes: tuple[Purpose, ...]
    why: Text
    own_area: bool = False
    others_work: bool = False
    form: Form = "plain"


GRANTS: Final[tuple[Grant, ...]] = (
    Grant(
        "operator",
        ("look", "take_in", "learn", "run", "record", "review", "keep", "verify", "set_up"),
        ALL,
        ("operation", "learning", "review", "objection"),
        Text("系统运行人员办理日常运行", "the operator keeps the service running"),
    ),
    Grant(
        "operator",
        ("export",),
        ALL,
        ("operation", "objection"),
        Text(
            "把退回的行交还原部门更正，或应本人要求提供",
            "rows go back to the department that sent them, or to the person who asks for them (PIPL Arts. 45-46)",
        ),
    ),
    Grant(
        "operator",
        ("reveal",),
        PEOPLE,
        ("objection",),
        Text(
            "本人行使查阅、更正、删除等权利", "a person asks for access, correction or erasure (PIPL Arts. 45-47)"
        ),
    ),
    Grant(
        "operator",
        ("record",),
        PEOPLE,
        ("visit",),
        Text("录入纸上或表格中带回的走访结果", "outcomes that come back on paper or in a spreadsheet are entered"),
    ),
    Grant(
        "caseworker",
        ("look",),
        ("none",),
        ("operation", "visit"),
        Text("了解运行情况", "how the service is doing"),
    ),
    Grant(
        "caseworker",
        ("reveal", "record"),
        PEOPLE,
        ("visit",),
        Text("上门走访本辖区的家庭", "a visit to a household of the own area"),
        own_area=True,
    ),
    Grant(
        "reviewer",
        ("look", "verify"),
        ("none",),
        ("operation", "review"),
        Text("了解运行情况", "how the service is doing"),
    ),
    Grant(
        "reviewer",
        ("review",),
        ALL,
        ("operation", "review", "objection"),
        Text("复核他人办理的事项", "a second person checks what another has made"),
        others_work=True,
    ),
    Grant(
        "reviewer",
        ("reveal", "record"),
        PEOPLE,
        ("review", "objection"),
        Text("复核和处理异议", "a review, or an objection (PIPL Arts. 45-50)"),
        others_work=True,
    ),
    Grant(
        "reviewer",
        ("record",),
        PEOPLE,
        ("visit",),
        Text("更正登记有误的走访结果", "an outcome that was recorded wrongly is put right"),
    ),
    Grant(
        "data_scientist",
        ("look",),
        ("none",),
        ("operation", "learning"),
        Text("了解运行情况", "how the service is doing"),
    ),
    Grant(
        "data_scientist",
        ("learn",),
        ("none", "social", "private"),
        ("learning", "operation"),
        Text("用去标识化数据训练和评估模型", "models are made from pseudonymous data (PIPL Art. 51)"),
        form="pseudonym",
    ),
    Grant(
        "auditor",
        ("look", "verify", "read_log"),
        ("none",),
        ("operation", "audit"),
        Text("审计谁做过、看过什么", "who did and saw what (PIPL Art. 54)"),
        form="pseudonym",
    ),
    Grant(
        "contractor",
        ("reveal",),
        ("social", "identity"),
        ("visit",),
        Text(
            "受托机构协助走访，只看遮蔽后的内容",
            "a contractor helps with visits and sees masked facts (社会救助法 Arts. 55-56, 数据安全法 Art. 40)",
        ),
        own_area=True,
        form="masked",
    ),
)
"""The whole table. Adding a right is adding a row."""

ROLE_WORDS: Final[dict[Role, Text]] = {
    "operator": Text("系统运行人员", "an operator"),
    "caseworker": Text("经办人员", "a caseworker"),
    "reviewer": Text("复核人员", "a reviewer"),
    "data_scientist": Text("数据分析人员", "a data scientist"),
    "auditor": Text("审计人员", "an auditor"),
    "contractor": Text("受托机构人员", "a contractor"),
}


def may(
    role: Role,
    action: Action,
    sensitivity: Sensitivity,
    area_match: bool,
    purpose: Purpose,
    *,
    own_work: bool = False,
) -> Decision:
    """Whether a role may do something with facts of a class, for a purpose; the reason says what stands against it.

    ``area_match``: the household is of the person's own area. ``own_work``: the thing to be reviewed was made by
    the same person. What no row of the table grants is refused.
    """
    named = [each for each in GRANTS if each.role == role and action in each.actions]
    said = ROLE_WORDS[role]
    if not named:
        return _refused(Text(f"{said.zh}不办理这类事项", f"{said.en} does not do this"))
    named = [each for each in named if sensitivity in each.sensitivities]
    if not named:
        return _refused(Text(f"{said.zh}不接触这类信息", f"{said.en} does not see facts of this kind"))
    named = [each for each in named if purpose in each.purposes]
    if not named:
        return _refused(Text(f"{said.zh}不得为此目的使用", f"{said.en} may not do this for this purpose"))
    near = [each for each in named if area_match or not each.own_area]
    if not near:
        return _refused(Text("该户不在本人辖区", "the household is not of the person's own area"))
    free = [each for each in near if not (own_work and each.others_work)]
    if not free:
        return _refused(Text("不得复核本人办理的事项", "nobody reviews their own work"))
    return Decision(True, free[0].form, free[0].why)


def in_area(region: str, areas: Sequence[str]) -> bool:
    """Whether a region code lies in one of the areas (which are beginnings of region codes)."""
    return any(region.startswith(area) for area in areas)


def masked(field: str, value: str | None) -> str | None:
    """A fact of identity with most of it covered: ``110**************X``, ``138****5678``, ``王**``.

    Of an address the part up to the township or village is kept; null stays null.
    """
    if value is None:
        return None
    if field == "id_number":
        return value[:3] + "*" * max(0, len(value) - 4) + value[3:][-1:]
    if field == "phone":
        return value[:3] + "****" + value[-4:] if len(value) > 7 else "*" * len(value)
    if field == "address":
        ends = [value.find(word) + len(word) for word in ("街道", "镇", "乡", "村", "社区") if word in value]
        return value[: min(ends)] + "***" if ends else "***"
    return value[:1] + "**"


def _refused(reason: Text) -> Decision:
    return Decision(False, "masked", reason)
