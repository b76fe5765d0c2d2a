"""Policy files: overriding, versions, and sentences that name file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from marshmallow import Schema, fields

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy


class Colours(Schema):
    colours = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


def write(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return directory


def test_a_later_directory_replaces_the_whole_file(tmp_path: Path) -> None:
    first = write(tmp_path / "a", "colours.yaml", "colours: {red: 1, blue: 2}")
    second = write(tmp_path / "b", "colours.yaml", "colours: {red: 3}")
    assert load_policy((first, second), {"colours.yaml": Colours()})["colours.yaml"] == {"colours": {"red": 3}}


def test_the_version_changes_with_the_content_and_only_with_it(tmp_path: Path) -> None:
    first = write(tmp_path / "a", "colours.yaml", "colours: {red: 1}")
    version = load_policy((first,), {"colours.yaml": Colours()}).version
    assert load_policy((first,), {"colours.yaml": Colours()}).version == version
    write(first, "colours.yaml", "colours: {red: 2}")
    assert load_policy((first,), {"colours.yaml": Colours()}).version != version


def test_a_folder_gives_every_file_in_it_by_its_bare_name(tmp_path: Path) -> None:
    base = write(tmp_path, "shades/dark.yaml", "colours: {black: 1}")
    assert load_policy((base,), {}, {"shades": Colours()}).folder("shades") == {"dark": {"colours": {"black": 1}}}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colours: {red: many}", "colours.red"),
        ("colour: {red: 1}", "colours"),
        ("colours: {red: 1, red: 2}", "repeated"),
        ("colours: [", "line 1"),
        ("colours: {[red]: 1}", "line 1"),
        ("colours:\n  red: 2026-99-99", "looks like a date"),
        ("7", "the file"),
    ],
)
def test_a_broken_file_is_refused_by_a_sentence_that_names_it(tmp_path: Path, text: str, named: str) -> None:
    base = write(tmp_path, "colours.yaml", text)
    with pytest.raises(Misconfigured) as caught:
        load_policy((base,), {"colours.yaml": Colours()})
    assert "colours.yaml" in str(caught.value)
    assert named in str(caught.value)


def test_a_missing_file_is_refused_by_a_sentence_that_names_the_places(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"colours\.yaml is in none of these"):
        load_policy((tmp_path,), {"colours.yaml": Colours()})
