"""What a file of an eye tracker holds, in one form whoever made the tracker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

EVENT_COLUMNS = ["eye", "onset", "duration", "trial_type"]
_CALIBRATION_COLUMNS = [
    "onset", "eye", "type", "quality", "error_mean_deg", "error_max_deg", "offset_deg", "offset_x_px", "offset_y_px",
]  # fmt: skip


@dataclass(frozen=True)
class GazeFile:
    """One recording on the tracker's own clock, in s from the first sample.

    Attributes
    ----------
    times : array (n,)
        Time of each sample; pauses between blocks are gaps.
    eyes : dict of array (n, 3)
        ``left``, ``right`` or ``cyclopean``: gaze x, y (px, origin at the screen's top left) and pupil size in the
        tracker's unit; NaN where lost.
    sampling_rate : float
        Hz.
    events : DataFrame
        The tracker's own: ``eye``, ``onset``, ``duration`` (s), ``trial_type`` (fixation, saccade, blink).
    messages : DataFrame
        ``onset`` (s, negative before the first sample), ``message``.
    screen_resolution : tuple of int or None
        Width and height in px, as the tracker was told.
    pixels_per_degree : tuple of float or None
        Horizontal and vertical, at the screen's centre, as the tracker was told. It fixes the ratio of screen size to
        viewing distance; neither of the two is in the file.
    distance_m : array (n,) or None
        Viewing distance of each sample, where it was recorded.
    header : dict
        ``camera``, ``serial``, ``pupil_unit`` and further text from the file.
    """

    times: np.ndarray
    eyes: Mapping[str, np.ndarray]
    sampling_rate: float
    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EVENT_COLUMNS))
    messages: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"onset": np.empty(0), "message": []}))
    screen_resolution: tuple[int, int] | None = None
    pixels_per_degree: tuple[float, float] | None = None
    distance_m: np.ndarray | None = None
    header: Mapping[str, Any] = field(default_factory=dict)

    @property
    def blocks(self) -> np.ndarray:
        """First and last sample time (n_blocks, 2): a block ends where the next sample is later than one step."""
        cuts = np.flatnonzero(np.diff(self.times) > 1.5 / self.sampling_rate)
        return np.column_stack([self.times[np.r_[0, cuts + 1]], self.times[np.r_[cuts, len(self.times) - 1]]])

    @property
    def calibrations(self) -> pd.DataFrame:
        """EyeLink validations in the messages: ``onset, eye, type`` (such as HV9), ``quality`` (GOOD, FAIR, POOR),
        ``error_mean_deg, error_max_deg, offset_deg, offset_x_px, offset_y_px``; NaN where a message does not tell.
        """
        rows = []
        for onset, message in zip(self.messages["onset"], self.messages["message"], strict=True):
            found = _VALIDATION.match(" ".join(message.split()))
            if found:
                kind, eye, quality, *numbers = found.groups()
                values = [float("nan") if text is None else float(text) for text in numbers]
                rows.append((onset, eye.lower(), kind, quality, *values))
        return pd.DataFrame(rows, columns=_CALIBRATION_COLUMNS)


_NUMBER = r"(-?[\d.]+)"
_VALIDATION = re.compile(
    r"!CAL VALIDATION (\w+) [LR]+ (LEFT|RIGHT) (GOOD|FAIR|POOR)"
    rf"(?: ERROR {_NUMBER} avg\. {_NUMBER} max)?(?: OFFSET {_NUMBER} deg\. {_NUMBER},{_NUMBER} pix)?"
)


def calibration(file: GazeFile, eye: str) -> dict[str, Any]:
    """Calibration of an eye in BIDS terms, as far as the recording's messages tell it.

    ``CalibrationType``, ``CalibrationCount``, and of the last validation ``AverageCalibrationError`` and
    ``MaximalCalibrationError`` (degrees).
    """
    found: dict[str, Any] = {}
    for message in file.messages["message"]:
        good = re.match(rf"!CAL CALIBRATION (\w+) \w+ {eye.upper()} +GOOD", message)
        if good:
            found["CalibrationType"] = good.group(1)
            found["CalibrationCount"] = found.get("CalibrationCount", 0) + 1
    checked = file.calibrations
    checked = checked[(checked["eye"] == eye) & checked["error_mean_deg"].notna()]
    if len(checked):
        last = checked.iloc[-1]
        found["AverageCalibrationError"] = float(last["error_mean_deg"])
        found["MaximalCalibrationError"] = float(last["error_max_deg"])
    return found


def check_times(stamps: np.ndarray, where: object, line_of: Any = None) -> None:
    """DataError for fewer than two samples, or time that does not increase; ``line_of(i)`` names sample i's line."""
    if len(stamps) < 2:
        raise DataError(
            f"{len(stamps)} samples: too few", where=where, remedy="Leave the file out, or restore it from its source"
        )
    wrong = np.flatnonzero(~(np.diff(stamps) > 0))
    if len(wrong):
        place = f"{where}, line {line_of(int(wrong[0]) + 1)}" if line_of else where
        raise DataError(
            f"time does not increase: {stamps[wrong[0]]:.12g}, then {stamps[wrong[0] + 1]:.12g} "
            f"({len(wrong)} such steps)",
            where=place,
            remedy="Sort the samples by time, or remove what was written twice",
        )


def check_exists(path: Path) -> None:
    """DataError for a missing or empty file."""
    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Correct the path, or fetch the data set again")
    if path.stat().st_size == 0:
        raise DataError("the file is empty", where=f"{path}, line 1", remedy="Restore it from its source")
