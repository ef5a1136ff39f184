"""Loops over voxels of fractional ridge regression."""

import numpy as np
from numba import njit


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
