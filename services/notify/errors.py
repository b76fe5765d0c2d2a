"""The errors of notify's own rules: PolicyBroken, and TemplateIndiscreet below it.

Neither lets the service start, and a message names a place in a policy file.
"""

from __future__ import annotations


class PolicyBroken(Exception):
    """The rules contradict themselves or name something that is not there; the message names the place."""


class TemplateIndiscreet(PolicyBroken):
    """A template uses a word or a placeholder that is not on the allow-list."""
