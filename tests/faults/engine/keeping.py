"""What a bad round leaves for whoever looks into it: all logs and histories, and the facts that were judged."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from tests.faults.engine.rounds import Result
from tests.faults.engine.site import Site


def keep(site: Site, result: Result, under: Path) -> Path:
    """Copy it all into a folder named after the round; the platform itself goes with its own folder."""
    folder = under / f"{result.fault.name}-{result.seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for log in (*site.stage.world.directory.glob("*.log"), *site.stores.home.logs.glob("*.log"), *site.folder.rglob("load.log")):
        shutil.copy(log, folder / log.name)
    for partner in site.partners:
        shutil.copy(partner.behaviour, folder)
    (folder / "facts.json").write_text(json.dumps(asdict(result.facts), indent=1, default=str))
    (folder / "verdict.json").write_text(json.dumps([asdict(each) for each in result.verdict.violations], indent=1))
    return folder
