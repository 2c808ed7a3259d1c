"""Three variables of OpenFisca's country template for as many people as are named: ``PYTHON openfisca_case.py N``.

Run by a Python of its own that has openfisca-country-template, which is in no lock of ours (XUNFANG_OPENFISCA names
it). Comparable with our rules: an allowance by age, one by what a household pays, a tax on income; of everybody,
from columns in memory, without a trace.
"""

import json
import sys
import time

import numpy as np


def main() -> None:
    from openfisca_core.simulation_builder import SimulationBuilder
    from openfisca_country_template import CountryTaxBenefitSystem

    count = int(sys.argv[1])
    rng = np.random.default_rng(1)
    start, busy = time.perf_counter(), time.process_time()
    system = CountryTaxBenefitSystem()
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("person", np.arange(count))
    homes = np.sort(rng.integers(0, round(count / 2.5), count))
    number, home = np.unique(homes, return_inverse=True)
    household = builder.declare_entity("household", number)
    first = np.concatenate([[True], home[1:] != home[:-1]])
    builder.join_with_persons(household, home, np.where(first, "adult", "child"))
    simulation = builder.build(system)
    period = "2017-01"
    births = (np.datetime64("1930-01-01") + rng.integers(0, 30_000, count)).astype("datetime64[D]")
    simulation.set_input("birth", period, births)
    simulation.set_input("salary", period, rng.uniform(0, 5_000, count))
    simulation.set_input("rent", period, rng.uniform(0, 800, len(number)))
    made, made_cpu = time.perf_counter() - start, time.process_time() - busy
    start, busy = time.perf_counter(), time.process_time()
    for variable in ("income_tax", "basic_income", "housing_allowance"):
        simulation.calculate(variable, period)
    told = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - busy}
    told |= {"set_up": made, "set_up_cpu": made_cpu}
    print(json.dumps({"people": count, "households": len(number)} | told))


if __name__ == "__main__":
    main()
