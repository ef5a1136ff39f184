"""Logistic regression in the tangent space of covariances, of the signals alone or with the classes' responses."""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from cogmodels.decoding.riemann import covariances, geometric_mean, tangent_vectors
from cogmodels.errors import DataError


class TangentSpace:
    """Barachant et al. (2013): covariances of trials, seen from their geometric mean, then logistic regression.

    Parameters
    ----------
    covariance : {"scatter", "evoked"}
        ``scatter``: of the channels, which forgets when something happens. ``evoked``: of the trial beside the mean
        response of each class (Barachant & Congedo 2014, arXiv 1409.0107), both through spatial filters that raise
        each class's mean over the trials (xDAWN; Rivet et al. 2009, IEEE TBME 56, 2035-2043).
    filters : int
        Of each class (``evoked``).
    strength : float
        C of the regression, scikit-learn's inverse of the ridge.
    """

    def __init__(self, *, covariance: str = "scatter", filters: int = 4, strength: float = 1.0) -> None:
        self.covariance, self.filters, self.strength = covariance, filters, strength

    def fit(self, values: np.ndarray, codes: np.ndarray, n_classes: int) -> TangentSpace:
        """Fit on trials (n, channels, times) of classes ``codes`` (n,), 0 to ``n_classes`` - 1.

        Raises
        ------
        DataError
            More filters than channels.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        if self.covariance == "evoked":
            self._fit_filters(values.astype(np.float64), codes, n_classes)
        found = covariances(self._stacked(values))
        self.reference = geometric_mean(found, tolerance=1e-6)
        vectors = tangent_vectors(found, self.reference)
        self.scaler = StandardScaler(with_std=False).fit(vectors)
        self.regression = LogisticRegression(C=self.strength, max_iter=500).fit(self.scaler.transform(vectors), codes)
        return self

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Log probabilities (n, n_classes) of trials (n, channels, times)."""
        vectors = tangent_vectors(covariances(self._stacked(values)), self.reference)
        return self.regression.predict_log_proba(self.scaler.transform(vectors))

    def weights(self) -> dict[str, np.ndarray]:
        """Reference, filters with their mean responses, and the regression, float32."""
        found = {
            "reference": self.reference,
            "mean": self.scaler.mean_,
            "coefficients": self.regression.coef_,
            "intercept": self.regression.intercept_,
        }
        if self.covariance == "evoked":
            found |= {"spatial_filters": self.spatial, "responses": self.responses}
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in found.items()}

    def _fit_filters(self, values: np.ndarray, codes: np.ndarray, n_classes: int) -> None:
        channels, times = values.shape[1:]
        if self.filters > channels:
            raise DataError(
                f"{self.filters} spatial filters of {channels} channels",
                where="tangent space",
                remedy="Lower `filters`, or take more channels",
            )
        whole = covariances(values).mean(axis=0)
        means = np.stack([values[codes == code].mean(axis=0) for code in range(n_classes)])
        spatial = []
        for mean in means:
            # The largest ratio of the evoked response's variance to the variance of all trials.
            _, vectors = eigh(mean @ mean.T / times, whole)
            spatial.append(vectors[:, ::-1][:, : self.filters].T)
        self.spatial = np.concatenate(spatial)
        self.responses = np.concatenate([one @ mean for one, mean in zip(spatial, means, strict=True)])

    def _stacked(self, values: np.ndarray) -> np.ndarray:
        if self.covariance == "scatter":
            return values
        filtered = self.spatial @ values.astype(np.float64)
        return np.concatenate([np.broadcast_to(self.responses, (len(values), *self.responses.shape)), filtered], axis=1)
