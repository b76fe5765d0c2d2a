"""Services on one plan, which share nothing but events; each has its own database, account and keys."""

import ngao.broker.exchanges  # noqa: F401  # declares where they may publish
