"""Lay an operator's YAML file over the one it changes, entry by entry; every value keeps the file and line it came from.

    overlay: true                         what is not named here stays as it is below
    colours:
      green: {value: 3}                   an entry of a mapping: added, or changed key by key
      red: {retired: true}                gone
    rules:
      - {id: first, points: 9}            an entry of a list whose entries have an `id` or a `code`: the same
    words: {add: [three], remove: [one]}  any other list; a list in its place replaces it

A file that does not begin with `overlay: true` replaces the whole file.
"""

from __future__ import annotations

import io
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ngao.chassis.errors import Misconfigured

OVERLAY = "overlay"
_RETIRED = "retired"
_CHANGES = {"add", "remove"}
_KEYS = ("id", "code")


class _Loader(yaml.CSafeLoader):
    """A safe loader for which a repeated key is an error; libyaml reads five times as fast as PyYAML's own parser."""


class _Text(io.StringIO):
    """A file's text under its name, which libyaml asks for."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


def _mapping(loader: _Loader, node: MappingNode) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(None, None, "a key is a list or a mapping", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is repeated", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_mapping(node, deep=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def compose(path: Path | str, content: bytes) -> Node:
    """Parse YAML into nodes that know their file and line; raises Misconfigured."""
    try:
        loader = _Loader(_Text(str(path), content.decode("utf-8")))
        node: Node = loader.get_single_node() or ScalarNode("tag:yaml.org,2002:null", "")
        loader.construct_document(node)  # says which key is repeated
    except UnicodeDecodeError:
        raise Misconfigured(f"The policy file {path} is not UTF-8.") from None
    except ValueError:
        raise Misconfigured(f"The policy file {path} has a value that looks like a date and is none. Put it in quotes.") from None
    except yaml.YAMLError as error:
        mark, last_line = getattr(error, "problem_mark", None), content.count(b"\n") + 1
        place = f" at line {min(mark.line + 1, last_line)}" if mark else ""  # for libyaml the end is a line of its own
        raise Misconfigured(f"The policy file {path} is not YAML{place}: {getattr(error, 'problem', 'unreadable')}.") from None
    return node


def refuse_aliases(name: str, text: str) -> None:
    """Refuse aliases. Raises Misconfigured with the line of the first one; what is not YAML is left to `compose`."""
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                place = f" at line {event.start_mark.line + 1}" if event.start_mark else ""
                raise Misconfigured(f"The policy file {name} has an alias{place}. Write the value out.")
    except yaml.YAMLError:
        return


def is_overlay(node: Node) -> bool:
    """Return True if a file only changes the one below it. Raises Misconfigured when it says neither yes nor no."""
    marked = _entry(node, OVERLAY) if isinstance(node, MappingNode) else None
    return marked is not None and _is_true(marked, OVERLAY)


def overlaid(below: Node, above: Node) -> Node:
    """Lay a file that is an overlay over another; raises Misconfigured naming file and line."""
    changes = [pair for pair in above.value if _plain(pair[0]) != OVERLAY]
    return _merged(below, MappingNode(above.tag, changes, above.start_mark, above.end_mark))


def place_of(node: Node, path: Sequence[Any]) -> str:
    """Return the file and line of the value at a path, or of the nearest existing one: `/etc/rules.yaml, line 7`."""
    for step in path:
        node = _step(node, step) or node  # of a mapping's entries marshmallow also says `key` or `value`
    return _place(node)


def _merged(below: Node, above: Node) -> Node:
    if isinstance(below, MappingNode):
        if not isinstance(above, MappingNode):
            return above if not below.value else _refuse(above, "the shipped value has keys, so this needs them, too")
        return _merged_mapping(below, above)
    if isinstance(below, SequenceNode):
        return _merged_list(below, above)
    return above


def _merged_mapping(below: MappingNode, above: MappingNode) -> Node:
    pairs = {_plain(key): (key, value) for key, value in below.value}
    for key, value in above.value:
        name = _plain(key)
        if _is_retired(value):
            if name not in pairs:
                _refuse(key, f"{name} is to be retired and is not there")
            del pairs[name]
        else:
            pairs[name] = (pairs[name][0], _merged(pairs[name][1], value)) if name in pairs else (key, value)
    return MappingNode(above.tag, list(pairs.values()), above.start_mark, above.end_mark)


def _merged_list(below: SequenceNode, above: Node) -> Node:
    if isinstance(above, MappingNode):
        return _changed_list(below, above)
    if not isinstance(above, SequenceNode):
        _refuse(above, "a list takes a list, or add and remove")
    key = _key_of(below)
    return _merged_entries(below, above, key) if key else above


def _merged_entries(below: SequenceNode, above: SequenceNode, key: str) -> Node:
    entries = {_plain(_entry(each, key)): each for each in below.value}
    seen: set[Any] = set()
    for each in above.value:
        named = _entry(each, key) if isinstance(each, MappingNode) else None
        name = _plain(named) if named is not None else _refuse(each, f"an entry needs its {key}")
        if name in seen:
            _refuse(each, f"{name} is there twice")
        seen.add(name)
        if _is_retired(each, key):
            if entries.pop(name, None) is None:
                _refuse(each, f"{name} is to be retired and is not there")
        else:
            entries[name] = _merged(entries[name], each) if name in entries else each
    return SequenceNode(below.tag, list(entries.values()), above.start_mark, above.end_mark)


def _changed_list(below: SequenceNode, above: MappingNode) -> Node:
    asked = {_plain(key): value for key, value in above.value}
    if not asked or set(asked) - _CHANGES or not all(isinstance(each, SequenceNode) for each in asked.values()):
        _refuse(above, "a list takes a list, or add and remove")
    kept = list(below.value)
    for unwanted in asked["remove"].value if "remove" in asked else ():
        left = [each for each in kept if value_of(each) != value_of(unwanted)]
        if len(left) == len(kept):
            _refuse(unwanted, f"{value_of(unwanted)} is to be removed and is not there")
        kept = left
    added = asked["add"].value if "add" in asked else []
    return SequenceNode(below.tag, [*kept, *added], above.start_mark, above.end_mark)


def _is_retired(node: Node, *besides: str) -> bool:
    """Return True if an entry is retired: it says so, and nothing else but its key."""
    marked = _entry(node, _RETIRED) if isinstance(node, MappingNode) else None
    if marked is None or not _is_true(marked, _RETIRED):
        return False
    if {_plain(key) for key, _ in node.value} - {_RETIRED, *besides}:
        _refuse(node, "retired must be the only key beside the entry's own")
    return True


def _is_true(node: Node, name: str) -> bool:
    if value_of(node) is not True:
        _refuse(node, f"{name} is true or left out")
    return True


def _key_of(node: SequenceNode) -> str | None:
    """Return the key that names each entry of a list, if they all have one and no two the same."""
    for key in _KEYS:
        names = [_entry(each, key) if isinstance(each, MappingNode) else None for each in node.value]
        if names and all(names) and len({_plain(each) for each in names}) == len(names):
            return key
    return None


def _entry(node: Node, name: str) -> Node | None:
    return next((value for key, value in node.value if _plain(key) == name), None)


def _step(node: Node, step: Any) -> Node | None:
    if isinstance(node, SequenceNode):
        return node.value[step] if isinstance(step, int) and step < len(node.value) else None
    return _entry(node, step) if isinstance(node, MappingNode) else None


def _plain(node: Node | None) -> Any:
    """Return a key or a name as it is compared."""
    return value_of(node) if isinstance(node, ScalarNode) else None


def value_of(node: Node) -> Any:
    """Return the plain value of a node that was composed, or of several laid over one another."""
    return _Loader("").construct_document(node)


def _place(node: Node) -> str:
    return f"{node.start_mark.name}, line {node.start_mark.line + 1}"


def _refuse(node: Node, why: str) -> NoReturn:
    raise Misconfigured(f"The policy file {_place(node)}: {why}.")
