"""Numbers that claims are tested against: cells of Tables 1 and 2, official label lists, closed forms of baselines."""

from math import sqrt

from lcr.config.datasets import official_labels
from lcr.cost.baselines import BASELINES, system
from lcr.paper.facts import table1, table2


def t1(dataset: str, model: str, column: str) -> float:
    """A cell of Table 1, whose models have the same name on two datasets."""
    return next(float(row[column]) for row in table1() if (row["dataset"], row["model"]) == (dataset, model))


def t2(method: str, column: str) -> float:
    """A cell of Table 2."""
    return next(float(row[column]) for row in table2() if row["method"] == method)


def column1(column: str, dataset: str = "") -> list[float]:
    """A column of Table 1, of one dataset or of all."""
    return [float(row[column]) for row in table1() if dataset in ("", row["dataset"])]


def head_widths() -> list[int]:
    """Channels of a head in the rows of Table 1, each once, in ascending order."""
    return sorted({int(row["hidden"]) // int(row["heads"]) for row in table1()})


def column2(column: str, without: str = "", only: list[str] | None = None) -> list[float]:
    """A column of Table 2 without its blanks, of all methods but one, or of some methods only."""
    rows = [row for row in table2() if row["method"] != without and (only is None or row["method"] in only)]
    return [float(row[column]) for row in rows if row[column]]


def below(values: list[float], limit: float) -> int:
    """The number of values below a limit."""
    return sum(value < limit for value in values)


def paired_widths(one: float, other: float, clips: int) -> list[float]:
    """Half of the 95% interval of the difference of two accuracies on the same clips, in points: least and most.

    The interval depends on the share of clips on which just one of the two models is right. This share is at least the
    difference of the accuracies and at most the sum of the shares of wrong clips, or of right ones if less.
    """
    first, second = one / 100, other / 100
    difference = abs(first - second)
    shares = difference, min(first + second, 2 - first - second)
    return [100 * 1.96 * sqrt((share - difference**2) / clips) for share in shares]


def seen(difference: float, widths: list[float]) -> bool | None:
    """Whether a difference exceeds its interval's half width; None where that depends on which width is true."""
    return True if difference > max(widths) else False if difference < min(widths) else None


def classes(kind: str) -> int:
    """The number of classes of a dataset format, by its official list."""
    return len(official_labels(kind))


def baseline_gflops(method: str) -> float:
    """GFLOPs of a baseline in closed form, two a multiply-add."""
    return 2 * BASELINES[method].macs / 1e9


# Rows of Table 2 that say which network of 18, 34 or 50 layers they are, or have the parameters of just one.
LARGE = {"ResNet3D-18": "resnet3d-18", "ResNet3D-50": "resnet3d-50", "R(2+1)D-RGB": "r2plus1d"}


def parameters_away(classes: int, rows: dict[str, str] = LARGE) -> float:
    """Thousands of parameters between print and count, with a head of so many classes: the mean of some rows."""
    away = [
        abs(1e6 * t2(row, "param_m_as_printed") - system(name, classes=classes).params) for row, name in rows.items()
    ]
    return sum(away) / len(away) / 1e3


def system_gmacs(name: str, size: int = 112) -> float:
    """G multiply-adds of a system on 32 frames of size × size."""
    return system(name, size=size).macs / 1e9
