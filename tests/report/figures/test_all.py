"""What every figure promises: no small text, no text over text or off the page, units, the same bytes each time."""

import re
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from lcr.report.figures.style import save, styled
from lcr.report.notebooks import NOTEBOOKS

WITHOUT_UNIT = ("Training step", "Frame t", "Answer (number of the class)", "")


@pytest.fixture(params=NOTEBOOKS)
def figure(request: pytest.FixtureRequest, figures) -> Figure:
    return figures[request.param]()


def texts(figure: Figure) -> list[Text]:
    """The texts that are seen, laid out as in the file."""
    with styled():
        FigureCanvasAgg(figure).draw()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def boxes(figure: Figure):
    """Where each text is, in pixels; tick labels beyond their axis' limits are not drawn."""
    found = texts(figure)
    hidden = set()
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks")):
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            drawn = {id(tick) for tick in axis._update_ticks()}
            for tick in ticks:
                if id(tick) not in drawn or not low <= tick.get_loc() <= high:
                    hidden |= {id(tick.label1), id(tick.label2)}
    # Text's own: an annotation's would hold its arrow, which may lie on anything.
    return [(text.get_text(), Text.get_window_extent(text)) for text in found if id(text) not in hidden]


def test_no_text_is_smaller_than_8_points(figure):
    sizes = [text.get_fontsize() for text in texts(figure)]
    assert len(sizes) > 5
    assert min(sizes) >= 8


def test_no_text_lies_on_another_or_leaves_the_page(figure):
    page = figure.bbox
    found = boxes(figure)
    for text, box in found:
        assert box.x0 >= page.x0 - 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y1 <= page.y1 + 1, text
    for (one, first), (other, second) in combinations(found, 2):
        width = min(first.x1, second.x1) - max(first.x0, second.x0)
        height = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert width <= 1 or height <= 1, f"'{one}' lies on '{other}'"


def test_every_axis_of_numbers_has_a_unit(figure):
    texts(figure)
    for axes in figure.findobj(lambda artist: hasattr(artist, "get_xticks")):
        for label in (axes.get_xlabel(), axes.get_ylabel()):
            assert label in WITHOUT_UNIT or "(" in label or "%" in label or _names_pictures(axes), label
        seen = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
        assert not seen or axes.get_xlabel(), "an axis with numbers says what they are"


def _names_pictures(axes) -> bool:
    return not axes.get_xticks().size and not axes.get_yticks().size


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_same_rows_give_the_same_bytes_without_dates(name, figures, tmp_path):
    first = [path.read_bytes() for path in save(figures[name](), tmp_path / "a", name)]
    second = [path.read_bytes() for path in save(figures[name](), tmp_path / "b", name)]
    assert first == second
    assert first[0].startswith(b"\x89PNG")
    assert b"<svg" in first[1]
    assert b"<dc:date>" not in first[1]


def test_clip_paths_are_named_by_their_order_and_not_by_the_last_digits_of_their_place(tmp_path):
    def drawn(left: float) -> str:
        with styled():
            figure = Figure()
            axes = figure.add_axes((left, 0.1, 0.4, 0.4)), figure.add_axes((0.55, 0.1, 0.4, 0.4))
            for one in axes:
                one.plot([0, 1], [0, 1])
        return save(figure, tmp_path, "figure")[1].read_text(encoding="utf-8")

    text = drawn(0.1)
    assert text == drawn(0.1 + 1e-15)
    named = re.findall(r'<clipPath id="(\w+)"', text)
    assert named == ["clip0", "clip1"]
    assert set(re.findall(r"url\(#(\w+)\)", text)) == set(named)


OF_CLIPS = [name for name in NOTEBOOKS if name not in ("table1", "readings")]  # those two are of models


@pytest.mark.parametrize("name", OF_CLIPS)
def test_generated_clips_are_said_to_be_generated(name, figures):
    assert any("generated clips" in text.get_text() for text in texts(figures[name]()))
