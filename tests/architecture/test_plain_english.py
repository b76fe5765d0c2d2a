"""Plain English: code and pages use the words of the glossary, and none of the phrases below."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.trees import parsed

ROOT = Path(__file__).resolve().parents[2]
# Code and pages. Tests are not held to it.
HELD = (
    "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md",
    "bench", "bin", "deploy", "docs", "ngao", "services", "tools",
)  # fmt: skip
EXCEPT = (
    "docs/reference/glossary.md",  # lists the phrases that are not used
    "services/notify/messages/allowed_words.py",  # the words that a message may use
)
# Phrases that other programs or tests compare. They change together with what reads them.
COMPARED = {
    "ngao/deployment/checks/runner.py": ('"not looked at"',),  # a state in the JSON of `ngao check`
    "ngao/deployment/checks/runtime.py": ("Nobody reads what the",),  # tests/service/test_check.py
    "ngao/deployment/checks/secrets.py": ("counts until", "runs out on"),  # tests/unit/deployment/test_checking.py
    "tools/audit.py": ("mended in",),  # tests/unit/test_audit_tool.py
}
# Each phrase, and the words to use instead.
BANNED = {
    r"\b(?:tells?|told|telling)\b": "publish, notify, return, print",
    r"\b(?:hears?|heard|hearing)\b": "subscribe to, receive, handle",
    r"\b(?:stands?|stood)\b(?! for\b|-)": "is, are, exists",
    r"\b(?:nobody|somebody|everybody|whoever)\b": "name the actor, or use the passive",
    r"\bat once\b": "immediately, at the same time",
    r"\bfor good\b": "permanently",
    r"\bfor ever\b": "without limit",
    r"\banew\b": "again, renewed",
    r"\b(?:goes|go|going|went) on\b": "continue",
    r"\b(?:takes?|taken|took) (?:\w+ )?(?:back|away)\b": "withdraw, revoke, remove",
    r"\b(?:gives?|given|gave) up\b": "discard, stop, give the reason",
    r"\bruns? out\b|\b(?:time|wait|seconds|change) (?:is|are) over\b": "expires, times out",
    r"\bway out\b": "remedy, fix",
    r"\bon a safe way\b": "over a secure channel",
    r"\bbelongs? into\b": "belongs in",
    r"\bin earnest\b": "in production",
    r"\bnothing is to be\b": "no ... needed",
    r"\bopens? nothing\b|\bis gone from\b": "no longer works, was removed",
    r"\bcounts? (?:at once|from|until|only)\b": "is valid from, until",
    r"\bnot looked at\b": "skipped",
    r"\bon (?:its|their) way\b": "in transit, replayed",
    r"\bso long (?:as )?the\b": "as long as, for",
    r"\bthe fault is ours\b|\bnot possible at the moment\b": "internal error, temporarily unavailable",
    r"\bcannot be taken\b|\bbreaks? its (?:schema|contract)\b": "is invalid",
    r"\bof that name\b": "unknown ..., choose from ...",
    r"\bcomes? to (?:its|an) end\b|\bcame to (?:its|an) end\b": "finishes, was interrupted",
    r"\bwhat (?:came|becomes?|became|waits|stands)\b": "a noun: the result, the backlog",
    r"\b(?:a|one) (?:line|file|page|secret|log|database|digest|settings file|alarm) an? \w+": "one ... per ...",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bin the place of\b": "instead of, replaces",
}
BANNED_ANYWHERE = {re.compile(phrase, re.IGNORECASE): instead for phrase, instead in BANNED.items()}
QUESTION = re.compile(r"(?:What|Whether|Where|Who|Whom|Whose|How|When|Why|Which)\b(?!.*\?)")
NOUN_PHRASE = re.compile(
    r"(?:A|An|The|All|Another|Any|Each|Every|It|Its|No|None|One|Our|Their|They|Those|As|By|For|From|In|Of|So|To|While|With)\b"
)
CheckResult = tuple[str, int, str]


def words_of(path: Path) -> Iterator[tuple[int, str]]:
    """The prose of a file with its line: comments, docstrings and literals of code; the text of a page without its code."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from page(text)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):  # else a name
            for at, line in enumerate(token.string.split("\n")):
                yield token.start[0] + at, re.sub(r"\{[^{}]*\}|`[^`]*`", "", line)  # without code


def page(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page outside blocks of code, without links' targets and code in the line."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        fenced ^= line.startswith("```")
        if not fenced:
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)


def banned(path: Path) -> list[CheckResult]:
    """Every banned phrase of a file: path, line, and the phrase with what to say instead."""
    compared = COMPARED.get(path.relative_to(ROOT).as_posix(), ()) if path.is_relative_to(ROOT) else ()
    return [
        (str(path), number, f"{found[0]}: {instead}")
        for number, line in words_of(path)
        if not any(phrase in line for phrase in compared)
        for phrase, instead in BANNED_ANYWHERE.items()
        for found in phrase.finditer(line)
    ]


def no_commands(path: Path) -> list[CheckResult]:
    """Docstrings of functions that open with an indirect question or a noun phrase in place of a command (PEP 257).

    A property reads as a value, so that a noun phrase may describe it.
    """
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return [
        (str(path), node.lineno, text.splitlines()[0])
        for node in ast.walk(parsed(path.read_text("utf-8")))
        if isinstance(node, functions) and (text := ast.get_docstring(node))
        if QUESTION.match(text) or (NOUN_PHRASE.match(text) and not is_property(node))
    ]


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(each).endswith("property") for each in function.decorator_list)


def held(suffix: str) -> Iterator[Path]:
    for room in HELD:
        place = ROOT / room
        files = sorted(place.rglob(f"*{suffix}")) if place.is_dir() else [place] * (place.suffix == suffix)
        yield from (path for path in files if not any(path.is_relative_to(ROOT / part) for part in EXCEPT))


@pytest.mark.parametrize("suffix", [".py", ".md"])
def test_code_and_pages_use_plain_words(suffix: str) -> None:
    assert [finding for path in held(suffix) for finding in banned(path)] == []


def test_docstrings_are_commands() -> None:
    assert [finding for path in held(".py") for finding in no_commands(path)] == []


def test_every_place_on_the_lists_exists() -> None:
    assert [room for room in HELD + EXCEPT + tuple(COMPARED) if not (ROOT / room).exists()] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Tell the officer.", "Who hears it", "What stands parked", "Nobody knows.", "It works at once.", "Gone for good.",
        "It waits for ever.", "Keys are made anew.", "The work goes on.", "It is taken back.", "It was given up.",
        "The certificate runs out.", "with the way out", "hand it over on a safe way", "It belongs into the subject.",
        "In earnest it runs in containers.", "Nothing is to be restarted.", "The key opens nothing.", "It counts from now.",
        "These are not looked at.", "It is on its way.", "so long the services keep it", "The fault is ours.",
        "The report cannot be taken.", "There is no service of that name.", "It did not come to its end.",
        "what became of it", "a line a hop", "after it is mended", "in the place of the old one",
    ],
)  # fmt: skip
def test_a_planted_sentence_is_found_in_code_and_in_a_page(sentence: str, tmp_path: Path) -> None:
    code, text = tmp_path / "room.py", tmp_path / "page.md"
    code.write_text(f'"""A room."""\n\nSENTENCE = "{sentence}"\n# {sentence}\n')
    text.write_text(f"# A page\n\n{sentence}\n\n```\n{sentence}\n```\n")
    assert {number for _, number, _ in banned(code)} == {3, 4}
    assert {number for _, number, _ in banned(text)} == {3}


@pytest.mark.parametrize("opening", ["What waits to be sent.", "Whether it is there.", "How many are left.", "Where it is."])
def test_a_planted_question_is_found(opening: str, tmp_path: Path) -> None:
    code = tmp_path / "room.py"
    code.write_text(f'def waiting():\n    """{opening}"""\n')
    assert [number for _, number, _ in no_commands(code)] == [1]
    code.write_text('def waiting():\n    """Return the backlog."""\n')
    assert no_commands(code) == []


@pytest.mark.parametrize("opening", ["The backlog.", "All that wait.", "As it travels.", "One of them; raises NotFound."])
def test_a_planted_noun_phrase_is_found_unless_it_describes_a_property(opening: str, tmp_path: Path) -> None:
    code = tmp_path / "room.py"
    code.write_text(f'def waiting():\n    """{opening}"""\n')
    assert [number for _, number, _ in no_commands(code)] == [1]
    code.write_text(f'class Room:\n    @property\n    def waiting(self):\n        """{opening}"""\n')
    assert no_commands(code) == []
