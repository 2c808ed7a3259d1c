"""Which settings of the trees serve: the standard ones, or those of the trials where they are better over time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from models.candidates import Candidates, Scored
from models.promotion import over_time
from models.split import Split, rows_of
from models.training import Settings
from models.tuning import GAIN, Tuned, tuned


@dataclass(frozen=True)
class Choice:
    """The settings that were chosen, and the tested parts and figures of each date under them, oldest first."""

    settings: Settings
    parts: Sequence[Scored]
    by_date: Sequence[Mapping[str, Any]]
    compared: Mapping[str, Any]

    def to_mapping(self) -> dict[str, Any]:
        """Plain values for JSON: what was compared, with the figures of each, and what was chosen."""
        return {"settings": asdict(self.settings), **self.compared}


def choose(
    labelled: pl.DataFrame, splits: Sequence[Split], candidates: Candidates, standard: Settings, trials: int
) -> Choice:
    """The settings that find more over all dates; the standard ones unless others are better by half a per cent.

    Trials see the rows that the oldest test may learn from, and no later ones. Better: in average precision over
    the tested dates, with no less precision and recall at the length of list (the top 10 % where none is given).
    """
    search = Tuned(None, ())
    if trials:
        earliest, _, _ = rows_of(labelled, splits[0])
        search = tuned(
            earliest,
            candidates.features,
            trials=trials,
            seed=candidates.seed,
            threads=candidates.threads,
            settings=standard,
        )
    given = {"standard": standard} | ({} if search.settings is None else {"tuned": search.settings})
    parts = {name: candidates.on_dates(labelled, splits, settings) for name, settings in given.items()}
    by_date = {name: [candidates.figures([part]) for part in each] for name, each in parts.items()}
    means = {name: over_time(each)["model"] for name, each in by_date.items()}
    chosen = "tuned" if "tuned" in means and _better(means["tuned"], means["standard"]) else "standard"
    compared = {"chosen": chosen, "over_time": means, "search": search.to_mapping()}
    return Choice(given[chosen], parts[chosen], by_date[chosen], compared)


def _better(other: Mapping[str, Any], standard: Mapping[str, Any]) -> bool:
    at = "list" if "precision_at_list" in standard else "10pct"
    found = all(
        (other[name] or 0.0) >= (standard[name] or 0.0) for name in (f"precision_at_{at}", f"recall_at_{at}")
    )
    return found and bool(other["average_precision"] > (1 + GAIN) * standard["average_precision"])
