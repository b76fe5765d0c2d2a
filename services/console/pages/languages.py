"""The languages of the pages: English as it is written in them, Swahili from a catalogue that every text must be in.

The address chooses (`?lang=sw`) and the session keeps it; else the account's, else what the browser asks for. The catalogue is
compiled in memory, so that no compiled file can differ from its source.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, abort, request, session
from flask_babel import Babel, Domain, get_locale

from services import console
from services.console.pages.declaring import folders_of
from services.console.values import LANGUAGES


def speak(app: Flask) -> None:
    """Let the pages of an application speak these languages."""
    babel = Babel(app, default_locale="en", locale_selector=_chosen)
    babel.domain_instance = _Compiled()
    app.jinja_env.globals |= {"languages": LANGUAGES, "locale": get_locale}
    app.before_request(_keep_chosen)


def catalogue(language: str) -> Catalog:
    """Return the texts of a language as the files of all features have them. Raises TypeError for a text that two files have."""
    every = Catalog(locale=language)
    for path in folders_of(console, f"{language}.po"):
        with path.open("rb") as file:
            texts = [each for each in read_po(file, locale=language, abort_invalid=True) if each.id]
        for each in texts:
            if each.id in every:
                raise TypeError(f"{path}: another file has the text {each.id!r}, too")
            every[each.id] = each
    return every


class _Compiled(Domain):
    """Flask-Babel's translations without files that are compiled beforehand."""

    def get_translations(self) -> Any:
        """Return the texts of the language of this request."""
        return _translations(str(get_locale()))


@cache
def _translations(language: str) -> Any:
    if language not in LANGUAGES or language == "en":
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def _chosen() -> str | None:
    known = session.get("language")
    return known if known in LANGUAGES else request.accept_languages.best_match(LANGUAGES)


def _keep_chosen() -> None:
    """Keep the language that the address chooses. Refuse one that does not exist, as any other address that leads nowhere."""
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        session["language"] = asked
    elif asked is not None:
        abort(404)
