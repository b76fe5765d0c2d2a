"""An operator's file that changes single entries: what is added, changed and retired, and sentences that name file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from ngao.chassis.errors import Misconfigured
from ngao.chassis.policy import load_policy

SHIPPED = """\
threshold: 10
colours:
  red: {value: 1, label: {en: "Red", sw: "Nyekundu"}}
  blue: {value: 2, label: {en: "Blue", sw: "Samawati"}}
rules:
  - {id: first, points: 1}
  - {id: second, points: 2}
words: [one, two]
"""


class Colour(Schema):
    value = fields.Integer(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String())


class Rule(Schema):
    id = fields.String(required=True)
    points = fields.Integer(required=True)


class Rules(Schema):
    threshold = fields.Integer(required=True)
    colours = fields.Dict(keys=fields.String(), values=fields.Nested(Colour), required=True)
    rules = fields.List(fields.Nested(Rule), required=True)
    words = fields.List(fields.String(), required=True)


def merged(tmp_path: Path, *files: str) -> Any:
    return loaded(tmp_path, *files)["rules.yaml"]


def loaded(tmp_path: Path, *files: str) -> Any:
    folders = []
    for number, text in enumerate((SHIPPED, *files)):
        folder = tmp_path / str(number)
        folder.mkdir(exist_ok=True)
        (folder / "rules.yaml").write_text(text, "utf-8")
        folders.append(folder)
    return load_policy(folders, {"rules.yaml": Rules()})


def test_entries_of_a_mapping_are_added_and_changed_and_the_others_stay(tmp_path: Path) -> None:
    rules = merged(tmp_path, 'overlay: true\ncolours:\n  red: {label: {sw: "Jekundu"}}\n  green: {value: 3}\n')
    assert rules["threshold"] == 10
    assert list(rules["colours"]) == ["red", "blue", "green"]
    assert rules["colours"]["red"] == {"value": 1, "label": {"en": "Red", "sw": "Jekundu"}}
    assert rules["colours"]["green"] == {"value": 3}


def test_entries_of_a_list_are_known_by_their_id(tmp_path: Path) -> None:
    rules = merged(tmp_path, "overlay: true\nrules:\n  - {id: third, points: 3}\n  - {id: first, points: 9}\n")
    assert rules["rules"] == [{"id": "first", "points": 9}, {"id": "second", "points": 2}, {"id": "third", "points": 3}]


def test_a_single_value_is_replaced(tmp_path: Path) -> None:
    assert merged(tmp_path, "overlay: true\nthreshold: 11\n")["threshold"] == 11


def test_a_list_of_plain_values_is_replaced_or_added_to_and_taken_from(tmp_path: Path) -> None:
    assert merged(tmp_path, "overlay: true\nwords: [three]\n")["words"] == ["three"]
    assert merged(tmp_path, "overlay: true\nwords: {add: [three], remove: [one]}\n")["words"] == ["two", "three"]


def test_what_is_retired_is_gone(tmp_path: Path) -> None:
    rules = merged(tmp_path, "overlay: true\ncolours: {red: {retired: true}}\nrules: [{id: first, retired: true}]\n")
    assert list(rules["colours"]) == ["blue"]
    assert rules["rules"] == [{"id": "second", "points": 2}]


def test_a_whole_copy_stands_alone_as_it_always_has(tmp_path: Path) -> None:
    whole = "threshold: 1\ncolours: {}\nrules: []\nwords: []\n"
    assert merged(tmp_path, whole) == {"threshold": 1, "colours": {}, "rules": [], "words": []}


def test_an_overlay_changes_what_the_last_whole_copy_says(tmp_path: Path) -> None:
    whole = "threshold: 1\ncolours: {}\nrules: []\nwords: []\n"
    assert merged(tmp_path, whole, "overlay: true\nthreshold: 2\n", "overlay: true\nwords: {add: [new]}\n") == {
        "threshold": 2, "colours": {}, "rules": [], "words": ["new"],
    }  # fmt: skip


def test_the_version_counts_every_file_that_takes_part(tmp_path: Path) -> None:
    before = loaded(tmp_path).version
    first = loaded(tmp_path, "overlay: true\nthreshold: 11\n").version
    second = loaded(tmp_path, "overlay: true\nthreshold: 12\n").version
    assert len({before, first, second}) == 3


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("overlay: true\ncolours:\n  red:\n    value: many\n", 4, "colours.red.value"),
        ("overlay: true\n\ncolours:\n  green: {}\n", 4, "colours.green.value"),
        ("overlay: true\ncolours:\n  pink: {retired: true}\n", 3, "pink is to be retired and is not there"),
        ("overlay: true\ncolours:\n  red: {retired: false}\n", 3, "retired is true or left out"),
        ("overlay: true\ncolours:\n  red: {retired: true, value: 2}\n", 3, "retired must be the only key"),
        ("overlay: true\nrules:\n  - {id: third, retired: true}\n", 3, "third is to be retired and is not there"),
        ("overlay: true\nrules:\n  - {points: 3}\n", 3, "an entry needs its id"),
        ("overlay: true\nrules:\n  - {id: new, points: 3}\n  - {id: new, points: 4}\n", 4, "new is there twice"),
        ("overlay: true\nwords: {remove: [ten]}\n", 2, "ten is to be removed and is not there"),
        ("overlay: true\nwords: {replace: [ten]}\n", 2, "a list takes a list, or add and remove"),
        ("overlay: true\ncolours: [red]\n", 2, "the shipped value has keys"),
        ("overlay: maybe\nthreshold: 1\n", 1, "overlay is true or left out"),
        ("overlay: true\nthreshold: 1\nthreshold: 2\n", 3, "repeated"),
        ("overlay: true\nshade: 1\n", 2, "shade"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        merged(tmp_path, text)
    assert str(tmp_path / "1" / "rules.yaml") in str(caught.value)
    assert f"line {line}" in str(caught.value)
    assert says in str(caught.value)


def test_what_is_wrong_in_the_file_below_is_named_there(tmp_path: Path) -> None:
    wrong = SHIPPED.replace("points: 2", "points: many")
    with pytest.raises(Misconfigured) as caught:
        merged(tmp_path, wrong, "overlay: true\nthreshold: 11\n")
    assert f"{tmp_path / '1' / 'rules.yaml'}, line 7" in str(caught.value)


def test_an_overlay_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("overlay: true\nthreshold: 1\n", "utf-8")
    with pytest.raises(Misconfigured, match=r"rules\.yaml is an overlay, and no folder before it has that file"):
        load_policy([tmp_path], {"rules.yaml": Rules()})


def test_a_part_of_a_file_without_the_line_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"threshold: Missing data.*begin it with `overlay: true`"):
        merged(tmp_path, "colours:\n  green: {value: 3}\n")


def test_files_of_a_folder_are_overlaid_too(tmp_path: Path) -> None:
    for folder, text in (("a", SHIPPED), ("b", "overlay: true\nthreshold: 12\n")):
        (tmp_path / folder / "profiles").mkdir(parents=True)
        (tmp_path / folder / "profiles" / "form.yaml").write_text(text, "utf-8")
    policy = load_policy([tmp_path / "a", tmp_path / "b"], {}, {"profiles": Rules()})
    assert policy.folder("profiles")["form"]["threshold"] == 12
    assert len(policy.folder("profiles")["form"]["rules"]) == 2
