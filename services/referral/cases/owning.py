"""The owner of a case: the one operator who sees to it that the case moves on."""

from __future__ import annotations

import re

from ngao.kernel.ids import ID

NO_ONE = "none"
"""How a query asks for cases without an owner. So an operator of this name can own none."""
OWNER = f"^(?!{NO_ONE}$){ID}$"
"""What the id of an owner looks like: that of an operator's account."""
ACKNOWLEDGED, TAKEN_OVER, HANDED_OVER = "acknowledged", "taken_over", "handed_over"
"""Why an operator became the owner: the first acknowledgement of an alarm, an act of their own, or one of another operator."""


def may_own(operator_id: str) -> bool:
    """Return True if a case can be given to an operator of this id."""
    return re.fullmatch(OWNER, operator_id) is not None
