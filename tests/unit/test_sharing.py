"""How a whole run is shared among its workers, and that small tests really are kept from the network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.support.closed_sockets import SocketOpened
from tests.support.sharing import GUESSED_S, TOGETHER, group_of

ROOT = Path(__file__).parents[2]


def test_files_that_share_a_platform_are_one_group_and_every_other_file_is_its_own() -> None:
    assert group_of("tests/system/test_mail.py::test_one[a/b::c]") == "tests/system"
    assert group_of("tests/system/test_restore.py::test_one") == "tests/system/test_restore.py"
    assert group_of("tests/service/test_relay.py::test_one") == "tests/service/test_relay.py"


def test_folders_and_files_that_are_named_exist() -> None:
    assert all((ROOT / place).exists() for place in GUESSED_S)
    assert all((ROOT / folder / name).is_file() for folder, names in TOGETHER.items() for name in names)


def test_a_small_test_that_talks_to_anybody_fails_even_if_it_forgives_a_broken_network() -> None:
    def asks() -> None:
        try:
            socket.create_connection(("127.0.0.1", 9), 1)
        except OSError:
            return

    with pytest.raises(SocketOpened, match="loopback"):
        asks()
    with pytest.raises(SocketOpened), socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
    with pytest.raises(SocketOpened):
        socket.getaddrinfo("example.org", 443)
