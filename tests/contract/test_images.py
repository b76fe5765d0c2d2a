"""The images as their files say it, without an engine: what reaches them, what stays out, and a stand-in for each."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
FIRST, LAST = DOCKERFILE.split("FROM ${PYTHON_IMAGE}")[1:]
IMAGES = ROOT / "deploy" / "images"
SCRIPT = (IMAGES / "build.sh").read_text("utf-8")
STAND_INS = dict(re.findall(r"\[(\w+)\]=(\w+_IMAGE)", SCRIPT))
WITHOUT_STAND_IN = {"NGAO_IMAGE", "GRAFANA_IMAGE"}  # our own; and the one that neither Debian nor PyPI has


def test_what_a_build_needs_of_its_host_stays_in_the_first_stage() -> None:
    assert "COPY deploy/build /build" in FIRST
    assert re.findall(r"^COPY.*", LAST, re.MULTILINE) == ["COPY --from=packages /opt/ngao /opt/ngao"]
    assert [word for word in ("/build", "pip", "ca.pem") if word in LAST] == []


def test_packages_are_wheels_checked_against_the_lock_file() -> None:
    for option in ("--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement /build/requirements-runtime.lock"):
        assert option in FIRST


def test_it_runs_as_nobody_in_particular_says_how_it_is_and_is_asked_to_end() -> None:
    assert "USER 10001:10001" in LAST
    assert 'CMD ["python", "-m", "ngao.healthy"]' in LAST
    assert "STOPSIGNAL SIGTERM" in LAST
    for label in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in LAST


def test_nothing_but_what_is_copied_reaches_the_engine() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {source for line in re.findall(r"^COPY (?!--from)(.*) \S+$", FIRST, re.MULTILINE) for source in line.split()}
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied | {"deploy/Dockerfile"}


def test_every_image_of_compose_has_a_stand_in() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"].values()
    named = {re.match(r"\$\{(\w+)", service["image"])[1] for service in services}  # type: ignore[index]
    assert sorted(named - WITHOUT_STAND_IN - set(STAND_INS.values())) == []


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_has_a_recipe(name: str) -> None:
    assert "recipes/common.sh" in (IMAGES / "recipes" / f"{name}.sh").read_text("utf-8")


def test_the_recipe_of_mongod_finds_all_that_it_imports_of_ours(tmp_path: Path) -> None:
    modules = re.search(r"^MODULES=\((.*)\)$", SCRIPT, re.MULTILINE)[1].split()  # type: ignore[index]
    for module in modules:
        (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / module).write_bytes((ROOT / module).read_bytes())
    recipe = (IMAGES / "recipes" / "mongo.sh").read_text("utf-8")
    (line,) = re.findall(r"^from ngao.*", recipe, re.MULTILINE)
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {line}"]
    done = subprocess.run(bare, check=False, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", [*sorted((ROOT / "deploy").rglob("*.sh"))], ids=str)
def test_scripts_are_sound(script: Path) -> None:
    shell = "bash" if script.name == "build.sh" else "sh"
    subprocess.run([shell, "-n", str(script)], check=True, timeout=10)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--nonsense"], "there is no option --nonsense"),
        (["--save"], "--save needs a folder"),
        (["--load"], "--load needs a folder"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_done(words: list[str], says: str) -> None:
    done = subprocess.run([str(IMAGES / "build.sh"), *words], check=False, capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]


_ENGINE = """#!/bin/sh
# An engine that has one image of a registry and one that was built here, and reaches no registry.
case "$1 $2 $*" in
    "info "*) exit 0 ;;
    "pull "*) exit 1 ;;
    *RepoDigests*haproxy:2.8) echo haproxy@sha256:aaaa ;;
    *RepoDigests*) exit 0 ;;
    "image inspect "*haproxy:2.8 | "image inspect "*ngao/*) exit 0 ;;
    *) exit 1 ;;
esac
"""


def test_images_are_pinned_by_the_digest_that_is_here_and_what_is_not_is_named(tmp_path: Path) -> None:
    engine, variables = tmp_path / "docker", tmp_path / ".env"
    engine.write_text(_ENGINE)
    engine.chmod(0o755)
    variables.write_text("KEPT=1\nMONGO_IMAGE=mongo@sha256:bbbb\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "NGAO_ENV_FILE": str(variables)}
    done = subprocess.run(
        [str(IMAGES / "build.sh"), "--pin"], check=False, capture_output=True, text=True, timeout=20, env=environment
    )
    assert "HAPROXY_IMAGE=haproxy@sha256:aaaa" in variables.read_text().splitlines()
    assert {"KEPT=1", "MONGO_IMAGE=mongo@sha256:bbbb"} <= set(variables.read_text().splitlines())
    assert done.returncode == 1
    assert "rabbitmq:4.1-management is not here and cannot be pulled: NOT PINNED" in done.stderr
    assert "has no digest" in done.stderr
