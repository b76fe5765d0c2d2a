"""A page has the same tag each time it is made, until it shows something else."""

from __future__ import annotations

from services.console.pages.live import TAG, tagged

PAGE = '<p data-tag="{tag}">{row}<input name="csrf_token" value="{form}"><time data-now datetime="{at}">{at}</time>'


def shown(row: str = "NG-1", form: str = "one", at: str = "02:14") -> tuple[str, str]:
    return tagged(PAGE.format(tag=TAG, row=row, form=form, at=at))


def test_the_token_of_forms_and_the_time_of_the_page_change_nothing() -> None:
    assert shown()[1] == shown(form="another", at="02:15")[1]
    assert shown()[1] != shown(row="NG-2")[1]


def test_the_page_has_its_tag_in_it() -> None:
    html, tag = shown()
    assert f'data-tag="{tag}"' in html
    assert TAG not in html
    assert len(tag) == 16
