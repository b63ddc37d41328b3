"""Classes that are each other played backwards: what tells a model that sees time from one that sees places.

Only labels whose reversed clip is a plain example of the other label. So SSv2's pulling from left to right, where the
hand leads, becomes pushing from right to left, where it follows. Kinetics-400 has no such pair.
"""

from collections.abc import Sequence

from lcr.data.labels import both_ways

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
)


def reverse_classes(classes: Sequence[str]) -> dict[int, int]:
    """Class number to the number of the class that is its time reverse, where both are among the classes."""
    numbers = {label: number for number, label in enumerate(classes)}
    reverse = both_ways(REVERSED)
    return {
        numbers[label]: numbers[reverse[label]] for label in classes if label in reverse and reverse[label] in numbers
    }
