"""The reports of tests/cases, posted to the whole platform: each with what is right for it, as `answers.yaml` has it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest

from ngao.testing.waiting import eventually
from tests.support.cases import answers, case, text_of
from tests.support.coalition import Coalition, Partner, Source
from tests.support.partner import digest

OPENED = ("names", "phones", "phones_told")


@pytest.fixture(scope="module")
def partner(coalition: Coalition) -> Partner:
    return coalition.partner(coalition.county(), "keep")


@pytest.fixture(scope="module")
def registry_cases(coalition: Coalition) -> Iterator[Any]:
    client: Any = pymongo.MongoClient(coalition.world.parts.mongo)
    yield client[coalition.world.database("registry")].cases
    client.close()


def in_county_of(coalition: Coalition, partner: Partner, body: dict[str, Any]) -> dict[str, Any]:
    """The same report where the partner works, which no other test's partner does."""
    county = coalition.asks("referral", "GET", f"/v1/partners/{partner.id}")["counties"][0]
    return {**body, "location": {"scheme": "iso3166-2", "code": county}}


@pytest.mark.parametrize("row", answers("report"), ids=lambda row: ", ".join(row["post"]))
def test_a_report_of_the_field_is_read_as_it_was_meant(
    coalition: Coalition, source: Source, partner: Partner, registry_cases: Any, row: dict[str, Any]
) -> None:
    case_ref = ""
    for name in row["post"]:
        case_ref = source.takes(in_county_of(coalition, partner, case(f"report/{name}")))["case_ref"]
        # The next one must find this one, wherever it is looked for.
        eventually(lambda ref=case_ref: registry_cases.find_one({"_id": ref}), what=f"{name} at the registry")
    if "person" in row:
        assert registry_cases.find_one({"_id": case_ref})["resolution"] == row["person"]
    if "urgency" in row:
        assert urgency_of(coalition, case_ref, row) == row["urgency"]
    if wanted := [name for name in OPENED if name in row]:
        opened = partner.hears("registry.contact.disclosed", case_ref)["opened"]
        for name in wanted:
            assert opened[name] == digest(as_opened(name, row[name])), f"the partner opens other {name}"


def urgency_of(coalition: Coalition, case_ref: str, row: dict[str, Any]) -> str:
    """With all that is known, and for the reasons that the row names."""
    shown = coalition.asks("intake", "GET", f"/v1/cases/{case_ref}/report?reason=case_work")
    fired = {each["rule"] for each in shown["reasons"]}
    assert row.get("rule", next(iter(fired))) in fired
    assert row.get("no_rule") not in fired
    return str(shown["urgency"])


def as_opened(name: str, values: list[str]) -> list[str]:
    return [each.replace(" ", "") for each in values] if name == "phones" else values


def test_a_byte_order_mark_costs_no_line(source: Source) -> None:
    body = text_of("report/two-lines-with-bom.ndjson").encode()
    status, answer = source.post(body, Content_Type="application/x-ndjson")
    assert (status, [each["status"] for each in answer["results"]]) == (202, [202, 202])


@pytest.mark.parametrize("charset", ["utf8", "us-ascii", "utf-8", '"UTF-8"'])
def test_a_charset_that_the_bytes_are_in_is_taken(source: Source, charset: str) -> None:
    body = json.dumps(case("report/plain-no-consent")).encode()
    assert source.post(body, Content_Type=f"application/json; charset={charset}")[0] == 202


def test_a_repeat_in_another_unicode_form_or_with_other_line_ends_is_a_repeat(source: Source) -> None:
    body = {**case("report/composed-first"), "narrative": "Mũgwe.\nAsubuhi."}
    text = json.dumps(body, ensure_ascii=False)
    posts = [text, unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text), text.replace("\\n", "\\r\\n")]
    taken = [source.post(each.encode()) for each in posts]
    assert [status for status, _ in taken] == [202] * len(posts)
    assert [answer["duplicate"] for _, answer in taken] == [False, True, True, True]
