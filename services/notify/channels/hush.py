"""Keep apprise and smtplib quiet: apprise logs recipients at INFO and whole payloads at DEBUG."""

from __future__ import annotations

import logging

NAMES = ("apprise", "smtplib")


class _Nothing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - the signature is logging's
        return False


def hush() -> None:
    """Let nothing out of these loggers, whatever level somebody sets later; what matters is in our own outcome codes."""
    for name in NAMES:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        if not any(isinstance(each, _Nothing) for each in logger.filters):
            logger.addFilter(_Nothing())
