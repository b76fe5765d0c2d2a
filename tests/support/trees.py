"""The syntax tree of a text, parsed once for all tests that look at the code. It must not be changed."""

from __future__ import annotations

import ast
from functools import cache


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)
