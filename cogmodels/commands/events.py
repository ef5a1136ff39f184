"""Events, quality and fixations of single gaze files, by the steps of the workflow."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cogmodels.config.base import read_yaml, validate
from cogmodels.config.data_spec import GazeFiles
from cogmodels.config.study import GazePipeline
from cogmodels.data.bids import write_json, write_tsv
from cogmodels.data.converters.gaze_files import read_file
from cogmodels.data.gaze_files.bids import trials_of, write_gaze
from cogmodels.data.gaze_files.read import format_of, read_gaze
from cogmodels.data.own_files import bids_screen
from cogmodels.data.physio import read_physio, read_screen, read_trials
from cogmodels.data.tables import write_fixations
from cogmodels.errors import DataError
from cogmodels.gaze.cleaning import clean
from cogmodels.gaze.detectors import detect_events
from cogmodels.gaze.quality import quality
from cogmodels.gaze.recording import Recording, recording_from_physio
from cogmodels.gaze.scanpaths import fixations_table, join_fixations

_BIDS = "_physio.tsv.gz"
#: Formats whose files say how many px their screen has.
_TELL_SCREEN = ("eyelink_asc", "eyelink_edf")


def gaze_pipeline(detector: str, settings: Mapping[str, Any]) -> GazePipeline:
    """The options of a pipeline: those of the detector by their names, all others likewise.

    Raises
    ------
    ConfigError
        An unknown option, or a value that is not allowed.
    """
    own = {name: value for name, value in settings.items() if name not in GazePipeline.model_fields}
    shared = {name: value for name, value in settings.items() if name in GazePipeline.model_fields}
    content = {"datasets": ["files"], "detector": detector, **shared} | ({detector: own} if own else {})
    return validate(GazePipeline, content, "--set")


def reading_options(
    path: Path,
    *,
    screen_cm: tuple[float, float] | None,
    distance_cm: float | None,
    screen_px: tuple[int, int] | None = None,
    options: Path | None = None,
) -> dict[str, Any]:
    """How a file is read, as the section ``gaze_files`` of a data spec has it.

    Parameters
    ----------
    path : path
        The gaze file.
    screen_cm : (width, height)
        Of the screen.
    distance_cm : float
        From eye to screen.
    screen_px : (width, height), optional
        By default what the file tells, where it does.
    options : path, optional
        A YAML file with further keys of that section: ``format``, ``columns``, ``time_unit``...

    Raises
    ------
    DataError
        The size or the distance of the screen is missing.
    ConfigError
        Options that the section does not know.
    """
    content = {"files": "{subject}", **(read_yaml(options) if options else {})}
    if "screen" not in content:
        chosen = content.get("format") or format_of(path)
        if screen_px is None and chosen in _TELL_SCREEN:
            screen_px = read_gaze(path, chosen).screen_resolution
        given = {"--screen-cm": screen_cm, "--distance-cm": distance_cm, "--screen-px": screen_px}
        if missing := [name for name, value in given.items() if value is None]:
            raise DataError(
                f"degrees cannot be had without the screen: {' and '.join(missing)} not given",
                where=path,
                remedy="Measure the screen and the distance of the eye, as in `--screen-cm 53.1x29.9 --distance-cm 60`",
            )
        content["screen"] = {
            "width_px": screen_px[0], "height_px": screen_px[1], "width_m": screen_cm[0] / 100,
            "height_m": screen_cm[1] / 100, "distance_m": distance_cm / 100,
        }  # fmt: skip
    return validate(GazeFiles, content, options or "--screen-px, --screen-cm, --distance-cm").model_dump()


def detect_files(
    files: Sequence[Path],
    out: Path,
    pipeline: GazePipeline,
    reading: Callable[[Path], Mapping[str, Any]],
    *,
    figures: bool = True,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """Events of gaze files, of each eye, as the rules ``clean_gaze``, ``detect_events`` and ``plot_gaze`` make them.

    Parameters
    ----------
    files : sequence of path
        EyeLink, Tobii, Pupil Labs, tables; or BIDS ``_physio.tsv.gz`` with their sidecars.
    out : path
        Folder of ``<name>_events.tsv``, ``<name>_quality.json``, ``<name>_gaze.png`` and ``fixations.parquet``, the
        Fixations table of all files, the first eye of each.
    pipeline : GazePipeline
    reading : callable
        Gives :func:`reading_options` of a file that is no BIDS.
    figures : bool
    progress : callable
        Wraps the files.

    Returns
    -------
    DataFrame
        A row an eye: file, eye, and its measures of quality.

    Raises
    ------
    DataError
        Two files of one name; a file that cannot be read.
    """
    names = [_stem(file) for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"two files are called {twice[0]}", where="files", remedy="Give each a name of its own")
    rows, fixations = [], {}
    for file, name in zip(progress(files), names, strict=True):
        given = list(_eyes(file, reading))
        whole = [given] if pipeline.eyes == "cyclopean" else [[eye] for eye in given]
        for number, eyes in enumerate(whole, start=1):
            at_screen = {"distance_m": None} if pipeline.viewing_distance == "screen" else {}
            recording = clean([replace(eye, **at_screen) for eye, _ in eyes], **pipeline.cleaning())
            events = detect_events(recording, **pipeline.detection())
            measured = quality(recording, events)
            stem = name if len(whole) == 1 else f"{name}_eye{number}"
            write_tsv(Path(out) / f"{stem}_events.tsv", events)
            write_json(Path(out) / f"{stem}_quality.json", measured)
            if figures:
                _draw(Path(out) / f"{stem}_gaze.png", recording, events, measured, stem)
            # A name of a file may have what sets entities of a BIDS name apart.
            subject = re.sub(r"[^A-Za-z0-9]+", "", name)
            fixations[f"sub-{subject}_recording-eye{number}"] = fixations_table(events, eyes[0][1], subject=subject)
            rows.append({"file": file.name, "eye": recording.eye, **measured})
    write_fixations(Path(out) / "fixations.parquet", join_fixations(fixations))
    return pd.DataFrame(rows)


def _eyes(file: Path, reading: Callable[[Path], Mapping[str, Any]]) -> Iterator[tuple[Recording, pd.DataFrame]]:
    """Recording and trials of each eye."""
    if file.name.endswith(_BIDS):
        yield _recording(file), read_trials(file)
        return
    options = reading(file)
    gaze = read_file(file, options)
    with tempfile.TemporaryDirectory() as folder:
        # Through the files of a converted data set: the same numbers as in a study.
        entities = {"subject": "1", "task": options["task"]}
        trials = trials_of(gaze, start=options["trial_start"], end=options["trial_end"])
        screen = bids_screen(options["screen"])
        written = write_gaze(gaze, Path(folder), entities, screen=screen, trials=trials, sidecar={})
        for path in written:
            if path.name.endswith(_BIDS):
                yield _recording(path, str(file)), read_trials(path)


def _recording(path: Path, source: str = "") -> Recording:
    return recording_from_physio(*read_physio(path), read_screen(path), source=source or str(path))


def _stem(file: Path) -> str:
    return file.name.removesuffix(_BIDS) if file.name.endswith(_BIDS) else file.stem


def _draw(path: Path, recording: Recording, events: pd.DataFrame, measured: Mapping[str, Any], title: str) -> None:
    from cogmodels.report.gaze import plot_recording
    from cogmodels.report.style import save_figure

    save_figure(plot_recording(recording, events, measured, title=title), path)
