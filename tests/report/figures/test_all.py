"""Every figure: no small text, no text over text or off the page, units, the same bytes each time."""

import re
from itertools import combinations

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from lcr.report.figures.style import SYNTHETIC, save, styled
from lcr.report.notebooks import NOTEBOOKS

WITHOUT_UNIT = ("Training step", "Frame t", "Prediction (number of the class)", "")
OF_MODELS = ("table1", "readings")  # the others show clips


@pytest.fixture(scope="module", params=NOTEBOOKS)
def figure(request: pytest.FixtureRequest, figures) -> Figure:
    made = figures[request.param]()
    with styled():
        FigureCanvasAgg(made).draw()
    return made


def texts(figure: Figure) -> list[Text]:
    """The visible texts."""
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def boxes(figure: Figure):
    """The place of each text in pixels; tick labels beyond their axis' limits are not drawn."""
    hidden = set()
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks")):
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            drawn = {id(tick) for tick in axis._update_ticks()}
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if id(tick) not in drawn or not low <= tick.get_loc() <= high:
                    hidden |= {id(tick.label1), id(tick.label2)}
    # Text's own extent: an annotation's would hold its arrow, which may lie on anything.
    return [(text.get_text(), Text.get_window_extent(text)) for text in texts(figure) if id(text) not in hidden]


def test_no_text_is_smaller_than_8_points(figure):
    sizes = [text.get_fontsize() for text in texts(figure)]
    assert len(sizes) > 5
    assert min(sizes) >= 8


def test_no_text_lies_on_another_or_leaves_the_page(figure):
    page = figure.bbox.padded(1)
    found = boxes(figure)
    for text, box in found:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text
    for (one, first), (other, second) in combinations(found, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert width <= 1 or height <= 1, f"'{one}' lies on '{other}'"


def test_every_axis_of_numbers_has_a_unit(figure):
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks")):
        pictures = not axes.get_xticks().size and not axes.get_yticks().size
        for label in (axes.get_xlabel(), axes.get_ylabel()):
            assert label in WITHOUT_UNIT or "(" in label or "%" in label or pictures, label
        seen = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
        assert not seen or axes.get_xlabel(), "an axis with numbers names them"


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_same_rows_give_the_same_bytes_without_dates_under_any_settings(name, figures, tmp_path):
    first = [path.read_bytes() for path in save(figures[name](), tmp_path / "a", name)]
    with matplotlib.rc_context({"axes.facecolor": "red", "lines.linewidth": 9, "savefig.dpi": 50, "font.size": 20}):
        second = [path.read_bytes() for path in save(figures[name](), tmp_path / "b", name)]
    assert first == second
    assert first[0].startswith(b"\x89PNG")
    assert b"<svg" in first[1]
    assert b"<dc:date>" not in first[1]


def test_clip_paths_are_named_by_their_order_and_not_by_the_last_digits_of_their_position(tmp_path):
    def drawn(left: float) -> str:
        with styled():
            figure = Figure()
            for place in (left, 0.55):
                figure.add_axes((place, 0.1, 0.4, 0.4)).plot([0, 1], [0, 1])
        return save(figure, tmp_path, "figure")[1].read_text(encoding="utf-8")

    text = drawn(0.1)
    assert text == drawn(0.1 + 1e-15)
    named = re.findall(r'<clipPath id="(\w+)"', text)
    assert named == ["clip0", "clip1"]
    assert set(re.findall(r"url\(#(\w+)\)", text)) == set(named)


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name not in OF_MODELS])
def test_synthetic_clips_are_named_as_such(name, figures):
    assert any(SYNTHETIC in text.get_text() for text in texts(figures[name]()))
