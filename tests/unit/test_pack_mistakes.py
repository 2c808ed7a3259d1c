"""Mistakes of a pack that only the whole of it shows: rings, rules that nobody can meet, what a pack leaves out."""

import pytest
from programme_cases import DAY, TEXTS, local

from outreach.catalogue import PackError
from outreach.packs import checked, load
from outreach.wording_programmes import CHECKS, PROGRAMMES

CITED = 'basis = [{ cite = "x", mark = "found" }]'


def excluded_by(code: str) -> str:
    return f'[{{ programme = "{code}", scope = "person", zh = "无", en = "none", {CITED} }}]'


def local_programme(code: str, conditions: str, **entries: str) -> str:
    """A programme of the county's own with these conditions, as TOML."""
    extra = "".join(f"{name} = {value}\n" for name, value in entries.items())
    return (
        f'[[programme]]\ncode = "{code}"\nzh = "项目"\nen = "programme"\nlayer = "special"\nunit = "P"\n'
        'population_zh = "人"\npopulation_en = "people"\nauthority = ["MZ"]\nmechanism = "welfare"\nweight = 1.0\n'
        f'{CITED}\nmessage_zh = "消息"\nmessage_en = "message"\n'
        f"{extra}conditions = [{conditions}]\n"
    )


def condition(name: str, test: str) -> str:
    return f'{{ id = "{name}", zh = "条件", en = "it", {CITED}, test = {test} }}'


def of_age(op: str, years: int) -> str:
    return f'{{ value = "age", op = "{op}", number = {years} }}'


OF_AGE = condition("old", '{ value = "age", op = ">=", parameter = "gl_age" }')
UNREACHABLE = {
    "two ages that exclude each other": OF_AGE
    + ","
    + condition("young", '{ value = "age", op = "<", number = 18 }'),
    "a flag that is to be both": condition(
        "both", '{ all = [{ value = "in_school", is = true }, { value = "in_school", is = false }] }'
    ),
    "an age that nobody reaches": condition("ancient", '{ value = "age", op = ">", number = 200 }'),
    "every branch impossible": OF_AGE
    + ","
    + condition(
        "either", f'{{ any = [{of_age("<", 10)}, {{ value = "disability_level", op = ">", number = 4 }}] }}'
    ),
    "a programme in payment that bars it": condition("needs", '{ value = "paid:TK", is = true }'),
}


@pytest.mark.parametrize("conditions", UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_rule_that_nobody_can_meet_is_found(conditions: str) -> None:
    texts = local(local_programme("XA", conditions, exclusions=excluded_by("TK")))
    with pytest.raises(PackError, match="nobody can meet all of its conditions"):
        load("here", texts)


def test_a_rule_that_a_value_closes_later_is_found_with_its_day() -> None:
    closing = '[[parameter]]\nname = "gl_age"\n'
    closing += 'values = [{ from = 2025-01-01, value = 95, source = "x", mark = "found" }]\n'
    young = condition("under_90", '{ value = "age", op = "<", number = 90 }')
    with pytest.raises(PackError, match="XA on 2025-01-01: nobody can meet"):
        load("here", local(closing + local_programme("XA", f"{OF_AGE}, {young}")))


RINGS = {
    "give way to each other": (
        local_programme("XA", OF_AGE, yields_to='["XB"]'),
        local_programme("XB", OF_AGE, yields_to='["XC"]'),
        local_programme("XC", OF_AGE, yields_to='["XA"]'),
    ),
    "need each other in payment": (
        local_programme("XA", condition("b", '{ value = "paid:XB", is = true }')),
        local_programme(
            "XB", condition("a", '{ all = [{ value = "paid:XA", is = true }, { setting = "jg_started" }] }')
        ),
    ),
}


@pytest.mark.parametrize(("said", "programmes"), RINGS.items(), ids=RINGS)
def test_a_ring_of_programmes_is_found_and_told_once(said: str, programmes: tuple[str, ...]) -> None:
    problems = checked("here", local("".join(programmes))).problems
    assert [str(each).count(f"{said} in a ring") for each in problems] == [1]
    assert "XA → XB" in str(problems[0])


def test_programmes_that_exclude_one_another_are_no_ring() -> None:
    one = local_programme("XA", OF_AGE, exclusions=excluded_by("XB"))
    other = local_programme("XB", OF_AGE, exclusions=excluded_by("XA"))
    assert checked("here", local(one + other)).problems == ()


def test_two_rules_for_one_code_and_day_are_found() -> None:
    older = local_programme("XA", OF_AGE, **{"from": "2024-01-01"})
    newer = local_programme("XA", OF_AGE, **{"from": "2025-03-01"})
    with pytest.raises(PackError, match="programme XA has two versions on 2025-03-01"):
        load("here", local(older + newer))


def test_a_parameter_that_a_rule_needs_and_that_has_no_value_is_found() -> None:
    text = '[[parameter]]\nname = "new"\nunit = "years"\nvalues = []\n'
    text += local_programme("XA", condition("new", '{ value = "age", op = ">", parameter = "new" }'))
    with pytest.raises(PackError, match="parameter new has no value on any day"):
        load("here", local(text))


def test_all_mistakes_are_told_in_one_pass_though_an_entry_cannot_be_read() -> None:
    text = '[[parameter]]\nname = "gl_80"\nvalues = [{ value = 80, source = "x", mark = "sure" }]\n'
    text += '[[programme]]\ncode = "lower"\nzh = "项目"\n'
    text += '[[parameter]]\nname = "gl_90"\nvalues = [{ value = 9000, source = "x", mark = "found" }]\n'
    text += local_programme("XA", condition("what", '{ value = "agee", op = ">", number = 1 }'), paid_as='["ZZ"]')
    told = [str(each) for each in checked("here", local(text)).problems]
    for said in (
        "gl_80 values 0 mark",
        "lower code",
        "gl_90 from 0001-01-01: out of its bounds",
        "unknown fact agee",
        "code ZZ",
    ):
        assert [said in each for each in told].count(True) == 1, said
    assert all(each.endswith(")") for each in told)


def test_a_pack_of_several_texts_is_one() -> None:
    family = '[[parameter]]\nname = "gl_80"\nvalues = [{ value = 77, source = "x", mark = "proposed" }]\n'
    texts = {**local(), "here+elders": family, "hereabouts+x": "no TOML ["}
    assert load("here", texts).on(DAY).settings["gl_80"].urban == 7_700
    with pytest.raises(PackError, match="pack here\\+elders: not a TOML text"):
        load("here", {**texts, "here+elders": "["})


@pytest.mark.parametrize("pack", ["cn-national", "cn-average-2025", "sw-county-2025"])
def test_every_programme_of_the_catalogue_is_there_with_all_that_it_must_say(pack: str) -> None:
    catalogue = {
        *(
            "DB",
            "DB-P",
            "TK",
            "BY",
            "GX",
            "FP",
            "LS-E",
            "LS-Z",
            "JB",
            "LM",
            "SZ",
            "YL-CB",
            "YL-ZJ",
            "YL-QX",
            "YL-YP",
            "YB",
        ),
        *("JYJ", "ZF", "JU", "SY", "GS", "CJ-S", "CJ-H", "KF", "GL", "YLF", "GE", "SW", "JM", "JM-DJ", "JG", "QN"),
    }
    rules = {rule.programme.code: rule.programme for rule in load(pack, TEXTS).on(DAY).rules}
    assert set(rules) == catalogue
    assert {code for code, each in rules.items() if each.unit == "E"} == {"LS-E", "SZ"}
    assert {code for code, each in rules.items() if each.interface} == {"JB", "LM", "GS"}
    assert {each.mechanism for each in rules.values()} == {"rescue", "insurance", "welfare"}
    for each in rules.values():
        words = (each.zh, each.en, each.population_zh, each.population_en, each.message_zh, each.message_en)
        assert all(words), each.code
        assert [c.id for c in each.conditions if not (c.zh and c.en)] == []


def test_every_programme_and_benefit_has_its_words_and_its_things_to_verify() -> None:
    national = load("cn-national", TEXTS).chain[0]
    codes = {each.code for each in (*national.programme, *national.benefit)}
    assert codes - set(PROGRAMMES) == set()
    assert codes - set(CHECKS) == set()
