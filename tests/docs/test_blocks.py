"""What the pages show and do not run: each console line has a place where it is tried, each example is a file that is tested."""

from __future__ import annotations

import json
import tomllib

import pytest

from services.console.settings import OrganisationSettings
from services.console.settings import read_own as read_consoles_own
from services.notify.settings import read_own
from tests.support.pages import ON_ENGINE, ROOT, Block, blocks, prompts

# Shown with a prompt and not run from the page, and where each is tried instead.
DEMO, SELFTEST, CLIENT, HAND = (
    "tests/docs/test_demo.py",
    "the run you are looking at",
    "tests/service/test_client_source.py",
    "by hand",
)
RECIPES = "tests/docs/test_recipes.py"
PIPED = "{ printf 'Authorization: Bearer '; cat http.secret; } | curl --fail-with-body https://intake.example.org/v1/reports"
CONSOLE = {
    "bin/ngao run pytest tests/unit/intake/mapping/test_hotline.py": RECIPES,
    "bin/ngao run pytest tests/unit/notify/channels/test_sms.py": RECIPES,
    "bin/ngao run pytest tests/unit/registry/candidates/test_remind.py": RECIPES,
    "bin/ngao run pytest tests/unit/registry/people/test_list_restrictions.py "
    "tests/architecture/test_scopes.py tests/architecture/test_audited.py": RECIPES,
    "bin/ngao run pytest tests/contract/test_samples.py tests/unit/registry/people": RECIPES,
    "bin/ngao run pytest tests/unit/referral/cases/test_note_restriction.py": RECIPES,
    "make demo": DEMO,
    "bin/ngao down": DEMO,
    "bin/ngao restart notify": "docs/how-to/change-policy.md",
    "NGAO_HOME=/srv/ngao-second bin/ngao up": DEMO,  # its home is a second copy beside the one that the tests use
    "NGAO_HOME=/srv/ngao-second bin/ngao down": DEMO,
    "make test": SELFTEST,
    "make test-fast": SELFTEST,
    "make test-thorough": SELFTEST,
    "make test-all": SELFTEST,
    "make lint": SELFTEST,
    "make lint types": SELFTEST,
    "make generate": SELFTEST,  # the same program, with --check
    "make types": SELFTEST,
    "make imports": SELFTEST,
    "make check-generated": SELFTEST,
    "make faults": "tests/faults/test_short_faults.py",  # the same engine, eleven of its faults
    "make leaks": "tests/privacy/test_markers.py",  # the same search, its happy path
    "make test-long": "tests/compose/test_rotation.py",  # the same kinds, on a container engine
    "bin/ngao test --only-tests tests/unit": SELFTEST,
    "bin/ngao test --only-tests tests/service -k parked": SELFTEST,
    "bin/ngao test --only-tests tests/browser/test_night.py": SELFTEST,
    "bin/ngao test --thorough --only-tests tests/browser -k keyboard": SELFTEST,
    "bin/ngao run pytest tests/service -k parked": SELFTEST,
    "export NGAO_TEST_AMQP=amqp://guest:guest@127.0.0.1:5672": SELFTEST,
    "export NGAO_TEST_MANAGEMENT=http://guest:guest@127.0.0.1:15672": SELFTEST,
    'export NGAO_TEST_MONGO="mongodb://127.0.0.1:27017/?directConnection=true"': SELFTEST,
    "python source.py account.json report.json": CLIENT,
    "python partner.py ~/ngao/account.json": CLIENT,
    "python -m ngao.client keygen ~/ngao": "docs/tutorial/first-referral.md",
    "python -m ngao.client check partner ~/ngao/account.json": "docs/tutorial/first-referral.md",
    "age -d -i backup.key intake.backup | gunzip > intake.records": "tests/unit/deployment/test_backup_files.py",  # its two steps
    PIPED: "README.md",
    "git clone <this repository> ngao && cd ngao": HAND,
    "python3 -m venv ~/ngao-client && ~/ngao-client/bin/pip install .": HAND,
}
LANGUAGES = {"bash", "console", "text", "python", "json", "toml", "mermaid", "", "diff"}


# The same for what only root may do, on a machine with a container engine.
PAGES, RESTORE = "tests/compose/test_pages.py", "tests/compose/test_restore.py"
AS_ROOT = {
    "bin/ngao secrets init": PAGES,
    "bin/ngao check --before-start": PAGES,
    "docker compose up --detach": PAGES,
    "apt-get install --no-install-recommends docker.io docker-compose iptables curl": "tests/compose/engine/docker.py",
    "apt-get install --no-install-recommends debootstrap": PAGES,
    "deploy/images/build.sh": PAGES,
    "deploy/demo/onboard.sh": PAGES,
    "compose --profile demo up --detach": PAGES,
    "compose logs --follow demo-source demo-partner": PAGES,
    "install -d -o 10001 -g 10001 -m 0700 /srv/backups": RESTORE,
    "docker compose run --rm -v /srv/backups:/backups provision python -m ngao.cli backup --to /backups": RESTORE,
    "docker compose stop edge desk intake referral notify registry console": RESTORE,
    "docker compose up provision": RESTORE,
    "docker compose run --rm -T -v /srv/backups:/backups provision": RESTORE,
    "bin/ngao check": RESTORE,
}


@pytest.mark.parametrize(("sign", "known"), [("$", CONSOLE), ("#", AS_ROOT)])
def test_every_console_line_is_tried_somewhere(sign: str, known: dict[str, str]) -> None:
    assert [line for line in prompts(sign) if line not in known] == []


@pytest.mark.parametrize(("sign", "known"), [("$", CONSOLE), ("#", AS_ROOT)])
def test_the_list_of_console_lines_names_none_that_is_gone(sign: str, known: dict[str, str]) -> None:
    assert [line for line in known if line not in prompts(sign)] == []


@pytest.mark.parametrize("place", sorted({*CONSOLE.values(), *AS_ROOT.values()} - {SELFTEST, HAND}))
def test_the_places_where_console_lines_are_tried_exist(place: str) -> None:
    assert (ROOT / place).is_file()


def test_the_pages_for_an_engine_are_there_and_have_commands() -> None:
    """tests/compose/test_pages.py follows each of them."""
    assert [str(page) for page in ON_ENGINE if not list(blocks("bash", page))] == []


def test_pages_use_no_kind_of_block_that_nobody_checks() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    fences = [line for page in pages for line in page.read_text("utf-8").splitlines() if line.startswith("```")]
    assert {line.removeprefix("```") for line in fences} <= LANGUAGES


@pytest.mark.parametrize("block", list(blocks("python")), ids=str)
def test_a_python_example_is_a_file_that_is_tested_or_a_part_of_one(block: Block) -> None:
    files = [path.read_text("utf-8") for path in (ROOT / "docs" / "how-to").glob("*.py")]
    assert any(block.text in text for text in files)


@pytest.mark.parametrize("block", list(blocks("json")), ids=str)
def test_a_json_example_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", list(blocks("toml")), ids=str)
def test_a_settings_example_is_taken_by_its_service(block: Block, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("own") / "secret"
    secret.write_text("invented\n")
    secret.chmod(0o600)
    own = tomllib.loads(block.text)["own"]
    if "organisation" in own:
        own["organisation"]["secret_file"] = str(secret)
        assert read_consoles_own(own).organisation == OrganisationSettings(
            "https://id.example.org/realms/coalition", "desk", "invented"
        )
        return
    own["smtp"]["password_file"] = str(secret)
    assert read_own(own).channels["email"].host == "mail.example.org"
