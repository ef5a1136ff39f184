"""Rendered shapes: physics of the light, and what images hold."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.stimuli.shading import CLASSES, light_vector, render_shapes, shade

SIDE = 65


@pytest.fixture(scope="module")
def bump():
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    return 8 * np.exp(-(rows**2 + columns**2) / (2 * 8**2))[None]


def photograph(value=200):
    return np.full((90, 120, 3), value, np.uint8)


def test_light_vectors_are_unit_and_point_where_they_say():
    np.testing.assert_allclose(light_vector(0, 0), [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(light_vector(90, 0), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(light_vector(123, 90), [0, 0, 1], atol=1e-12)
    drawn = light_vector(np.arange(0, 360, 7.0), np.linspace(0, 90, 52))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1)


def test_a_flat_surface_has_the_sine_of_the_elevation():
    light = shade(np.zeros((2, 5, 6)), 40, np.array([30.0, 90.0]), ambient=0.2)
    np.testing.assert_allclose(light[0], 0.2 + 0.8 * 0.5)
    np.testing.assert_allclose(light[1], 1.0)


def test_a_tilted_plane_has_the_cosine_of_the_angle_to_the_light():
    # It rises downwards by 1 px a px: its normal points up by 45 degrees, and so does the light.
    rows = np.mgrid[:6, :7][0].astype(float)
    np.testing.assert_allclose(shade(rows[None], 0, 45, ambient=0.0), 1.0)
    np.testing.assert_allclose(shade(-rows[None], 0, 45, ambient=0.0), 0.0, atol=1e-12)
    np.testing.assert_allclose(shade(rows[None], 90, 45, ambient=0.0), 0.5)


def test_a_bump_lit_from_above_is_bright_above_and_a_hollow_below(bump):
    middle = SIDE // 2
    light = shade(bump, 0, 40)[0]
    upper, lower = light[:middle].mean(), light[middle + 1 :].mean()
    assert upper > lower + 0.05
    # No side is brighter than the other.
    np.testing.assert_allclose(light, light[:, ::-1], atol=1e-12)
    np.testing.assert_allclose(shade(-bump, 0, 40)[0], light[::-1], atol=1e-12)


def test_out_from_above_is_in_from_below(bump):
    ground = bump + 0.7 * np.sin(np.arange(SIDE) / 9)[None, None, :]
    for azimuth in (0.0, 33.0, 250.0):
        np.testing.assert_allclose(shade(ground, azimuth, 35), shade(-ground, azimuth + 180, 35), atol=1e-12)


def test_turning_the_image_is_turning_height_map_and_light(bump):
    rng = np.random.default_rng(2)
    ground = bump + rng.normal(0, 0.1, bump.shape)
    lit = shade(ground, 20, 35)[0]
    # Counter-clockwise: what came from above comes from the left.
    turned = shade(np.rot90(ground[0])[None], 20 - 90, 35)[0]
    np.testing.assert_allclose(np.rot90(lit), turned, atol=1e-12)


def test_images_are_the_same_whenever_they_are_asked_for():
    one, labels = render_shapes(range(6), [photograph()], seed=4)
    other, more = render_shapes([5, 2], [photograph()], seed=4)
    assert (one[[5, 2]] == other).all()
    assert (labels[[5, 2]] == more).all()
    assert (render_shapes(range(6), [photograph()], seed=5)[0] != one).any()


def test_classes_come_alike_and_show_the_light():
    images, labels = render_shapes(range(600), [photograph()], seed=1, spread_deg=0.0, texture=0.0, relief_px=0.0)
    counts = np.bincount(labels, minlength=len(CLASSES))
    # Binomial, 600 draws of 1 in 8: within four standard deviations.
    assert np.abs(counts - 75).max() < 4 * np.sqrt(600 / 8 * 7 / 8)
    grey = images.mean(3)
    rows = np.arange(64.0)

    def tilt(image):
        # Brightness below less above, relative to where the shape is.
        weight = np.abs(image - np.median(image))
        middle = (weight.sum(1) @ rows) / weight.sum()
        return image[rows > middle].mean() - image[rows < middle].mean()

    tilts = np.array([tilt(image) for image in grey])
    for name in ("dome", "plateau"):
        out, hollow = (tilts[labels == CLASSES.index(f"{name}-{sign}")] for sign in ("out", "in"))
        assert (out < 0).mean() > 0.95
        assert (hollow > 0).mean() > 0.95


def test_light_from_everywhere_has_no_direction():
    images, labels = render_shapes(range(1500), [photograph()], seed=1, spread_deg=None, texture=0.0, relief_px=0.0)
    domes = images[labels == CLASSES.index("dome-out")].mean(3)
    difference = domes[:, 32:].mean((1, 2)) - domes[:, :32].mean((1, 2))
    assert abs(difference.mean()) < 3 * difference.std() / np.sqrt(len(difference))
    lit, _ = render_shapes(range(1500), [photograph()], seed=1, spread_deg=30.0, texture=0.0, relief_px=0.0)
    above = lit[labels == CLASSES.index("dome-out")].mean(3)
    difference = above[:, 32:].mean((1, 2)) - above[:, :32].mean((1, 2))
    assert difference.mean() < -5 * difference.std() / np.sqrt(len(difference))


def test_light_in_a_photograph_has_no_direction_here():
    # A photograph that is bright above and dark below, as of the sky.
    sky = np.broadcast_to(np.linspace(255, 0, 200)[:, None, None], (200, 200, 3)).astype(np.uint8)
    images, _ = render_shapes(range(800), [sky], seed=2, texture=1.0, elevation_deg=(90.0, 90.0))
    grey = images.mean(3)
    for first, second in ((grey[:, :32], grey[:, 32:]), (grey[:, :, :32], grey[:, :, 32:])):
        difference = first.mean((1, 2)) - second.mean((1, 2))
        assert abs(difference.mean()) < 3.5 * difference.std() / np.sqrt(len(difference))


def test_wrong_calls_are_named():
    with pytest.raises(DataError, match="height maps of shape"):
        shade(np.zeros((3, 4)), 0, 30)
    with pytest.raises(DataError, match="ambient 2"):
        shade(np.zeros((1, 3, 4)), 0, 30, ambient=2)
    with pytest.raises(DataError, match="for images of 200 px"):
        render_shapes([0], [photograph()], side_px=200)
