"""Labels that a horizontal flip or a reversal in time turns into another label: left and right, opening and closing."""

from collections.abc import Sequence

# Labels of Jester and SSv2 whose meaning a horizontal flip changes, each with the label that it becomes. The other
# directions (up, down, forward, away, towards) survive a mirror, and so do all labels of Kinetics-400.
MIRRORED = (
    ("Swiping Left", "Swiping Right"),
    ("Sliding Two Fingers Left", "Sliding Two Fingers Right"),
    ("Turning Hand Clockwise", "Turning Hand Counterclockwise"),
    ("Pulling something from left to right", "Pulling something from right to left"),
    ("Pushing something from left to right", "Pushing something from right to left"),
    ("Turning the camera left while filming something", "Turning the camera right while filming something"),
)
# Labels whose reversed clip is a plain example of the other label, so that only the order of frames tells them apart.
# SSv2's pulling from left to right, where the hand leads, becomes pushing from right to left, where the hand follows.
# The pairs of Kinetics-400 are near: synthetic clips of them are drawn as exact reverses (lcr.synthetic.activities);
# real clips differ in more than the order of frames, so their accuracy on pairs says nothing sure about time.
REVERSED = (
    ("Swiping Left", "Swiping Right"),
    ("Swiping Down", "Swiping Up"),
    ("Pushing Hand Away", "Pulling Hand In"),
    ("Sliding Two Fingers Left", "Sliding Two Fingers Right"),
    ("Sliding Two Fingers Down", "Sliding Two Fingers Up"),
    ("Pushing Two Fingers Away", "Pulling Two Fingers In"),
    ("Rolling Hand Forward", "Rolling Hand Backward"),
    ("Turning Hand Clockwise", "Turning Hand Counterclockwise"),
    ("Zooming In With Full Hand", "Zooming Out With Full Hand"),
    ("Zooming In With Two Fingers", "Zooming Out With Two Fingers"),
    ("Approaching something with your camera", "Moving away from something with your camera"),
    ("Opening something", "Closing something"),
    ("Covering something with something", "Uncovering something"),
    ("Folding something", "Unfolding something"),
    ("Moving something and something away from each other", "Moving something and something closer to each other"),
    ("Moving something away from something", "Moving something closer to something"),
    ("Moving something away from the camera", "Moving something towards the camera"),
    ("Moving something down", "Moving something up"),
    ("Pulling something from left to right", "Pushing something from right to left"),
    ("Pulling something from right to left", "Pushing something from left to right"),
    ("Putting something into something", "Taking something out of something"),
    ("Turning the camera downwards while filming something", "Turning the camera upwards while filming something"),
    ("Turning the camera left while filming something", "Turning the camera right while filming something"),
    ("climbing a rope", "abseiling"),
    ("opening present", "wrapping present"),
    ("moving furniture", "unloading truck"),
)


def _partners(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {first: second for pair in pairs for first, second in (pair, pair[::-1])}


def mirror_classes(classes: Sequence[str]) -> list[int]:
    """For each class, the class that its mirror image belongs to.

    Returns:
        class numbers; the class itself where the label has no direction, -1 where its mirror image is not among the
        classes, so that such clips must not be flipped.
    """
    numbers, mirrored = {label: number for number, label in enumerate(classes)}, _partners(MIRRORED)
    return [numbers.get(mirrored.get(label, label), -1) for label in classes]


def reverse_classes(classes: Sequence[str]) -> dict[int, int]:
    """Class number to the number of the class that is its time reverse, where both are among the classes."""
    numbers = {label: number for number, label in enumerate(classes)}
    return {
        numbers[label]: numbers[reverse]
        for label, reverse in _partners(REVERSED).items()
        if label in numbers and reverse in numbers
    }
