"""The example of the testing kit's page, run as it stands; the page shows all of it."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
_found = spec_from_file_location("testing_kit", HOW_TO / "testing_kit.py")
assert _found
assert _found.loader
_example = module_from_spec(_found)
_found.loader.exec_module(_example)

test_a_report_is_withdrawn_once = _example.test_a_report_is_withdrawn_once
test_an_accepted_report_reaches_the_registry = _example.test_an_accepted_report_reaches_the_registry


def test_the_page_shows_the_whole_example() -> None:
    code = (HOW_TO / "testing_kit.py").read_text("utf-8")
    assert f"```python\n{code}```" in (HOW_TO / "test-with-the-testing-kit.md").read_text("utf-8")


def test_the_page_names_every_module_of_the_kit() -> None:
    page = (HOW_TO / "test-with-the-testing-kit.md").read_text("utf-8")
    modules = [path.stem for path in (HOW_TO.parents[1] / "ngao" / "testing").glob("[a-z]*.py")]
    assert [name for name in modules if f"`{name}`" not in page] == []
