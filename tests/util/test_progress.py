"""Progress of long work in a log file: lines with the count, the state and the time left."""

from types import SimpleNamespace

from lcr.util import progress


def test_a_log_gets_a_line_now_and_then_and_one_for_the_last_item(capsys, monkeypatch) -> None:
    clock = iter(range(0, 1000, 4))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))  # not rich's
    with progress.counting_bar(5, "counting", done=1) as advance:
        for name in "abcd":
            advance(name)
    lines = capsys.readouterr().err.splitlines()
    assert all(part in line for line, part in zip(lines, ("4/5 · c", "5/5 · d"), strict=True))
    assert "4 s" in lines[0]


def test_training_shows_running_means_and_clips_a_second(capsys) -> None:
    with progress.training_bar(2, 0, "tiny") as step:
        step(1.0, 0.5, 4)
        step(2.0, 0.0, 4)
    (line,) = capsys.readouterr().err.splitlines()
    assert all(part in line for part in ("tiny", "2/2", "1.100", "0.45"))
