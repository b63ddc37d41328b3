"""The browser's log tells a page with requests from a page without: else other tests would be blind."""

from pathlib import Path

import pytest

from tests.browser import needs_browser, open_page

ADDRESS = "http://example.invalid/x.png"


@needs_browser
@pytest.mark.parametrize(
    ("source", "requests"),
    [
        (f'<img src="{ADDRESS}">', [ADDRESS]),
        (f"<script>fetch('{ADDRESS}')</script>", [ADDRESS]),
        ("<p>alone</p><script>document.body.append('and alive')</script>", []),
    ],
)
def test_the_requests_of_a_page_are_listed_and_its_scripts_run(tmp_path: Path, source, requests):
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html>{source}")
    opened = open_page(page, tmp_path)
    assert opened.requests == requests
    assert requests or "and alive" in opened.dom
