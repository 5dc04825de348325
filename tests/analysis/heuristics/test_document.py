"""The reference page says what the headers say."""

from __future__ import annotations

from distilforensics.analysis.catalogue.document import render_catalog, render_markdown
from distilforensics.analysis.catalogue.loader import load_catalog, load_heuristic


def test_every_heuristic_is_in_the_overview_and_its_link_leads_to_its_heading() -> None:
    """Anchors follow the rule of common Markdown renderers."""
    page = render_catalog()
    for heuristic in load_catalog():
        assert f"[`{heuristic.id}`](#{heuristic.code.lower()}-" in page
        assert f"### {heuristic.code} {heuristic.title}\n" in page


def test_a_page_shows_parameters_with_reasons_output_and_the_query() -> None:
    """All that an opposing expert needs to repeat it."""
    heuristic = load_heuristic("structure.template_span")
    page = render_markdown(heuristic)
    assert page.startswith("# S1 One frame filled with many different contents from many accounts\n")
    for parameter in heuristic.parameters:
        assert f"| `{parameter.name}` | {parameter.default} | {parameter.unit} | {parameter.why} |" in page
    for output in heuristic.outputs:
        assert f"| `{output.name}` | {output.unit} | {output.meaning} |" in page
    assert "a frame used by at least 20 accounts in at least 200 exchanges" in page
    assert "## Benign look-alikes\n" in page
    assert f"```sql\n{heuristic.body}\n```" in page
    assert heuristic.sha256 in page
