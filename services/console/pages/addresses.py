"""What may be in the address of a page, by kind: `/c/<case:case_ref>`. Anything else leads nowhere, and no service is asked."""

from __future__ import annotations

from werkzeug.routing import BaseConverter

from services.console.values import CASE, DEFENDER


class _Case(BaseConverter):
    """The reference of a case."""

    regex = CASE


class _Defender(BaseConverter):
    """The reference of a person's record."""

    regex = DEFENDER


class _Code(BaseConverter):
    """A code of policy, or an id that follows the same rule: of a need, a partner, a source, an account."""

    regex = "[a-z][a-z0-9_-]{0,63}"


class _Id(BaseConverter):
    """An id that the platform has made."""

    regex = "[A-Za-z0-9_-]{1,80}"


CONVERTERS: dict[str, type[BaseConverter]] = {"case": _Case, "defender": _Defender, "code": _Code, "id": _Id}
