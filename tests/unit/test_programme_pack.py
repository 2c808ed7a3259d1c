"""Packs: inheritance, dates, and a clear answer to every mistake."""

from datetime import date

import pytest
from programme_cases import DAY, LOCAL, TEXTS, county, judged, local, months, verdict

from outreach.catalogue import PackError
from outreach.packs import load
from outreach.trigger_table import TRIGGERS


def national(old: str, new: str, family: str = "") -> dict[str, str]:
    """The texts with something else in the national pack, in the first of its files (of a family) that has it."""
    name = next(name for name in sorted(TEXTS) if name.startswith(f"cn-national{family}") and old in TEXTS[name])
    return {**TEXTS, name: TEXTS[name].replace(old, new, 1)}


def value(entry: str) -> dict[str, str]:
    return local(
        f'[[parameter]]\nname = "by_multiplier"\nvalues = [{{ {entry}, source = "x", mark = "proposed" }}]\n'
    )


@pytest.mark.parametrize("pack", ["cn-national", "cn-average-2025", "sw-county-2025"])
def test_the_shipped_packs_are_sound(pack: str) -> None:
    rules = load(pack, TEXTS).on(DAY)
    assert {"DB", "BY", "CJ-H", "GL"} <= {rule.programme.code for rule in rules.rules}
    assert len(rules.triggers) == len(TRIGGERS)


def test_the_most_local_value_holds() -> None:
    assert county().on(DAY).settings["cjh_month"].urban == 8_000
    assert load("cn-average-2025", TEXTS).on(DAY).settings["cjh_month"].urban == 10_000
    assert load("here", local()).on(DAY).settings["cjh_month"].urban == 8_000


def test_a_local_value_with_an_end_gives_way_to_the_more_general_one() -> None:
    texts = value("value = 2.0, from = 2025-03-01, to = 2025-03-31")
    days = (date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 31), date(2025, 4, 1))
    assert [load("here", texts).on(day).settings["by_multiplier"].urban for day in days] == [1.5, 2.0, 2.0, 1.5]


def test_a_clause_that_changes_on_a_date_changes_verdicts_on_that_date_and_not_before() -> None:
    programmes = load("here", value("value = 2.0, from = 2025-06-10"))
    income = months("2025-05", 12, person_id="P1", amount=130_000)
    assert verdict(judged(date(2025, 6, 9), programmes, income=income), "BY") == "not_eligible"
    assert verdict(judged(date(2025, 6, 10), programmes, income=income), "BY") == "eligible_likely"


def test_a_local_extension_of_the_care_subsidy_opens_it_to_level_3_mental() -> None:
    texts = local(
        '[[parameter]]\nname = "cjh_mental_extension"\n'
        'values = [{ value = true, source = "x", mark = "proposed" }]\n'
    )
    mental, limb = "level | type\n 3 | mental", "level | type\n 3 | limb"
    assert verdict(judged(programmes=load("here", texts), disability=mental), "CJ-H", "P1") == "eligible_likely"
    assert verdict(judged(programmes=load("here", texts), disability=limb), "CJ-H", "P1") is None


def test_a_yearly_amount_is_a_twelfth_a_month() -> None:
    texts = local(
        '[[parameter]]\nname = "heating"\nunit = "CNY/year"\nzh = "取暖"\nen = "heating"\n'
        'values = [{ value = 1200, source = "x", mark = "proposed" }]\n'
    )
    assert load("here", texts).on(DAY).settings["heating"].urban == 10_000


def test_a_pack_may_replace_a_programme_from_a_date() -> None:
    text = TEXTS["cn-national+welfare"]
    start = text.index('[[programme]]\ncode = "GL"')
    mine = text[start : text.index("[[programme]]", start + 1)].replace("from = 1996-10-01", "from = 2025-07-01", 1)
    mine = mine.replace('zh = "高龄津贴"', 'zh = "本县高龄津贴"', 1)
    programmes = load("here", local(mine))

    def name(day: date) -> str:
        return next(r.programme.zh for r in programmes.on(day).rules if r.programme.code == "GL")

    assert (name(date(2025, 6, 30)), name(date(2025, 7, 1))) == ("高龄津贴", "本县高龄津贴")


MISTAKES = [
    ("no TOML", {**TEXTS, "here": "[pack"}, "not a TOML text"),
    ("an unknown key", local("[[paramter]]\nname = 'x'\n"), "paramter"),
    ("another id", {**TEXTS, "here": TEXTS["cn-national"]}, "calls itself cn-national"),
    ("an unknown parent", {"here": LOCAL}, "pack sw-county-2025: is not there"),
    ("a ring of parents", {"here": LOCAL.replace('"sw-county-2025"', '"here"')}, "in a ring"),
    ("a parameter without a unit", local('[[parameter]]\nname = "new"\n'), "parameter new has no unit"),
    ("an unknown unit", local('[[parameter]]\nname = "new"\nunit = "EUR/month"\n'), "unit EUR/month is none of"),
    ("another unit", local('[[parameter]]\nname = "db_std"\nunit = "CNY/year"\n'), "cannot change the unit"),
    ("out of bounds", value("value = 3.0"), "out of its bounds 1.0 to 2.5"),
    ("a flag for a ratio", value("value = true"), "true or false belongs to the unit flag"),
    ("neither one value nor two", value("urban = 1.5"), "either 'value' or both"),
    (
        "an end before the beginning",
        value("value = 2.0, from = 2025-02-01, to = 2025-01-01"),
        "ends before it begins",
    ),
    (
        "overlapping values",
        value('value = 2.0, from = 2025-01-01, source = "x", mark = "found" }, { value = 1.8, from = 2025-06-01'),
        "two versions on 2025-06-01",
    ),
    (
        "a mark that is none",
        value("value = 2.0").__or__({"here": value("value = 2.0")["here"].replace("proposed", "sure")}),
        "mark",
    ),
    ("an unknown fact", national('value = "age", op', 'value = "agee", op'), "unknown fact agee"),
    (
        "an unknown parameter",
        national('parameter = "gl_age" }', 'parameter = "gl_agge" }'),
        "unknown parameter gl_agge",
    ),
    ("units that do not compare", national('parameter = "gl_age" }', 'parameter = "db_std" }'), "age is in years"),
    (
        "money written into a rule",
        national('op = "<", parameter = "db_std" }', 'op = "<", number = 700 }'),
        "is money",
    ),
    (
        "an unknown operator",
        national('op = ">=", parameter = "gl_age"', 'op = "=>", parameter = "gl_age"'),
        "'op' is one of",
    ),
    ("an unknown programme", national('yields_to = ["DB", "TK"]', 'yields_to = ["DB", "TQ"]'), "code TQ"),
    ("a trigger that nothing computes", national('code = "EV-CALL"', 'code = "EV-CELL"'), "nothing computes it"),
    ("thresholds forgotten", national('thresholds = { oop = "med2_oop" }', ""), "its thresholds are oop"),
    (
        "a person's fact in a household's rule",
        national(
            '{ value = "pc_income", op = "<", parameter = "db_std" }',
            '{ value = "age", op = "<", parameter = "gl_age" }',
        ),
        "a person's fact",
    ),
    (
        "a programme that stands twice",
        {
            **TEXTS,
            "cn-national+again": TEXTS["cn-national+triggers"][
                TEXTS["cn-national+triggers"].index('[[trigger]]\ncode = "EV-CALL"') :
            ],
        },
        "trigger EV-CALL has two versions",
    ),
    (
        "no citation in its period",
        national(
            'basis = [{ cite = "地方高龄津贴规定 [W35]", mark = "found" }]',
            'basis = [{ cite = "x", mark = "found", to = 1990-01-01 }]',
        ),
        "cites nothing that holds",
    ),
    (
        "no citation at all",
        national('basis = [{ cite = "地方高龄津贴规定 [W35]", mark = "found" }]', "basis = []"),
        "GL conditions local_registration basis",
    ),
]


@pytest.mark.parametrize(("mistake", "texts", "said"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_named_with_its_place(mistake: str, texts: dict[str, str], said: str) -> None:
    with pytest.raises(PackError) as caught:
        load("here" if "here" in texts else "sw-county-2025", texts)
    assert said in str(caught.value)
    assert str(caught.value).startswith("pack ")


def test_a_missing_pack_names_those_that_are_there() -> None:
    with pytest.raises(PackError, match="sw-county-2025"):
        load("nowhere", TEXTS)


def test_a_test_is_never_code() -> None:
    texts = national('test = { value = "hukou_here", is = true }', "test = \"__import__('os')\"")
    with pytest.raises(PackError, match="a test is a table"):
        load("sw-county-2025", texts)
