"""A study of the full model alone, or of few steps, has curves too."""

from lcr.report.figures.training_curves import training_curves_figure


def test_two_steps_of_the_full_model_alone_are_marked(finished):
    curves = finished.curves()
    few = curves[(curves.variant == "full") & (curves.step <= 20)]
    lines = training_curves_figure(few, "made-up").axes[0].lines
    assert [line.get_marker() for line in lines] == ["o"]
