"""Telephone numbers: one parser for all services, which keeps the original text beside the number.

A guess must never replace what a person said, a piece of a number must never count as a number, and two numbers in one field
are two. Numbers are read by `phonenumbers`, a port of Google's libphonenumber; E.164 is the ITU's form of a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import phonenumbers

from ngao.kernel.text import clean, western_digits

_BETWEEN = re.compile(r"[/,;|\n&]|\b(?:or|and|au|ama|na)\b", re.IGNORECASE)
_DECIMAL = re.compile(r"^(\+?[0-9]{7,15})\.0*$")
_SCIENTIFIC = re.compile(r"(?<![0-9.])\+?([0-9])(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,2})(?![0-9])")
_EXTENSION = re.compile(r"^(?:ext\.?|extension|x|#|kiendelezi)\s*=?\s*([0-9]{1,7})$", re.IGNORECASE)
_DIALLED = re.compile(r"^[+(]?[0-9][0-9\s().+-]*(?:(?:ext\.?|extension|x|#)\s*[0-9]{1,7})?$", re.IGNORECASE)
_MOST_TOKENS = 24


@dataclass(frozen=True)
class Phone:
    """One number: `number` in E.164, `extension` in digits; `as_said` is the piece of text it was read from."""

    number: str = field(repr=False)
    extension: str = field(default="", repr=False)
    as_said: str = field(default="", repr=False)

    @property
    def dialled(self) -> str:
        """Return the number, with its extension as RFC 3966 writes it."""
        return f"{self.number};ext={self.extension}" if self.extension else self.number


def read_phones(said: str, region: str) -> tuple[Phone, ...]:
    """Return every number in a text, each once. `region` (ISO 3166-1) applies to those without a country code."""
    text = _SCIENTIFIC.sub(lambda found: found[0].replace(",", "."), western_digits(clean(said)))
    found = (phone for piece in _pieces(text) for phone in _numbers_in(piece, region))
    return tuple({(each.number, each.extension): each for each in found}.values())


def readings(said: Iterable[str], region: str) -> tuple[str, ...]:
    """Return phone fields for a helper: each number once, as dialled; a text without a number as it was written."""
    return tuple(dict.fromkeys(reading for text in said for reading in _readings(text, region)))


def keys_of(said: Iterable[str], region: str) -> tuple[str, ...]:
    """Return the numbers that can match two people: whole numbers without extension; never a part of a number."""
    return tuple(dict.fromkeys(phone.number for text in said for phone in read_phones(text, region)))


def _readings(text: str, region: str) -> tuple[str, ...]:
    numbers = tuple(phone.dialled for phone in read_phones(text, region))
    plain = " ".join(clean(text).split())
    return numbers or ((plain,) if plain else ())


def _pieces(text: str) -> Iterator[str]:
    """Split at signs and words that separate numbers; an extension stays with its number."""
    waiting = ""
    for piece in (each.strip() for each in _BETWEEN.split(text)):
        if not piece:
            continue
        extension = _EXTENSION.fullmatch(piece)
        if waiting and extension:
            waiting = f"{waiting} ext. {extension.group(1)}"
            continue
        if waiting:
            yield waiting
        waiting = piece
    if waiting:
        yield waiting


def _numbers_in(piece: str, region: str) -> tuple[Phone, ...]:
    """Return the text as one number if it can be one, else as several numbers side by side, else the numbers in a sentence."""
    whole = _one(piece, region)
    if whole:
        return (whole,)
    tokens = piece.split()
    several = _several(tokens, region) if len(tokens) <= _MOST_TOKENS else ()
    return several or _in_sentence(piece, region)


def _one(text: str, region: str) -> Phone | None:
    decimal, scientific = _DECIMAL.fullmatch(text), _SCIENTIFIC.fullmatch(text)
    if decimal:
        text = _whole(decimal, region)
    elif scientific:
        text = _unrounded(scientific)
    if not _DIALLED.fullmatch(text):  # letters would be read as the keys they are printed on
        return None
    for spelling in _spellings(text, region):
        number = _parsed(spelling, region)
        if number and phonenumbers.is_possible_number(number):
            return _phone(number, text)
    return None


def _whole(decimal: re.Match[str], region: str) -> str:
    """Return the digits before the point unless those with the zeros after it are a number: then the point groups digits."""
    grouped = decimal[0].replace(".", "")
    is_grouped = _is_valid(grouped, region) and not _is_valid(decimal[1], region)
    return grouped if is_grouped else decimal[1]


def _is_valid(digits: str, region: str) -> bool:
    found = (_parsed(spelling, region) for spelling in _spellings(digits, region))
    return any(number and phonenumbers.is_valid_number(number) for number in found)


def _unrounded(scientific: re.Match[str]) -> str:
    """Return the digits of a number in scientific notation; empty if some are missing, because spreadsheets round."""
    digits = scientific[1] + (scientific[2] or "")
    return digits if len(digits) == int(scientific[3]) + 1 else ""


def _spellings(text: str, region: str) -> Iterator[str]:
    """Try it as it is; with 00 for +; with a lost + (a spreadsheet drops it), where the digits begin with the country's code."""
    digits = re.sub(r"[\s().-]", "", text)
    code = str(phonenumbers.country_code_for_region(region))
    if digits.startswith("00"):
        yield f"+{digits[2:]}"
    if digits.startswith(code) and digits.isdigit():
        yield f"+{digits}"
    yield text


def _several(tokens: list[str], region: str) -> tuple[Phone, ...]:
    """Return the fewest groups of neighbouring words that are each a valid number; empty if there is no such split."""
    best: dict[int, tuple[Phone, ...]] = {0: ()}
    for end in range(1, len(tokens) + 1):
        for start in range(end):
            if start not in best:
                continue
            phone = _valid(" ".join(tokens[start:end]), region)
            if phone and (end not in best or len(best[start]) + 1 < len(best[end])):
                best[end] = (*best[start], phone)
    return best.get(len(tokens), ())


def _valid(text: str, region: str) -> Phone | None:
    phone = _one(text, region)
    return phone if phone and phonenumbers.is_valid_number(phonenumbers.parse(phone.number)) else None


def _in_sentence(text: str, region: str) -> tuple[Phone, ...]:
    matches = phonenumbers.PhoneNumberMatcher(_SCIENTIFIC.sub(" ", text), region)
    return tuple(_phone(match.number, match.raw_string) for match in matches)


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _phone(number: phonenumbers.PhoneNumber, said: str) -> Phone:
    extension = number.extension or ""
    return Phone(f"+{number.country_code}{phonenumbers.national_significant_number(number)}", extension, said)
