"""What the command line shows of the record store's upkeep, of replays, and of backups. Never people."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

Told = Mapping[str, Any]


def _show_compact(told: Told, console: Console) -> None:
    if told["files_before"] == told["files_after"]:
        console.print(f"{told['files_before']:,} files; there is nothing to put together")
        return
    console.print(f"{told['files_before']:,} files are {told['files_after']:,} now ({told['rows']:,} rows written)")


def _show_retain(told: Told, console: Console) -> None:
    verb = "would go" if told["dry_run"] else "are gone"
    for kind, each in told["kinds"].items():
        if each["records"]:
            console.print(
                f"{kind}: {each['records']:,} records {verb}, over since {each['oldest']}; "
                f"kept from {each['kept_from']} on"
            )
    others = {
        "raw texts of rows set aside": told.get("quarantined", 0),
        "versions of identities": told.get("identities", 0),
        "nights' folders": len(told["nights"]),
        "folders of lists": len(told["lists"]),
        "visits": told["visits"],
        "items of lists": told["items"],
    }
    for name, count in others.items():
        if count:
            console.print(f"{name}: {count:,} {verb}")
    if not any(others.values()) and not any(each["records"] for each in told["kinds"].values()):
        console.print(f"nothing is past its time on {told['as_of']}")
    for name in told.get("still_in_inbox", ()):
        console.print(f"the delivery {name} still lies in inbox/ with rows that are gone: clear it", soft_wrap=True)


def _show_replay(told: Told, console: Console) -> None:
    every = "all " if told["identical"] else ""
    console.print(f"night of {told['business_date']} made again: {every}{told['equal']} files have the same bytes")
    for name, words in (("differ", "differs"), ("missing", "was not made again"), ("new", "is new")):
        for path in told[name]:
            console.print(f"  {path} {words}", soft_wrap=True)
    for each in told["reasons"]:
        rows = f" ({each['rows']:,} rows are gone)" if each["rows"] else ""
        day = f" on {each['on']}" if each["on"] else ""
        console.print(f"reason: {each['what']}{day}: {each['why']}{rows}", soft_wrap=True)


def _show_repair(told: Told, console: Console) -> None:
    if not told["damaged"]:
        console.print("nothing in the record store is damaged")
    for path in told["repaired"]:
        console.print(f"{path} is as it was", soft_wrap=True)
    for each in told["left"]:
        console.print(f"{each['path']} {each['what']}: {each['put_back']}", soft_wrap=True)


def _show_backup(told: Told, console: Console) -> None:
    console.print(f"{told['files']:,} files ({told['bytes']:,} bytes) in {told['folder']}", soft_wrap=True)
    if not told["with_keys"]:
        console.print("without the keys: keep a copy of them elsewhere; nobody can read names without.")
    if not told["with_inbox"]:
        console.print("without the inbox: damaged records cannot be made again from this backup alone.")


def _show_restore(told: Told, console: Console) -> None:
    console.print(f"{told['files']:,} files of {told['made_at']}: every one is what it was when it was copied")
    if told["put_aside"]:
        console.print(f"the home that was there is kept as {told['put_aside']}", soft_wrap=True)
    if not told["keys_there"]:
        console.print("the keys are missing: put them into keys/, then run xunfang verify")
    elif told["verified"]["intact"]:
        console.print("the restored home is whole: everything is as it was written")


SHAPES: dict[str, Callable[[Told, Console], None]] = {
    "compact": _show_compact,
    "retain": _show_retain,
    "replay": _show_replay,
    "backup": _show_backup,
    "repair": _show_repair,
    "restore": _show_restore,
}
