"""Let a system post, change how it may, or stop it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.kernel.actors import Actor
from ngao.kernel.problems import FieldError
from services.intake.ports import Desk
from services.intake.sources.model import ID_PATTERN, Source

NewKey = Callable[[str], tuple[str, str]]


@dataclass(frozen=True)
class SourceSettings:
    """What an operator decides about a source; what is not in `given` stays as it was.

    A new source gets a key; an old one only if `new_key` asks for it.
    """

    given: Mapping[str, Any]
    new_key: bool = False
    revoke_old_keys: bool = False

    def applied_to(self, source: Source) -> Source:
        """The source with these settings."""
        return source.changed(
            enabled=self.given.get("enabled", source.enabled),
            profile=self.given.get("profile", source.profile),
            rate_per_second=self.given.get("rate_per_second", source.rate_per_second),
        )


def put_source(
    desk: Desk, source_id: str, settings: SourceSettings, *, profiles: Collection[str], new_key: NewKey, actor: Actor
) -> tuple[Source, str | None]:
    """Make or change a source; the second result is its new key, which nobody can be told again. Raises InvalidInput."""
    _check(source_id, settings.given.get("profile"), profiles)
    old = desk.sources.find(source_id)
    source = settings.applied_to(old or Source(source_id, desk.now))
    key = None
    if old is None or settings.new_key:
        key, key_hash = new_key(source_id)
        source.add_key(key_hash, revoke_old=settings.revoke_old_keys)
    desk.sources.put(source)
    detail = {"enabled": str(source.enabled).lower(), "new_key": str(key is not None).lower()}
    desk.journal("source.put", subject=source_id, actor=actor, detail=detail)
    return source, key


def find_source(desk: Desk, source_id: str) -> Source:
    """One source; raises NotFound."""
    source = desk.sources.find(source_id)
    if source is None:
        raise NotFound("There is no such source.")
    return source


def _check(source_id: str, profile: str | None, profiles: Collection[str]) -> None:
    if not ID_PATTERN.match(source_id):
        problem = FieldError("", "format", "Lower-case letters, digits and hyphens, 2 to 41, a letter first.")
        raise InvalidInput("This cannot be the id of a source.", [problem])
    if profile is not None and profile not in profiles:
        problem = FieldError("/profile", "unknown_code", f"Must be one of: {', '.join(sorted(profiles))}.")
        raise InvalidInput("There is no such mapping profile.", [problem])
