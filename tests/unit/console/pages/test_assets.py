"""Assets are kept by browsers under the hash of their content; the colours are the ones that were measured."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from pathlib import Path

from flask.testing import FlaskClient

from services.console.pages import assets
from services.console.pages.assets import Assets

CSS = (Path(assets.__file__).with_name("assets") / "desk.css").read_text("utf-8")


def tokens(text: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", text))


LIGHT, _, _REST = CSS.partition("@media (prefers-color-scheme: dark)")
DARK = _REST.partition("* {")[0]


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_can_be_read_on_both_grounds_in_both_themes() -> None:
    for theme in (tokens(LIGHT), tokens(DARK)):
        assert {"background", "surface", "text", "muted", "line", "link", "critical", "high", "good", "focus"} == set(theme)
        for name in ("text", "muted", "link", "critical", "high", "good"):
            assert min(contrast(theme[name], theme[ground]) for ground in ("background", "surface")) >= 4.5, name
        for name in ("line", "focus"):
            assert min(contrast(theme[name], theme[ground]) for ground in ("background", "surface")) >= 3, name


def test_no_rule_names_a_colour_but_by_its_token() -> None:
    rules = CSS.partition("* {")[2]
    assert rules
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl|url\(|@import", rules)


def test_an_asset_is_kept_for_a_year_and_never_asked_again(client: FlaskClient) -> None:
    (address,) = re.findall(r'rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text)
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/css", CSS)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert re.fullmatch(r"/assets/[0-9a-f]{16}/desk\.css", address)


def test_a_library_is_served_only_if_it_is_the_one_that_was_tested(tmp_path: Path) -> None:
    pinned, installed = tmp_path / "assets", tmp_path / "installed"
    for folder in (pinned, installed):
        folder.mkdir()
    content = b"'use strict';"
    digest = sha256(content).hexdigest()
    (pinned / "sums.js.library").write_text(f'path = "sums/sums.js"\nsha256 = "{digest}"\n')
    assert assets.Assets([pinned], installed).library("sums.js") == "", "it is not installed"
    (installed / "sums").mkdir()
    (installed / "sums" / "sums.js").write_bytes(content)
    assert assets.Assets([pinned], installed).library("sums.js") == f"/assets/{digest[:16]}/sums.js"
    (installed / "sums" / "sums.js").write_bytes(content + b" ")
    assert assets.Assets([pinned], installed).library("sums.js") == "", "it is another one"


def test_another_hash_and_another_file_are_not_found(client: FlaskClient) -> None:
    (address,) = re.findall(r'rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text)
    digest = address.split("/")[2]
    for path in (f"/assets/{'0' * 16}/desk.css", f"/assets/{digest}/application.py", f"/assets/{digest}/..%2fassets.py"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")


def test_an_asset_is_sent_compressed_to_who_takes_it(client: FlaskClient) -> None:
    (address,) = re.findall(r'rel="stylesheet" href="([^"]+)"', client.get("/sign-in").text)
    answer = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(answer.data).decode() == CSS
    assert len(answer.data) < 8_000
    assert "Content-Encoding" not in client.get(address, headers={"Accept-Encoding": "identity, gzip;q=0"}).headers


def test_the_scripts_of_the_frame_are_two_files_and_small() -> None:
    folder = Path(assets.__file__).with_name("assets")
    found = Assets([folder], Path("/nowhere"))
    names = [found.address(name).rpartition("/")[2] for name in ("desk.js", "staff.js")]
    whole = [(folder / "desk.js").read_bytes(), b"".join(each.read_bytes() for each in sorted((folder / "staff").glob("*.js")))]
    assert names == ["desk.js", "staff.js"]
    assert sum(len(gzip.compress(each)) for each in whole) <= 8_000
    assert not [word for word in (b"eval(", b"new Function", b"innerHTML", b"document.write") for each in whole if word in each]
