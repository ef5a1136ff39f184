"""Samples that hold no gaze: lost by the tracker, off the screen, or bent by a closing lid."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.gaze._kernels import mark_padding
from cogmodels.gaze.geometry import degrees_to_pixels, pixels_to_degrees
from cogmodels.gaze.recording import MISSING, OFF_SCREEN, SEEN, Recording


def mark_lost(
    recording: Recording,
    *,
    padding_s: float = 0.05,
    padded_from_s: float = 0.02,
    off_screen_margin_deg: float = 1.0,
) -> Recording:
    """Set every sample without trustworthy gaze to NaN and note why in ``Recording.lost``.

    In this order: missing (no position, or a pupil of size 0 where the tracker measures pupils); off the screen; then
    the padding on both sides of each loss in which the tracker saw no eye, because a lid that closes or opens drags
    the measured gaze before it hides the pupil. Samples off the screen that adjoin such a loss belong to it; an
    excursion off the screen by itself is lost, but not padded.

    Parameters
    ----------
    recording : Recording
    padding_s : float
        Seconds dropped before and after a loss.
    padded_from_s : float
        Shorter losses are dropouts, not blinks, and get no padding. The value of REMoDNaV (Dar, Wagner and Hanke
        2021, Behavior Research Methods 53, 399-414).
    off_screen_margin_deg : float
        Gaze up to this far beyond the screen's edge is kept: a tracker's accuracy is no better.

    Returns
    -------
    Recording
        Same samples; lost ones NaN. Doing it again changes nothing.

    Raises
    ------
    DataError
        A parameter is negative, or no sample is left.
    """
    for name, value in (
        ("padding_s", padding_s),
        ("padded_from_s", padded_from_s),
        ("off_screen_margin_deg", off_screen_margin_deg),
    ):
        if not value >= 0:
            raise DataError(f"`{name}` is {value}", where="gaze cleaning", remedy="Give 0 or more")
    lost = recording.lost.copy()
    if recording.pupil is not None and (recording.pupil > 0).any():
        lost[(lost == SEEN) & ~(recording.pupil > 0)] = MISSING
    lost[(lost == SEEN) & off_screen(recording, off_screen_margin_deg)] = OFF_SCREEN
    mark_padding(recording.time, lost, 1 / recording.sampling_rate, padding_s, padded_from_s)
    if not (lost == SEEN).any():
        raise DataError(
            f"no sample of {recording.n_samples} is left: {int((lost == MISSING).sum())} missing, "
            f"{int((lost == OFF_SCREEN).sum())} off the screen",
            where=recording.source or "recording",
            remedy="Check the screen's geometry and origin, or leave the recording out",
        )
    return recording.with_lost(lost)


def off_screen(recording: Recording, margin_deg: float = 0.0) -> np.ndarray:
    """Samples (n,) bool whose gaze lies more than a margin (degrees) beyond the screen's edge; lost ones are not."""
    width, height = recording.screen.resolution_px
    # A pixel reaches half a pixel beyond its centre.
    left, top = pixels_to_degrees(-0.5, -0.5, recording.screen)
    x0, y0 = degrees_to_pixels(left - margin_deg, top - margin_deg, recording.screen)
    x1, y1 = (width - 1) - x0, (height - 1) - y0
    x, y = recording.x, recording.y
    return (x < x0) | (x > x1) | (y < y0) | (y > y1)
