"""Services on one plan, which share no state and no internals; each has its own database, account and keys."""

import ngao.broker.exchanges  # noqa: F401  # declares where they may publish
