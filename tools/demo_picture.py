"""Draws `docs/images/demo.svg` from the demo's real output.

bin/ngao demo | tee demo.txt && bin/ngao run python tools/demo_picture.py demo.txt
"""

from __future__ import annotations

import argparse
import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH, LINE_HEIGHT, MARGIN, FONT_SIZE, LONGEST = 1240, 24, 24, 15, 134
# The steps to show, in order, each with its colour: the first line of the output that contains the text.
STEPS = (
    ("accepted, high", "#e5e9f0"),
    ("knows who it is about", "#d8dee9"),
    ("Offered to haki-legal-nairobi", "#d8dee9"),
    ("declines legal_aid", "#ebcb8b"),
    ("Offered to wakili-kitaifa", "#d8dee9"),
    ("wakili-kitaifa takes legal_aid", "#a3be8c"),
    ("opened the sealed contact", "#b48ead"),
    ("e-mail to", "#81a1c1"),
    ("did not answer", "#ebcb8b"),
    ("refused, with its fields", "#bf616a"),
    ("parked: ", "#ebcb8b"),
    ("replayed: accepted", "#a3be8c"),
)
_STEP = re.compile(r"^ *\d+\.\d s  ")


def steps_of(output: str) -> list[tuple[str, str]]:
    """Return the lines to show with their colours. Raises SystemExit for a missing step: the picture shows only real output."""
    lines = [line.rstrip() for line in output.splitlines() if _STEP.match(line)]
    found = []
    for text, colour in STEPS:
        line = next((line for line in lines if text in line), None)
        if line is None:
            raise SystemExit(f"The output has no step with: {text}. Run the demo again.")
        found.append((lines.index(line), line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…", colour))
    return [(line, colour) for _, line, colour in sorted(found)]


def svg_of(steps: list[tuple[str, str]]) -> str:
    """Return the picture: one line of text per step, on a dark terminal."""
    height = 2 * MARGIN + LINE_HEIGHT * (len(steps) + 2)
    rows = [("$ make demo", "#88c0d0"), ("", ""), *steps]
    text = "\n".join(
        f'  <text x="{MARGIN}" y="{MARGIN + LINE_HEIGHT * (row + 1) - 8}" fill="{colour}">{escape(line)}</text>'
        for row, (line, colour) in enumerate(rows)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="{FONT_SIZE}"'
        f' xml:space="preserve" role="img">\n  <title>Steps of the demo</title>\n'
        f'  <rect width="{WIDTH}" height="{height}" rx="8" fill="#2e3440"/>\n{text}\n</svg>\n'
    )


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the output of `bin/ngao demo`")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg_of(steps_of(parser.parse_args().output.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
