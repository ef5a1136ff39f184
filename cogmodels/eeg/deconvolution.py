"""Responses to events that overlap: fixations, saccades and stimulus onsets in one regression.

The EEG is a sum of responses, one finite impulse response (FIR) for each type of event and each covariate of it:
``y(t) = sum_i sum_p w_ip beta_p(t - s_i) + noise`` over events ``i`` at samples ``s_i`` (Smith & Kutas 2015,
Psychophysiology 52, 169-181; Ehinger & Dimigen 2019, PeerJ 7, e7838). The normal equations follow from the distances of
events alone: the time-expanded design, a sparse matrix of samples by columns, is never built unless asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.linalg import LinAlgError, cho_solve, cholesky, eigh, lapack
from scipy.sparse.linalg import lsmr
from scipy.stats import t as student

from cogmodels.eeg._deconvolution_kernels import add_gram, add_moments, add_power
from cogmodels.eeg.checks import good_samples, recording_name
from cogmodels.eeg.event_design import (
    INTERCEPT,
    EventType,
    Layout,
    covered_samples,
    expanded_design,
    lay_out,
    stretches,
)
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import Evoked, Info
    from mne.io import BaseRaw

# A coefficient whose variance the other columns inflate more than tenfold is hardly told apart from them (Marquardt
# 1970, Technometrics 12, 591-612).
INFLATION_LIMIT = 10.0
# Eigenvalues of the scaled normal matrix below this share of the largest are zero: the solution has none of them.
RANK_TOLERANCE = 1e-10


class CollinearityWarning(UserWarning):
    """Responses that the events' timing does not separate."""


@dataclass(frozen=True)
class Deconvolution:
    """Responses of all event types.

    By type: ``betas`` (columns, channels, lags), unit of the data per unit of the column; ``columns``, their names;
    ``times`` (lags,) s; ``inflation`` (columns, lags), variance inflation of each coefficient by the other columns (1 =
    orthogonal, inf = not determined); ``n_events``. ``condition``: of the scaled design, in the 1-norm. ``explained``
    (channels,): share of the variance about 0 of the good samples. ``n_samples``: good samples that a window covers.
    """

    betas: dict[str, np.ndarray]
    columns: dict[str, list[str]]
    times: dict[str, np.ndarray]
    inflation: dict[str, np.ndarray]
    n_events: dict[str, int]
    condition: float
    explained: np.ndarray
    n_samples: int

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
    solve = _by_iterations if solver == "lsmr" else _by_normal_equations
    betas, unexplained, condition, inflation, power = solve(layout, data, good, covered, ridge, where)
    total = power.sum(axis=1)
    explained = 1 - (unexplained + power[:, 0]) / np.where(total > 0, total, 1.0)
    by_type = layout.split(betas)
    return Deconvolution(
        betas={name: values.transpose(1, 0, 2) for name, values in by_type.items()},
        columns={e.name: names for e, names in zip(events, layout.names, strict=True)},
        times={
            e.name: np.arange(first, first + n) / sampling_rate
            for e, first, n in zip(events, layout.first_lag, layout.n_lags, strict=True)
        },
        inflation={name: values[0] for name, values in layout.split(inflation[None]).items()},
        n_events={e.name: len(e.onsets) for e in events},
        condition=condition,
        explained=explained,
        n_samples=int(covered.sum()),
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
    half = student.ppf(0.5 + level / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half


Solution = tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray]


def _by_iterations(
    layout: Layout, data: np.ndarray, good: np.ndarray, covered: np.ndarray, ridge: float, where: object
) -> Solution:
    """Coefficients (channels, columns), power in windows that they leave (channels,), condition, inflation (columns,:
    NaN), power (channels, 2) outside of all windows and inside.
    """
    power = np.zeros((len(data), 2))
    add_power(data, *stretches(good, covered), power)
    _check_finite(data, good, power, where)
    design = expanded_design(layout, data.shape[1])[covered]
    scale = np.asarray(design.multiply(design).sum(axis=0)).ravel()
    _check_covered(layout, scale, where)
    damp, most = np.sqrt(ridge * scale.mean()), 20 * layout.size
    solved = [lsmr(design, y, damp=damp, atol=1e-12, btol=1e-12, conlim=0, maxiter=most) for y in data[:, covered]]
    betas = np.array([solution[0] for solution in solved])
    residual = data[:, covered] - (design @ betas.T).T
    condition = float(max(solution[6] for solution in solved))
    return betas, (residual**2).sum(axis=1), condition, np.full(layout.size, np.nan), power


def _by_normal_equations(
    layout: Layout, data: np.ndarray, good: np.ndarray, covered: np.ndarray, ridge: float, where: object
) -> Solution:
    """What `_by_iterations` gives, with the inflation; the design is never built."""
    gram, moments = np.zeros((layout.size, layout.size)), np.zeros((len(data), layout.size))
    power = np.zeros((len(data), 2))
    add_moments(*layout.arrays, good, data, *stretches(good, covered), moments, power)
    _check_finite(data, good, power, where)
    add_gram(*layout.arrays, good, layout.reach, gram)
    _check_covered(layout, np.diag(gram), where)
    betas, condition, inflation, penalty = _solve(gram, moments, ridge)
    # (X'X + penalty) b = X'y: what b explains follows without X'X.
    explained = (betas * moments).sum(axis=1) + penalty * (betas**2).sum(axis=1)
    _warn(layout, inflation)
    return betas, power[:, 1] - explained, condition, inflation, power


def _check_finite(data: np.ndarray, good: np.ndarray, power: np.ndarray, where: object) -> None:
    if not np.isfinite(power).all():
        raise DataError(
            f"{int((~np.isfinite(data[:, good])).sum())} values of good samples are not finite",
            where=where,
            remedy="Mark stretches without values BAD, and bad channels bad",
        )


def _check_covered(layout: Layout, diagonal: np.ndarray, where: object) -> None:
    for title, values in layout.split(diagonal[None]).items():
        empty = values[0] <= 0
        if empty.any():
            kind = layout.titles.index(title)
            column = layout.names[kind][int(np.flatnonzero(empty.any(axis=1))[0])]
            raise DataError(
                f"no good sample at {int(empty.any(axis=0).sum())} lags of events `{title}` ({column})",
                where=where,
                remedy="Leave the covariate out if it is 0 throughout, mark less as BAD, or shorten the window",
            )


def _solve(gram: np.ndarray, moments: np.ndarray, ridge: float) -> tuple[np.ndarray, float, np.ndarray, float]:
    """Coefficients (channels, columns), condition of the design, variance inflation (columns,), and the penalty."""
    scale = np.sqrt(np.diag(gram))
    scaled = gram / np.outer(scale, scale)
    penalty = ridge * float((scale**2).mean())
    try:
        # Of a symmetric matrix, whose transpose BLAS takes as it is.
        factor = cholesky(scaled.T, lower=True, check_finite=False)
        reciprocal, _ = lapack.dpocon(factor, np.abs(scaled).sum(axis=0).max(), uplo="L")
    except LinAlgError:
        reciprocal = 0.0
    if reciprocal > RANK_TOLERANCE:
        # The diagonal of the inverse from that of the factor: half the work of the whole inverse.
        inverse, _ = lapack.dtrtri(factor, lower=1)
        condition, inflation = 1 / np.sqrt(reciprocal), np.einsum("ij,ij->j", inverse, inverse)
        if not penalty:
            # The inverse of the factor is there already: two products instead of two substitutions.
            betas = (moments / scale) @ inverse.T @ inverse / scale
            return betas, float(condition), inflation, 0.0
    else:
        values, vectors = eigh(scaled)
        kept = values > RANK_TOLERANCE * values[-1]
        condition = np.inf
        null = (vectors[:, ~kept] ** 2).sum(axis=1)
        inflation = np.where(null > 1e-8, np.inf, (vectors[:, kept] ** 2 / values[kept]).sum(axis=1))
        if not penalty:
            values, vectors = eigh(gram)
            kept = values > RANK_TOLERANCE * values[-1]
            betas = (moments @ vectors[:, kept] / values[kept]) @ vectors[:, kept].T
            return betas, condition, inflation, 0.0
    factor = cholesky(gram + penalty * np.eye(len(gram)), lower=True)
    return cho_solve((factor, True), moments.T).T, float(condition), inflation, penalty


def _warn(layout: Layout, inflation: np.ndarray) -> None:
    wrong = []
    for title, values in layout.split(inflation[None]).items():
        for column, factors in zip(layout.names[layout.titles.index(title)], values[0], strict=True):
            if factors.max() > INFLATION_LIMIT:
                wrong.append(f"`{title}` ({column}): {factors.max():.3g}")
    if wrong:
        warnings.warn(
            "the events' timing or covariates hardly separate responses; variance is inflated up to "
            + ", ".join(wrong)
            + ". Jitter the events, drop a covariate or a type, shorten the windows, or use ridge",
            CollinearityWarning,
            stacklevel=4,
        )
