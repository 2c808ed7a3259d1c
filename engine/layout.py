"""Lay out a home, and write deliveries into its inbox as a department would."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
import tomli_w

from engine.errors import SourceError, UsageError
from engine.files import atomically, named_errors, sha256_of, write_parquet, write_text
from engine.keys import make_trial_keys
from engine.population import Progress
from engine.settings import Home
from engine.workplace import default_policy

MANIFEST: Final = "manifest.json"
TYPED_FOR_EACH_BROKEN: Final = 10
Tables = Mapping[str, pl.DataFrame]


def lay_out(
    home: Home, settings: Mapping[str, Any], staffing: Mapping[str, Any], *, automatic: bool = False
) -> bool:
    """Write home.toml, policy.toml and caseworkers.toml where they are not there yet; tells whether one was.

    What a bureau has changed is never overwritten. ``automatic``: lists go out without a person (trial homes).
    """
    texts = {
        home.settings: tomli_w.dumps(settings),
        home.policy: automatic_policy() if automatic else default_policy(),
        home.caseworkers: tomli_w.dumps(staffing),
    }
    missing = {path: text for path, text in texts.items() if not path.exists()}
    for path, text in missing.items():
        write_text(path, text)
    with named_errors(home.inbox):
        home.inbox.mkdir(parents=True, exist_ok=True)
    return bool(missing)


def write_delivery(
    home: Home,
    delivery_id: str,
    delivered_on: date,
    parts: Iterable[tuple[Tables, Tables, Tables]],
    *,
    count: int,
    progress: Progress,
) -> Path:
    """Write one delivery: per part, frames as Parquet and rows as text (with their mistakes) as CSV; manifest last.

    The CSV holds the broken rows first and then sound ones, as a list kept by hand does.
    The third tables of a part are no records: they are kept apart in ``truth/``, for evaluation only. A delivery
    that is there already is left as it is.
    """
    folder = home.inbox / delivery_id
    if (folder / MANIFEST).exists():
        return folder
    entries: list[dict[str, Any]] = []
    for number, (frames, as_text, apart) in enumerate(parts, start=1):
        progress("generate", number - 1, count)
        for kind in sorted(frames):
            by_hand = as_text.get(kind)
            first = 0 if by_hand is None else TYPED_FOR_EACH_BROKEN * by_hand.height
            path = folder / f"{kind}-{number:03d}.parquet"
            write_parquet(path, frames[kind].slice(first))
            entries.append(_entry(path, kind, max(0, frames[kind].height - first)))
            if by_hand is not None:
                path = folder / f"{kind}-{number:03d}-by-hand.csv"
                typed = pl.concat(
                    [by_hand, frames[kind].head(first).select(pl.all().cast(pl.String))], how="diagonal"
                )
                with atomically(path) as temporary:
                    typed.write_csv(temporary)
                entries.append(_entry(path, kind, typed.height))
        for name in sorted(apart):
            write_parquet(home.root / "truth" / f"{name}-{number:03d}.parquet", apart[name])
    progress("generate", count, count)
    manifest = {"delivery_id": delivery_id, "delivered_on": delivered_on.isoformat(), "files": entries}
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1) + "\n")
    return folder


def automatic_policy() -> str:
    """The default policy with lists that go out, and models that serve, without a person, and why."""
    values = tomllib.loads(default_policy())
    values["release"]["automatic"] = {"value": True, "why": "a trial home: nobody is there to release the lists"}
    values["promotion"]["unequal"] = {
        "value": "tell",
        "why": "a trial home: nobody waits for help here; xunfang fairness tells what would hold a model back",
    }
    return tomli_w.dumps(values)


def same_trial(home: Home, made_from: Mapping[str, Any]) -> None:
    """Remember what a trial home is made from, and derive its keys from that: the same trial has the same bytes.

    UsageError where the folder holds another trial or somebody's home.
    """
    path = home.root / "trial.json"
    told = json.dumps(made_from, sort_keys=True) + "\n"
    if path.exists():
        if path.read_text("utf-8") != told:
            raise UsageError(
                f"{home.root}: this home was made with other arguments",
                "Choose another --home, or delete this one.",
            )
        return
    if home.settings.exists():
        raise UsageError(f"{home.root}: this is somebody's home already", "Choose an empty folder with --home.")
    write_text(path, told)
    make_trial_keys(home, told)


def read_survey(
    folder: Path, patterns: Mapping[str, str], waves: Sequence[str]
) -> dict[str, dict[str, pl.DataFrame]]:
    """The files of a survey by wave and name; SourceError names a file that is missing or no Parquet."""
    found: dict[str, dict[str, pl.DataFrame]] = {}
    for wave in waves:
        found[wave] = {}
        for name, pattern in patterns.items():
            path = folder / pattern.format(wave=wave)
            try:
                found[wave][name] = pl.read_parquet(path, glob=False)
            except FileNotFoundError:
                raise SourceError(f"{path}: there is no such file", "Mend --from or --waves.") from None
            except (OSError, pl.exceptions.PolarsError):
                raise SourceError(f"{path}: cannot be read as Parquet", "Fetch the file again.") from None
    return found


def _entry(path: Path, kind: str, rows: int) -> dict[str, Any]:
    return {
        "name": path.name,
        "kind": kind,
        "rows": rows,
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path),
    }
