"""The errors of notify's own rules.

    NotifyError
    ├── PolicyBroken       the notification rules or templates contradict themselves; the service must not start
    ├── TemplateIndiscreet a template says more than a stranger who reads the screen may learn
    └── NotOpenNow         the message's present state forbids the step

Messages name a place in a policy file or a state, never a person.
"""

from __future__ import annotations


class NotifyError(Exception):
    """The root of the domain's errors."""


class PolicyBroken(NotifyError):
    """The rules contradict themselves or name something that is not there; the message names the place."""


class TemplateIndiscreet(PolicyBroken):
    """A template uses a word or a placeholder that is not on the allow-list."""


class NotOpenNow(NotifyError):
    """The message is in a state in which this step means nothing; `state` is that state."""

    def __init__(self, state: str) -> None:
        super().__init__(f"The message is {state}.")
        self.state = state
