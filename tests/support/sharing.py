"""How a whole run is shared among its workers: what stays together, and what goes first.

One worker runs a group from beginning to end. The longest go first, so that none is left for one worker at the end; how long each
took is remembered from the last whole run, and guessed by its folder before there was one.

In a new checkout most of what collecting costs is that pytest compiles each file of tests. It keeps what it has compiled, so the
workers begin with different folders: each compiles a part, and reads what the others have compiled.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER: dict[str, tuple[str, ...]] = {"tests/system": ("test_restore.py",), "tests/browser": ()}
"""Folders whose files share one platform, and the files in them that have their own."""
GUESSED_S = {
    "tests/faults": 400, "tests/docs/test_demo.py": 350, "tests/docs/test_how_to_pages.py": 350, "tests/system": 200,
    "tests/service/test_contact_leaves.py": 170, "tests/service/test_narrative_leaves.py": 125,
    "tests/service/test_notify.py": 115, "tests/service/test_fresh_install.py": 115, "tests/service/test_gate.py": 70,
    "tests/docs/test_recipes.py": 60, "tests/privacy": 60, "tests/service/test_http_entrypoint.py": 60,
    "tests/service/test_referral.py": 60, "tests/service/test_check.py": 50, "tests/service/test_provisioning.py": 50,
    "tests/service/test_wire.py": 45, "tests/service/test_edge_names.py": 40, "tests/service/test_delivery_guarantees.py": 35,
    "tests/service/test_deployment_tls.py": 35, "tests/service": 20, "tests/browser": 150,
}  # fmt: skip
_REMEMBERED = "ngao/seconds"


def group_of(nodeid: str) -> str:
    """What one worker runs in one go: a file of the tests, or a folder that shares a platform."""
    path = nodeid.partition("::")[0]
    folder, _, name = path.rpartition("/")
    return folder if folder in TOGETHER and name not in TOGETHER[folder] else path


class _ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # xdist's own does so by a suffix of node ids, which pytest 9 ignores
    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


class Sharing:
    """Brings the groups into order, hands them out, and remembers how long each took."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shares = config.getoption("dist", "no") == "loadgroup"
        self._took = Counter[str]()
        self._turn_folders()

    def _turn_folders(self) -> None:
        worker, whole = os.environ.get("PYTEST_XDIST_WORKER"), self._config.getini("testpaths")
        if worker and self._config.args == whole:
            inside = (self._config.rootpath / whole[0]).iterdir()
            folders = sorted(str(path) for path in inside if next(path.rglob("test_*.py"), None))
            turn = int(worker.removeprefix("gw")) * len(folders) // 6
            self._config.args = folders[turn:] + folders[:turn]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
        return _ByGroup(config, log) if self._shares else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if not self._config.getoption("randomly_reorganize", default=False):
            items.sort(key=lambda item: item.nodeid.split("/")[1])
        known: dict[str, float] = self._config.cache.get(_REMEMBERED, {}) if self._config.cache else {}
        items.sort(key=lambda item: -known.get(group := group_of(item.nodeid), _guess(group)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._took[group_of(report.nodeid)] += report.duration

    def pytest_sessionfinish(self) -> None:
        if self._shares and self._config.cache:
            known = self._config.cache.get(_REMEMBERED, {})
            self._config.cache.set(_REMEMBERED, known | {group: round(took, 1) for group, took in self._took.items()})


def _guess(group: str) -> float:
    return next((seconds for folder, seconds in GUESSED_S.items() if group.startswith(folder)), 1)
