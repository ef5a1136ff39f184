"""PixCorr and SSIM against their definitions, written down another way."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cogmodels.metrics.reconstruction import LUMA, pixcorr, ssim
from cogmodels.metrics.retrieval import two_way


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.random((5, 24, 31, 3)), (0, 2, 2, 0))
    return (smooth - smooth.min()) / np.ptp(smooth)


def skimage_ssim(one, other):
    """scikit-image 0.25's steps: filters of the whole image, five px cut off on each side."""
    x, y = one @ LUMA, other @ LUMA

    def means(values):
        return gaussian_filter(values, 1.5, truncate=3.5)

    ux, uy = means(x), means(y)
    vx, vy, vxy = means(x * x) - ux * ux, means(y * y) - uy * uy, means(x * y) - ux * uy
    c1, c2 = 0.01**2, 0.03**2
    found = ((2 * ux * uy + c1) * (2 * vxy + c2)) / ((ux**2 + uy**2 + c1) * (vx + vy + c2))
    return found[5:-5, 5:-5].mean()


def test_ssim_is_scikit_images(images):
    noisy = np.clip(images + np.random.default_rng(1).normal(0, 0.1, images.shape), 0, 1)
    expected = [[skimage_ssim(a, b) for b in images] for a in noisy]
    np.testing.assert_allclose(ssim(noisy, images), expected, atol=1e-9)
    np.testing.assert_allclose(np.diagonal(ssim(images, images)), 1.0)


def test_ssim_of_flat_images_by_hand():
    dark, bright = (np.full((1, 12, 12, 3), level) for level in (0.2, 0.6))
    by_hand = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    # The luma weights sum to 1.
    assert ssim(dark, bright)[0, 0] == pytest.approx(by_hand)


def test_pixcorr_by_hand(images):
    expected = [[np.corrcoef(a.ravel(), b.ravel())[0, 1] for b in images] for a in images[::-1]]
    np.testing.assert_allclose(pixcorr(images[::-1], images), expected)
    # Brightness and contrast do not count; a flat image says nothing.
    np.testing.assert_allclose(np.diagonal(pixcorr(0.3 + 0.2 * images, images)), 1.0)
    assert not pixcorr(np.full_like(images, 0.5), images).any()


def test_two_way_of_the_identity_is_1_and_of_others_half():
    rng = np.random.default_rng(2)
    targets = rng.random((60, 12, 12, 3))
    np.testing.assert_array_equal(np.diagonal(two_way(pixcorr(targets, targets))), 1.0)
    others = np.diagonal(two_way(pixcorr(rng.random(targets.shape), targets)))
    assert others.mean() == pytest.approx(0.5, abs=4 * others.std() / np.sqrt(60))


def test_sizes_that_do_not_fit_are_refused(images):
    with pytest.raises(ValueError, match="of one size"):
        pixcorr(images, images[:, :20])
    with pytest.raises(ValueError, match="more than 10 px"):
        ssim(images[:, :10], images[:, :10])
