"""The whole population, one bucket at a time: every pure function that a night or a training maps over buckets."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal, TypeVar

import polars as pl

from engine.recordstore import RecordStore
from features.build import build_features
from features.calendar import calendar_of
from features.context import Context
from features.emergency_label import emergency_label, emergency_lacks, last_emergency
from features.groups import groups_of
from features.labels import Concept, LabelSpec
from features.neighbourhood import medians_of, with_neighbourhood
from features.poverty_label import last_status, outcome_incomes, poverty_label, status_incomes
from features.sources import Known, Sources
from features.standing import standing_of
from features.succession import lines, links, memberships
from features.windows import roster_of
from models import leaks
from models.split import examples_of
from outreach.catalogue import Programmes
from outreach.eligibility import Verdicts, assess

Risk = Literal["relative_poverty", "emergency"]
MEMORY: Final = r"^(F0[0-3]|G30)"
"""Dementia and Alzheimer's disease in ICD-10: who visits speaks slowly. The diagnosis itself is never shown."""
Progress = Callable[[str, int, int], None]
"""Called with the stage, the steps done and the steps in all."""

AT_ONCE: Final = 2
"""Buckets that are worked on at the same time: one that waits for a single thread leaves its place to the other."""

T = TypeVar("T")


def silent(_stage: str, _done: int, _total: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Population:
    """Everybody in the record store, as known from some deliveries (all of them where None).

    ``programmes`` gives the local line; ``progress`` hears about every bucket.
    """

    store: RecordStore
    programmes: Programmes | None
    deliveries: Collection[str] | None = None
    progress: Progress = silent

    @cached_property
    def reporting(self) -> pl.DataFrame:
        """``kind, area, month, known_on, rows``: what each source has reported, for the whole store."""
        return self.store.reporting(self.deliveries)

    def context(self, as_of: date) -> Context:
        """What a bucket cannot know by itself: the reporting calendar and the local line of that day."""
        return Context(calendar_of(self.reporting, as_of), self.db_line(as_of))

    def db_line(self, as_of: date) -> dict[str, int] | None:
        """The monthly minimum-living line by area kind on a day; None where the pack has none."""
        return None if self.programmes is None else self.programmes.on(as_of).db_line()

    def mapped(self, stage: str, work: Callable[[Sources], T]) -> list[T]:
        """What a pure function makes of each bucket, in the order of the buckets, two of them at a time."""
        numbers = self.store.buckets()
        done: list[T] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = [pool.submit(lambda at: work(self.store.sources(at, self.deliveries)), at) for at in numbers]
            try:
                for each in waiting:
                    self.progress(stage, len(done), len(numbers))
                    done.append(each.result())
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        self.progress(stage, len(numbers), len(numbers))
        return done

    def columns(self, as_of: date, names: Sequence[str] | None = None) -> pl.DataFrame:
        """One row per household and one column per feature, those of the neighbourhood included."""
        context = self.context(as_of)
        parts = self.mapped(f"features {as_of}", lambda bucket: build_features(bucket, context, as_of, names))
        together = self.counted_once(pl.concat(parts).sort("household_id"), as_of)
        return with_neighbourhood(together, medians_of(together))

    def check_hindsight(self, as_of: date) -> None:
        """Recompute the columns of one bucket without what became known later; LeakError where one differs."""
        context = self.context(as_of)

        def compute(bucket: Sources) -> pl.DataFrame:
            columns = build_features(bucket, context, as_of)
            return with_neighbourhood(columns, medians_of(columns))

        leaks.check_hindsight(compute, self.store.sources(self.store.buckets()[0], self.deliveries), as_of)

    def successions(self, as_of: date) -> pl.DataFrame:
        """``household_id, successor, how``: which households go on under other numbers (``succession.lines``)."""
        if as_of not in self._successions:
            lived = self.mapped(f"households {as_of}", lambda bucket: memberships(bucket.known_by(as_of)))
            self._successions[as_of] = lines(links(pl.concat(lived)))
        return self._successions[as_of]

    @cached_property
    def _successions(self) -> dict[date, pl.DataFrame]:
        return {}

    def counted_once(self, households: pl.DataFrame, as_of: date) -> pl.DataFrame:
        """A frame of households without the old number of each that moved, where it is there under the new one.

        A register that does not close the old number at once holds the household twice; in figures about everybody
        it counts once, as it is now.
        """
        moved = self.successions(as_of).filter(pl.col("how") == "moved")
        there = moved.join(households.select(successor="household_id"), on="successor", how="semi")
        if there.is_empty():
            return households
        return households.join(there, on="household_id", how="anti", maintain_order="left")

    def groups(self, as_of: date) -> pl.DataFrame:
        """What evaluation and drafting need to know of each household and models may not have."""
        parts = self.mapped(f"groups {as_of}", lambda bucket: groups_of(bucket, as_of))
        return self.counted_once(pl.concat(parts).sort("household_id"), as_of)

    def standing(self, spec: LabelSpec, as_of: date, concept: Concept) -> pl.DataFrame:
        """Each household's monthly income and who shares it, for the figures about poverty."""
        reporting = self.reporting
        parts = self.mapped(f"incomes {as_of}", lambda bucket: standing_of(bucket, spec, as_of, reporting, concept))
        return self.counted_once(pl.concat(parts).sort("household_id"), as_of)

    def people(self, as_of: date, households: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Who lives in these households (as ``living_there`` has it), and their certificates."""
        context, wanted = self.context(as_of), sorted(households)
        deliveries = self.deliveries
        living = self.mapped(
            "people", lambda bucket: living_there(bucket.known_by(as_of, deliveries), context, wanted)
        )
        members, certificates = zip(*living, strict=True)
        return pl.concat(members), pl.concat(certificates)

    def assumed(self) -> list[str]:
        """The kinds that hold records whose day of knowledge a first load assumed."""
        marked = {
            kind: self.store.records(kind).select(pl.col("known_on_assumed").any().fill_null(value=False))
            for kind in self.store.kinds()
        }
        found = pl.collect_all(list(marked.values()), engine="streaming")
        return [kind for kind, frame in zip(marked, found, strict=True) if frame.item()]

    def verdicts(self, as_of: date, frozen: pl.DataFrame | None = None) -> list[Verdicts]:
        """Every programme for everybody, a part per bucket; ``frozen``: what is in dispute."""
        if self.programmes is None:
            return []
        context, programmes = self.context(as_of), self.programmes
        return self.mapped("verdicts", lambda bucket: assess(bucket, context, programmes, as_of, frozen=frozen))

    def poverty_examples(self, spec: LabelSpec, as_of: date, known_by: date, columns: pl.DataFrame) -> pl.DataFrame:
        """Features, label and last status of one as-of date, by what was known of the outcome on ``known_by``."""
        reporting = self.reporting

        def incomes(bucket: Sources) -> tuple[pl.DataFrame, pl.DataFrame]:
            outcome = outcome_incomes(bucket, spec, as_of, known_by, reporting)
            return outcome, status_incomes(bucket, spec, as_of, reporting)

        outcomes, statuses = zip(*self.mapped(f"outcomes {as_of}", incomes), strict=True)
        label = poverty_label(self.counted_once(pl.concat(outcomes), as_of), spec)
        status = last_status(self.counted_once(pl.concat(statuses), as_of), spec)
        return examples_of(columns, label, status, self.groups(as_of), as_of)

    def emergency_examples(
        self, _spec: LabelSpec, as_of: date, known_by: date, columns: pl.DataFrame
    ) -> pl.DataFrame:
        """The same for the emergency of the next 90 days; the status is the hardship of the 12 months before."""
        reporting, line = self.reporting, self.db_line(as_of)

        def hardships(bucket: Sources) -> tuple[pl.DataFrame, pl.DataFrame]:
            label = emergency_label(bucket, as_of, known_by, line, reporting)
            return label, last_emergency(bucket, as_of, line, reporting)

        labels, statuses = zip(*self.mapped(f"outcomes {as_of}", hardships), strict=True)
        return examples_of(columns, pl.concat(labels), pl.concat(statuses), self.groups(as_of), as_of)

    def emergency_lacks(self, as_of: date) -> tuple[str, ...]:
        """What the emergency label needs and this bureau does not have."""
        return emergency_lacks(self.store.sources(self.store.buckets()[0], self.deliveries), self.db_line(as_of))


def living_there(known: Known, context: Context, households: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who lives in these households and their certificates.

    ``household_id, person_id, relation, age, memory``; ``person_id, type, level`` of those in force.
    """
    roster = roster_of(known, context)
    here = roster.members.filter(pl.col("present") & pl.col("household_id").is_in(households))
    in_force = pl.col("expires").is_null() | (pl.col("expires") >= known.as_of)
    certificates = (
        known.frame("disability")
        .filter(in_force & (pl.col("issued") <= known.as_of))
        .join(here.lazy().select("person_id"), on="person_id", how="semi")
        .select("person_id", "type", "level")
        .collect()
    )
    forgetting = (
        known.frame("medical")
        .filter(pl.col("person_id").is_in(here["person_id"].implode()) & pl.col("icd10").str.contains(MEMORY))
        .select("person_id")
        .collect()["person_id"]
    )
    memory = pl.col("person_id").is_in(forgetting.unique().implode()).alias("memory")
    return here.select("household_id", "person_id", "relation", "age", memory), certificates
