"""Whom the models serve."""

from pathlib import Path
from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, SeedOption, ThreadsOption, bars, emit, opened

app = typer.Typer()


@app.command()
def fairness(
    *,
    home: HomeOption,
    risk: Annotated[str | None, typer.Option(help="relative_poverty or emergency (default: both).")] = None,
    model: Annotated[
        str | None, typer.Option(help="A kept model by its id (default: the one that serves).")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the figures as one page (HTML) as well.")] = None,
    proxies: Annotated[
        bool, typer.Option("--proxies", help="Also: what the columns give away of sex, ethnicity and migration.")
    ] = False,
    seed: SeedOption = 1,
    threads: ThreadsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Whom the models find and whom they miss, group by group, with intervals, and the verdict.

    Example: xunfang fairness --home demo-home --page fairness.html
    """
    from engine import fairness as figures
    from engine.errors import UsageError
    from engine.files import write_bytes
    from engine.registry import RISKS
    from engine.rewriting import steady

    chosen = tuple(each for each in RISKS if risk in (None, each))
    if not chosen:
        raise UsageError(f"--risk {risk}: there is no such risk", f"The risks are: {', '.join(RISKS)}.")
    if model is not None and len(chosen) > 1:
        raise UsageError("--model: whose model is it?", "Name its risk with --risk.")
    with bars() as progress:
        place = opened(home, seed=seed, threads=threads)
        with steady(place.home):
            told = figures.figures(place, chosen, model_id=model, proxies=proxies, progress=progress)
    if page is not None:
        from engine.fairnesspage import fairness_page

        write_bytes(page, fairness_page(told))
    emit(told, as_json, "fairness")
