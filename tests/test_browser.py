"""The browser's log tells a page that asks for something from one that does not: else other tests would be blind."""

from pathlib import Path

from tests.browser import needs_browser, open_page


@needs_browser
def test_a_page_that_asks_for_something_is_caught(tmp_path: Path):
    page = tmp_path / "page.html"
    for source in (
        '<img src="http://example.invalid/x.png">',
        "<script>fetch('http://example.invalid/x.png')</script>",
    ):
        page.write_text(f"<!DOCTYPE html>{source}")
        assert open_page(page, tmp_path).requests == ["http://example.invalid/x.png"]


@needs_browser
def test_a_page_that_asks_for_nothing_is_shown(tmp_path: Path):
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><p>alone</p><script>document.body.append('and alive')</script>")
    opened = open_page(page, tmp_path)
    assert opened.requests == []
    assert "and alive" in opened.dom
