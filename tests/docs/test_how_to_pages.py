"""Every bash block of the pages of docs/how-to, on a platform that the demo has left running; test_demo.py follows the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.demo import Copy, follow, followed

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]


@pytest.mark.parametrize("page", followed(how_to=True), ids=str)
def test_every_command_of_a_page_works(running: Copy, page: Path) -> None:
    follow(running, page)
