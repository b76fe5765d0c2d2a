"""`ngao` as an operator types it, for a test's own corner of the real parts."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

from ngao.testing.processes import ROOT, ServiceProcess, World


def ngao(world: World, *arguments: str, **services: ServiceProcess) -> tuple[int, str]:
    """Run one command with the tester's key and the administrator of the broker; gives the exit code and all that it prints."""
    key_file, parts = world.directory / "operator.key", urlsplit(world.parts.management)
    key_file.write_text(world.operator_key)
    key_file.chmod(0o600)
    environment = {
        "NGAO_HOME": str(world.directory / "home"),
        "NGAO_OPERATOR_KEY_FILE": str(key_file),
        "NGAO_BROKER_MANAGEMENT": f"http://{parts.hostname}:{parts.port}",
        "NGAO_BROKER_USER": parts.username or "",
        "NGAO_BROKER_PASSWORD_FILE": str(world.directory / "broker.password"),
        "NGAO_EDGE_VHOST": world.edge_vhost,
        "NGAO_EDGE_ADDRESS": f"{world.parts.amqp_host}:{world.parts.amqp_port}",
        "PYTHONPATH": str(ROOT),
    } | {f"NGAO_URL_{name.upper()}": f"http://127.0.0.1:{process.port}" for name, process in services.items()}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "ngao.cli", *arguments], cwd=ROOT, check=False, capture_output=True,
        text=True, env={**os.environ, **environment}, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
