"""Alignment across subjects: one space for brains with different voxels.

Responses are samples x voxels; a map (n_voxels, n_features) takes a subject's responses into the shared space. Whatever
is fitted here is to see training samples only; how far brains are aligned is for held-out samples to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.retrieval import correlation_matrix, top_k

HYPERALIGNMENT_PASSES = 3


@dataclass(frozen=True)
class SharedSpace:
    """``maps``: one (n_voxels, n_features) a subject; ``means``: one (n_voxels,) a subject, subtracted before;
    ``shared`` (n_samples, n_features): what subjects have in common; ``samples`` (n_samples,): its labels; ``noise``
    (n_subjects,): noise variance of each subject's voxels, NaN where the method has none; ``history``: its loss, once
    an iteration."""

    maps: list[np.ndarray]
    means: list[np.ndarray]
    shared: np.ndarray
    samples: np.ndarray
    noise: np.ndarray
    history: np.ndarray

    def transform(self, responses: np.ndarray, subject: int) -> np.ndarray:
        """Responses (n, n_voxels) of a subject in the shared space (n, n_features)."""
        return (_check_responses(responses, self.maps[subject].shape[0]) - self.means[subject]) @ self.maps[subject]

    def predict(self, shared: np.ndarray, subject: int) -> np.ndarray:
        """What (n, n_features) in the shared space would be in a subject's voxels (n, n_voxels)."""
        return np.asarray(shared, dtype=float) @ self.maps[subject].T + self.means[subject]

    def add(self, responses: np.ndarray, samples: np.ndarray | None = None) -> SharedSpace:
        """The space with one more subject, itself unchanged: a Procrustes rotation to ``shared``.

        Parameters
        ----------
        responses : (n, n_voxels) float
            Training samples of the new subject, of as many voxels as it has.
        samples : (n,), optional
            Their labels, all or some of those of the space, in any order; by default all in order.

        Returns
        -------
        SharedSpace
            The new subject is the last.
        """
        responses = _check_responses(responses)
        samples = self.samples if samples is None else np.asarray(samples)
        place = _places(samples, self.samples, "new subject")
        if len(place) != len(responses):
            raise DataError(
                f"{len(responses)} responses with {len(place)} samples",
                where="alignment, new subject",
                remedy="Give one label for each response",
            )
        mean = responses.mean(axis=0)
        target = self.shared[place]
        mapping = procrustes_rotation(responses - mean, target - target.mean(axis=0))
        # What the samples that the subject has average to in the space is not 0 where it lacks some.
        mean = mean - target.mean(axis=0) @ mapping.T
        return SharedSpace(
            [*self.maps, mapping],
            [*self.means, mean],
            self.shared,
            self.samples,
            np.append(self.noise, np.nan),
            self.history,
        )


def fit_srm(
    responses: Sequence[np.ndarray],
    samples: Sequence[np.ndarray] | None = None,
    *,
    features: int = 50,
    kind: Literal["deterministic", "probabilistic"] = "probabilistic",
    iterations: int = 20,
    tolerance: float = 1e-8,
    seed: int = 0,
) -> SharedSpace:
    """Shared response model: each subject's responses are an orthonormal map of a few shared ones.

    Chen et al. (2015, NIPS 28, 460-468), X_i = S W_i' + E_i with W_i' W_i = I. Deterministic: least squares in turn, S
    the mean of the mapped subjects and W_i the Procrustes rotation to it. Probabilistic: expectation maximisation with
    a covariance of S and a noise variance for each subject. Subjects may lack samples; a sample's shared response comes
    from those who have it.

    Parameters
    ----------
    responses : sequence of (n_samples_i, n_voxels_i) arrays
        Two subjects or more; training samples only. Z-score voxels first, or the loudest dominate.
    samples : sequence of (n_samples_i,) arrays, optional
        What each sample is (stimulus, time point), each once a subject; by default row k is sample k for everyone.
    features : int
        Dimensions of the shared space.
    kind : str
    iterations : int
        At most so many; earlier where the loss falls by less than ``tolerance`` of itself.
    seed : int
        Of the random orthonormal maps it starts from.

    Returns
    -------
    SharedSpace

    Raises
    ------
    DataError
        Fewer than two subjects, more features than voxels or samples, labels that are missing or double, or values that
        are not finite.
    """
    data, places, names = _gather(responses, samples)
    smallest = min(min(part.shape) for part in data)
    if not 1 <= features <= smallest:
        raise DataError(
            f"{features} features of subjects with at least {smallest} voxels and samples",
            where="shared response model",
            remedy="Ask for fewer features",
        )
    means = [part.mean(axis=0) for part in data]
    data = [part - mean for part, mean in zip(data, means, strict=True)]
    rng = np.random.default_rng(seed)
    maps = [np.linalg.qr(rng.standard_normal((part.shape[1], features)))[0] for part in data]
    fit = {"deterministic": _fit_deterministic, "probabilistic": _fit_probabilistic}.get(kind)
    if fit is None:
        raise DataError(
            f"`{kind}` is no shared response model",
            where="shared response model",
            remedy="Give deterministic or probabilistic",
        )
    maps, shared, noise, history = fit(data, places, len(names), maps, iterations, tolerance)
    return SharedSpace(maps, means, shared, names, noise, np.array(history))


def fit_hyperalignment(
    responses: Sequence[np.ndarray], samples: Sequence[np.ndarray] | None = None, *, features: int | None = None
) -> SharedSpace:
    """Hyperalignment: rotations of all subjects to a common space, in three passes (Haxby et al. 2011, Neuron 72,
    404-416).

    First each subject is rotated to the mean of those before it; then all to the mean of the others; then all to the
    mean of all, which is the space.

    Parameters
    ----------
    responses, samples
        As in `fit_srm`; all subjects have the same samples.
    features : int, optional
        Dimensions of the space; by default the smallest number of voxels. The first subject is brought to so many
        principal components to begin with.

    Returns
    -------
    SharedSpace

    Raises
    ------
    DataError
        As in `fit_srm`, or samples that some subjects lack.
    """
    data, places, names = _gather(responses, samples)
    if any(len(place) != len(names) for place in places):
        raise DataError(
            f"subjects have {', '.join(str(len(place)) for place in places)} of {len(names)} samples",
            where="hyperalignment",
            remedy="Give the samples that all have, or use the shared response model",
        )
    data = [part[np.argsort(place)] for part, place in zip(data, places, strict=True)]
    smallest = min(part.shape[1] for part in data)
    features = smallest if features is None else features
    if not 1 <= features <= smallest:
        raise DataError(
            f"{features} features of subjects with at least {smallest} voxels",
            where="hyperalignment",
            remedy="Ask for fewer features",
        )
    means = [part.mean(axis=0) for part in data]
    data = [part - mean for part, mean in zip(data, means, strict=True)]
    first = np.linalg.svd(data[0], full_matrices=True)[2][:features].T if features < data[0].shape[1] else None
    template = data[0] if first is None else data[0] @ first
    aligned = [template]
    for number, part in enumerate(data[1:], start=2):
        aligned.append(part @ procrustes_rotation(part, template))
        template = template + (aligned[-1] - template) / number
    history = [_spread(aligned)]
    for _ in range(HYPERALIGNMENT_PASSES - 2):
        total = sum(aligned)
        aligned = [
            part @ procrustes_rotation(part, (total - own) / (len(data) - 1))
            for part, own in zip(data, aligned, strict=True)
        ]
        history.append(_spread(aligned))
    template = sum(aligned) / len(data)
    maps = [procrustes_rotation(part, template) for part in data]
    aligned = [part @ mapping for part, mapping in zip(data, maps, strict=True)]
    history.append(_spread(aligned))
    return SharedSpace(maps, means, sum(aligned) / len(data), names, np.full(len(data), np.nan), np.array(history))


def procrustes_rotation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Map W (n_source, n_target) with orthonormal columns (rows, where the target has more) that brings source @ W
    nearest to the target (Schoenemann 1966, Psychometrika 31, 1-10). Both are samples x voxels, of the same samples."""
    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    if source.ndim != 2 or target.ndim != 2 or len(source) != len(target):
        raise DataError(
            f"a source of shape {source.shape} and a target of {target.shape}",
            where="Procrustes",
            remedy="Give samples x voxels of the same samples",
        )
    left, _, right = np.linalg.svd(source.T @ target, full_matrices=False)
    return left @ right


def fit_ridge_map(
    source: np.ndarray, target: np.ndarray, *, alphas: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Linear map from one brain to another by ridge regression, with a penalty for each target voxel.

    Penalties are those with the smallest leave-one-out error (Golub, Heath and Wahba 1979, Technometrics 21, 215-223),
    in closed form for all of them at once.

    Parameters
    ----------
    source : (n_samples, n_source) float
    target : (n_samples, n_target) float
        The same samples.
    alphas : (n_alphas,) float, optional
        Penalties to choose from; by default 13 from 1e-3 to 1e3 times the mean squared singular value.

    Returns
    -------
    weights : (n_source + 1, n_target) float
        The last row is the intercept.
    chosen : (n_target,) float
        Penalty of each target voxel.

    Raises
    ------
    DataError
        Samples that differ, fewer than 3, values that are not finite, or penalties of 0 or less.
    """
    source, target = _check_responses(source), _check_responses(target)
    if len(source) != len(target) or len(source) < 3:
        raise DataError(
            f"{len(source)} samples of the source, {len(target)} of the target",
            where="ridge map",
            remedy="Give the same samples of both, 3 or more",
        )
    mean, aim = source.mean(axis=0), target.mean(axis=0)
    left, values, right = np.linalg.svd(source - mean, full_matrices=False)
    kept = values > 1e-10 * max(values[0], np.finfo(float).tiny)
    left, values, right = left[:, kept], values[kept], right[kept]
    if alphas is None:
        alphas = np.geomspace(1e-3, 1e3, 13) * ((values**2).mean() if len(values) else 1.0)
    alphas = np.asarray(alphas, dtype=float)
    if not alphas.size or not (alphas > 0).all():
        raise DataError(f"penalties {alphas.tolist()}", where="ridge map", remedy="Give values above 0")
    centred = target - aim
    rotated = left.T @ centred
    lowest, chosen = np.full(target.shape[1], np.inf), np.zeros(target.shape[1])
    for alpha in alphas:
        share = values**2 / (values**2 + alpha)
        # Leverage of a sample, the mean's included.
        leverage = (left**2) @ share + 1 / len(source)
        error = (((centred - left @ (share[:, None] * rotated)) / (1 - leverage)[:, None]) ** 2).mean(axis=0)
        better = error < lowest
        lowest, chosen = np.where(better, error, lowest), np.where(better, alpha, chosen)
    weights = right.T @ (values[:, None] / (values[:, None] ** 2 + chosen) * rotated)
    return np.vstack([weights, aim - mean @ weights]), chosen


def identify_samples(responses: Sequence[np.ndarray]) -> np.ndarray:
    """Share of samples that a subject's own response identifies among all by the mean of the other subjects.

    Parameters
    ----------
    responses : sequence of (n_samples, n_features) arrays
        Held-out samples of each subject in one space.

    Returns
    -------
    accuracy : (n_subjects,) float
        Chance is 1 / n_samples; similarity is the correlation over features.

    Raises
    ------
    DataError
        One subject, shapes that differ, or values that are not finite.
    """
    parts = [_check_responses(part) for part in responses]
    if len(parts) < 2 or len({part.shape for part in parts}) > 1:
        raise DataError(
            f"responses of shapes {', '.join(str(part.shape) for part in parts)}",
            where="identification",
            remedy="Give the same samples and features of two subjects or more",
        )
    total = sum(parts)
    return np.array([np.diag(top_k(correlation_matrix(part, total - part), 1)).mean() for part in parts])


def _fit_deterministic(data, places, n, maps, iterations, tolerance):
    counts = sum(np.bincount(place, minlength=n) for place in places)
    size = sum((part**2).sum() for part in data)
    history = []
    for _ in range(iterations):
        shared = np.zeros((n, maps[0].shape[1]))
        for part, place, mapping in zip(data, places, maps, strict=True):
            shared[place] += part @ mapping
        shared /= counts[:, None]
        maps = [procrustes_rotation(part, shared[place]) for part, place in zip(data, places, strict=True)]
        history.append(
            sum(
                ((part - shared[place] @ mapping.T) ** 2).sum()
                for part, place, mapping in zip(data, places, maps, strict=True)
            )
            / size
        )
        if len(history) > 1 and history[-2] - history[-1] <= tolerance * history[-2]:
            break
    return maps, shared, np.full(len(data), np.nan), history


def _fit_probabilistic(data, places, n, maps, iterations, tolerance):
    """Expectation maximisation; the loss is minus the log-likelihood a value."""
    k = maps[0].shape[1]
    has = np.zeros((len(data), n), dtype=bool)
    for row, place in zip(has, places, strict=True):
        row[place] = True
    # Samples that the same subjects have share a posterior covariance.
    patterns, pattern = np.unique(has, axis=1, return_inverse=True)
    pattern = pattern.ravel()
    covariance = np.eye(k)
    power = [(part**2).sum() for part in data]
    noise = np.array([part.var() for part in data])
    floor = 1e-10 * noise
    history = []
    for _ in range(iterations):
        mapped = np.zeros((n, k))
        for part, place, mapping, variance in zip(data, places, maps, noise, strict=True):
            mapped[place] += part @ mapping / variance
        precision = np.linalg.inv(covariance)
        shared, second = np.empty((n, k)), np.zeros((k, k))
        traces, loss = np.empty(n), 0.0
        for number, members in enumerate(patterns.T):
            here = pattern == number
            posterior = np.linalg.inv(precision + np.eye(k) * (1 / noise[members]).sum())
            shared[here] = mapped[here] @ posterior
            second += here.sum() * posterior
            traces[here] = (shared[here] ** 2).sum(axis=1) + np.trace(posterior)
            # Log-determinant of the data's covariance (matrix determinant lemma) and the quadratic form.
            loss += here.sum() * (np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(posterior)[1])
            loss -= (mapped[here] * shared[here]).sum()
        loss += sum(
            len(p) * p.shape[1] * np.log(2 * np.pi * v) + w / v for p, v, w in zip(data, noise, power, strict=True)
        )
        history.append(loss / 2 / sum(part.size for part in data))
        second += shared.T @ shared
        maps, updated = [], []
        for part, place, total in zip(data, places, power, strict=True):
            cross = part.T @ shared[place]
            left, values, right = np.linalg.svd(cross, full_matrices=False)
            maps.append(left @ right)
            updated.append((total - 2 * values.sum() + traces[place].sum()) / part.size)
        noise, covariance = np.maximum(updated, floor), second / n
        if len(history) > 1 and abs(history[-2] - history[-1]) <= tolerance * abs(history[-2]):
            break
    return maps, shared, noise, history


def _gather(responses, samples):
    """Responses as floats, the place of each sample among all, and the names of all."""
    if len(responses) < 2:
        raise DataError(f"{len(responses)} subjects", where="alignment", remedy="Give two or more")
    data = [_check_responses(part) for part in responses]
    if samples is None:
        if len({len(part) for part in data}) > 1:
            raise DataError(
                f"subjects have {', '.join(str(len(part)) for part in data)} samples",
                where="alignment",
                remedy="Say in `samples` which sample each row is",
            )
        samples = [np.arange(len(part)) for part in data]
    if [len(labels) for labels in samples] != [len(part) for part in data]:
        raise DataError(
            f"{[len(labels) for labels in samples]} labels for {[len(part) for part in data]} samples",
            where="alignment",
            remedy="Give one label for each row of each subject",
        )
    names = np.unique(np.concatenate([np.asarray(labels) for labels in samples]))
    places = [_places(labels, names, f"subject {number + 1}") for number, labels in enumerate(samples)]
    return data, places, names


def _places(labels, names, who):
    labels = np.asarray(labels)
    if len(np.unique(labels)) != len(labels):
        raise DataError(
            f"{len(labels) - len(np.unique(labels))} samples are there twice",
            where=f"alignment, {who}",
            remedy="Average repeats first: each sample once",
        )
    unknown = labels[~np.isin(labels, names)]
    if len(unknown):
        raise DataError(
            f"the space has no sample `{unknown[0]}`",
            where=f"alignment, {who}",
            remedy="Give samples that the space was fitted on",
        )
    order = np.argsort(names, kind="stable")
    return order[np.searchsorted(names, labels, sorter=order)]


def _check_responses(responses, n_voxels=None):
    responses = np.asarray(responses, dtype=float)
    fits = responses.ndim == 2 and responses.size > 0 and n_voxels in (None, responses.shape[-1])
    if not fits or not np.isfinite(responses).all():
        raise DataError(
            f"responses of shape {responses.shape}{'' if n_voxels is None else f' for {n_voxels} voxels'}, "
            f"{int((~np.isfinite(responses)).sum())} values not finite",
            where="alignment",
            remedy="Give finite samples x voxels",
        )
    return responses


def _spread(aligned):
    """Share of the variance that is not common to all."""
    mean = sum(aligned) / len(aligned)
    return sum(((part - mean) ** 2).sum() for part in aligned) / sum((part**2).sum() for part in aligned)
