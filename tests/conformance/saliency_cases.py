"""Maps and fixations of the saliency conformance test: the same numbers in our environment and in the peer's."""

import numpy as np

NAMES = ("uniform", "normal", "tied", "peaked")


def case(name):
    """Two maps (60, 80), a baseline, fixations (some repeated) and fixations on other images."""
    generator = np.random.default_rng(NAMES.index(name) + 100)
    shape = (60, 80)
    first, second = generator.random(shape) + 0.01, generator.random(shape) + 0.01
    if name == "normal":
        first, second = np.log(first), second - 0.5
    elif name == "tied":
        first, second = np.floor(first * 6), np.floor(second * 4)
    elif name == "peaked":
        rows, columns = np.mgrid[:60, :80]
        first = first * 0.01 + np.exp(-((rows - 20) ** 2 + (columns - 50) ** 2) / 128)
        second = second * 0.01 + np.exp(-((rows - 25) ** 2 + (columns - 45) ** 2) / 200)
    baseline = generator.random(shape) + 0.5
    x, y = generator.random(25) * 80, generator.random(25) * 60
    x, y = np.append(x, x[:5]), np.append(y, y[:5])
    other = generator.random((40, 2)) * (80, 60)
    return {"first": first, "second": second, "baseline": baseline, "x": x, "y": y, "other": other}
