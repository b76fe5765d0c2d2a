"""Read the rules that operators own: YAML files, checked whole at start, with a version that results carry.

Directories are searched in order. A file of a later one replaces an earlier one's, or changes single entries of it
(see `overlay`). What the files mean is the service's business: it hands in a marshmallow schema for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError
from yaml.nodes import Node

from ngao.chassis.errors import Misconfigured, readable
from ngao.chassis.overlay import OVERLAY, compose, is_overlay, overlaid, place_of, value_of
from ngao.chassis.sections import Steps, sentences

VERSION_LENGTH = 12

_Layer = tuple[Path, bytes, Node]

_HINT = f" If the file holds only what changes, begin it with `{OVERLAY}: true`."

_Reading = Callable[[Sequence[Path]], str]
_READINGS: dict[str, _Reading] = {}


@dataclass(frozen=True)
class Policy:
    """Checked policy files by name (`rules.yaml`, `profiles/form.yaml`), and the short hash of their content."""

    documents: Mapping[str, Any]
    version: str

    def __getitem__(self, name: str) -> Any:
        """Return the loaded content of one file."""
        return self.documents[name]

    def folder(self, name: str) -> dict[str, Any]:
        """Return the files of a folder by their bare name: `profiles/form.yaml` is `form`."""
        prefix = f"{name}/"
        return {Path(key).stem: value for key, value in self.documents.items() if key.startswith(prefix)}


def reads_policy(service: str) -> Callable[[_Reading], _Reading]:
    """Register the function by which a service reads the files at its start: it returns the version, or raises Misconfigured."""

    def register(reading: _Reading) -> _Reading:
        _READINGS[service] = reading
        return reading

    return register


def read_as(service: str, directories: Sequence[Path]) -> str:
    """Read the files as a service does that has been imported; returns its version, raises Misconfigured."""
    return _READINGS[service](directories)


def load_policy(directories: Sequence[Path], files: Mapping[str, Schema], folders: Mapping[str, Schema] | None = None) -> Policy:
    """Load each named file and every `*.yaml` of each named folder; raises Misconfigured naming file and key."""
    found = dict(files)
    for folder, schema in (folders or {}).items():
        found |= {f"{folder}/{path.name}": schema for each in directories for path in (each / folder).glob("*.yaml")}
    digest = hashlib.sha256()
    documents = {}
    for name, schema in sorted(found.items(), key=lambda each: each[0]):
        layers = _layers(directories, name)
        for _, content, _ in layers:
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        documents[name] = _laid_over(layers, schema, replaces=_is_below(layers[0][0], directories, name))
    return Policy(documents, digest.hexdigest()[:VERSION_LENGTH])


def check(path: Path | str, document: Any, schema: Schema, where: Callable[[Steps], str] = lambda _: "") -> Any:
    """Check one parsed document by its schema. Raises Misconfigured with every broken key, and `where` it is."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Misconfigured(f"The policy file {path} has errors: {'; '.join(sentences(error.messages, where))}.") from None


def parse(path: Path | str, content: bytes) -> Any:
    """Parse YAML, refusing repeated keys, because the second would silently win; raises Misconfigured."""
    return value_of(compose(path, content))


def _layers(directories: Sequence[Path], name: str) -> list[_Layer]:
    """Return the last complete file, and the overlays after it. Raises Misconfigured."""
    overlays: list[_Layer] = []
    for path in (directory / name for directory in reversed(directories)):
        if path.is_file():
            with readable(f"The policy file {path}"):
                content = path.read_bytes()
            layer = (path, content, compose(path, content))
            if not is_overlay(layer[2]):
                return [layer, *overlays]
            overlays.insert(0, layer)
    if overlays:
        raise Misconfigured(f"The policy file {overlays[0][0]} is an overlay, and no folder before it has that file.")
    places = ", ".join(str(directory) for directory in directories)
    raise Misconfigured(f"The policy file {name} is in none of these directories: {places}.")


def _is_below(path: Path, directories: Sequence[Path], name: str) -> bool:
    """Return True if a folder before has that file, too."""
    return any((directory / name).is_file() and directory / name != path for directory in directories)


def _laid_over(layers: Sequence[_Layer], schema: Schema, *, replaces: bool) -> Any:
    path, _, node = layers[0]
    if len(layers) == 1:
        try:
            return check(path, value_of(node), schema)
        except Misconfigured as error:
            raise Misconfigured(f"{error}{_HINT if replaces else ''}") from None
    for path, _, above in layers[1:]:  # noqa: B007  # the last is named in the error
        node = overlaid(node, above)
    return check(path, value_of(node), schema, lambda steps: f" ({place_of(node, steps)})")
