"""Every programme, judged a second time in plain Python: random households get the same verdicts from both."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programme_stories import DAY, judge
from programme_twin import verdicts

CODES = ("DB", "TK", "BY", "GX", "FP", "LS", "LS-E", "LS-Z", "SZ", "GE", "SW", "YL-ZJ", "JYJ", "ZF", "CJ-S", "CJ-H")
SOURCES = ("income", "benefit", "medical", "employment", "event", "enrolment", "disability", "schooling", "kin")
AMOUNTS = st.integers(0, 400).map(lambda tens: tens * 10 + 7)
"""Yuan, never on a line of the law: whole tens and seven."""


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


CLAIMS = st.fixed_dictionaries({}, optional={"left": AMOUNTS, "own": AMOUNTS, "aid": AMOUNTS}).map(
    lambda claim: claim if "left" in claim or "own" not in claim else {**claim, "left": claim["own"]}
)
PEOPLE = st.fixed_dictionaries(
    {
        "age": st.sampled_from([2, 6, 9, 15, 17, 18, 30, 45, 59, 60, 69, 70, 79, 80, 92]),
        "relation": st.sampled_from(
            ["head", "spouse", "child", "child_in_law", "grandchild", "parent", "sibling", "other_kin"]
        ),
    },
    optional={
        "income": AMOUNTS,
        "pension": st.sampled_from([143, 200, 2500]),
        "certificate": st.sampled_from(["limb 1", "limb 3", "mental 3", "visual 1", "visual 2", "hearing 4"]),
        "serious": st.sampled_from(["2025-05-20", "2024-11-01", "2023-01-01"]),
        "paid": st.lists(st.sampled_from([*CODES, "GL", "SY", "GS", "YLF", "JM"]), max_size=2, unique=True),
        "insured": st.sampled_from(["resident", "employee"]),
        "lapsed": st.just("2024-12-31"),
        "pension_scheme": st.sampled_from(["resident", "employee"]),
        "claim": CLAIMS,
        "school": st.sampled_from(["primary", "senior", "higher"]),
        "fee": st.sampled_from([1800, 7200]),
        "aid": st.sampled_from([0, 2300]),
        "worked": st.sampled_from(["2019-03-01 to 2025-05-02", "2024-11-01 to 2025-05-02", "2019-03-01 to now"]),
        "registered": st.just("2025-05-10"),
        "kin": st.integers(0, 2),
        "events": st.lists(st.sampled_from(["JAIL 2025-01-15", "LOST 2024-09-01", "ACC 2025-05-25"]), max_size=1),
        "dead": st.sampled_from(["2025-05-01", "2023-05-01"]),
        "hukou": st.sampled_from(["990101", "990203"]),
    },
)


def somebody_lives(people: list[dict[str, Any]]) -> bool:
    return any("dead" not in person for person in people)


STORIES = st.fixed_dictionaries(
    {
        "people": st.lists(PEOPLE, min_size=1, max_size=4).filter(
            lambda people: any("dead" not in p for p in people)
        )
    },
    optional={
        "paid": st.lists(st.sampled_from(CODES), max_size=2, unique=True),
        "area": st.sampled_from(["urban", "rural"]),
        "events": st.lists(st.sampled_from(["ACC 2025-05-20", "DSR 2025-06-05", "HSE 2024-10-01"]), max_size=1),
        "dwelling": st.fixed_dictionaries(
            {},
            optional={
                "dwelling_area_m2": st.sampled_from([11.5, 40.5]),
                "dwelling_safety": st.sampled_from(["A", "D"]),
                "tenure": st.sampled_from(["own", "rent", "public_rental"]),
            },
        ),
    },
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    stories=st.lists(STORIES, min_size=12, max_size=30),
    without=st.lists(st.sampled_from(SOURCES), max_size=2, unique=True).map(tuple),
    extended=st.booleans(),
)
def test_random_households_get_the_verdicts_of_the_slow_evaluator(
    stories: list[Any], without: tuple[str, ...], extended: bool
) -> None:
    found = judge(stories, DAY, without, extended=extended)
    fast = {
        (row["household_id"], row["person_id"], row["programme"]): row["verdict"]
        for row in found.verdicts.iter_rows(named=True)
    }
    slow = {
        (f"H{number}", None if person is None else f"P{number}-{person}", code): verdict
        for number, story in enumerate(stories)
        for code, person, verdict in verdicts(story, DAY, without, extended=extended)
    }
    different = {
        key: (fast.get(key), slow.get(key)) for key in fast.keys() | slow.keys() if fast.get(key) != slow.get(key)
    }
    assert different == {}
