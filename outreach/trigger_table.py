"""Which function computes which trigger, from which kinds of record, with which thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from outreach import trigger_events as events
from outreach import trigger_money as money
from outreach.trigger_events import Trigger
from outreach.vocabulary import Dimension


@dataclass(frozen=True)
class TriggerRule:
    """One trigger: all of ``sources`` must be delivered, else nothing is said about it."""

    compute: Trigger
    sources: tuple[str, ...]
    thresholds: Mapping[str, Dimension] = field(default_factory=dict)


TRIGGERS: Final[Mapping[str, TriggerRule]] = {
    "EV-MED1": TriggerRule(money.spending_of_the_registered_poor, ("medical",), {"oop": "money"}),
    "EV-MED2": TriggerRule(money.spending_of_ordinary_households, ("medical",), {"oop": "money"}),
    "EV-MED3": TriggerRule(money.outpatient_spending, ("medical",), {"oop": "money"}),
    "EV-MED4": TriggerRule(
        money.spending_over_income, ("medical", "income"), {"watch": "ratio", "urgent": "ratio"}
    ),
    "EV-MED5": TriggerRule(money.one_admission, ("medical", "income"), {"months": "months"}),
    "EV-MED6": TriggerRule(money.new_serious_disease, ("medical",)),
    "EV-DIS": TriggerRule(events.new_disability, ("disability",)),
    "EV-JOB1": TriggerRule(money.contributions_stopped, ("employment",), {"missing": "months", "paid": "months"}),
    "EV-JOB2": TriggerRule(money.no_income, ("income",), {"months": "months"}),
    "EV-JOB3": TriggerRule(money.benefit_ended, ("benefit", "employment")),
    "EV-INC1": TriggerRule(money.income_drop, ("income",), {"drop": "ratio"}),
    "EV-DTH": TriggerRule(events.earner_died, ()),
    "EV-JAIL": TriggerRule(events.detained, ("event",)),
    "EV-LOST": TriggerRule(events.lost_contact, ("event",)),
    "EV-EDU1": TriggerRule(events.told("EDU1"), ("event",)),
    "EV-EDU2": TriggerRule(events.school_costs, ("schooling",), {"cost": "money"}),
    "EV-EDU3": TriggerRule(events.new_student, ("schooling", "benefit")),
    "EV-DSR": TriggerRule(events.told("DSR"), ("event",)),
    "EV-ACC": TriggerRule(events.accident, ("event",)),
    "EV-HSE": TriggerRule(events.unsafe_house, ()),
    "EV-DIV": TriggerRule(events.separated, ("event",)),
    "EV-CHD": TriggerRule(events.told("CHD"), ("event",)),
    "EV-BIZ": TriggerRule(events.told("BIZ"), ("event",)),
    "EV-INS": TriggerRule(events.insurance_lapsed, ("enrolment",), {"lag": "days"}),
    "EV-UTIL": TriggerRule(events.utilities, ("utility",), {"arrears": "months", "use": "ratio"}),
    "EV-EXIT": TriggerRule(events.left_assistance, ("benefit",)),
    "EV-REJ": TriggerRule(events.refused_near_the_line, ("benefit",), {"near": "ratio", "line": "money/month"}),
    "EV-CALL": TriggerRule(events.told("CALL"), ("event",)),
}
STATUS_CODES: Final = ("DB", "TK", "BY", "GX", "FP")
"""Benefit codes that triggers ask for besides those that programmes name."""
