"""Every figure, drawn from the simulated study: no small text, no text over text or off the page, units."""

import os
import re
import subprocess
import sys
from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from lcr.report.figures.style import SYNTHETIC, save, styled
from lcr.report.notebooks import EVERY

WITHOUT_UNIT = ("Training step", "Frame t", "Prediction (number of the class)", "")
OF_MODELS = ("table1", "readings")  # the others show clips


QUICK = ("table2", "table1")  # drawn in the quick tier too


@pytest.fixture(
    scope="module", params=[pytest.param(one, marks=() if one in QUICK else pytest.mark.slow) for one in EVERY]
)
def drawn(request: pytest.FixtureRequest, figures) -> tuple[str, Figure, list[Text]]:
    """A figure's name, the figure, and the texts that are drawn, which leave out tick labels beyond an axis' limits."""
    figure, texts, draw = figures[request.param](), {}, Text.draw
    with styled(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", lambda text, *given: texts.setdefault(text, draw(text, *given)))
        FigureCanvasAgg(figure).draw()
    return request.param, figure, [text for text in texts if text.get_visible() and text.get_text().strip()]


def test_no_text_is_smaller_than_8_points_and_synthetic_clips_are_named_as_such(drawn):
    name, _, texts = drawn
    assert len(texts) > 5
    assert min(text.get_fontsize() for text in texts) >= 8
    assert name in OF_MODELS or any(SYNTHETIC in text.get_text() for text in texts)


def test_no_text_lies_on_another_or_leaves_the_page(drawn):
    _, figure, texts = drawn
    page = figure.bbox.padded(1)
    # Text's own extent: an annotation's would hold its arrow, which may lie on anything.
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    for text, box in boxes:
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        common = Bbox.intersection(first, second)
        assert common is None or min(common.size) <= 1, f"'{one}' lies on '{other}'"


def test_every_axis_of_numbers_has_a_unit(drawn):
    for axes in drawn[1].findobj(lambda artist: hasattr(artist, "get_xticks")):
        pictures = not axes.get_xticks().size and not axes.get_yticks().size
        for label in (axes.get_xlabel(), axes.get_ylabel()):
            assert label in WITHOUT_UNIT or "(" in label or "%" in label or pictures, label
        seen = [tick.get_text() for tick in axes.get_xticklabels() if tick.get_text()]
        assert not seen or axes.get_xlabel(), "an axis with numbers names them"


HOSTILE = """axes.facecolor: red
figure.facecolor: green
savefig.facecolor: blue
savefig.bbox: tight
savefig.dpi: 30
font.size: 22
font.family: monospace
axes.unicode_minus: False
path.sketch: 1, 100, 2
lines.antialiased: False
hatch.linewidth: 9
svg.fonttype: none
figure.autolayout: True
"""
DRAW = """
import sys, matplotlib
from lcr.report.figures.style import page, save
with page(4, 3, "heading", "note") as figure:
    axes = figure.subplots()
    axes.plot([-1, 0, 1], [0, 1, 0], label="line")
    axes.bar([0, 1], [1, -1], hatch="///")
    axes.legend()
save(figure, sys.argv[1], "figure")
print(matplotlib.rcParams["font.size"])
"""


@pytest.mark.slow
def test_a_users_matplotlibrc_changes_no_byte(tmp_path):
    (tmp_path / "matplotlibrc").write_text(HOSTILE)
    for name, size in (("plain", "10.0"), ("hostile", "22.0")):
        rc = {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc")} if name == "hostile" else {}
        command = [sys.executable, "-c", DRAW, str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | rc)
        assert done.stdout.strip() == size, "the file was read"
    for suffix in ("png", "svg"):
        plain, hostile = (tmp_path / name / f"figure.{suffix}" for name in ("plain", "hostile"))
        assert plain.read_bytes() == hostile.read_bytes()


def test_clip_paths_are_named_by_their_order_and_not_by_the_last_digits_of_their_position(tmp_path):
    found = []
    for left in (0.1, 0.1 + 1e-15):
        with styled():
            figure = Figure()
            for place in (left, 0.55):
                figure.add_axes((place, 0.1, 0.4, 0.4)).plot([0, 1], [0, 1])
        found.append(save(figure, tmp_path, "figure")[1].read_text(encoding="utf-8"))
    assert (found[0], re.findall(r'<clipPath id="(\w+)"', found[0])) == (found[1], ["clip0", "clip1"])
    assert set(re.findall(r"url\(#(\w+)\)", found[0])) == {"clip0", "clip1"}
