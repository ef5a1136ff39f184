"""Haemodynamic responses: canonical, its derivatives, and a library of 20 shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import gammainc, gammaln, xlogy

from cogmodels.errors import DataError

# Of SPM's canonical response: the undershoot's time beside the peak's, its size, and the step of the finite
# difference that makes the dispersion derivative.
UNDERSHOOT_TIME, UNDERSHOOT_RATIO, DISPERSION_STEP = 3.0, 1 / 6, 0.01
# Times, s, on which the largest value of a response is looked for.
_FINE = np.arange(0.0, 60.0, 0.01)
#: Peaks and dispersions of the library, s.
LIBRARY_PEAKS = (4.0, 5.0, 6.0, 7.0, 8.0)
LIBRARY_DISPERSIONS = (0.7, 1.0, 1.3, 1.6)


@dataclass(frozen=True)
class Hrf:
    """Difference of two gamma densities, the canonical response by default (Friston et al. 1998, NeuroImage 7, 30-40).

    ``peak_s``: where the first density has its maximum, s; the second has it three times as late. ``dispersion_s``:
    scale of both, s; the wider, the flatter. With 5 and 1 this is SPM's response: shapes 6 and 16, ratio 1/6.
    """

    peak_s: float = 5.0
    dispersion_s: float = 1.0

    def __post_init__(self) -> None:
        if not (self.peak_s > 0 and self.dispersion_s > 0):
            raise DataError(
                f"a response with its peak at {self.peak_s} s and a dispersion of {self.dispersion_s} s",
                where="haemodynamic response",
                remedy="Give values above 0",
            )

    def impulse(self, times: np.ndarray) -> np.ndarray:
        """Response to an impulse at 0, of any shape as ``times`` (s); its integral is 1 - 1/6."""
        times = np.asarray(times, dtype=float)
        return sum(weight * _density(times, shape, self.dispersion_s) for weight, shape in self._gammas())

    def boxcar(self, times: np.ndarray, duration: float) -> np.ndarray:
        """Response to a boxcar from 0 to ``duration`` s, exact: a difference of distribution functions."""
        times = np.asarray(times, dtype=float)
        return self._integral(times) - self._integral(times - duration)

    def respond(self, times: np.ndarray, duration: float) -> np.ndarray:
        """Response to an event of a duration, 0 for an impulse."""
        return self.impulse(times) if duration == 0 else self.boxcar(times, duration)

    @lru_cache(maxsize=4096)  # noqa: B019 - instances are small, equal ones are one
    def peak(self, duration: float) -> float:
        """Largest value of the response to an event of a duration."""
        return float(self.respond(np.append(_FINE, duration + _FINE), duration).max())

    def onset_derivative(self, times: np.ndarray, duration: float) -> np.ndarray:
        """Derivative of `respond` by time: what a response that comes earlier adds, to first order."""
        times = np.asarray(times, dtype=float)
        if duration > 0:
            return self.impulse(times) - self.impulse(times - duration)
        step = 1e-4
        return (self.impulse(times + step) - self.impulse(times - step)) / (2 * step)

    def dispersion_derivative(self, times: np.ndarray, duration: float) -> np.ndarray:
        """Change of `respond` with a dispersion greater by 0.01 s of the first density alone, per s (as SPM has it)."""
        times = np.asarray(times, dtype=float)
        # Shape times scale stays, as SPM defines its delay; the undershoot stays too.
        delay = self._gammas()[0][1] * self.dispersion_s

        def first(scale: float) -> np.ndarray:
            if duration == 0:
                return _density(times, delay / scale, scale)
            return _distribution(times, delay / scale, scale) - _distribution(times - duration, delay / scale, scale)

        return (first(self.dispersion_s + DISPERSION_STEP) - first(self.dispersion_s)) / DISPERSION_STEP

    def _gammas(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Weight and shape of both densities."""
        first = self.peak_s / self.dispersion_s + 1
        second = UNDERSHOOT_TIME * self.peak_s / self.dispersion_s + 1
        return (1.0, first), (-UNDERSHOOT_RATIO, second)

    def _integral(self, times: np.ndarray) -> np.ndarray:
        return sum(weight * _distribution(times, shape, self.dispersion_s) for weight, shape in self._gammas())


def hrf_library() -> list[Hrf]:
    """Twenty responses: peaks at 4 to 8 s, dispersions of 0.7 to 1.6 s; number 5 is the canonical one.

    In the spirit of GLMsingle's library (Prince et al. 2022, eLife 11, e77599), which holds 20 curves estimated from
    the NSD; these are a grid over the canonical formula instead, in closed form.
    """
    return [Hrf(peak, width) for peak in LIBRARY_PEAKS for width in LIBRARY_DISPERSIONS]


def _density(times: np.ndarray, shape: float, scale: float) -> np.ndarray:
    after = np.maximum(times, 0.0) / scale
    return np.where(times > 0, np.exp(xlogy(shape - 1, after) - after - gammaln(shape)) / scale, 0.0)


def _distribution(times: np.ndarray, shape: float, scale: float) -> np.ndarray:
    return gammainc(shape, np.maximum(times, 0.0) / scale)
