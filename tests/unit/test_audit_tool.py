"""`make audit`: a feed is believed only if it names what everybody knows, and no answer is never a good answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools import audit

_CLEAN = {"dependencies": [{"name": "x", "version": "1", "vulns": []}]}
_BAD = {"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}]}


def tool(folder: Path, canary: object, lock: object) -> Path:
    """A program with pip-audit's options that reports this of the canary and that of everything else; None is no report."""
    for name, report in (("canary", canary), ("lock", lock)):
        (folder / f"{name}.json").write_text(json.dumps(report) if report else "")
    program = folder / "pip-audit"
    program.write_text(f"""#!/bin/sh
case "$2" in */canary.txt) from={folder}/canary.json ;; *) from={folder}/lock.json ;; esac
while [ "$1" != --output ]; do shift; done
[ -s "$from" ] && cp "$from" "$2"
exit 1
""")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("canary", "lock", "code", "says"),
    [
        (_BAD, _CLEAN, audit.NOTHING_KNOWN, "knows of nothing"),
        (_BAD, _BAD, audit.SOMETHING_KNOWN, "x 1: CVE-1, mended in 2"),
        (None, _CLEAN, audit.NOT_CHECKED, "NOTHING WAS CHECKED"),
        (_CLEAN, _CLEAN, audit.NOT_CHECKED, "NOTHING WAS CHECKED"),
        (_BAD, None, audit.NOT_CHECKED, "NOTHING WAS CHECKED"),
    ],
    ids=["clean", "bad", "no feed", "a feed without advisories", "a feed that stops"],
)
def test_what_it_says(canary: object, lock: object, code: int, says: str, tmp_path: Path) -> None:
    shown: list[str] = []
    assert audit.main(lambda _: tool(tmp_path, canary, lock), shown.append) == code
    assert says in "".join(shown)
