"""Search models on published displays, or on scenes of one's own, without a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.config.base import suggestion, validate
from cogmodels.config.search import SearchExperiment, TableScenes
from cogmodels.data.bids import write_csv
from cogmodels.data.displays import DisplaySet, read_displays
from cogmodels.data.images import read_image
from cogmodels.data.scenes import table_scenes, write_scenes
from cogmodels.data.tables import write_fixations
from cogmodels.errors import DataError
from cogmodels.report.scanpath_models import plot_overlay
from cogmodels.report.search import plot_search
from cogmodels.report.style import save_figure
from cogmodels.search.analysis import score_searches
from cogmodels.search.models import run_search
from cogmodels.search.stimuli import EXPERIMENTS, draw_displays

Progress = Callable[[int], Any] | None


def search_options(model: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a search experiment, checked.

    Raises
    ------
    ConfigError
        An unknown option, or a value that is not allowed.
    """
    return validate(SearchExperiment, {"dataset": "displays", "model": model, **settings}, "--set").network()


def choose_displays(names: Sequence[str], repeats: int | None, seed: int) -> list[DisplaySet]:
    """Published displays by their names, drawn.

    Raises
    ------
    DataError
        A name that is not known.
    """
    for name in names:
        if name not in EXPERIMENTS:
            raise DataError(f"no displays `{name}`{suggestion(name, EXPERIMENTS)}", where="--displays")
    return [draw_displays(EXPERIMENTS[name], repeats, seed) for name in names]


def search_displays(
    displays: Sequence[DisplaySet], out: Path, options: Mapping[str, Any], *, seed: int = 0, progress: Progress = None
) -> pd.DataFrame:
    """Search published displays; write ``fixations-<name>.parquet``, ``trials.csv``, ``scores.csv``, ``search.png``.

    Parameters
    ----------
    displays : sequence of DisplaySet
        Of :func:`choose_displays`.
    out : path
    options : mapping
        Of :func:`search_options`.
    seed : int
        Of random weights and ties.
    progress : callable, optional
        Told of each display that is done.

    Returns
    -------
    DataFrame
        The scores: slopes, asymmetries, share found, beside people's.
    """
    experiments = [EXPERIMENTS[one.about["name"]] for one in displays]
    looks, tables = [], []
    for one in displays:
        fixations, trials = run_search(one, options, seed=seed, progress=progress)
        write_fixations(Path(out) / f"fixations-{one.about['name']}.parquet", fixations)
        looks.append(fixations)
        tables.append(trials)
    trials = pd.concat(tables, ignore_index=True)
    scores = score_searches(trials, experiments)
    write_csv(Path(out) / "trials.csv", trials)
    write_csv(Path(out) / "scores.csv", scores)
    figure = plot_search(trials, experiments, list(displays), looks, title=f"{options['model']} on published displays")
    save_figure(figure, Path(out) / "search.png")
    return scores


def prepare_scenes(table: Path, out: Path, *, size: tuple[int, int], px_per_degree: float) -> DisplaySet:
    """Images of one's own and their targets' boxes, from a table: scenes in ``<out>/scenes``.

    Parameters
    ----------
    table : path
        TSV with columns ``image`` (path beside the table), ``left``, ``top``, ``right``, ``bottom`` (px of the target;
        the last two excluded), and more as :class:`cogmodels.config.search.TableScenes` says.
    out : path
    size : (width, height)
        px that scenes are brought to.
    px_per_degree : float
        Of the images as they are.

    Raises
    ------
    DataError
        No such table; columns, images or boxes that are missing or wrong.
    """
    content = {"title": table.stem, "table": table.name, "size": list(size), "px_per_degree": px_per_degree}
    options = validate(TableScenes, content, "--scenes").model_dump(mode="json")
    folder = Path(out) / "scenes"
    write_scenes(folder, table_scenes(table.parent, options), options, "scenes")
    return read_displays(folder)


def search_scenes(
    scenes: DisplaySet,
    images: Path,
    out: Path,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    overlays: int = 12,
    progress: Progress = None,
) -> pd.DataFrame:
    """Search scenes; write ``fixations.parquet``, ``trials.csv`` and ``overlays/`` of the first ones.

    Parameters
    ----------
    scenes : DisplaySet
        Of :func:`prepare_scenes`.
    images : path
        The folder that the table's paths are below.
    out, options, seed, progress
        As :func:`search_displays` takes them.
    overlays : int
        Pictures at most, in the order of the table.

    Returns
    -------
    DataFrame
        A row a scene: whether the target was found, and by which fixation.
    """
    fixations, trials = run_search(scenes, options, seed=seed, progress=progress)
    write_fixations(Path(out) / "fixations.parquet", fixations)
    write_csv(Path(out) / "trials.csv", trials)
    folder = Path(out) / "overlays"
    for number, (_, path) in zip(range(overlays), fixations.groupby("trial", sort=False), strict=False):
        name = str(path["stimulus"].iloc[0])
        figure = plot_overlay(
            read_image(Path(images) / name), [path[["x", "y", "duration"]].to_numpy(float)], title=name
        )
        save_figure(figure, folder / f"{number:03d}_{Path(name).stem}.png")
    return trials
