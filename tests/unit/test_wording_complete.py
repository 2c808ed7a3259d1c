"""Nothing that may come onto a card is without words: complete, short, respectful, and possible to look at."""

import re
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from texts_of import texts_in

from features.catalog import by_name, modelled_names
from outreach.outcomes import RULES
from outreach.trigger_table import TRIGGERS
from outreach.wording import YUAN, Text
from outreach.wording_casework import OUTCOMES
from outreach.wording_findings import EVENTS, Evidence, event_text, gap_text
from outreach.wording_programmes import CHECKS, HINTS, MOST_CHECKS, PAPERWORK, PROGRAMMES, checks_at
from outreach.wording_reasons import reason
from outreach.wording_reviews import REVIEWS

LINE_ZH, LINE_EN = 60, 125
"""Characters of a line on a card: three lines of a phone at 390 px, two of the column of the sheet."""
MODULES = tuple(
    import_module(f"outreach.{path.stem}")
    for path in sorted((Path(__file__).parents[2] / "outreach").glob("*.py"))
    if path.stem.startswith("wording") or path.stem in ("bands", "contact", "codelists")
)
"""Every module of words, also those that are still to come."""
NEVER_ZH = {
    "骗": "calls somebody a cheat before anybody has looked",
    "懒": "blames poverty on character",
    "可疑": "a household is not a suspect",
    "嫌疑": "a household is not a suspect",
    "隐瞒": "says that something was hidden; the record may be wrong",
    "冒领": "accuses; the review speaks of payments drawn twice",
    "穷人": "names people by their poverty",
    "贫困户": "a label that stays with a family",
    "困难户": "a label that stays with a family",
    "钉子户": "scorn",
    "刁民": "scorn",
    "无业游民": "scorn",
    "残废": "an insult; the word is 残疾",
    "弱智": "an insult; the word is 智力残疾",
    "疯": "an insult; the word is 精神残疾",
    "痴呆": "an insult in daily speech; the card says 可能记不清",
    "聋哑": "an insult; the words are 听力残疾 and 言语残疾",
    "瞎": "an insult; the word is 视力残疾",
    "寡妇": "marital status is nobody's business at a door",
    "孤老": "names people by their loneliness; the word is 独居老人",
    "光棍": "scorn",
    "犯人": "a family is not its member's sentence",
    "劳改": "a family is not its member's sentence",
    "素质": "blames poverty on character",
    "等靠要": "blames poverty on character",
    "风险分": "a household is not its score",
    "黑名单": "a list of visits is no punishment",
}
NEVER_EN = {
    "fraud": "calls somebody a cheat before anybody has looked",
    "cheat": "calls somebody a cheat before anybody has looked",
    "suspic": "a household is not a suspect",
    "suspect": "a household is not a suspect",
    "liar": "accuses",
    "conceal": "says that something was hidden; the record may be wrong",
    "lazy": "blames poverty on character",
    "idle": "blames poverty on character",
    "undeserving": "blames poverty on character",
    "scroung": "scorn",
    "pauper": "names people by their poverty",
    "the poor": "names people by their poverty",
    "beggar": "names people by what they were seen doing",
    "vagrant": "names people by what they were seen doing",
    "cripple": "an insult",
    "handicapped": "an insult to many",
    "retard": "an insult",
    "insane": "an insult",
    "crazy": "an insult",
    "dement": "the diagnosis is not shown",
    "deaf-mute": "an insult",
    "widow": "marital status is nobody's business at a door",
    "divorced": "marital status is nobody's business at a door",
    "convict": "a family is not its member's sentence",
    "criminal": "a family is not its member's sentence",
    "risk score": "a household is not its score",
    "blacklist": "a list of visits is no punishment",
    "target": "a household is visited, not aimed at",
}
"""Words that no text of ours may hold, each with why."""
TO_LOOK_AT = re.compile(
    "谁|哪些|人|收入|支出|票据|费|证|户口簿|账户|能否|是否|补贴|学校|房|住|面积|房租|年龄|机构|原因|缴|取暖|授权书|口粮|情况|风险|保障|待遇|父母"
)
"""What a person can look at or be told: people, papers, money, the dwelling, a yes or a no."""


ALL = [
    text
    for module in MODULES
    for value in vars(module).values()
    for text in texts_in(value)
    if text != Text("", "")
]


def is_whole(text: Text) -> bool:
    return bool(text.zh.strip() and text.en.strip() and "None" not in text.en and "{" not in text.zh + text.en)


def fits(text: Text) -> bool:
    return len(text.zh) <= LINE_ZH and len(text.en) <= LINE_EN


@pytest.mark.parametrize("value", [None, float("nan"), 0.0, 1.0, 0.4, -2.5, 37.0, 1_234_567.0])
def test_every_column_that_a_model_may_use_makes_a_reason_that_fits(value: float | None) -> None:
    told = [reason(by_name(name), value, YUAN) for name in modelled_names()]
    assert len(told) > 100
    lines = [Text(f"【{each.heading.zh}】{each.fact.zh}", f"[{each.heading.en}] {each.fact.en}") for each in told]
    assert [line for line in lines if not is_whole(line) or not fits(line)] == []
    assert [each.check for each in told if not is_whole(each.check) or not fits(each.check)] == []


def test_every_finding_code_has_words_that_fit() -> None:
    events = [
        event_text(code, date(2026, 11, 9), Evidence(code, 12_345_600.0, 9_900_000.0), YUAN) for code in TRIGGERS
    ]
    gaps = [gap_text(code, likely, Evidence(), YUAN) for code in PROGRAMMES for likely in (True, False)]
    assert [line for line in (*events, *gaps) if not is_whole(line) or not fits(line)] == []
    assert [code for code in TRIGGERS if not is_whole(EVENTS[code].check) or not fits(EVENTS[code].check)] == []
    assert {f"DUP-{number:02d}" for number in range(1, 18)} | {
        f"MIS-{number:02d}" for number in range(1, 11)
    } == set(REVIEWS)
    assert [code for code, told in REVIEWS.items() if not is_whole(told.said) or not is_whole(told.look)] == []


def test_every_outcome_code_has_words_that_fit_a_cell() -> None:
    assert set(OUTCOMES) == set(RULES)
    assert [
        text for text in OUTCOMES.values() if not is_whole(text) or len(text.zh) > 12 or len(text.en) > 25
    ] == []


def test_every_programme_has_a_name_and_things_to_verify_that_fit_and_no_hint_is_left_over() -> None:
    assert set(CHECKS) == set(PROGRAMMES)
    assert set(HINTS) <= set(PROGRAMMES)
    told = [*PROGRAMMES.values(), *HINTS.values(), *(step for steps in CHECKS.values() for step in steps)]
    assert [text for text in told if not is_whole(text) or not fits(text)] == []


def test_everything_to_verify_can_be_looked_at_or_told() -> None:
    steps = {step for each in CHECKS.values() for step in each}
    assert [step.zh for step in steps if not TO_LOOK_AT.search(step.zh)] == []
    assert [step.zh for step in steps if re.search("可由|可先|不公示|代办", step.zh)] == []


@pytest.mark.parametrize("code", sorted(PROGRAMMES))
def test_a_programme_alone_is_verified_in_full_and_beside_others_at_most_five_things_are(code: str) -> None:
    assert checks_at([code]) == [CHECKS[code][:MOST_CHECKS]]
    beside = checks_at(["DB", "TK", code, "GX"])
    steps = [step for each in beside for step in each]
    assert len(steps) == len(set(steps)) == MOST_CHECKS
    assert PAPERWORK.isdisjoint(steps)


def test_no_text_of_any_page_blames_or_belittles_anybody() -> None:
    assert len(ALL) > 1_000
    for word, why in NEVER_ZH.items():
        assert [text.zh for text in ALL if word in text.zh] == [], why
    for word, why in NEVER_EN.items():
        assert [text.en for text in ALL if word in text.en.lower()] == [], why
