"""Sections of a settings file, and their errors as sentences, each with the place that it is about."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema


class Section(Schema):
    """A part of a settings or policy file: a key that is not known is a mistake."""

    class Meta:
        """Unknown keys are errors."""

        unknown = RAISE


def sentences(messages: Any, at: str = "") -> list[str]:
    """One sentence for each error of a marshmallow schema."""
    if isinstance(messages, dict):
        return [line for key, value in messages.items() for line in sentences(value, f"{at}.{key}".strip("."))]
    return [f"{at}: {str(message).rstrip('.')}" for message in messages]
