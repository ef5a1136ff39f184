"""Single-trial betas with a response, noise components and shrinkage chosen by cross-validation over runs.

The recipe of GLMsingle (Prince et al. 2022, eLife 11, e77599): B chooses a haemodynamic response for each voxel, C adds
components of voxels that the experiment does not drive, D shrinks each voxel's betas. Runs are the folds: what is
chosen predicts trials of other runs. Nothing is drawn at random. It differs from GLMsingle where that reads better in a
paper: responses are chosen by prediction, not by fit; the library is a grid over the canonical formula; drift is slow
cosines; the norm's fraction is met exactly.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri._glm_kernels import find_alphas
from cogmodels.fmri.cleaning import filter_basis, orthonormal
from cogmodels.fmri.design import dependent_columns, trial_design
from cogmodels.fmri.hrf import Hrf, hrf_library
from cogmodels.fmri.single_trials import FRACTIONS, check_fractions, project_nuisance, shrinkage

# The canonical response in the library; of a shorter one, the first stands in for it.
CANONICAL = 5
# The noise pool: voxels brighter than this share of the 99th percentile, of whose variance the trials explain less than
# this (GLMsingle's defaults; its R2 threshold is fitted to the data).
BRIGHT, BRIGHT_PERCENTILE, NOISE_R2 = 0.1, 99, 0.05
# Components end where what is gained is within this factor of the most that can be gained.
STOP = 1.05
# Values of one chunk of voxels over all volumes: 32 MB.
BLOCK = 4_000_000


@dataclass(frozen=True)
class TrialBetas:
    """Betas of all trials of all runs, in the order of the events.

    ``betas`` (n_trials, n_voxels), percent signal change or units of the data; ``run`` and ``condition`` (n_trials,);
    per voxel: ``r2`` of the final model on what drift and confounds leave, ``on_off_r2`` of one regressor for all
    trials, ``hrf`` (number in the library), ``fraction`` of the norm, ``noise_pool`` (bool); ``n_components``;
    ``component_gain`` (n + 1,): by how much 0, 1, ... components lower the median error; ``step`` that was reached;
    ``notes`` on what the design did not allow.
    """

    betas: np.ndarray
    run: np.ndarray
    condition: np.ndarray
    r2: np.ndarray
    on_off_r2: np.ndarray
    hrf: np.ndarray
    fraction: np.ndarray
    noise_pool: np.ndarray
    n_components: int
    component_gain: np.ndarray
    step: str
    notes: tuple[str, ...]


def estimate_trials(
    runs: Sequence[np.ndarray],
    events: Sequence[pd.DataFrame],
    repetition_time: float,
    *,
    confounds: Sequence[np.ndarray] | None = None,
    step: Literal["A", "B", "C", "D"] = "D",
    condition: str = "trial_type",
    held_out: Sequence[np.ndarray] | None = None,
    library: Sequence[Hrf] | None = None,
    most_components: int = 10,
    fractions: Sequence[float] = FRACTIONS,
    high_pass_s: float = 128.0,
    reference_s: float = 0.0,
    percent: bool = True,
    out: np.ndarray | None = None,
    dtype: type = np.float32,
) -> TrialBetas:
    """Estimate a beta for each trial and voxel.

    Parameters
    ----------
    runs : sequence of (n_volumes, n_voxels) arrays
        Arrays, or memory maps: they are read by chunks of voxels.
    events : sequence of data frames
        One a run; each row is a trial: ``onset``, ``duration`` (s) and its condition.
    repetition_time : float
        Seconds.
    confounds : sequence of (n_volumes, k) arrays, optional
        Removed beside the drift; None for a run without.
    step : str
        A: the canonical response everywhere; B: chosen for each voxel; C: and noise components; D: and ridge.
    condition : str
        Column that says which trials repeat each other.
    held_out : sequence of (n_trials,) bool arrays, optional
        Trials, one array a run, whose condition and beta take no part in any choice: those that a decoder will be
        tested on. A run of such trials alone takes no part at all; it is cleaned and estimated with what others chose.
    library : sequence of Hrf, optional
        By default 20 (`hrf_library`).
    most_components : int
        At most so many.
    fractions : sequence of float
        Fractions of the norm to choose from; with 1.
    high_pass_s, reference_s : float
        As in `filter_basis` and `trial_design`.
    percent : bool
        Betas in percent of a voxel's mean over all runs; else in units of the data.
    out : (n_trials, n_voxels) array, optional
        Where betas are written: a memory map keeps them out of memory.
    dtype : type
        Of the betas, where ``out`` is not given: float32 or float16.

    Returns
    -------
    TrialBetas
        Voxels that do not vary have betas of 0.

    Raises
    ------
    DataError
        Runs that do not fit each other or their events; values that are not finite; trials that cannot be told apart.

    Notes
    -----
    A response is chosen by how well betas of other runs (of the same condition, or of all trials where it has no
    repeats) predict the series of a run; with a single run, by fit. Components and fractions are chosen by how well
    betas of other runs predict the plain ones of a run, so C and D need conditions that occur in more than one run:
    without them the recipe ends at B and a warning says so.
    """
    library = list(library) if library is not None else hrf_library()
    fractions = np.sort(np.unique(np.append(check_fractions(fractions), 1.0)))[::-1]
    plan = _Plan.make(
        runs,
        events,
        repetition_time,
        confounds,
        condition,
        held_out,
        library,
        high_pass_s,
        reference_s,
        most_components,
    )
    n_voxels = runs[0].shape[1]
    step, notes = plan.allowed(step, condition)
    chunks = plan.chunks(runs)
    mean, on_off = np.zeros(n_voxels), np.zeros(n_voxels)
    usual = CANONICAL if len(library) > CANONICAL else 0
    hrf = np.full(n_voxels, usual, dtype=np.int16)
    for here in chunks:
        data = plan.read(runs, here)
        mean[here], on_off[here] = plan.on_off(data, usual)
        if step != "A":
            hrf[here] = plan.choose_hrf(data)
    pool, gain, n_components = np.zeros(n_voxels, dtype=bool), np.zeros(1), 0
    if step in "CD":
        pool, gain, n_components, missing = plan.choose_components(runs, chunks, mean, on_off, hrf)
        notes += missing
    for note in notes:
        warnings.warn(note, stacklevel=2)
    plan.use_components(n_components)

    betas = np.zeros((plan.n_trials, n_voxels), dtype=dtype) if out is None else out
    if betas.shape != (plan.n_trials, n_voxels):
        raise DataError(
            f"`out` has the shape {betas.shape}, the betas {(plan.n_trials, n_voxels)}",
            where="single trials",
            remedy="Give one row for each trial of all runs and one column a voxel",
        )
    fraction, r2 = np.ones(n_voxels, dtype=np.float32), np.zeros(n_voxels, dtype=np.float32)
    scale = _percent_scale(mean, on_off) if percent else np.ones(n_voxels)
    for here in chunks:
        data = plan.read(runs, here)
        found, fraction[here], r2[here] = plan.final(data, hrf[here], fractions if step == "D" else np.ones(1))
        betas[:, here] = found * scale[here]
    return TrialBetas(
        betas, plan.run, plan.condition, r2, on_off.astype(np.float32), hrf, fraction, pool, n_components, gain, step,
        tuple(notes),
    )  # fmt: skip


def _percent_scale(mean, on_off):
    """What makes a voxel's betas percent of its mean; 0 where it has none and does not vary."""
    wrong = (mean <= 0) & (on_off > 0)
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} voxels vary about a mean of 0 or less, of which there is no percent",
            where="single trials",
            remedy="Give the runs before their mean is removed, or set `percent` to false",
        )
    return np.where(mean > 0, 100 / np.where(mean > 0, mean, 1), 0)


def _check_run(data, table, first, condition, where):
    """A run is volumes x voxels of the first one's voxels, and has trials."""
    if data.ndim != 2 or data.shape[1] != first[1] or not data.shape[1]:
        raise DataError(
            f"the run has the shape {data.shape}, the first {first}",
            where=where,
            remedy="Give volumes x voxels, of the same voxels in every run",
        )
    missing = [name for name in ("onset", "duration", condition) if name not in table]
    if missing or not len(table):
        raise DataError(
            f"{len(table)} events without the columns {', '.join(missing) or 'none'}",
            where=where,
            remedy="Give onset, duration and the condition of one trial or more, or leave the run out",
        )


def _used(numbers, held_out):
    """Trials (n_trials,) that take part in choices; ``numbers`` holds each run's number, once a trial."""
    if held_out is None:
        return np.ones(sum(map(len, numbers)), dtype=bool)
    if [len(part) for part in held_out] != [len(part) for part in numbers]:
        raise DataError(
            f"{sum(len(part) for part in held_out)} marks of held-out trials for {sum(map(len, numbers))} trials",
            where="single trials",
            remedy="Give one array a run, one value a trial",
        )
    used = ~np.concatenate([np.asarray(part, dtype=bool) for part in held_out])
    if not used.any():
        raise DataError("all trials are held out", where="single trials", remedy="Keep some to choose with")
    return used


@dataclass
class _Plan:
    """What does not depend on voxels: designs of each response and run, who predicts whom."""

    designs: list[list[np.ndarray]]
    nuisance: list[np.ndarray]
    run: np.ndarray
    condition: np.ndarray
    predict: np.ndarray
    predict_any: np.ndarray
    repeats: np.ndarray
    choosing: list[bool]
    most: int
    components: list[np.ndarray] = field(default_factory=list)
    parts: list[list[tuple]] = field(default_factory=list)

    @property
    def n_trials(self) -> int:
        return len(self.run)

    @classmethod
    def make(
        cls, runs, events, repetition_time, confounds, condition, held_out, library, high_pass_s, reference_s, most
    ):
        if not len(runs) or len(runs) != len(events) or (confounds is not None and len(confounds) != len(runs)):
            raise DataError(
                f"{len(runs)} runs with {len(events)} tables of events and "
                f"{len(runs) if confounds is None else len(confounds)} of confounds",
                where="single trials",
                remedy="Give one of each for each run",
            )
        designs, nuisance, labels, numbers = [[] for _ in library], [], [], []
        for number, (data, table) in enumerate(zip(runs, events, strict=True)):
            where = f"single trials, run {number + 1}"
            _check_run(data, table, runs[0].shape, condition, where)
            basis = filter_basis(len(data), repetition_time, high_pass_s=high_pass_s)
            if confounds is not None and confounds[number] is not None:
                basis = np.hstack([basis, np.asarray(confounds[number], dtype=float)])
            nuisance.append(orthonormal(basis))
            for h, hrf in enumerate(library):
                trials = trial_design(
                    table["onset"], table["duration"], len(data), repetition_time, hrf=hrf, reference_s=reference_s
                )
                trials = project_nuisance(data[:, :1], trials, basis)
                wrong = dependent_columns(trials)
                if wrong:
                    raise DataError(
                        f"trial {wrong[0] + 1} cannot be told apart from those before it",
                        where=where,
                        remedy="Trials that overlap exactly are one trial: leave one out",
                    )
                designs[h].append(trials)
            labels.append(table[condition].astype(str).to_numpy())
            numbers.append(np.full(len(table), number))
        run, labels = np.concatenate(numbers), np.concatenate(labels)
        used = _used(numbers, held_out)
        elsewhere = (run[:, None] != run) & used[:, None] & used
        same = elsewhere & (labels[:, None] == labels)
        repeats = same.any(axis=1)
        some = np.where(repeats[:, None], same, elsewhere).astype(float)
        weights = same / np.maximum(same.sum(axis=1, keepdims=True), 1)
        anyhow = some / np.maximum(some.sum(axis=1, keepdims=True), 1)
        # Trials that none predicts keep their own beta: they add nothing to an error.
        anyhow[~elsewhere.any(axis=1), ~elsewhere.any(axis=1)] = 1
        choosing = [bool(used[run == number].any()) for number in range(len(runs))]
        return cls(designs, nuisance, run, labels, weights, anyhow, repeats, choosing, most)

    def allowed(self, step, condition):
        """The step that the design allows, and notes on why it is another one."""
        notes = []
        if step in "CD" and not self.repeats.any():
            single = sum(self.choosing) == 1
            why = (
                "there is one run to choose with"
                if single
                else f"no value of `{condition}` occurs in more than one run"
            )
            notes.append(f"steps C and D need conditions that repeat across runs, and {why}: ended at B")
            step = "B"
        if step != "A" and sum(self.choosing) == 1:
            notes.append("with one run, responses are chosen by fit, not by prediction of another run")
        return step, notes

    def chunks(self, runs) -> list[slice]:
        size = max(1, BLOCK // sum(len(data) for data in runs))
        return [slice(first, first + size) for first in range(0, runs[0].shape[1], size)]

    def read(self, runs, here) -> list[np.ndarray]:
        """Runs of a chunk of voxels."""
        data = [np.asarray(run[:, here], dtype=np.float64) for run in runs]
        for number, part in enumerate(data):
            if not np.isfinite(part).all():
                raise DataError(
                    f"{int((~np.isfinite(part)).any(axis=0).sum())} voxels hold values that are not finite",
                    where=f"single trials, run {number + 1}",
                    remedy="Leave the voxels out of the mask",
                )
        return data

    def choose_components(self, runs, chunks, mean, on_off, hrf):
        """The noise pool, the gain of 0, 1, ... components, how many are taken, and a note where there can be none."""
        bright = mean > BRIGHT * np.percentile(mean, BRIGHT_PERCENTILE)
        pool, driven = bright & (on_off < NOISE_R2), bright & (on_off >= NOISE_R2)
        if not driven.any() or pool.sum() <= self.most:
            said = f"{int(driven.sum())} voxels are driven by the trials, {int(pool.sum())} are not"
            return pool, np.zeros(1), 0, [f"no noise components: {said}"]
        self.find_components(runs, chunks, pool)
        errors = np.concatenate(
            [self.component_errors(self.read(runs, here), hrf[here])[:, driven[here]] for here in chunks], axis=1
        )
        gain = np.median(errors[0]) - np.median(errors, axis=1)
        return pool, gain, _fewest_components(gain), []

    def left(self, data, number):
        """A run less its nuisance, and twice, for what rounding leaves of the mean; what is only rounding becomes 0."""
        basis, part = self.nuisance[number], data[number]
        residual = part - basis @ (basis.T @ part)
        residual -= basis @ (basis.T @ residual)
        still = np.abs(residual).max(axis=0) <= 1e-9 * np.abs(part).max(axis=0)
        residual[:, still] = 0
        return residual

    def on_off(self, data, h):
        """Mean of each voxel, and R2 of one regressor for all trials of all runs."""
        above = below = total = mean = 0.0
        for number in range(len(data)):
            mean = mean + data[number].sum(axis=0)
            if not self.choosing[number]:
                continue
            regressor, left = self.designs[h][number].sum(axis=1), self.left(data, number)
            above = above + regressor @ left
            below += regressor @ regressor
            total = total + (left**2).sum(axis=0)
        r2 = np.where(total > 0, above**2 / below / np.where(total > 0, total, 1), 0)
        return mean / sum(len(part) for part in data), r2

    def choose_hrf(self, data):
        """Response of each voxel that predicts held-out runs best; of a single run, that fits it best."""
        left = [self.left(data, number) for number in range(len(data))]
        errors = np.empty((len(self.designs), data[0].shape[1]))
        for h, designs in enumerate(self.designs):
            grams = [x.T @ x for x in designs]
            rights = [x.T @ y for x, y in zip(designs, left, strict=True)]
            betas = [np.linalg.solve(gram, right) for gram, right in zip(grams, rights, strict=True)]
            betas = np.split(self.predict_any @ np.concatenate(betas), self._bounds())
            # |y - X b|^2 less |y|^2, which is the same for all responses.
            errors[h] = sum(
                ((gram @ beta - 2 * right) * beta).sum(axis=0)
                for gram, right, beta, use in zip(grams, rights, betas, self.choosing, strict=True)
                if use
            )
        return errors.argmin(axis=0)

    def find_components(self, runs, chunks, pool):
        """Principal components of each run in the noise pool, voxels brought to the same size first."""
        grams = [np.zeros((len(run), len(run))) for run in runs]
        for here in chunks:
            chosen = pool[here]
            if not chosen.any():
                continue
            data = self.read(runs, here)
            for number, gram in enumerate(grams):
                left = self.left(data, number)[:, chosen]
                size = np.linalg.norm(left, axis=0)
                left = left / np.where(size > 0, size, np.inf)
                gram += left @ left.T
        self.components = []
        for gram in grams:
            values, vectors = np.linalg.eigh(gram)
            vectors = vectors[:, ::-1][:, : self.most]
            self.components.append(vectors[:, values[::-1][: self.most] > 1e-10 * values[-1]])

    def component_errors(self, data, hrf):
        """Error (n + 1, n_voxels) of betas with 0, 1, ... components as predictions of plain betas in other runs."""
        counts = min(part.shape[1] for part in self.components) + 1
        errors = np.zeros((counts, len(hrf)))
        left = [self.left(data, number) for number in range(len(data))]
        for h in np.unique(hrf):
            voxels = np.flatnonzero(hrf == h)
            designs = self.designs[h]
            grams = [x.T @ x for x in designs]
            rights = [x.T @ y[:, voxels] for x, y in zip(designs, left, strict=True)]
            mixed = [p.T @ x for p, x in zip(self.components, designs, strict=True)]
            noise = [p.T @ y[:, voxels] for p, y in zip(self.components, left, strict=True)]
            for k in range(counts):
                betas = np.concatenate(
                    [
                        np.linalg.solve(gram - m[:k].T @ m[:k], right - m[:k].T @ n[:k])
                        for gram, right, m, n in zip(grams, rights, mixed, noise, strict=True)
                    ]
                )
                if k == 0:
                    plain = betas
                errors[k, voxels] = self._error(betas, plain)
        return errors

    def use_components(self, count):
        """Decompose the designs of each response and run, components removed."""
        self.parts = []
        for designs in self.designs:
            row = []
            for number, x in enumerate(designs):
                if count:
                    noise = self.components[number][:, :count]
                    x = x - noise @ (noise.T @ x)
                row.append(np.linalg.svd(x, full_matrices=False))
            self.parts.append(row)

    def final(self, data, hrf, fractions):
        """Betas (n_trials, n_voxels), fraction of the norm and R2 of a chunk."""
        n_voxels = len(hrf)
        betas, fraction, r2 = np.zeros((self.n_trials, n_voxels)), np.ones(n_voxels), np.zeros(n_voxels)
        left = [self.left(data, number) for number in range(len(data))]
        chosen = np.array(self.choosing)[self.run]
        for h in np.unique(hrf):
            voxels = np.flatnonzero(hrf == h)
            parts = self.parts[h]
            values = np.concatenate([s for _, s, _ in parts])
            rotated = np.concatenate(
                [(u.T @ y[:, voxels]) / s[:, None] for (u, s, _), y in zip(parts, left, strict=True)]
            )
            plain = self._unrotate(rotated, parts)
            best = plain
            if len(fractions) > 1:
                alphas = np.empty((len(fractions), len(voxels)))
                find_alphas(values[chosen] ** 2, np.ascontiguousarray(rotated[chosen].T), fractions, alphas)
                lowest = np.full(len(voxels), np.inf)
                best = plain.copy()
                for f, alpha in enumerate(alphas):
                    shrunk = self._unrotate(rotated * shrinkage(values**2, alpha).T, parts)
                    shrunk = _rescaled(shrunk, plain, chosen)
                    error = self._error(shrunk, plain)
                    better = error < lowest
                    lowest = np.where(better, error, lowest)
                    best[:, better] = shrunk[:, better]
                    fraction[voxels[better]] = fractions[f]
            betas[:, voxels] = best
            total = sum((y[:, voxels] ** 2).sum(axis=0) for y in left)
            rest = total - self._explained(best, parts, left, voxels)
            r2[voxels] = np.where(total > 0, 1 - rest / np.where(total > 0, total, 1), 0)
        return betas, fraction, r2

    def _explained(self, betas, parts, left, voxels):
        """By how much the fit lowers the sum of squares of what drift and confounds leave."""
        lowered = 0.0
        for beta, (u, s, vt), y in zip(np.split(betas, self._bounds()), parts, left, strict=True):
            fit = u @ (s[:, None] * (vt @ beta))
            lowered = lowered + 2 * (fit * y[:, voxels]).sum(axis=0) - (fit**2).sum(axis=0)
        return lowered

    def _unrotate(self, rotated, parts):
        pieces = np.split(rotated, self._bounds())
        return np.concatenate([vt.T @ piece for (_, _, vt), piece in zip(parts, pieces, strict=True)])

    def _bounds(self):
        return np.flatnonzero(np.diff(self.run)) + 1

    def _error(self, betas, plain):
        """Mean squared error of betas of other runs as predictions of plain betas, beside these betas' variance."""
        error = ((self.predict @ betas - plain)[self.repeats] ** 2).mean(axis=0)
        spread = plain[self.repeats].var(axis=0)
        return np.where(spread > 0, error / np.where(spread > 0, spread, 1), 0)


def _fewest_components(gain: np.ndarray) -> int:
    """The smallest number whose gain is within a factor of the largest."""
    best, chosen = -np.inf, 0
    for count, value in enumerate(gain):
        if value > best:
            best, chosen = value, count
            if best * STOP >= gain.max():
                break
    return chosen


def _rescaled(shrunk: np.ndarray, plain: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Shrunken betas brought to the plain ones by one slope and one offset, fitted on the trials chosen.

    Ridge pulls all betas towards 0; what is wanted of it is how it weighs trials against each other.
    """
    centre, target = shrunk[chosen].mean(axis=0), plain[chosen].mean(axis=0)
    cross = ((shrunk[chosen] - centre) * (plain[chosen] - target)).sum(axis=0)
    size = ((shrunk[chosen] - centre) ** 2).sum(axis=0)
    slope = np.where(size > 0, cross / np.where(size > 0, size, 1), 1)
    return np.where(slope > 0, target + slope * (shrunk - centre), shrunk)
