"""Prints the steps of the demo as they happen, from the platform's own data: timelines, partner logs, mail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from ngao.local.mailbox import messages

_EXPLAINED = {"offered", "unroutable"}
_COLOURS = {
    "accepted": "green",
    "completed": "green",
    "expired": "yellow",
    "declined": "yellow",
    "unroutable": "red",
    "refused": "red",
}
_PARTNER_TEXTS = {
    "contact_opened": "opened the sealed contact: {opened_names} name, {opened_phones} phone, {opened_emails} e-mail",
    "narrative_opened": "opened the sealed narrative: {opened_characters} characters",
    "withheld": "does not get the {part}: {reason}",
}


class StepPrinter:
    """Reads new steps and prints each once."""

    def __init__(self, console: Console, timeline: Callable[[str], dict[str, Any] | None], logs: Path, mail: Path) -> None:
        self._console = console
        self._timeline = timeline
        self._logs = logs
        self._mail = mail
        self._began = time.monotonic()
        self._printed: set[tuple[Any, ...]] = {("mail", message.path) for message in messages(mail)}
        self._read: dict[Path, int] = {path: path.stat().st_size for path in self._partner_logs()}
        self.partner_steps: list[dict[str, Any]] = []
        self.timelines: dict[str, dict[str, Any]] = {}
        self.mails = 0
        self.first_accepted: float | None = None

    def print_step(self, who: str, what: str, case_ref: str = "", style: str = "") -> None:
        """Print one line: time, actor, case, step."""
        seconds = time.monotonic() - self._began
        line = f"[dim]{seconds:6.1f} s[/dim]  [bold]{who:<20}[/bold] [cyan]{case_ref:<14}[/cyan] "
        self._console.print(line + (f"[{style}]{what}[/{style}]" if style else what), highlight=False, soft_wrap=True)

    def print_new(self, cases: list[str]) -> None:
        """Print everything new."""
        for case_ref in cases:
            self._print_case(case_ref)
        self._print_partners()
        self._print_mail()

    def _print_case(self, case_ref: str) -> None:
        case = self._timeline(case_ref)
        if case is None:
            return
        self.timelines[case_ref] = case
        for step in case["story"]:
            if self._is_new("hop", case_ref, step["at"], step["what"], step["offer_id"], step["reason"], step["actor"]):
                if step["what"] == "accepted" and self.first_accepted is None:
                    self.first_accepted = time.monotonic() - self._began
                why = "; ".join(reason["text"] for reason in step["reasons"][:2]) if step["what"] in _EXPLAINED else ""
                text = step["text"] + (f" [dim]({why})[/dim]" if why else "")
                style = next((colour for name, colour in _COLOURS.items() if name in step["what"]), "")
                self.print_step(step["actor"], text, case_ref, style)

    def _print_partners(self) -> None:
        for path in self._partner_logs():
            for line in self._new_lines(path):
                step = json.loads(line)
                self.partner_steps.append({"partner": path.stem.removeprefix("partner-"), **step})
                if text := _PARTNER_TEXTS.get(step["hop"]):
                    self.print_step(path.stem.removeprefix("partner-"), text.format(**step), step["case_ref"], "magenta")

    def _print_mail(self) -> None:
        for mail in messages(self._mail):
            if self._is_new("mail", mail.path):
                self.mails += 1
                first = mail.text.strip().splitlines()[0] if mail.text.strip() else ""
                self.print_step("mail server", f"e-mail to {mail.recipients[0]}: “{mail.subject}”: {first}", style="blue")

    def _partner_logs(self) -> list[Path]:
        return sorted(self._logs.glob("partner-*.log"))

    def _new_lines(self, path: Path) -> Iterator[str]:
        text = path.read_bytes()[self._read.get(path, 0) :]
        whole = text[: text.rfind(b"\n") + 1]
        self._read[path] = self._read.get(path, 0) + len(whole)
        yield from (line for line in whole.decode().splitlines() if line.startswith("{"))

    def _is_new(self, *key: Any) -> bool:
        if key in self._printed:
            return False
        self._printed.add(key)
        return True
