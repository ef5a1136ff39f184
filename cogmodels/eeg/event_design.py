"""Design of the regression on events: types, covariates and lags as columns.

The time-expanded design has a row for each sample and a column for each type, covariate and lag. It is laid out here,
and built as a sparse matrix where a solver wants it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from cogmodels.errors import DataError

INTERCEPT = "intercept"
SOLVERS = ("normal", "lsmr")


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
        from scipy.interpolate import BSpline

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
class Layout:
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


def lay_out(
    data: np.ndarray,
    events: Sequence[EventType],
    rate: float,
    good: np.ndarray,
    ridge: float,
    solver: str,
    where: object,
) -> Layout:
    """Checked events as the arrays that the kernels read, for ``data`` (channels, samples) and ``good`` (samples,).

    Raises
    ------
    DataError
        Names, windows, solver, ridge or shapes that cannot be used; a type without events.
    """
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
    return Layout(
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


def covered_samples(layout: Layout, good: np.ndarray) -> np.ndarray:
    """Good samples that lie in the window of an event."""
    edges = np.zeros(len(good) + 1, np.int64)
    starts = np.clip(layout.samples + layout.first_lag[layout.types], 0, len(good))
    stops = np.clip(layout.samples + (layout.first_lag + layout.n_lags)[layout.types], 0, len(good))
    np.add.at(edges, starts, 1)
    np.add.at(edges, stops, -1)
    return good & (np.cumsum(edges)[:-1] > 0)


def stretches(good: np.ndarray, covered: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts, stops and whether a window covers them (k,) of the stretches of good samples."""
    kinds = good.astype(np.int8) + covered
    edges = np.flatnonzero(np.diff(kinds)) + 1
    starts, stops = np.concatenate([[0], edges]), np.concatenate([edges, [len(kinds)]])
    kept = kinds[starts] > 0
    return starts[kept], stops[kept], kinds[starts[kept]].astype(np.int64) - 1


def expanded_design(layout: Layout, n_samples: int) -> sparse.csr_array:
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
