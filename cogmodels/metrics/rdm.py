"""Dissimilarity matrices (RDMs): agreement between people, identification by rows and by whole matrices."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from cogmodels.errors import DataError


def upper_triangles(rdms: np.ndarray) -> np.ndarray:
    """Values above the diagonal, row by row: (..., n, n) to (..., n (n - 1) / 2)."""
    rdms = np.asarray(rdms, dtype=float)
    rows, columns = np.triu_indices(rdms.shape[-1], k=1)
    return rdms[..., rows, columns]


def reliability(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of each person with the mean of the others, and with the mean of all: noise ceilings.

    The mean over people of the first is the lower ceiling, of the second the upper (Nili et al. 2014, PLoS
    Computational Biology 10, e1003553). For ceilings of rank correlations give ranks.

    Parameters
    ----------
    vectors : (n_people, n_pairs) float

    Returns
    -------
    lower, upper : (n_people,) float

    Raises
    ------
    DataError
        Fewer than two people, values that are not finite, or a person without variation.
    """
    centred = _centred(vectors)
    total = centred.sum(axis=0)
    return _row_correlation(centred, total - centred), _row_correlation(centred, np.broadcast_to(total, centred.shape))


def permuted_reliability(rdms: np.ndarray, *, permutations: int = 2000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Mean over people of both correlations of :func:`reliability` where each person's items are permuted.

    Rows and columns of a person's RDM are permuted together, each person's in its own way, against the others' RDMs as
    they are (Mantel 1967, Cancer Research 27, 209-220).

    Parameters
    ----------
    rdms : (n_people, n, n) float
        Symmetric; of ranks where the ceilings are those of ranks. The diagonal is not read.
    permutations, seed : int

    Returns
    -------
    lower, upper : (permutations,) float
    """
    centred = _centred(upper_triangles(rdms))
    n_people, n = len(rdms), np.shape(rdms)[-1]
    rows, columns = np.triu_indices(n, k=1)
    total = centred.sum(axis=0)
    generator = np.random.default_rng([seed, 53])
    null = np.zeros((2, permutations))
    for one in centred:
        others = total - one
        square = np.zeros((n, n))
        square[rows, columns] = square[columns, rows] = others
        own, theirs = one @ one, others @ others
        # Permuting the others against the person is the same, and their matrix is at hand.
        shared = np.array([square[p[rows], p[columns]] @ one for p in _permutations(generator, n, permutations)])
        null[0] += shared / np.sqrt(own * theirs)
        null[1] += (shared + own) / np.sqrt(own * (theirs + 2 * shared + own))
    return null[0] / n_people, null[1] / n_people


def profile_similarity(rdm: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Pearson r (n, n) between row i of one RDM and row j of another, without positions i and j.

    An item's row has its distance to itself at its own position, which is 0 or small in every RDM. Rows that keep it
    are told apart by where it lies, whatever else they hold: identification is then far too good. So positions i and j
    go from both rows, and no value of either diagonal has any influence.

    Parameters
    ----------
    rdm, template : (n, n) float
        Of the same items.

    Returns
    -------
    similarity : (n, n) float
        0 where a row does not vary.

    Raises
    ------
    DataError
        Shapes that differ, fewer than four items, or values off the diagonals that are not finite.
    """
    a, b = (np.array(one, dtype=float) for one in (rdm, template))
    if a.ndim != 2 or a.shape != b.shape or a.shape[0] != a.shape[1] or len(a) < 4:
        raise DataError(
            f"RDMs of shapes {a.shape} and {b.shape}",
            where="identification by rows",
            remedy="Give two square matrices of the same four items or more",
        )
    n = len(a)
    for one in (a, b):
        np.fill_diagonal(one, 0.0)
        if not np.isfinite(one).all():
            raise DataError(
                "values that are not finite", where="identification by rows", remedy="Drop the items without values"
            )
        one -= one.sum() / (n * (n - 1))  # keeps the sums below small beside what varies
        np.fill_diagonal(one, 0.0)
    # The diagonals are 0, so position i of row i and position j of row j are out already: the others are subtracted.
    count = n - 2 + np.eye(n)
    own, other = b.T * (1 - np.eye(n)), a * (1 - np.eye(n))  # b[j, i] and a[i, j], at (i, j)
    sum_a, sum_b = a.sum(axis=1)[:, None] - other, b.sum(axis=1)[None, :] - own
    square_a, square_b = (a**2).sum(axis=1)[:, None] - other**2, (b**2).sum(axis=1)[None, :] - own**2
    shared = a @ b.T - sum_a * sum_b / count
    spread_a, spread_b = square_a - sum_a**2 / count, square_b - sum_b**2 / count
    # Rounding leaves a little of a row that does not vary.
    varies = (spread_a > 1e-12 * square_a.max()) & (spread_b > 1e-12 * square_b.max())
    return np.divide(shared, np.sqrt(np.where(varies, spread_a * spread_b, 1.0)), out=np.zeros((n, n)), where=varies)


def person_similarities(rdms: np.ndarray) -> np.ndarray:
    """:func:`profile_similarity` (n_people, n, n) of each person's RDM with the mean of the others'."""
    rdms = np.asarray(rdms, dtype=float)
    if len(rdms) < 2:
        raise DataError("one person", where="identification by rows", remedy="Give two people or more")
    total = rdms.sum(axis=0)
    return np.stack([profile_similarity(one, (total - one) / (len(rdms) - 1)) for one in rdms])


def region_similarities(vectors: np.ndarray) -> np.ndarray:
    """Pearson r of each person's RDM of a region with the mean RDM of each region over the other people.

    Parameters
    ----------
    vectors : (n_people, n_hemispheres, n_regions, n_pairs) float
        Ranks, or values of one scale. Templates are means over the others and the hemispheres.

    Returns
    -------
    similarity : (n_people, n_hemispheres, n_regions, n_regions) float
        The last axis is the template's region.
    """
    vectors = np.asarray(vectors, dtype=float)
    sums = vectors.sum(axis=1)
    total = sums.sum(axis=0)
    found = np.empty((*vectors.shape[:3], vectors.shape[2]))
    for person, mine in enumerate(vectors):
        template = _centred(total - sums[person])
        template /= np.linalg.norm(template, axis=1, keepdims=True)
        for side, values in enumerate(mine):
            centred = _centred(values)
            found[person, side] = centred / np.linalg.norm(centred, axis=1, keepdims=True) @ template.T
    return found


def ranks(vectors: np.ndarray) -> np.ndarray:
    """Ranks along the last axis; ties share their mean rank."""
    return rankdata(vectors, axis=-1)


def squares(vectors: np.ndarray, n: int) -> np.ndarray:
    """Symmetric matrices (..., n, n) with diagonal 0 from values above it (..., n (n - 1) / 2)."""
    rows, columns = np.triu_indices(n, k=1)
    square = np.zeros((*np.shape(vectors)[:-1], n, n))
    square[..., rows, columns] = square[..., columns, rows] = vectors
    return square


def _permutations(generator: np.random.Generator, n: int, count: int):
    for _ in range(count):
        yield generator.permutation(n)


def _row_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation of centred rows."""
    return np.einsum("ij,ij->i", a, b) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def _centred(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, dtype=float)
    if vectors.ndim != 2 or len(vectors) < 2:
        raise DataError(f"vectors of shape {vectors.shape}", where="RDMs", remedy="Give two RDMs or more")
    if not np.isfinite(vectors).all():
        raise DataError("values that are not finite", where="RDMs", remedy="Drop the items without values")
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    flat = np.flatnonzero((centred**2).sum(axis=1) <= 1e-20 * (vectors**2).sum(axis=1))
    if len(flat):
        raise DataError(f"RDM {flat[0]} does not vary", where="RDMs", remedy="Leave it out")
    return centred
