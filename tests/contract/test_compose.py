"""The deployment as its files say it, without an engine: nobody is root, nothing is writable, no secret stands in the open."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ngao.chassis.settings import load
from ngao.deployment.environment import PUBLISHED
from ngao.deployment.init_secrets import make
from ngao.deployment.naming import SERVICES
from ngao.deployment.secrets_folder import OWNERS, SecretsFolder
from tests.support.each import for_each
from tests.support.secrets_folder import Given

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
WIRES = ("tls", "plain")
WIRE_FILES = sorted(path.name for path in (ROOT / "deploy" / "wire" / "tls").iterdir())
SECRETS = "${NGAO_SECRETS:-./secrets}/"
A_VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")
OF_TLS = re.compile(r"tls|ssl|cert|key_?file|ca_?file|https?[:_]|\btcp\b|scheme", re.IGNORECASE)
A_PORT = re.compile(r"\b\d{4,5}\b")
SECRET_NAME = re.compile(r"PASS|SECRET|KEY|TOKEN|CREDENTIAL", re.IGNORECASE)
INTERNAL = {name for name, network in COMPOSE["networks"].items() if (network or {}).get("internal")}

OUTSIDERS = {"demo-partner", "demo-source"}

each_part = for_each("name", PARTS)


def mounts(name: str) -> list[tuple[str, str, str]]:
    """Source, target and mode of each mount; variables inside a source stay as they are."""
    found = []
    for text in PARTS[name].get("volumes", ()):
        source, target, *mode = re.split(r":(?![^{]*\})", text)
        found.append((source, target, mode[0] if mode else "rw"))
    return found


def default(text: str, **values: str) -> str:
    return A_VARIABLE.sub(lambda match: values.get(match[1], match[2]), text)


def settings_of(name: str, wire: str, folder: Path) -> Path:
    """A service's settings as its container sees them, with a secrets folder of our own in the place of the mounts."""
    secrets = SecretsFolder(folder / "secrets", Given())
    make(secrets, tls=wire == "tls")
    text = (ROOT / "deploy" / "wire" / wire / f"{name}.toml").read_text("utf-8")
    places = {"/run/ngao/own": secrets.at(name), "/run/ngao/public": secrets.at("public")}
    places["/etc/ngao/own.toml"] = ROOT / "deploy" / "mail.toml"
    for inside, here in places.items():
        text = text.replace(inside, str(here))
    path = folder / "service.toml"
    path.write_text(text)
    return path


def test_it_suits_both_generations_of_compose() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == {"services", "networks", "volumes"}


@each_part
def test_nobody_is_root_or_can_write_or_can_become_more(name: str) -> None:
    part = PARTS[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", part["user"])
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert "cap_add" not in part
    assert "privileged" not in part
    assert part["security_opt"] == ["no-new-privileges:true"]


@each_part
def test_memory_processes_and_what_can_be_written_are_bounded(name: str) -> None:
    part = PARTS[name]
    assert re.fullmatch(r"\d+[mg]", part["mem_limit"])
    assert 0 < part["pids_limit"] <= 1000
    assert part["ulimits"] == {"core": 0}
    (tmp,) = part["tmpfs"]
    assert re.fullmatch(r"/tmp:size=\d+m,mode=1777,noexec,nosuid,nodev", tmp)  # noqa: S108  # inside the container


def test_intake_and_the_stores_come_before_what_works_off_accepted_reports() -> None:
    shares = {name: part.get("cpu_shares", 1024) for name, part in PARTS.items()}
    later = {name for name, share in shares.items() if share < 1024}
    assert later == {"registry", "referral", "notify", "console"}
    assert {shares[name] for name in later} == {1024 // 3}


def test_the_broker_is_one_that_checks_copies_of_a_message() -> None:
    """RabbitMQ asks the topic permissions for the keys in CC and BCC from 4.0 on."""
    version = re.search(r"rabbitmq:(\d+)\.", PARTS["broker"]["image"])
    assert version
    assert int(version[1]) >= 4


@pytest.mark.parametrize("wire", WIRES)
def test_the_brokers_settings_are_those_that_every_version_reads(wire: str) -> None:
    """Of 3.10 and of 4.x: nothing of mirroring, of queue modes or of partition handling, each of which a 4.x has removed."""
    text = (ROOT / "deploy" / "wire" / wire / "rabbitmq.conf").read_text("utf-8")
    keys = {line.partition("=")[0].strip() for line in text.splitlines() if line and not line.startswith("#")}
    known = r"listeners|ssl_options|management|prometheus|load_definitions|cluster_name|heartbeat|max_message_size|channel_max"
    assert [key for key in keys if not re.match(rf"({known}|disk_free_limit|vm_memory_high_watermark|log)\b", key)] == []


@each_part
def test_an_image_is_named_by_a_variable(name: str) -> None:
    assert A_VARIABLE.fullmatch(PARTS[name]["image"])


def test_our_own_image_has_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    ours = {part["image"] for part in PARTS.values() if "NGAO_IMAGE" in part["image"]}
    assert ours == {f"${{NGAO_IMAGE:-ngao/platform:{version}}}"}


@each_part
def test_no_secret_stands_in_the_environment(name: str) -> None:
    environment = PARTS[name].get("environment", {})
    assert isinstance(environment, dict)
    assert [key for key in environment if SECRET_NAME.search(key) and not key.endswith("_FILE") and key != "NGAO_SECRETS"] == []
    places = [key for key in environment if SECRET_NAME.search(key)]
    assert [key for key in places if not str(environment[key]).startswith("/run/ngao/")] == []


@each_part
def test_what_is_mounted_is_there(name: str) -> None:
    for source, target, mode in mounts(name):
        if source.startswith(f"{SECRETS}demo/"):
            assert (name in OUTSIDERS, mode) == (True, "ro")  # made by deploy/demo/onboard.sh
        elif source.startswith(SECRETS):
            assert source.removeprefix(SECRETS) in OWNERS
        elif "/" in source:
            places = [ROOT / default(source, NGAO_WIRE=wire) for wire in WIRES]
            assert [str(place) for place in places if not place.exists()] == []
            assert mode == "ro", target
        else:
            assert source in COMPOSE["volumes"]


@each_part
def test_nobody_is_shown_the_authoritys_key_and_each_its_own_secrets_only(name: str) -> None:
    rooms = {source.removeprefix(SECRETS) for source, _, _ in mounts(name) if source.startswith(SECRETS)}
    demo = {name: {name.replace("-", "/")} for name in OUTSIDERS}
    gates: dict[str, set[str]] = {gate: set() for gate in ("edge", "desk", "mail-gate")}
    own = {"ngao": {"operator"}, "check": {"provision"}, **gates, **demo}.get(name, {name})
    assert rooms - {"public"} <= own


@each_part
def test_what_is_asked_of_the_host_is_a_bounded_log(name: str) -> None:
    assert PARTS[name]["logging"]["options"] == {"max-size": "20m", "max-file": "5"}


def test_only_the_edge_is_reached_from_other_machines() -> None:
    published = {name: part["ports"] for name, part in PARTS.items() if "ports" in part}
    assert len(published.pop("edge")) == 4
    assert [port for ports in published.values() for port in ports if not port.startswith("127.0.0.1:")] == []


def test_what_is_checked_to_be_free_before_the_start_is_what_compose_publishes() -> None:
    texts = [text for part in ("edge", "desk") for text in PARTS[part]["ports"]]
    published = {match[1]: int(match[2]) for match in map(A_VARIABLE.search, texts) if match}
    assert published == {name: port for name, (_, port) in PUBLISHED.items()}


def test_a_store_is_met_by_its_service_and_the_job_that_sets_it_up() -> None:
    for service in SERVICES:
        network = f"store-{service}"
        assert network in INTERNAL
        there = {name for name, part in PARTS.items() if network in part.get("networks", ())}
        assert there == {service, f"{service}-store", "provision"}
        assert PARTS[f"{service}-store"]["networks"] == [network]


def test_the_first_job_meets_nobody() -> None:
    assert PARTS["check"]["network_mode"] == "none"
    assert [name for name, part in PARTS.items() if "networks" not in part] == ["check"]


def test_nothing_starts_before_the_check_and_no_service_before_everything_is_provisioned() -> None:
    done = {"condition": "service_completed_successfully"}
    for name in ("broker", *(f"{service}-store" for service in SERVICES)):
        assert PARTS[name]["depends_on"] == {"check": done}
        assert PARTS["provision"]["depends_on"][name] == {"condition": "service_healthy"}
    assert [PARTS[name]["depends_on"] for name in SERVICES] == [{"provision": done}] * len(SERVICES)


@each_part
def test_whatever_starts_unasked_waits_for_the_check(name: str) -> None:
    if "profiles" in PARTS[name] or name == "check":
        return
    waited_for, due = set(), [name]
    while due:
        due = [each for one in due for each in PARTS[one].get("depends_on", ()) if each not in waited_for]
        waited_for.update(due)
    assert "check" in waited_for


def test_outsiders_meet_the_edge_gate_only() -> None:
    inside = {"broker", "provision", *SERVICES, *(f"{service}-store" for service in SERVICES)}
    assert not {name for name in inside if "edge" in PARTS[name]["networks"]}
    assert [name for name in inside if set(PARTS[name]["networks"]) - INTERNAL] == []
    assert set(PARTS["edge"]["networks"]) == {"edge", "front"}
    assert [PARTS[name]["networks"] for name in OUTSIDERS] == [["edge"]] * len(OUTSIDERS)


def test_reports_come_in_without_console() -> None:
    waits_for = {name for name, part in PARTS.items() if "console" in part.get("depends_on", ())}
    assert waits_for == set()


@pytest.mark.parametrize("wire", WIRES)
def test_console_asks_each_other_service_where_its_readiness_is_and_over_a_network_that_both_are_on(
    wire: str, tmp_path: Path
) -> None:
    asked = load(settings_of("console", wire, tmp_path)).own["services"]
    scheme = "https" if wire == "tls" else "http"
    assert asked == {name: f"{scheme}://{name}:8081" for name in SERVICES if name != "console"}
    assert [name for name in SERVICES if "watch" not in PARTS[name]["networks"]] == []


def test_the_only_way_out_leads_from_notify_to_the_mail_server() -> None:
    meets = {name: set(part.get("networks", ())) for name, part in PARTS.items()}
    assert {name for name, networks in meets.items() if "letters" in networks} == {"notify", "mail-gate"}
    assert {name for name, networks in meets.items() if "outside" in networks} == {"mail-gate", "mail"}
    assert meets["mail-gate"] == {"letters", "outside"}
    assert "letters" in INTERNAL
    assert "ports" not in PARTS["mail-gate"]


@pytest.mark.parametrize("wire", WIRES)
def test_the_mail_gate_has_one_target_which_is_the_one_that_notify_knows(wire: str, tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "wire" / wire / "mail.cfg").read_text("utf-8")
    assert re.findall(r"^ +(?:server|server-template|use-server|http-request|tcp-request) .*", text, re.MULTILINE) == [
        '    server mail "${NGAO_MAIL_SERVER}"'
    ]
    leads_to = {PARTS[name]["environment"]["NGAO_MAIL_SERVER"] for name in ("notify", "mail-gate")}
    smtp = tomllib.loads((ROOT / "deploy" / "mail.toml").read_text("utf-8"))["smtp"]
    assert [default(each) for each in leads_to] == [f"{smtp['host']}:{smtp['port']}"]
    own = load(settings_of("notify", wire, tmp_path)).own
    assert own["gate"]["host"] in PARTS
    assert f"bind :{own['gate']['port']}\n" in text


@each_part
def test_what_lasts_is_looked_at_and_has_time_to_end(name: str) -> None:
    part = PARTS[name]
    if part["restart"] == "unless-stopped":
        assert name in OUTSIDERS or part["healthcheck"]["test"][0] == "CMD"
    else:
        assert part["restart"] == "no"
    if name in SERVICES:
        assert part["stop_signal"] == "SIGTERM"
        assert part["stop_grace_period"] == "40s"


def test_both_wires_have_the_same_files() -> None:
    assert sorted(path.name for path in (ROOT / "deploy" / "wire" / "plain").iterdir()) == WIRE_FILES


@for_each("name", WIRE_FILES)
def test_the_wires_differ_in_lines_about_tls_only(name: str) -> None:
    encrypted, plain = ((ROOT / "deploy" / "wire" / wire / name).read_text("utf-8").splitlines() for wire in WIRES)
    changed = [line for line in difflib.ndiff(encrypted, plain) if not line[2:].lstrip().startswith("#")]
    more, fewer = ([line[2:] for line in changed if line.startswith(sign)] for sign in "-+")
    assert [line for line in more if not OF_TLS.search(line)] == []
    assert [line for line in fewer if not OF_TLS.search(line) and not any(each.startswith(line) for each in more)] == []
    assert {port for line in fewer for port in A_PORT.findall(line)} <= {port for line in more for port in A_PORT.findall(line)}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", SERVICES)
def test_a_services_settings_are_sound_and_say_tls_or_nothing_of_it(name: str, wire: str, tmp_path: Path) -> None:
    settings = load(settings_of(name, wire, tmp_path))
    assert settings.service == name
    assert settings.store.hosts == f"{name}-store:27017"
    broker, http = settings.broker, settings.http
    files = [http.cert_file, http.key_file, broker.ca_file, broker.cert_file, broker.key_file, settings.store.ca_file]
    assert all(file and file.exists() for file in files) if wire == "tls" else not any(files)
