"""Responses to events that overlap: fixations, saccades and stimulus onsets in one regression.

The EEG is a sum of responses, one finite impulse response (FIR) for each type of event and each covariate of it:
``y(t) = sum_i sum_p w_ip beta_p(t - s_i) + noise`` over events ``i`` at samples ``s_i`` (Smith & Kutas 2015,
Psychophysiology 52, 169-181; Ehinger & Dimigen 2019, PeerJ 7, e7838). The normal equations follow from the distances of
events alone: the time-expanded design, a sparse matrix of samples by columns, is never built unless asked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.interpolate import BSpline
from scipy.linalg import LinAlgError, cho_solve, cholesky, eigh, lapack
from scipy.sparse.linalg import lsmr
from scipy.stats import t as student

from cogmodels.eeg._deconvolution_kernels import add_gram, add_moments, add_power
from cogmodels.eeg.checks import good_samples, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne import Evoked, Info
    from mne.io import BaseRaw

INTERCEPT = "intercept"
SOLVERS = ("normal", "lsmr")
# A coefficient whose variance the other columns inflate more than tenfold is hardly told apart from them (Marquardt
# 1970, Technometrics 12, 591-612).
INFLATION_LIMIT = 10.0
# Eigenvalues of the scaled normal matrix below this share of the largest are zero: the solution has none of them.
RANK_TOLERANCE = 1e-10


class CollinearityWarning(UserWarning):
    """Responses that the events' timing does not separate."""


@dataclass(frozen=True)
class SplineBasis:
    """Cubic B-splines of a covariate, such as saccade amplitude.

    ``knots``: with those at the ends repeated; ``centre`` (k,): mean of each spline over the values it was made for,
    which is subtracted so that the intercept is the average response over them. One spline is left out, since all of
    them sum to 1.
    """

    knots: np.ndarray
    centre: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, n_splines: int = 5) -> SplineBasis:
        """Basis of ``n_splines`` columns with inner knots at quantiles of ``values`` (n,).

        Raises
        ------
        DataError
            Fewer than three splines; values that are not finite, or fewer distinct ones than splines.
        """
        values = np.asarray(values, dtype=float)
        if n_splines < 3 or not np.isfinite(values).all() or len(np.unique(values)) <= n_splines:
            raise DataError(
                f"{n_splines} splines for {len(np.unique(values))} distinct values",
                where="spline covariate",
                remedy="Use three splines or more, or a linear covariate, and leave out events without a value",
            )
        # k splines beside the one left out: k + 1 cubic ones have k - 1 knots, ends included.
        inner = np.quantile(values, np.linspace(0, 1, n_splines - 1))
        knots = np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3])
        basis = cls(knots, np.zeros(n_splines))
        return cls(knots, basis.columns(values).mean(axis=0))

    def columns(self, values: np.ndarray) -> np.ndarray:
        """Columns (n, k) of the design; values beyond the range count as its ends."""
        values = np.clip(np.asarray(values, dtype=float), self.knots[0], self.knots[-1])
        full = BSpline.design_matrix(values, self.knots, 3).toarray()
        middle = full.shape[1] // 2
        return np.delete(full, middle, axis=1) - self.centre


@dataclass(frozen=True)
class EventType:
    """Events of one type and the window of their response.

    ``onsets`` (n,): s from the first sample; the nearest sample is taken. ``tmin``, ``tmax``: window, s, ends included.
    ``covariates``: name -> (n,) or (n, k) weights, centred by whoever makes them; each column gets a response of its
    own beside the intercept's.
    """

    name: str
    onsets: np.ndarray
    tmin: float
    tmax: float
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)

    def weights(self) -> tuple[np.ndarray, list[str]]:
        """Design (n, 1 + columns) and the columns' names."""
        n = len(self.onsets)
        parts, names = [np.ones((n, 1))], [INTERCEPT]
        for name, values in self.covariates.items():
            values = np.asarray(values, dtype=float)
            values = values[:, None] if values.ndim == 1 else values
            if values.ndim != 2 or len(values) != n or not np.isfinite(values).all():
                raise DataError(
                    f"covariate `{name}` of shape {values.shape} for {n} events, or with values that are not finite",
                    where=f"events `{self.name}`",
                    remedy="Give one finite value an event, and leave events without one out",
                )
            parts.append(values)
            names += [name] if values.shape[1] == 1 else [f"{name}_{k}" for k in range(values.shape[1])]
        return np.hstack(parts), names


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
    layout = _lay_out(data, events, sampling_rate, good, ridge, solver, where)
    covered = _covered(layout, good)
    size = layout.size
    total, inside = _power(data, good), _power(data, covered)
    if not np.isfinite(total).all():
        raise DataError(
            f"{int((~np.isfinite(data[:, good])).sum())} values of good samples are not finite",
            where=where,
            remedy="Mark stretches without values BAD, and bad channels bad",
        )
    if solver == "lsmr":
        design = _design(layout, data.shape[1])[covered]
        scale = np.asarray(design.multiply(design).sum(axis=0)).ravel()
        _check_covered(layout, scale, where)
        damp = np.sqrt(ridge * scale.mean())
        solved = [
            lsmr(design, y, damp=damp, atol=1e-12, btol=1e-12, conlim=0, maxiter=20 * size) for y in data[:, covered]
        ]
        betas = np.array([solution[0] for solution in solved])
        residual = data[:, covered] - (design @ betas.T).T
        unexplained = (residual**2).sum(axis=1)
        condition, inflation = float(max(solution[6] for solution in solved)), np.full(size, np.nan)
    else:
        gram, moments = np.zeros((size, size)), np.zeros((len(data), size))
        add_gram(*layout.arrays, good, layout.reach, gram)
        add_moments(*layout.arrays, good, data, moments)
        _check_covered(layout, np.diag(gram), where)
        betas, condition, inflation = _solve(gram, moments, ridge)
        unexplained = inside - 2 * (betas * moments).sum(axis=1) + ((betas @ gram) * betas).sum(axis=1)
        _warn(layout, inflation)
    explained = 1 - (unexplained + total - inside) / np.where(total > 0, total, 1.0)
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
    layout = _lay_out(
        np.zeros((1, n_samples)), events, sampling_rate, np.ones(n_samples, bool), 0.0, "normal", "design matrix"
    )
    return _design(layout, n_samples)


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


@dataclass(frozen=True)
class _Layout:
    """Events of all types in order of time, and where each type's columns are."""

    samples: np.ndarray
    types: np.ndarray
    first_lag: np.ndarray
    n_lags: np.ndarray
    offset: np.ndarray
    n_columns: np.ndarray
    weights: np.ndarray
    titles: list[str]
    names: list[list[str]]

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What the kernels take."""
        return self.samples, self.types, self.first_lag, self.n_lags, self.offset, self.n_columns, self.weights

    @property
    def size(self) -> int:
        """Columns of the design."""
        return int((self.n_lags * self.n_columns).sum())

    @property
    def reach(self) -> int:
        """Largest distance of two events whose windows meet, samples."""
        return int((self.first_lag + self.n_lags - 1).max() - self.first_lag.min())

    def split(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """(rows, columns of the design) as type -> (rows, columns, lags)."""
        return {
            title: values[:, start : start + n * k].reshape(len(values), k, n)
            for title, start, n, k in zip(self.titles, self.offset, self.n_lags, self.n_columns, strict=True)
        }


def _lay_out(
    data: np.ndarray,
    events: Sequence[EventType],
    rate: float,
    good: np.ndarray,
    ridge: float,
    solver: str,
    where: object,
) -> _Layout:
    titles = [event.name for event in events]
    if not events or len(set(titles)) < len(titles):
        raise DataError(
            f"event types {', '.join(titles) or 'none'}", where=where, remedy="Give one type or more, each a name"
        )
    if solver not in SOLVERS or not ridge >= 0:
        raise DataError(
            f"solver `{solver}`, ridge {ridge:g}", where=where, remedy=f"Use {' or '.join(SOLVERS)}, and 0 or more"
        )
    if data.ndim != 2 or good.shape != data.shape[1:]:
        raise DataError(
            f"data of {data.shape} and {good.shape} flags",
            where=where,
            remedy="Give (channels, samples), and one flag a sample",
        )
    samples, kinds, designs, names, firsts, lengths = [], [], [], [], [], []
    for kind, event in enumerate(events):
        onsets = np.asarray(event.onsets, dtype=float)
        if not len(onsets) or not np.isfinite(onsets).all() or not event.tmin < event.tmax:
            raise DataError(
                f"events `{event.name}`: {len(onsets)} onsets, window {event.tmin:g} to {event.tmax:g} s",
                where=where,
                remedy="Leave out a type without events, give finite onsets, and set `tmin` below `tmax`",
            )
        design, columns = event.weights()
        samples.append(np.round(onsets * rate).astype(np.int64))
        kinds.append(np.full(len(onsets), kind))
        designs.append(design)
        names.append(columns)
        firsts.append(round(event.tmin * rate))
        lengths.append(round(event.tmax * rate) - firsts[-1] + 1)
    width = [design.shape[1] for design in designs]
    weights = np.zeros((sum(map(len, samples)), max(width)))
    row = 0
    for design in designs:
        weights[row : row + len(design), : design.shape[1]] = design
        row += len(design)
    every = np.concatenate(samples)
    order = np.argsort(every, kind="stable")
    n_lags, n_columns = np.array(lengths, np.int64), np.array(width, np.int64)
    return _Layout(
        samples=every[order],
        types=np.concatenate(kinds)[order],
        first_lag=np.array(firsts, np.int64),
        n_lags=n_lags,
        offset=np.concatenate([[0], np.cumsum(n_lags * n_columns)[:-1]]).astype(np.int64),
        n_columns=n_columns,
        weights=weights[order],
        titles=titles,
        names=names,
    )


def _covered(layout: _Layout, good: np.ndarray) -> np.ndarray:
    """Good samples that lie in the window of an event."""
    edges = np.zeros(len(good) + 1, np.int64)
    starts = np.clip(layout.samples + layout.first_lag[layout.types], 0, len(good))
    stops = np.clip(layout.samples + (layout.first_lag + layout.n_lags)[layout.types], 0, len(good))
    np.add.at(edges, starts, 1)
    np.add.at(edges, stops, -1)
    return good & (np.cumsum(edges)[:-1] > 0)


def _power(data: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Sum of squares (channels,) over the samples of a mask."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    power = np.zeros(len(data))
    add_power(data, edges[::2], edges[1::2], power)
    return power


def _design(layout: _Layout, n_samples: int) -> sparse.csr_array:
    """Time-expanded design."""
    rows, columns, values = [], [], []
    for kind in range(len(layout.titles)):
        mine = np.flatnonzero(layout.types == kind)
        lags = np.arange(layout.n_lags[kind])
        at = (layout.samples[mine] + layout.first_lag[kind])[:, None] + lags
        inside = (at >= 0) & (at < n_samples)
        for p in range(layout.n_columns[kind]):
            place = np.broadcast_to(layout.offset[kind] + p * layout.n_lags[kind] + lags, at.shape)
            weight = np.broadcast_to(layout.weights[mine, p][:, None], at.shape)
            rows.append(at[inside])
            columns.append(place[inside])
            values.append(weight[inside])
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.coo_array(entries, shape=(n_samples, layout.size)).tocsr()


def _check_covered(layout: _Layout, diagonal: np.ndarray, where: object) -> None:
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


def _solve(gram: np.ndarray, moments: np.ndarray, ridge: float) -> tuple[np.ndarray, float, np.ndarray]:
    """Coefficients (channels, columns), condition of the design, and variance inflation (columns,)."""
    scale = np.sqrt(np.diag(gram))
    scaled = gram / scale / scale[:, None]
    penalty = ridge * float((scale**2).mean())
    try:
        factor = cholesky(scaled, lower=True)
        reciprocal, _ = lapack.dpocon(factor, np.abs(scaled).sum(axis=0).max(), uplo="L")
    except LinAlgError:
        reciprocal = 0.0
    if reciprocal > RANK_TOLERANCE:
        # The diagonal of the inverse from that of the factor: half the work of the whole inverse.
        inverse, _ = lapack.dtrtri(factor, lower=1)
        condition, inflation = 1 / np.sqrt(reciprocal), np.einsum("ij,ij->j", inverse, inverse)
        if not penalty:
            return cho_solve((factor, True), (moments / scale).T).T / scale, float(condition), inflation
    else:
        values, vectors = eigh(scaled)
        kept = values > RANK_TOLERANCE * values[-1]
        condition = np.inf
        null = (vectors[:, ~kept] ** 2).sum(axis=1)
        inflation = np.where(null > 1e-8, np.inf, (vectors[:, kept] ** 2 / values[kept]).sum(axis=1))
        if not penalty:
            values, vectors = eigh(gram)
            kept = values > RANK_TOLERANCE * values[-1]
            return (moments @ vectors[:, kept] / values[kept]) @ vectors[:, kept].T, condition, inflation
    factor = cholesky(gram + penalty * np.eye(len(gram)), lower=True)
    return cho_solve((factor, True), moments.T).T, float(condition), inflation


def _warn(layout: _Layout, inflation: np.ndarray) -> None:
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
            stacklevel=3,
        )
