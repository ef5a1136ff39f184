"""Codes of rows and columns whose likeness falls with their distance as a Gaussian does."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import ConfigError

#: Mean length of the rows of OAT's published table (14 rows).
_LENGTH = 8.764


def position_codes(rows: int, width: int = 86, *, sigma: float = 2.0, length: float = _LENGTH) -> np.ndarray:
    """Codes with cos(code_i, code_j) = exp(-(i - j)^2 / (2 sigma^2)), all of the same length.

    OAT (Fang et al. 2024, ECCV) learns such a table by gradient descent, to 5e-4. The matrix of wished cosines is
    positive definite, so its square root has exactly those; where ``width`` is smaller than ``rows``, the largest
    eigenvalues are kept, and rows are brought back to one length. A fixed rotation spreads the codes over all
    dimensions, as the learned ones are.

    Parameters
    ----------
    rows : int
        Positions along an axis.
    width : int
        Dimensions of a code.
    sigma : float
        Positions at which the cosine has fallen to exp(-1/2).
    length : float
        Of each code.

    Returns
    -------
    ndarray, (rows, width), float32

    Raises
    ------
    ConfigError
        Sizes below 1, or so few dimensions that a cosine would be off by more than 1e-3.
    """
    where = "position codes"
    if rows < 1 or width < 1 or sigma <= 0 or length <= 0:
        raise ConfigError(f"rows {rows}, width {width}, sigma {sigma}, length {length}: all above 0", where=where)
    at = np.arange(rows)
    wished = np.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    values, vectors = np.linalg.eigh(wished)
    # The sign of an eigenvector is the library's choice.
    vectors *= np.where(vectors[0] < 0, -1, 1)
    # Largest first; rounding leaves the smallest a little below 0.
    kept = slice(None, -min(rows, width) - 1, -1)
    codes = vectors[:, kept] * np.sqrt(values[kept].clip(min=0))
    codes /= np.linalg.norm(codes, axis=1, keepdims=True)
    apart = np.abs(codes @ codes.T - wished).max()
    if apart > 1e-3:
        raise ConfigError(
            f"{width} dimensions leave cosines of {rows} positions off by {apart:.1e}",
            where=where,
            remedy="Use more dimensions, or a larger `sigma`",
        )
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(width, codes.shape[1])))[0]
    return (length * codes @ rotation.T).astype(np.float32)
