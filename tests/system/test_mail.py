"""What is written to people's mailboxes: that somebody should look, and nothing else."""

from __future__ import annotations

from tests.support.coalition import CRITICAL, Coalition, Source, report


def test_a_critical_report_and_its_offer_are_told_without_any_detail(coalition: Coalition, source: Source, county: str) -> None:
    partner, body = coalition.partner(county, "keep"), report(county, CRITICAL)
    case_ref = source.takes(body)["case_ref"]
    to_officer, to_partner = coalition.told(case_ref, "duty-officer"), coalition.told(case_ref, partner.id)
    assert to_officer.recipients == ("duty-officer@example.org",)
    assert to_partner.recipients == (f"{partner.id}@example.org",)
    identity = body["subject"]["identity"]
    codes = (case_ref, county, "legal", "torture", "critical", source.id)
    details = (*codes, body["narrative"], *identity["names"], *identity["emails"])
    for mail in (to_officer, to_partner):
        headers = {name: value for name, value in mail.headers.items() if name not in {"To", "From"}}
        said = f"{mail.subject} {mail.text} {headers}".lower()
        assert [detail for detail in details if detail.lower() in said] == []
        assert mail.text.count("Reference:") == 1
