"""Check the roles that an account is to have, by the policy of now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.security.roles import Roles, rights_of
from ngao.kernel.problems import FieldError
from ngao.kernel.scopes import EVERY_RECORD


def check_granted(roles: Sequence[str], hubs: Sequence[str], known: Roles, counties: Collection[str]) -> None:
    """Check roles and hubs. Raises InvalidInput for a role that is unknown, for keys only, or at odds with another."""
    free = [name for name in known if not known[name].keys_only]
    errors = [*_unknown("roles", roles, free), *_unknown("hubs", hubs, counties)]
    if not errors:
        try:
            rights = rights_of((), roles, known)
        except Misconfigured as error:
            errors = [FieldError("/roles", "differ", str(error))]
        else:
            reaches_hub = any(grant.reach != EVERY_RECORD for grant in rights.values())
            if reaches_hub and not hubs:
                errors = [FieldError("/hubs", "required", "This role reaches the cases of a hub: name its county.")]
    if errors:
        raise InvalidInput("The account cannot have these roles: `errors` says why.", errors)


def _unknown(name: str, given: Sequence[str], known: Iterable[str]) -> list[FieldError]:
    choices = sorted(known)
    return [
        FieldError(f"/{name}/{at}", "unknown_code", f"Must be one of: {', '.join(choices)}.")
        for at, each in enumerate(given)
        if each not in choices
    ]
