"""Search displays: the six published asymmetry experiments, and any array that a small spec describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from cogmodels.data.displays import DisplaySet
from cogmodels.errors import DataError
from cogmodels.search.items import draw_item

#: How the distractors of a display are chosen from the list of them.
Choice = Literal["same", "cycle", "random", "without_replacement"]


@dataclass(frozen=True)
class Condition:
    """One target among its distractors.

    ``target``: the ways in which it is drawn, each the parameters of :func:`cogmodels.search.items.draw_item` beside
    side and background; the first is what a searcher is shown. ``distractors``: likewise. ``choice`` among each of
    the lists: ``same``: the first; ``cycle``: one after the other over all items of a display; ``random``: each item
    its own; ``without_replacement``: each distractor once before any comes again.
    """

    name: str
    target: tuple[Mapping[str, Any], ...]
    distractors: tuple[Mapping[str, Any], ...]
    choice: Choice = "same"


@dataclass(frozen=True)
class Experiment:
    """Displays of some set sizes under two conditions, the one that people find easy first.

    ``display_px``: side of the square image. ``grid`` (rows, columns) of cells, each ``cell_px`` wide, from the top
    left. ``item_px``: side of an item; it lies anywhere in its cell with whole pixels. ``repeats``: displays of a
    set size and condition. ``blur``: sizes and sigmas of the two Gaussians that models subtract; ``most_fixations``:
    where they give up; both are the published ones.
    """

    name: str
    title: str
    display_px: int
    cell_px: int
    grid: tuple[int, int]
    item_px: int
    background: int
    set_sizes: tuple[int, ...]
    conditions: tuple[Condition, ...]
    repeats: int = 30
    most_fixations: int = 17
    blur: tuple[tuple[int, float], tuple[int, float]] = ((3, 1.0), (5, 3.0))
    human_rt_ms: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, columns = self.grid
        where = f"experiment {self.name}"
        if max(self.set_sizes) > rows * columns or min(self.set_sizes) < 1:
            raise DataError(
                f"set sizes {self.set_sizes} in {rows * columns} cells", where=where, remedy="One item goes into a cell"
            )
        if max(rows, columns) * self.cell_px > self.display_px or self.item_px > self.cell_px:
            raise DataError(
                f"{rows} x {columns} cells of {self.cell_px} px do not fit {self.display_px} px, or items of "
                f"{self.item_px} px not a cell",
                where=where,
                remedy="Make the display or the cells larger; items that overlap are not supported",
            )

    def condition(self, name: str) -> Condition:
        """The condition of that name."""
        for condition in self.conditions:
            if condition.name == name:
                return condition
        raise DataError(
            f"no condition `{name}`",
            where=f"experiment {self.name}",
            remedy=f"It has: {', '.join(c.name for c in self.conditions)}",
        )


@dataclass(frozen=True)
class Display:
    """One search trial: ``image`` (height, width) uint8, ``items`` with a row an item, ``target`` image (side, side).

    ``cells`` (n_cells, 4): top, left, bottom, right of every cell of the grid, px, the last two excluded.
    ``target_cell``: index of the target's cell.
    """

    experiment: str
    condition: str
    set_size: int
    number: int
    image: np.ndarray
    target: np.ndarray
    items: pd.DataFrame
    cells: np.ndarray
    target_cell: int
    background: int


def target_image(experiment: Experiment, condition: Condition) -> np.ndarray:
    """What a searcher is told to look for: the target as it is first drawn (item_px, item_px) uint8."""
    return _item(experiment, condition.target[0])


def make_display(experiment: Experiment, condition: str, set_size: int, number: int, seed: int = 0) -> Display:
    """The display of that number, the same whenever it is asked for.

    Raises
    ------
    DataError
        A condition or set size that the experiment does not have.
    """
    which = experiment.condition(condition)
    if set_size not in experiment.set_sizes:
        raise DataError(
            f"no set size {set_size}", where=f"experiment {experiment.name}", remedy=f"It has {experiment.set_sizes}"
        )
    key = [seed, *experiment.name.encode(), *condition.encode(), set_size, number]
    rng = np.random.default_rng(key)
    rows, columns = experiment.grid
    taken = rng.choice(rows * columns, set_size, replace=False)
    # The target is the first of them; the order in which cells were drawn says nothing about where it is.
    drawings = _drawings(which, set_size, rng)
    slack = experiment.cell_px - experiment.item_px
    image = np.full((experiment.display_px, experiment.display_px), experiment.background, np.uint8)
    found = []
    for item, (cell, drawing) in enumerate(zip(taken, drawings, strict=True)):
        down, right = rng.integers(0, slack + 1, 2)
        top = cell // columns * experiment.cell_px + down
        left = cell % columns * experiment.cell_px + right
        image[top : top + experiment.item_px, left : left + experiment.item_px] = _item(experiment, drawing)
        found.append(
            {
                "item": item,
                "is_target": item == 0,
                "cell": int(cell),
                "x": left + (experiment.item_px - 1) / 2,
                "y": top + (experiment.item_px - 1) / 2,
                "size_px": experiment.item_px,
                **_flat(drawing),
            }  # fmt: skip
        )
    tops, lefts = np.divmod(np.arange(rows * columns), columns) * np.array(experiment.cell_px)
    return Display(
        experiment.name,
        condition,
        set_size,
        number,
        image,
        target_image(experiment, which),
        pd.DataFrame(found),
        np.column_stack([tops, lefts, tops + experiment.cell_px, lefts + experiment.cell_px]),
        int(taken[0]),
        experiment.background,
    )


def draw_displays(experiment: Experiment, repeats: int | None = None, seed: int = 0) -> DisplaySet:
    """All displays of an experiment, ``repeats`` of a set size and condition (as published by default)."""
    drawn = [
        make_display(experiment, condition.name, set_size, number, seed)
        for condition in experiment.conditions
        for set_size in experiment.set_sizes
        for number in range(repeats or experiment.repeats)
    ]
    trials = pd.DataFrame(
        [
            {
                "trial": k, "condition": d.condition, "set_size": d.set_size, "number": d.number,
                "image": f"{d.condition}_n-{d.set_size:02d}_{d.number:03d}.png", "target": d.condition,
                **dict(zip(("top", "left", "bottom", "right"), map(int, d.cells[d.target_cell]), strict=True)),
            }
            for k, d in enumerate(drawn)
        ]
    )  # fmt: skip
    items = pd.concat([d.items.assign(trial=k) for k, d in enumerate(drawn)], ignore_index=True)
    items.insert(0, "trial", items.pop("trial"))
    return DisplaySet(
        np.stack([d.image for d in drawn]),
        {condition.name: target_image(experiment, condition) for condition in experiment.conditions},
        trials,
        items,
        {
            **asdict(experiment),
            "cells": drawn[0].cells.tolist(),
            "drawn": {"repeats": repeats or experiment.repeats, "seed": seed},
        },
    )


def experiment_of(about: Mapping[str, Any]) -> Experiment:
    """The experiment that a set of displays was drawn from, or that a config describes.

    Raises
    ------
    DataError
        Numbers that do not fit each other.
    """
    names = Experiment.__dataclass_fields__
    values = {name: value for name, value in about.items() if name in names}
    conditions = tuple(
        Condition(one["name"], tuple(one["target"]), tuple(one["distractors"]), one.get("choice", "same"))
        for one in values.pop("conditions")
    )
    values["blur"] = tuple((int(size), float(sigma)) for size, sigma in values["blur"])
    people = {name: tuple(times) for name, times in values.pop("human_rt_ms").items()}
    grid, sizes = tuple(values.pop("grid")), tuple(values.pop("set_sizes"))
    return Experiment(grid=grid, set_sizes=sizes, conditions=conditions, human_rt_ms=people, **values)


def _drawings(condition: Condition, set_size: int, rng: np.random.Generator) -> list[Mapping[str, Any]]:
    """How each item is drawn, the target first."""
    target, others, n = condition.target, condition.distractors, set_size - 1
    if condition.choice == "cycle":
        return [target[0], *(others[i % len(others)] for i in range(1, set_size))]
    if condition.choice == "random":
        return [target[rng.integers(len(target))], *(others[i] for i in rng.integers(len(others), size=n))]
    if condition.choice == "without_replacement":
        order = [i for _ in range(-(-n // len(others))) for i in rng.permutation(len(others))]
        return [target[0], *(others[i] for i in order[:n])]
    return [target[0], *[others[0]] * n]


def _item(experiment: Experiment, drawing: Mapping[str, Any]) -> np.ndarray:
    return draw_item(**drawing, side=experiment.item_px, background=experiment.background)


def _flat(drawing: Mapping[str, Any]) -> dict[str, Any]:
    names = ("shape", "angle", "light", "figure", "variant")
    return {name: drawing[name] for name in names if name in drawing}


# -- The published experiments ----------------------------------------------------------------------------------------
# Gupta, Zhang, Wu, Wolfe and Kreiman (2021), NeurIPS 34; numbers at 30 px a degree. Human RTs are digitised from the
# original studies; their grid units are 200 / 9.5 and 200 / 7.5 ms.

PX_PER_DEGREE = 30
_U, _V = 200 / 9.5, 200 / 7.5
_TURNS = (-45.0, -90.0, -135.0, 180.0)
_CURVES = tuple(
    {"shape": "arc", "radius": 30, "drop": 26, "start": 52, "stop": 127, "width": 5, "angle": angle} for angle in _TURNS
)
_LINES = tuple({"shape": "bar", "length": 36, "width": 6, "upright": False, "angle": angle} for angle in _TURNS)
_STROKED = {
    figure: tuple({"shape": "strokes", "figure": figure, "variant": v, "border": 6} for v in range(4))
    for figure in ("cross", "non_cross", "T", "L")
}


def _tilted(angle: float) -> dict[str, Any]:
    return {"shape": "bar", "length": 60, "width": 9, "angle": angle}


def _lit(light: str) -> tuple[dict[str, Any]]:
    return ({"shape": "shaded_disc", "light": light},)


_BARS = {"display_px": 339, "cell_px": 84, "grid": (4, 4), "item_px": 69, "background": 255, "set_sizes": (1, 4, 8, 12)}
_FIGURES = {
    "display_px": 615, "cell_px": 205, "grid": (3, 3), "item_px": 177, "background": 255, "set_sizes": (3, 6, 9),
    "repeats": 36, "most_fixations": 10, "blur": ((5, 3.0), (7, 5.0)),
}  # fmt: skip
_OBLIQUE = tuple(_tilted(angle) for angle in (-80.0, -60.0, -40.0, 20.0, 40.0, 60.0, 80.0))

EXPERIMENTS: Mapping[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "curvature", "Curvature", 339, 56, (6, 6), 48, 0, (8, 16, 32),
            (
                Condition("curve_in_lines", _CURVES, _LINES, "cycle"),
                Condition("line_in_curves", _LINES, _CURVES, "cycle"),
            ),
            most_fixations=37,
            human_rt_ms={"curve_in_lines": (510, 516.4, 529.2), "line_in_curves": (565, 640, 750)},
        ),
        Experiment(
            "lighting", "Lighting direction", 198, 49, (4, 4), 31, 27, (1, 6, 12),
            (
                Condition("top_down", _lit("top"), _lit("bottom")),
                Condition("left_right", _lit("left"), _lit("right")),
            ),
            blur=((3, 0.0), (5, 1.0)),
            human_rt_ms={
                "top_down": (400 + _V, 400 + 1.2 * _V, 400 + 2.7 * _V),
                "left_right": (400 + 3.3 * _V, 600 + 2.8 * _V, 600 + 5.8 * _V),
            },
        ),
        Experiment(
            "intersection", "Intersection",
            conditions=(
                Condition("non_cross", _STROKED["non_cross"], _STROKED["cross"], "random"),
                Condition("cross", _STROKED["cross"], _STROKED["non_cross"], "random"),
            ),
            human_rt_ms={"non_cross": (645, 780, 915), "cross": (829, 1117, 1405)},
            **_FIGURES,
        ),
        Experiment(
            "t-l", "T and L",
            conditions=(
                Condition("Ts", _STROKED["T"], _STROKED["L"], "random"),
                Condition("Ls", _STROKED["L"], _STROKED["T"], "random"),
            ),
            human_rt_ms={"Ts": (541, 583, 625), "Ls": (573, 672, 771)},
            **_FIGURES,
        ),
        Experiment(
            "orientation-homogeneous", "Orientation, equal distractors",
            conditions=(
                Condition("homo_t20", (_tilted(20.0),), (_tilted(0.0),)),
                Condition("homo_t0", (_tilted(0.0),), (_tilted(20.0),)),
            ),
            human_rt_ms={
                "homo_t20": tuple(400 + k * _U for k in (0.7, 1.8, 1.95, 2.1)),
                "homo_t0": tuple(400 + k * _U for k in (1.5, 7, 7.25, 7.5)),
            },
            **_BARS,
        ),
        Experiment(
            "orientation-heterogeneous", "Orientation, mixed distractors",
            conditions=(
                Condition("hetero_t0", (_tilted(0.0),), (*_OBLIQUE, _tilted(-20.0)), "without_replacement"),
                Condition("hetero_t20", (_tilted(-20.0),), (*_OBLIQUE, _tilted(0.0)), "without_replacement"),
            ),
            human_rt_ms={
                "hetero_t0": (400 + 1.5 * _U, 400 + 8 * _U, 600 + 1.6 * _U, 600 + 5.1 * _U),
                "hetero_t20": (400 + 6 * _U, 800 + 1.5 * _U, 1000 + 4 * _U, 1200 + 6 * _U),
            },
            **_BARS,
        ),
    )
}  # fmt: skip
