"""Check the roles that an account is to have, by the policy of now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ngao.chassis.errors import InvalidInput, Misconfigured
from ngao.chassis.security.roles import AtOdds, Roles, at_odds, rights_of
from ngao.kernel.problems import FieldError

_AT_ODDS = {
    AtOdds.BEYOND_OUTSIDER: FieldError(
        "/partner", "differ", "A person of a partner has roles that reach its offers, and no others."
    ),
    AtOdds.NO_OUTSIDER: FieldError("/partner", "required", "This role reaches the offers to a partner: name it."),
    AtOdds.NO_HUB: FieldError("/hubs", "required", "This role reaches the cases of a hub: name its county."),
}


def check_granted(roles: Sequence[str], hubs: Sequence[str], known: Roles, counties: Collection[str], partner: str = "") -> None:
    """Check roles and hubs. Raises InvalidInput for a role that is unknown, for keys only, or at odds with another.

    A person of a partner has no role that reaches anything but that partner's offers, and others have no role that does.
    """
    free = [name for name in known if not known[name].keys_only]
    errors = [*_unknown("roles", roles, free), *_unknown("hubs", hubs, counties)]
    if not errors:
        try:
            rights = rights_of((), roles, known)
        except Misconfigured as error:
            errors = [FieldError("/roles", "differ", str(error))]
        else:
            odd = at_odds(rights, hubs, partner)
            errors = [_AT_ODDS[odd]] if odd else []
    if errors:
        raise InvalidInput("The account cannot have these roles: `errors` says why.", errors)


def _unknown(name: str, given: Sequence[str], known: Iterable[str]) -> list[FieldError]:
    choices = sorted(known)
    return [
        FieldError(f"/{name}/{at}", "unknown_code", f"Must be one of: {', '.join(choices)}.")
        for at, each in enumerate(given)
        if each not in choices
    ]
