"""A service's account has the right to change each collection that the service keeps, by name: the list is whole."""

from __future__ import annotations

import pytest

from ngao.deployment.naming import SERVICES
from ngao.deployment.rights import COLLECTIONS
from tests.support.documents import documents


@pytest.mark.parametrize("service", SERVICES)
def test_the_account_may_change_what_the_service_keeps(service):
    kept = sorted(each.collection_name() for each in documents(service))
    assert kept == sorted(COLLECTIONS[service]), f"COLLECTIONS in ngao/deployment/rights.py: {service} keeps {kept}"
