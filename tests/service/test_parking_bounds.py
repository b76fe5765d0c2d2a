"""What one account sends and nobody can read fills no store: beyond a bound it is counted, without its body."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.parking import AccountBounds
from ngao.contracts import CONTENT_TYPE
from ngao.kernel.actors import Actor
from ngao.testing.processes import World
from services.intake.quarantine.model import NATIVE
from tests.support.forgetting import Held, opened

BOUNDS = AccountBounds()


@pytest.fixture(scope="module")
def held(world: World) -> Iterator[Held]:
    with opened(world, "intake") as intake:
        yield intake


def park(held: Held, account: str | None, body: bytes, *, content_type: str = CONTENT_TYPE, edge: bool = True) -> str:
    delivery = Delivery("intake.reports", "flood", body, content_type, account, None)
    return held.chassis.units.run(lambda unit: held.chassis.parking.park(unit, delivery, reason="undecodable", edge=edge))


def records(held: Held, account: str | None) -> list[dict[str, object]]:
    return held.records("parked", **{"headers.x-ngao-user-id": account})


@pytest.mark.parametrize("content_type", [CONTENT_TYPE, NATIVE])
def test_beyond_so_many_messages_of_an_account_the_rest_is_counted_in_one_record(held: Held, content_type: str) -> None:
    account = f"source-many-{len(content_type)}"
    first = [park(held, account, b"x%d" % at, content_type=content_type) for at in range(BOUNDS.messages)]
    more = {park(held, account, b"y%d" % at, content_type=content_type) for at in range(30)}
    kept = {each["_id"]: each for each in records(held, account)}
    assert set(kept) == {*first, *more}
    (counted,) = more
    assert (kept[counted]["body"], kept[counted]["times"], kept[counted]["state"]) == (None, 30, "parked")
    assert all(kept[at]["body"] for at in first)
    assert park(held, account, b"x0", content_type=content_type) == first[0], "what is kept already stays kept"


def test_beyond_so_many_bytes_of_an_account_the_rest_is_counted(held: Held) -> None:
    body = b"z" * (1024 * 1024)
    made = [park(held, "source-large", b"%03d" % at + body[3:]) for at in range(BOUNDS.bytes // len(body) + 5)]
    assert len(set(made)) == BOUNDS.bytes // len(body) + 1


def test_what_is_counted_can_be_dropped_and_not_replayed_and_others_keep_their_room(held: Held) -> None:
    for at in range(BOUNDS.messages):
        park(held, "source-over", b"x%d" % at)
    counted = park(held, "source-over", b"one more")
    with pytest.raises(NotAllowedNow):
        held.chassis.parking.replay(counted, by=Actor.operator("o"), reason="r")
    held.chassis.parking.drop(counted, by=Actor.operator("o"), reason="r")
    other = park(held, "source-other", b"mine")
    assert [each["body"] is not None for each in records(held, "source-other")] == [True]
    assert other != counted
    assert park(held, "source-over", b"yet another") == counted, "it is there again, with its count"


def test_what_our_own_services_published_is_always_kept(held: Held) -> None:
    made = {park(held, None, b"e%d" % at, edge=False) for at in range(BOUNDS.messages + 5)}
    assert len(made) == BOUNDS.messages + 5
