"""One item of a list for another caseworker."""

from typing import Annotated

import typer

from engine.commands.options import HomeOption, JsonOption, emit, opened
from engine.commands.rights import ActorOption

app = typer.Typer()


@app.command()
def reassign(
    item: Annotated[str, typer.Argument(help="The item's number on the list, as 17-0K3ZP.")],
    home: HomeOption,
    to: Annotated[str, typer.Option(help="The caseworker who takes it, by id.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence that names nobody.")],
    *,
    actor: ActorOption = "operator",
    as_json: JsonOption = False,
) -> None:
    """Give a visit to another caseworker of its area. Both lists are written anew; the item gets a new number.

    Example: xunfang reassign 17-0K3ZP --to w0002 --reason "ill this week" --home home
    """
    from engine import reassigning
    from engine.commands.guard import person

    told = reassigning.reassign(opened(home, actor=actor), item, to=to, reason=reason, areas=person().areas)
    emit(told, as_json, "plain")
