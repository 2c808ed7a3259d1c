"""The impact assessment is made from the descriptions, says everything that the law asks, and is fresh."""

from pathlib import Path

import pytest
from descriptions import describe

from docs.tools.impact import SHIPPED, impact
from engine.intake.description import Description, read_description
from engine.intake.parse import SCHEMAS
from engine.settings import Home
from engine.workplace import default_policy
from outreach.policy import Policy

PAGE = Path(__file__).parents[2] / "docs" / "impact-assessment.md"
TEMPLATES = [read_description(path) for path in sorted(SHIPPED.glob("*.toml"))]


def test_the_impact_assessment_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == impact(), (
        "run .venv/bin/python docs/tools/impact.py docs/impact-assessment.md"
    )


def test_every_kind_of_record_has_a_description_to_start_from() -> None:
    assert sorted(each.kind for each in TEMPLATES) == sorted(SCHEMAS)
    assert all(each.name == each.kind for each in TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_the_page_says_of_each_source_what_why_on_which_basis_and_how_long(template: Description) -> None:
    page = impact()
    for said in (template.purpose_zh, template.purpose_en, template.basis_zh, template.basis_en):
        assert said in page
    row = next(line for line in page.splitlines() if line.startswith(f"| {template.title_zh}<br>"))
    assert f"| {getattr(Policy.from_toml(default_policy()).retention, template.kind)} 个月 / months |" in row
    section = page[page.index(f"(`{template.name}`)") :]
    assert all(f"| `{name}` |" in section for name in template.columns)
    if template.sensitivity in "PI":
        assert "第 28 至 32 条" in template.basis_zh


def test_a_bureau_makes_its_own_from_its_own_descriptions(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.sources.mkdir(parents=True)
    describe(home)
    own = default_policy().replace("income = { value = 60", "income = { value = 77")
    home.policy.write_text(own.replace("lists = { value = 12", "lists = { value = 7"), "utf-8")
    page = impact(home.sources, home.policy)
    assert "养老待遇发放" in page
    assert "| 77 个月 / months |" in page
    assert "| 7 个月 / months |" in page
    assert "残疾人证" not in page
