"""What a mirror does to a label: left becomes right, clockwise becomes counterclockwise."""

from collections.abc import Sequence

# Jester's and SSv2's labels whose meaning a horizontal flip changes, each with what it becomes. The other directions
# (up, down, forward, away, towards) survive a mirror, and so do all labels of Kinetics-400.
MIRRORED = (
    ("Swiping Left", "Swiping Right"),
    ("Sliding Two Fingers Left", "Sliding Two Fingers Right"),
    ("Turning Hand Clockwise", "Turning Hand Counterclockwise"),
    ("Pulling something from left to right", "Pulling something from right to left"),
    ("Pushing something from left to right", "Pushing something from right to left"),
    ("Turning the camera left while filming something", "Turning the camera right while filming something"),
)


def both_ways(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Each name of each pair to its other."""
    return {first: second for pair in pairs for first, second in (pair, pair[::-1])}


def mirror_classes(classes: Sequence[str]) -> list[int]:
    """For each class, the class that its mirror image belongs to.

    Returns:
        class numbers; the class itself where the label has no direction, -1 where its mirror image is not among the
        classes, so that such clips must not be flipped.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    mirrored = both_ways(MIRRORED)
    return [numbers.get(mirrored.get(label, label), -1) for label in classes]
