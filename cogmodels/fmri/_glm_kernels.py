"""Loops over voxels of generalised least squares and fractional ridge regression."""

import numpy as np
from numba import njit


@njit(cache=True)
def _solve_in_place(gram, right):
    """Cholesky solution of a positive definite system; False where it is none."""
    n = len(right)
    for i in range(n):
        for j in range(i + 1):
            total = gram[i, j]
            for k in range(j):
                total -= gram[i, k] * gram[j, k]
            if i == j:
                if total <= 0.0:
                    return False
                gram[i, i] = np.sqrt(total)
            else:
                gram[i, j] = total / gram[j, j]
    for i in range(n):
        total = right[i]
        for k in range(i):
            total -= gram[i, k] * right[k]
        right[i] = total / gram[i, i]
    for i in range(n - 1, -1, -1):
        total = right[i]
        for k in range(i + 1, n):
            total -= gram[k, i] * right[k]
        right[i] = total / gram[i, i]
    return True


@njit(cache=True)
def solve_ar1(rho, grams, rights, squares, betas, rss):
    """Generalised least squares of each voxel with AR(1) noise of its own coefficient.

    ``grams`` (3, p, p), ``rights`` (n_voxels, 3, p) and ``squares`` (n_voxels, 3) are the coefficients of 1, rho and
    rho squared in the whitened sums of products. ``betas`` (n_voxels, p) and ``rss`` (n_voxels,) are written.
    """
    p = grams.shape[1]
    gram = np.empty((p, p))
    right = np.empty(p)
    for v in range(len(rho)):
        r = rho[v]
        r2 = r * r
        for i in range(p):
            right[i] = rights[v, 0, i] + r * rights[v, 1, i] + r2 * rights[v, 2, i]
            betas[v, i] = right[i]
            for j in range(i + 1):
                gram[i, j] = grams[0, i, j] + r * grams[1, i, j] + r2 * grams[2, i, j]
        if not _solve_in_place(gram, betas[v]):
            betas[v] = np.nan
            rss[v] = np.nan
            continue
        total = squares[v, 0] + r * squares[v, 1] + r2 * squares[v, 2]
        for i in range(p):
            total -= betas[v, i] * right[i]
        rss[v] = max(total, 0.0)


@njit(cache=True)
def find_alphas(variances, rotated, fractions, alphas):
    """Ridge parameters that shrink the norm of each voxel's coefficients to fractions of the unregularised norm.

    ``variances`` (k,): squared singular values; ``rotated`` (n_voxels, k): coefficients along the singular vectors;
    ``fractions`` (f,) from 1 downwards, above 0; ``alphas`` (f, n_voxels) are written. Newton's method on the logarithm
    of the squared norm as a function of the logarithm of alpha, kept inside of a bracket.
    """
    k = len(variances)
    largest, smallest = variances[0], variances[0]
    for i in range(k):
        largest = max(largest, variances[i])
        smallest = min(smallest, variances[i])
    for v in range(len(rotated)):
        whole = 0.0
        for i in range(k):
            whole += rotated[v, i] * rotated[v, i]
        for f in range(len(fractions)):
            fraction = fractions[f]
            if fraction >= 1.0 or whole == 0.0:
                alphas[f, v] = 0.0
                continue
            # Were all variances equal: fraction = variance / (variance + alpha).
            low = np.log(smallest * (1.0 / fraction - 1.0)) - 1e-9
            high = np.log(largest * (1.0 / fraction - 1.0)) + 1e-9
            goal = np.log(fraction * fraction * whole)
            x = 0.5 * (low + high)
            for _ in range(100):
                alpha = np.exp(x)
                total = 0.0
                slope = 0.0
                for i in range(k):
                    share = variances[i] / (variances[i] + alpha)
                    square = share * rotated[v, i]
                    square *= square
                    total += square
                    slope -= 2.0 * square * alpha / (variances[i] + alpha)
                error = np.log(total) - goal
                if error > 0.0:
                    low = x
                else:
                    high = x
                if abs(error) < 1e-13:
                    break
                x -= error * total / slope
                if not low < x < high:
                    x = 0.5 * (low + high)
            alphas[f, v] = np.exp(x)
