"""Linear discriminant analysis with shrinkage, fast where there are more features than trials."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError

#: Standard deviations below are those of constant features, which are not scaled (as scikit-learn's StandardScaler).
_CONSTANT = 10 * np.finfo(np.float64).eps


class Lda:
    """Linear discriminant analysis, its covariance shrunk after Ledoit & Wolf (2004, J Multivar Anal 88, 365-411).

    The classifier of scikit-learn's ``LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")`` after a
    ``StandardScaler``, to rounding: the covariance of each class is shrunk on standardised features, and classes are
    weighed by their share of the trials. It solves a system of the number of trials instead of one of the number of
    features (Woodbury), which hundreds of refits with permuted labels need.

    Parameters
    ----------
    windows : int
        Features are each channel's means in so many stretches of the epoch of equal length.
    sample : {"mean", "first"}
        ``first``: the first sample of each stretch in place of its mean.
    """

    def __init__(self, *, windows: int = 32, sample: str = "mean") -> None:
        self.windows, self.sample = windows, sample

    def fit(self, values: np.ndarray, codes: np.ndarray, n_classes: int) -> Lda:
        """Fit on trials (n, channels, times) of classes ``codes`` (n,), 0 to ``n_classes`` - 1.

        Raises
        ------
        DataError
            More windows than samples.
        """
        flat = self._features(values)
        self.mean = flat.mean(axis=0)
        spread = flat.std(axis=0)
        self.scale = np.where(spread > _CONSTANT * np.maximum(np.abs(self.mean), 1), spread, 1.0)
        flat = (flat - self.mean) / self.scale
        means, ridge, factors = [], np.zeros(flat.shape[1]), []
        priors = np.bincount(codes, minlength=n_classes) / len(codes)
        for code, prior in enumerate(priors):
            mine = flat[codes == code]
            means.append(mine.mean(axis=0))
            centred = mine - means[-1]
            within = centred.std(axis=0)
            within = np.where(within > _CONSTANT * np.maximum(np.abs(means[-1]), 1), within, 1.0)
            amount, level = ledoit_wolf(centred / within)
            ridge += prior * amount * level * within**2
            factors.append(centred * np.sqrt(prior * (1 - amount) / len(mine)))
        means, factor = np.stack(means), np.concatenate(factors)
        # (D + F'F)^-1 M' = D^-1 M' - D^-1 F' (I + F D^-1 F')^-1 F D^-1 M'
        scaled = factor / ridge
        small = np.eye(len(factor)) + scaled @ factor.T
        self.coefficients = means / ridge - np.linalg.solve(small, scaled @ means.T).T @ scaled
        self.intercept = -0.5 * np.einsum("kf,kf->k", means, self.coefficients) + np.log(priors)
        return self

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Discriminants (n, n_classes) of trials (n, channels, times): log probabilities but for a constant a trial."""
        flat = (self._features(values) - self.mean) / self.scale
        return flat @ self.coefficients.T + self.intercept

    def weights(self) -> dict[str, np.ndarray]:
        """Scaler and discriminants, float32."""
        names = ("mean", "scale", "coefficients", "intercept")
        return {name: np.asarray(getattr(self, name), dtype=np.float32) for name in names}

    def _features(self, values: np.ndarray) -> np.ndarray:
        return window_features(values, self.windows, self.sample).astype(np.float64)


def window_features(values: np.ndarray, windows: int, sample: str = "mean") -> np.ndarray:
    """Means (n, channels * windows) of trials (n, channels, times) in windows; samples at the end that fill none go.

    Raises
    ------
    DataError
        More windows than samples.
    """
    n, channels, times = values.shape
    length = times // windows
    if not length:
        raise DataError(
            f"{windows} windows of epochs of {times} samples",
            where="features of epochs",
            remedy="Ask for fewer `windows`",
        )
    cut = values[:, :, : length * windows].reshape(n, channels, windows, length)
    return (cut[..., 0] if sample == "first" else cut.mean(axis=-1)).reshape(n, -1)


def ledoit_wolf(centred: np.ndarray) -> tuple[float, float]:
    """Amount of shrinkage and mean variance of samples (n, features) without mean; n may be far below features."""
    n, features = centred.shape
    level = float((centred**2).sum() / (n * features))
    # Both have the same squared sum; the smaller one is made.
    gram = centred @ centred.T if n < features else centred.T @ centred
    squared = float((gram**2).sum()) / n**2
    power = float(((centred**2).sum(axis=1) ** 2).sum()) / n
    distance = squared / features - level**2
    error = (power - squared) / (features * n)
    return (float(min(error, distance) / distance) if distance > 0 else 0.0), level
