"""The pages whose commands need a container engine, followed to the letter: by root, in a fresh copy, in one shell a page."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ngao.testing.waiting import eventually
from tests.compose.engine.deployment import Deployment, has_registry
from tests.compose.engine.docker import Tell, call, docker
from tests.support.launcher import borrowed
from tests.support.pages import ON_ENGINE, Block, as_script, parts

pytestmark = [pytest.mark.compose, pytest.mark.timeout(2400)]
DEPLOY = Path("docs/how-to/deploy.md")
_CASE = r"NG-[0-9A-Z]+"
# What a page must have shown by its end, beside that no command of it failed.
SHOWN = {
    DEPLOY: ('"duplicate":false', "intake.report.receipt.v1 NG-", "partner are onboarded", "contact_opened", "all good"),
    Path("docs/how-to/rotate-secrets.md"): ("Created a new authority", "Only the new authority is trusted", "all good"),
    Path("docs/runbooks/scale.md"): ("all good",),
    Path("docs/runbooks/upgrade.md"): ("old: ngao/platform:", "all good"),
}
# Shown for a reader, done otherwise here: the engine is there, apt-get must not ask, and a log is not followed without end.
_DEBOOTSTRAP = "apt-get install --no-install-recommends debootstrap"
_OTHERWISE = {
    "apt-get install --no-install-recommends docker.io docker-compose iptables curl": "docker version",
    _DEBOOTSTRAP: "command -v debootstrap || apt-get -qq install -y --no-install-recommends debootstrap",
    "compose logs --follow demo-source demo-partner": """\
until compose logs demo-partner | grep contact_opened > /dev/null; do sleep 1; done
compose logs --tail 50 demo-source demo-partner""",
}
_ONLY_WITHOUT_REGISTRY = (_DEBOOTSTRAP, "deploy/images/build.sh")


@pytest.fixture(scope="module")
def place(engine: None, folder: Path, tell: Tell) -> Iterator[Deployment]:
    """A fresh copy, in whose `.env` stands only what must differ on a machine that is shared; removed whatever happens."""
    made = Deployment(folder / "pages", tell)
    try:
        made.copy()
        yield made
    finally:
        tell("removing the deployment of the pages")
        made.remove()
        docker("image", "rm", "-f", newer_image(made), check=False)


@dataclass(frozen=True)
class Operator:
    """Somebody who follows pages, in the copy; `registry`: the public images can be had, so that none is built but ours."""

    place: Deployment
    environment: dict[str, str]
    registry: bool
    said: dict[Path, str] = field(default_factory=dict)

    def follows(self, page: Path) -> str:
        """Gives the commands of a page in one shell; gives back all that they say. One that fails ends it."""
        shown = [self._as_commands(block) for block in parts(page) if block.language in {"bash", "console"}]
        done = call(
            "bash", "-c", as_script(shown), within=2300, check=False, cwd=self.place.checkout, env=self.environment,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said[page] = done.stdout
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def _as_commands(self, block: Block) -> Block:
        """What is shown behind root's prompt, without the prompt."""
        if block.language == "bash":
            return block
        lines = [line.removeprefix("# ") for line in block.text.splitlines()]
        kept = [line for line in lines if not (self.registry and line in _ONLY_WITHOUT_REGISTRY)]
        return replace(block, text="\n".join(_OTHERWISE.get(line, line) for line in kept) + "\n")


@pytest.fixture(scope="module")
def operator(place: Deployment) -> Operator:
    """With a Python environment that need not be made."""
    kept = {name: value for name, value in place.environment().items() if not name.startswith(("PYTHON", "COLUMNS"))}
    return Operator(place, {**kept, **borrowed(place.folder), "NEW_IMAGE": newer_image(place)}, has_registry())


def newer_image(place: Deployment) -> str:
    return f"{place.image}-next"


@pytest.mark.parametrize("page", ON_ENGINE, ids=str)
def test_every_command_of_a_page_works(place: Deployment, operator: Operator, tell: Tell, page: Path) -> None:
    tell(f"following {page}")
    said = operator.follows(page)
    assert [line for line in SHOWN[page] if line not in said] == []
    place.wait_until_well(180)
    assert "all good" in place.ngao("check")


def test_a_report_over_https_and_one_over_amqp_have_become_cases(place: Deployment, operator: Operator) -> None:
    said = operator.said[DEPLOY]
    over_https, over_amqp = re.search(rf'"case_ref":"({_CASE})"', said), re.search(rf"posted: ({_CASE})", said)
    assert over_https
    assert over_amqp
    assert f"intake.report.receipt.v1 {over_amqp[1]}" in said
    for case_ref in (over_https[1], over_amqp[1]):
        eventually(lambda case_ref=case_ref: case_ref in place.ngao("case", "list", "--limit", "200"), what="it to be listed")  # type: ignore[misc]


def test_the_services_are_back_on_the_image_before_the_upgrade(place: Deployment) -> None:
    assert {each["Config"]["Image"] for each in place.containers("registry")} == {place.image}
