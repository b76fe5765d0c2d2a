"""Writes the reference that follows from the code; with `--check`, fails when a committed file differs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.generating import architecture, asyncapi, events, matching, openapi, problems, roles, schemas, settings  # noqa: E402  # needs the root on the path

_WHOLLY_OURS = ("docs/reference/schemas", "docs/reference/openapi")


def everything(root: Path = ROOT) -> dict[str, str]:
    """Return the text of each generated file by its path."""
    made = {**schemas.files(), **asyncapi.files(root), **events.files(), **openapi.files(root)}
    made |= {**problems.files(), **settings.files(), **roles.files(root), **matching.files(root)}
    return made | architecture.files(root)


def differences(made: dict[str, str], root: Path = ROOT) -> list[str]:
    """Return the paths of committed files that are missing, differ from the generated text, or are no longer generated."""
    wrong = [path for path, text in made.items() if _text(root / path) != text]
    return sorted(wrong + [path for path in _present(root) if path not in made])


def write(made: dict[str, str], root: Path = ROOT) -> None:
    """Write the files, and remove those that are no longer generated."""
    for path in set(_present(root)) - set(made):
        (root / path).unlink()
    for path, text in made.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def _present(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for folder in _WHOLLY_OURS for path in (root / folder).glob("*")]


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def main() -> int:
    """Write or check the files. Returns 1 if --check finds a difference, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    checking = parser.parse_args().check
    made = everything()
    wrong = differences(made)
    if not checking:
        write(made)
        made = everything()  # the index lists the folders that were just made, too
        write(made)
        print(f"{len(made)} files, {len(wrong)} of them changed.")
        return 0
    for path in wrong:
        print(f"{path} differs from the code: run `make generate`.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
