"""`ngao policy check` and `ngao operator`: wrong rules are named before any service meets them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from marshmallow import INCLUDE, Schema

from ngao.chassis.policy import load_policy
from ngao.chassis.security.identity import hash_key, load_operators
from ngao.chassis.security.roles import WHOLE, read_roles
from ngao.cli.app import main
from ngao.deployment.checks.policy import read_as_services
from ngao.deployment.operators import entries_in
from ngao.local.configuration import write_operator
from ngao.local.home import REPOSITORY, Home
from services.intake.policy import load

SHIPPED = REPOSITORY / "deploy" / "policy"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("NGAO_HOME", str(tmp_path))
    made = Home(tmp_path)
    made.make()
    return made


def ngao(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["ngao", *arguments])
    with pytest.raises(SystemExit) as exit_:
        main()
    return int(exit_.value.code or 0)


def overlay(home: Home, name: str, *replaced: tuple[str, str]) -> None:
    text = (SHIPPED / name).read_text("utf-8")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    (home.policy / name).write_text(text, "utf-8")


def test_the_shipped_policy_is_in_order_for_all_four(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ngao(monkeypatch, "policy", "check", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["service"] for row in rows} == {"intake", "referral", "notify", "registry", "console"}
    assert all(len(row["version"]) == 12 for row in rows)


def test_an_own_file_changes_the_version_of_the_service_that_reads_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ngao(monkeypatch, "policy", "check", "--json")
    before = json.loads(capsys.readouterr().out)
    overlay(home, "deadlines.yaml", ("respond_by: 900", "respond_by: 600"))
    assert ngao(monkeypatch, "policy", "check", "--json") == 0
    after = json.loads(capsys.readouterr().out)
    assert [new["service"] for old, new in zip(before, after, strict=True) if old != new] == ["referral"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("triage.yaml", "critical: 100", "critical: 10", "intake would not start: .*triage.yaml.*thresholds"),
        ("deadlines.yaml", "resolve_by: 30", "resolve_bye: 30", "referral would not start: .*deadlines.yaml.*resolve_bye"),
        (
            "notifications.yaml",
            "template: look_now",
            "template: look_nowhere",
            "notify would not start: .*template is not in the templates",
        ),
        (
            "templates.yaml",
            """    sw:
      subject: Ujumbe mfupi
      body: "Kuna habari. Tafadhali wasiliana nasi kwa njia tuliyokubaliana."
""",
            "",
            "notify would not start: .*templates.defender_news has no text in sw",
        ),
        (
            "identity.yaml",
            "default_region: KE",
            "default_region: Kenya",
            "registry would not start: .*identity.yaml.*default_region",
        ),
    ],
    ids=lambda wrong: wrong[0],
)
def test_a_wrong_rule_is_named_with_the_service_that_would_not_start(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]
) -> None:
    name, old, new, said = wrong
    overlay(home, name, (old, new))
    assert ngao(monkeypatch, "policy", "check") == 1
    assert re.search(said, capsys.readouterr().err)


def test_the_overlay_on_the_page_about_policy_is_taken(home: Home) -> None:
    page = (REPOSITORY / "docs" / "how-to" / "change-policy.md").read_text("utf-8")
    (block,) = re.findall(r"support_types.yaml\" <<'END'\n(.*?)END\n", page, re.DOTALL)
    (home.policy / "support_types.yaml").write_text(block, "utf-8")
    assert read_as_services((SHIPPED, home.policy), SHIPPED)[1] == []
    supports = load((SHIPPED, home.policy)).vocabulary.supports
    assert supports - load((SHIPPED,)).vocabulary.supports == {"veterinary"}
    assert load((SHIPPED,)).vocabulary.supports - supports == {"forum_funding"}


@pytest.mark.parametrize("name", sorted(str(path.relative_to(SHIPPED)) for path in SHIPPED.rglob("*.yaml")))
def test_a_shipped_file_laid_over_itself_changes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    text = (SHIPPED / name).read_text("utf-8")
    (tmp_path / name).write_text(f"overlay: true\n{text}", "utf-8")
    as_it_is = Schema.from_dict({}, name="AsItIs")(unknown=INCLUDE)
    assert load_policy((SHIPPED, tmp_path), {name: as_it_is})[name] == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("retention.yaml", "services: {intake: {reports: {closed: 100}}}"),
        ("counties.yaml", 'counties: {UG-102: {number: 99, name: "Kampala"}}'),
        ("languages.yaml", 'languages: {fr: {retired: true}, lg: "Luganda"}'),
        ("triage.yaml", "rules: [{id: life_attempted, retired: true}]"),
        ("identity.yaml", "matching: {kin_words: {add: [aunt]}}"),
        ("notifications.yaml", "repeats_within_minutes: 30"),
        ("deadlines.yaml", "urgencies: {low: {respond_by: 3600}}"),
        ("flags.yaml", 'flags: {media_interest: {retired: true}, house_watched: {label: {en: "Watched", sw: "Inachunguzwa"}}}'),
    ],
)
def test_every_service_reads_an_overlay_of_its_files(home: Home, name: str, text: str) -> None:
    before, _ = read_as_services((SHIPPED,), SHIPPED)
    (home.policy / name).write_text(f"overlay: true\n{text}\n", "utf-8")
    after, wrong = read_as_services((SHIPPED, home.policy), SHIPPED)
    assert wrong == []
    assert name == "retention.yaml" or before != after


def test_a_file_that_no_service_reads_is_an_error_not_a_silence(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.policy / "deadline.yaml").write_text("told: nobody\n", "utf-8")
    assert ngao(monkeypatch, "policy", "check") == 1
    assert "No service reads" in capsys.readouterr().err


def test_an_operator_gets_a_key_whose_hash_is_kept_beside_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_operator(home)
    assert ngao(monkeypatch, "operator", "add", "night-desk", "--scope", "identity:read") == 0
    key = (home.secrets / "operator-night-desk.key").read_text("utf-8").strip()
    assert key not in capsys.readouterr().out
    known = load_operators(home.config / "operators.json")
    assert known["night-desk"].hashes == (hash_key(key),)
    assert "local" in known
    assert known["night-desk"].rights == {"identity:read": WHOLE}
    assert ngao(monkeypatch, "operator", "allow", "night-desk", "--role", "watch", "--scope", "messages:write") == 0
    roles = read_roles((SHIPPED,))
    allowed = load_operators(home.config / "operators.json", roles)["night-desk"].rights
    assert allowed == {**roles["watch"].rights, "messages:write": WHOLE}
    assert ngao(monkeypatch, "operator", "add", "convenor", "--role", "hub-convenor", "--hub", "KE-30") == 0
    assert load_operators(home.config / "operators.json", roles)["convenor"].hubs == {"KE-30"}
    assert ngao(monkeypatch, "operator", "allow", "convenor", "--scope", "cases:read") == 0
    assert not {"roles", "hubs"} & set(entries_in(home.config / "operators.json")[-1])  # a version before reads no others
    assert ngao(monkeypatch, "operator", "add", "nowhere", "--role", "hub-convenor") == 1
    assert "with --hub" in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "add", "nowhere", "--role", "hub-convenor", "--hub", "Nairobi") == 1
    assert "Unknown county Nairobi." in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "add", "both", "--role", "caseworker", "--role", "auditor") == 1
    assert "Give only one of them." in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "allow", "day-desk", "--role", "watch") == 1
    assert "Unknown operator." in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "add", "night-desk", "--role", "king") == 1
    assert "Unknown role king." in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "add", "night-desk", "--scope", "everything") == 1
    assert "Unknown scope everything." in capsys.readouterr().err
    assert ngao(monkeypatch, "operator", "add", "Night Desk") == 1
    assert "lower-case" in capsys.readouterr().err


def test_an_operator_whose_roles_do_not_fit_is_named_before_the_services_start(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_operator(home)
    assert ngao(monkeypatch, "operator", "add", "both", "--role", "watch") == 0
    (home.policy / "roles.yaml").write_text("overlay: true\nroles: {watch: {retired: true}}\n", "utf-8")
    assert ngao(monkeypatch, "policy", "check") == 1
    assert "The role watch of both is not in roles.yaml" in capsys.readouterr().err
