"""Everything that a user may set, type or meet is documented, and generated pages are fresh."""

import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from docs.tools import county_figures
from docs.tools.reference import commands, reference
from engine.commands.guard import DEEDS
from engine.errors import KINDS as ERRORS
from engine.nightfolder import MANIFEST
from engine.settings import Home, HomeSettings
from engine.workplace import default_policy
from features.records import KINDS
from outreach.policy import OUTCOMES, Policy
from outreach.wording_casework import LANES
from outreach.wording_casework import OUTCOMES as OUTCOME_WORDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])
READMES = ("README.md", "README.zh-CN.md")


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_the_reference_is_fresh() -> None:
    assert text("docs/reference.md") == reference(), (
        "run .venv/bin/python docs/tools/reference.py docs/reference.md"
    )


def test_the_table_of_the_county_is_fresh() -> None:
    page = text("docs/county.md")
    assert page == county_figures.with_table(page), (
        "run .venv/bin/python docs/tools/county_figures.py docs/county.md"
    )


def test_every_command_says_what_it_does_to_which_facts_so_that_roles_can_be_held_to_it() -> None:
    assert sorted(commands()) == sorted(DEEDS), "declare it in engine/commands/guard.py"


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_in_the_readme(readme: str) -> None:
    page = text(readme)
    assert [words for words in commands() if f"| `xunfang {words}` |" not in page] == []


@pytest.mark.parametrize("readme", READMES)
def test_no_readme_names_a_command_that_does_not_exist(readme: str) -> None:
    named = re.findall(r"^\| `xunfang ([a-z -]+)` \|", text(readme), re.MULTILINE)
    assert sorted(named) == sorted(commands())


@pytest.mark.parametrize("readme", READMES)
def test_every_exit_code_is_in_the_readme(readme: str) -> None:
    codes = {0, 1, *(kind.exit_code for kind in ERRORS)}
    named = {int(code) for code in re.findall(r"^\| (\d+) \| ", text(readme), re.MULTILINE)}
    assert named == codes


def test_the_exit_codes_mean_in_the_readme_what_the_program_says() -> None:
    page = text("README.md")
    assert [kind for kind in ERRORS if f"| {kind.exit_code} | {kind.meaning} |" not in page] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_part_of_the_home_is_in_the_readme(readme: str) -> None:
    home = Home(Path("home"))
    names = [getattr(home, name).name for name, each in vars(Home).items() if isinstance(each, property)]
    assert [name for name in names if f"`{name}" not in text(readme)] == []


def test_every_setting_and_policy_value_is_in_the_reference() -> None:
    page = text("docs/reference.md")
    wanted = [*HomeSettings.model_fields, *Policy.from_toml(default_policy()).why]
    assert [name for name in wanted if f"| `{name}` |" not in page] == []


def test_every_column_of_every_kind_is_in_the_reference_and_has_a_meaning() -> None:
    page = text("docs/reference.md")
    assert [kind for kind in KINDS if f"### `{kind}`" not in page] == []
    silent = [
        f"{kind}.{name}"
        for kind, schema in KINDS.items()
        for name, c in schema.columns().items()
        if not c.description
    ]
    assert silent == []


@pytest.mark.parametrize("page", ["docs/caseworker.md", "docs/caseworker.zh.md"])
def test_the_caseworkers_guide_has_every_outcome_and_lane_as_the_list_writes_them(page: str) -> None:
    language: Callable[..., str] = (lambda said: said.zh) if "zh" in page else (lambda said: said.en)
    told = text(page)
    assert [code for code in OUTCOMES if f"| {code} | {language(OUTCOME_WORDS[code])} |" not in told] == []
    assert [lane for lane, said in LANES.items() if f"| {language(said)} |" not in told] == []


def test_the_reviewers_guide_names_every_entry_of_the_manifest() -> None:
    source = (ROOT / "engine" / "nightfolder.py").read_text("utf-8")
    entries = re.findall(r'^        "(\w+)":', source[source.index("def manifest_of") :], re.MULTILINE)
    assert len(entries) > 10
    assert [name for name in entries if f"`{name}`" not in text("docs/reviewer.md")] == [], MANIFEST


def test_the_architecture_names_every_shipped_pack_and_room() -> None:
    page = text("docs/architecture.md")
    texts = [path.name.removesuffix(".toml") for path in (resources.files("outreach") / "programmes").iterdir()]
    packs = {text.partition("+")[0] for text in texts}
    assert [pack for pack in packs if f"`{pack}`" not in page] == []
    rooms = ("features", "models", "outreach", "engine", "fixtures")
    wild = re.findall(r"`(\w+)_?\*`", page)
    missing = [
        f"{room}/{path.stem}"
        for room in rooms
        for path in (ROOT / room).glob("*.py")
        if path.stem != "__init__"
        and f"`{path.stem}`" not in page
        and not any(path.stem.startswith(each) for each in wild)
    ]
    assert missing == []


def test_the_worlds_are_described() -> None:
    names = [path.name for path in (ROOT / "fixtures" / "worlds").glob("*.toml")]
    assert [name for name in names if f"`{name}`" not in text("docs/county.md")] == []


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    heads = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_resolve(page: Path) -> None:
    told = page.read_text("utf-8")
    broken = []
    for link in [*re.findall(r"\]\(([^)\s]+)\)", told), *re.findall(r'<img src="([^"]+)"', told)]:
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = page if not name else page.parent / name
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_that_are_named_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:docs|tests|fixtures|features|models|outreach|engine)/[\w./*-]+)`", page.read_text("utf-8")
    )
    assert [name for name in named if not list(ROOT.glob(name))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_names_a_place_of_one_machine(page: Path) -> None:
    told = page.read_text("utf-8")
    assert [place for place in ("/work/", "/tmp/", "/root/", "/home/") if place in told] == []


def test_the_picture_is_light_and_the_readmes_show_it() -> None:
    assert 10_000 < (DOCS / "card.png").stat().st_size < 150_000
    assert all('src="docs/card.png"' in text(readme) for readme in READMES)
