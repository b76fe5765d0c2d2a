"""Authentication and rate limits of callers."""

from __future__ import annotations

from dataclasses import replace

from ngao.chassis.clock import Clock
from ngao.chassis.errors import Forbidden, ScopeNeeded, Unauthenticated
from ngao.chassis.http.limits import Limiter
from ngao.chassis.security.identity import Authenticator, Principal

_FAILURES_PER_SECOND = 1.0
_FAILURES_AT_ONCE = 10
_ANYONE = Principal("anyone", "anyone")


class Gate:
    """Authenticates a request and holds its caller to the caller's own rate, before any worker is taken."""

    def __init__(self, authenticator: Authenticator, clock: Clock, rate: float, burst: int) -> None:
        self._authenticator = authenticator
        self._callers = Limiter(clock, rate, burst)
        self._failures = Limiter(clock, _FAILURES_PER_SECOND, _FAILURES_AT_ONCE)

    def admit(self, who: tuple[str, ...], needs: str, authorization: str | None, remote: str) -> Principal:
        """Return the caller if its kind is in `who`; an operator also needs the scope in `needs`.

        Raises Unauthenticated, Forbidden, TooManyRequests.
        """
        if "anyone" in who and authorization is None:
            self._callers.take(_bucket(_ANYONE, remote))
            return _ANYONE
        principal = self._known(authorization, remote)
        self._callers.take(_bucket(principal, remote), principal.rate_per_second)
        if principal.kind not in who and "anyone" not in who:
            raise Forbidden("This key may not do this.")
        if principal.kind != "operator" or not needs:
            return principal
        if needs not in principal.rights:
            raise ScopeNeeded(needs)
        return replace(principal, grant=principal.rights[needs])

    def charge(self, principal: Principal, remote: str, tokens: float, *, ahead: bool = False) -> None:
        """Charge a caller for the cost of its request beyond an ordinary one. Raises TooManyRequests, if `ahead` of the work."""
        charge = self._callers.draw_ahead if ahead else self._callers.charge
        charge(_bucket(principal, remote), tokens, principal.rate_per_second)

    def _known(self, authorization: str | None, remote: str) -> Principal:
        try:
            return self._authenticator.authenticate(authorization)
        except Unauthenticated:
            # Only failures wait here, so that callers behind the same address with good keys are not held up.
            self._failures.take(remote)
            raise


def _bucket(principal: Principal, remote: str) -> str:
    return f"anyone:{remote}" if principal.kind == "anyone" else f"{principal.kind}:{principal.id}"
