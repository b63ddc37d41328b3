"""A Markdown page as one HTML file that needs nothing beside it: the report shows this and cannot show Markdown."""

import re
from base64 import b64encode
from pathlib import Path

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;font-size:12px;display:block;overflow-x:auto}"
    "th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left}img{max-width:100%}"
)


def html_page(markdown: str, folder: Path) -> str:
    """The page with its PNG images inside it; links to files are left as their text, since those are not in the page.

    Args:
        folder: where the images' relative paths start.
    """
    from markdown_it import MarkdownIt

    body = MarkdownIt("commonmark").enable("table").render(markdown)
    body = re.sub(r'<a href="[^"]*">(.*?)</a>', r"\1", body)
    body = re.sub(
        r'src="([^"]+\.png)"',
        lambda link: f'src="data:image/png;base64,{b64encode((folder / link[1]).read_bytes()).decode()}"',
        body,
    )
    title = re.search(r"<h1>(.*?)</h1>|$", body)[1] or "LCR"
    head = f'<meta charset="utf-8"><title>{re.sub("<[^>]+>", "", title)}</title><style>{STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'
