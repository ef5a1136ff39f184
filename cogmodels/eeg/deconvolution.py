"""Responses to events that overlap: fixations, saccades and stimulus onsets in one regression.

The EEG is a sum of responses, one finite impulse response (FIR) for each type of event and each covariate of it:
``y(t) = sum_i sum_p w_ip beta_p(t - s_i) + noise`` over events ``i`` at samples ``s_i`` (Smith & Kutas 2015,
Psychophysiology 52, 169-181; Ehinger & Dimigen 2019, PeerJ 7, e7838). The normal equations follow from the distances of
events alone: the time-expanded design, a sparse matrix of samples by columns, is never built unless asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.special import stdtrit

from cogmodels.eeg.checks import good_samples, recording_name
from cogmodels.eeg.event_design import INTERCEPT, EventType, covered_samples, expanded_design, lay_out
from cogmodels.eeg.event_regression import CollinearityWarning, by_iterations, by_normal_equations, by_type
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import Evoked, Info
    from mne.io import BaseRaw


@dataclass(frozen=True)
class Deconvolution:
    """Responses of all event types.

    By type: ``betas`` (columns, channels, lags), unit of the data per unit of the column; ``columns``, their names;
    ``times`` (lags,) s; ``n_events``. ``condition``: of the scaled design, in the 1-norm. ``explained``
    (channels,): share of the variance about 0 of the good samples. ``n_samples``: good samples that a window covers.
    """

    betas: dict[str, np.ndarray]
    columns: dict[str, list[str]]
    times: dict[str, np.ndarray]
    n_events: dict[str, int]
    condition: float
    explained: np.ndarray
    n_samples: int
    _inflation: Callable[[], dict[str, np.ndarray]] = field(repr=False)

    @cached_property
    def inflation(self) -> dict[str, np.ndarray]:
        """Type -> (columns, lags) variance inflation of each coefficient by the other columns (1 = orthogonal, inf =
        not determined), worked out when it is asked for.
        """
        return self._inflation()

    def response(self, name: str, weights: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """Response (channels, lags) of a type at given covariates; at their average (all 0) without.

        ``weights``: covariate -> its value, or (k,) columns of its basis.
        """
        total = self.betas[name][0].copy()
        for covariate, values in (weights or {}).items():
            values = np.atleast_1d(np.asarray(values, dtype=float)).ravel()
            names = [covariate] if len(values) == 1 else [f"{covariate}_{k}" for k in range(len(values))]
            for column, value in zip(names, values, strict=True):
                total += value * self.betas[name][self.columns[name].index(column)]
        return total

    def evoked(self, info: Info, name: str, column: str = INTERCEPT) -> Evoked:
        """One response as an MNE object; ``info`` of the channels that were fitted."""
        import mne

        return mne.EvokedArray(
            self.betas[name][self.columns[name].index(column)],
            info,
            tmin=self.times[name][0],
            comment=name if column == INTERCEPT else f"{name}: {column}",
            nave=self.n_events[name],
            verbose="error",
        )


def deconvolve(
    data: np.ndarray,
    events: Sequence[EventType],
    *,
    sampling_rate: float,
    good: np.ndarray | None = None,
    ridge: float = 0.0,
    solver: str = "normal",
    where: object = "deconvolution",
) -> Deconvolution:
    """Overlap-corrected responses by least squares or ridge regression.

    There is no constant: data are to be high-passed.

    Parameters
    ----------
    data : (n_channels, n_samples) float
        Any unit.
    events : sequence of EventType
    sampling_rate : float
        Hz.
    good : (n_samples,) bool, optional
        Samples outside of artefacts; the others have no row in the regression.
    ridge : float
        Penalty on squared coefficients, as a share of the mean diagonal of the normal matrix; 0 = least squares.
    solver : {"normal", "lsmr"}
        ``normal``: Cholesky factor of the normal matrix that is added up from pairs of events; where it is singular,
        the solution of least norm. ``lsmr``: iterations on the sparse design (Fong & Saunders 2011, SIAM J Sci Comput
        33, 2950-2971), for designs whose normal matrix does not fit into memory; it gives no inflation (NaN).
    where : object
        What is regressed, for messages.

    Returns
    -------
    Deconvolution

    Raises
    ------
    DataError
        Names that repeat, empty windows, a type without events; data that are not finite where good; a lag that no good
        sample covers.

    Warns
    -----
    CollinearityWarning
        The events' timing leaves a response undetermined, or inflates its variance more than tenfold.
    """
    data = np.ascontiguousarray(data, dtype=np.float64)
    good = np.ones(data.shape[1], dtype=bool) if good is None else np.asarray(good, dtype=bool)
    layout = lay_out(data, events, sampling_rate, good, ridge, solver, where)
    covered = covered_samples(layout, good)
    solve = by_iterations if solver == "lsmr" else by_normal_equations
    betas, unexplained, condition, inflation, power = solve(layout, data, good, covered, ridge, where)
    total = power.sum(axis=1)
    explained = 1 - (unexplained + power[:, 0]) / np.where(total > 0, total, 1.0)
    parts = layout.split(betas)
    return Deconvolution(
        betas={name: values.transpose(1, 0, 2) for name, values in parts.items()},
        columns={e.name: names for e, names in zip(events, layout.names, strict=True)},
        times={
            e.name: np.arange(first, first + n) / sampling_rate
            for e, first, n in zip(events, layout.first_lag, layout.n_lags, strict=True)
        },
        n_events={e.name: len(e.onsets) for e in events},
        condition=condition,
        explained=explained,
        n_samples=int(covered.sum()),
        _inflation=partial(by_type, layout, inflation),
    )


def deconvolve_raw(
    raw: BaseRaw, events: Sequence[EventType], *, ridge: float = 0.0, solver: str = "normal"
) -> tuple[Deconvolution, Info]:
    """:func:`deconvolve` of the good EEG channels of a recording, V, without what annotations call BAD.

    Returns
    -------
    result : Deconvolution
    info : mne Info
        Of the channels, for :meth:`Deconvolution.evoked`.
    """
    import mne

    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    result = deconvolve(
        raw.get_data(picks=picks),
        events,
        sampling_rate=raw.info["sfreq"],
        good=good_samples(raw),
        ridge=ridge,
        solver=solver,
        where=recording_name(raw),
    )
    return result, mne.pick_info(raw.info, picks)


def design_matrix(events: Sequence[EventType], *, sampling_rate: float, n_samples: int) -> sparse.csr_array:
    """The time-expanded design (n_samples, columns) itself; columns by type, then covariate, then lag."""
    layout = lay_out(
        np.zeros((1, n_samples)), events, sampling_rate, np.ones(n_samples, bool), 0.0, "normal", "design matrix"
    )
    return expanded_design(layout, n_samples)


def subject_interval(values: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean over subjects and its pointwise t interval.

    Parameters
    ----------
    values : (n_subjects, ...) float
        Responses of two subjects or more.
    level : float
        Coverage.

    Returns
    -------
    mean, low, high : (...) float

    Raises
    ------
    DataError
        Fewer than two subjects.
    """
    values = np.asarray(values, dtype=float)
    n = len(values)
    if n < 2:
        raise DataError(
            f"{n} subject has no interval", where="responses across subjects", remedy="Give two subjects or more"
        )
    mean = values.mean(axis=0)
    half = stdtrit(n - 1, 0.5 + level / 2) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


__all__ = [
    "CollinearityWarning",
    "Deconvolution",
    "EventType",
    "deconvolve",
    "deconvolve_raw",
    "design_matrix",
    "subject_interval",
]
