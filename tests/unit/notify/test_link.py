"""The link in a message leads to the case that the message is about, and names the message only."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import Misconfigured
from services.notify.messages.templates import Templates, Text
from services.notify.settings import read_own

MAIL = {"host": "127.0.0.1", "port": 2525, "from": "desk@example.org", "tls": "none"}
TEMPLATES = Templates({"look": {"en": Text("Please look", "Please open {link} now.")}}, "en")


@pytest.mark.parametrize(
    ("link", "body"),
    [
        ("https://desk.example.org:8445/m/{reference}", "Please open https://desk.example.org:8445/m/7B2C-9F01 now."),
        ("https://desk.example.org", "Please open https://desk.example.org now."),
        ("https://desk.example.org/m/{link}", "Please open https://desk.example.org/m/{link} now."),
    ],
)
def test_the_link_may_name_the_message(link: str, body: str) -> None:
    own = read_own({"link": link, "smtp": MAIL})
    assert TEMPLATES.render("look", "en", reference="7B2C-9F01", link=own.link).body == body


def test_a_link_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"own.link"):
        read_own({"link": "{reference}", "smtp": MAIL})
