"""Read the rules that operators own: YAML files, checked whole at start, with a version that results carry.

Directories are searched in order and a later one replaces whole files of an earlier one, so that a coalition overrides
one list and keeps the rest. What the files mean is the service's business: it hands in a marshmallow schema for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError

from ngao.chassis.errors import Misconfigured

VERSION_LENGTH = 12


@dataclass(frozen=True)
class Policy:
    """Checked policy files by name (`triage.yaml`, `profiles/kobo.yaml`) and the short hash of what they say."""

    documents: Mapping[str, Any]
    version: str

    def __getitem__(self, name: str) -> Any:
        """The loaded content of one file."""
        return self.documents[name]

    def folder(self, name: str) -> dict[str, Any]:
        """The files of a folder by their bare name: `profiles/kobo.yaml` is `kobo`."""
        prefix = f"{name}/"
        return {Path(key).stem: value for key, value in self.documents.items() if key.startswith(prefix)}


def load_policy(
    directories: Sequence[Path], files: Mapping[str, Schema], folders: Mapping[str, Schema] | None = None
) -> Policy:
    """Load each named file and every `*.yaml` of each named folder; raises Misconfigured naming file and key."""
    found = {name: (_find(directories, name), schema) for name, schema in files.items()}
    for folder, schema in (folders or {}).items():
        found |= {f"{folder}/{path.name}": (path, schema) for path in _folder(directories, folder)}
    digest = hashlib.sha256()
    documents = {}
    for name, (path, schema) in sorted(found.items()):
        content = _read(path)
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
        documents[name] = check(path, parse(path, content), schema)
    return Policy(documents, digest.hexdigest()[:VERSION_LENGTH])


def check(path: Path | str, document: Any, schema: Schema) -> Any:
    """Check one parsed document by its schema; raises Misconfigured with every broken key."""
    try:
        return schema.load(document)
    except ValidationError as error:
        raise Misconfigured(f"The policy file {path} has errors: {'; '.join(_sentences(error.messages))}.") from None


def parse(path: Path | str, content: bytes) -> Any:
    """Parse YAML, refusing repeated keys, because the second would silently win; raises Misconfigured."""
    try:
        return yaml.load(content.decode("utf-8"), _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except UnicodeDecodeError:
        raise Misconfigured(f"The policy file {path} is not UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise Misconfigured(f"The policy file {path} is not YAML{place}: {getattr(error, 'problem', 'unreadable')}.") from None


def _find(directories: Sequence[Path], name: str) -> Path:
    for directory in reversed(directories):
        if (directory / name).is_file():
            return directory / name
    places = ", ".join(str(directory) for directory in directories)
    raise Misconfigured(f"The policy file {name} is in none of these directories: {places}.")


def _folder(directories: Iterable[Path], folder: str) -> Iterable[Path]:
    by_name = {path.name: path for directory in directories for path in sorted((directory / folder).glob("*.yaml"))}
    return by_name.values()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"The policy file {path} cannot be read ({error.strerror}).") from None


def _sentences(messages: Any, at: str = "") -> list[str]:
    if isinstance(messages, dict):
        steps = {key: at if key == "_schema" else f"{at}.{key}".strip(".") for key in messages}
        return [line for key, value in messages.items() for line in _sentences(value, steps[key])]
    return [f"{at or 'the file'}: {str(message).rstrip('.')}" for message in messages]


class _Loader(yaml.SafeLoader):
    """A safe loader for which a repeated key is an error."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is repeated", key_node.start_mark)
        seen.add(key)
    return dict(loader.construct_mapping(node, deep=True))


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
