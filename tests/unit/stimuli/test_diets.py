"""Manipulations of images: known answers."""

import numpy as np
import pytest

from cogmodels.config.training import MANIPULATION_NAMES
from cogmodels.errors import DataError
from cogmodels.stimuli.diets import (
    MANIPULATIONS,
    fisheye,
    fisheye_image_radius,
    fisheye_radius,
    grid_lines,
    manipulate,
    rotate,
)


@pytest.fixture
def noise():
    return np.random.default_rng(3).integers(1, 256, (224, 224, 3), dtype=np.uint8)


def test_the_config_names_every_manipulation():
    assert set(MANIPULATIONS) == set(MANIPULATION_NAMES)


def test_what_was_above_is_left_after_a_turn():
    image = np.zeros((4, 6, 3), np.uint8)
    image[0] = 9
    turned = rotate(image, 1)
    assert turned.shape == (6, 4, 3)
    assert (turned[:, 0] == 9).all()
    assert not turned[:, 1:].any()
    assert (manipulate(image, "rotated180")[-1] == 9).all()
    assert (manipulate(image, "rotated270")[:, -1] == 9).all()


def test_four_turns_are_none(noise):
    turned = noise
    for _ in range(4):
        turned = manipulate(turned, "rotated90")
    assert (turned == noise).all()


def test_grid_lines_of_a_published_image(noise):
    lined = grid_lines(noise)
    black = {at + k for at in (45, 95, 145, 195) for k in range(5)}
    for at in range(224):
        assert lined[at].any() != (at in black)
        assert lined[:, at].any() != (at in black)
    kept = [at for at in range(224) if at not in black]
    assert (lined[np.ix_(kept, kept)] == noise[np.ix_(kept, kept)]).all()


@pytest.mark.parametrize(("side", "lines"), [(49, 0), (50, 0), (51, 1), (100, 1), (101, 2), (250, 4), (251, 5)])
def test_the_last_line_starts_before_the_side_less_5(side, lines):
    row = grid_lines(np.ones((side, side), np.uint8))[0]
    assert (row == 0).sum() == 5 * lines


def test_the_fisheye_can_be_undone():
    radius = np.linspace(0, 1, 101)
    np.testing.assert_allclose(fisheye_image_radius(fisheye_radius(radius)), radius, atol=1e-12)
    assert fisheye_radius(np.array([0.0, 1.0])).tolist() == pytest.approx([0, 1])
    # r0 ((1 + 1/r0)^(1/2) - 1) with r0 = 1/4.
    assert fisheye_radius(np.array(0.5)) == pytest.approx(0.25 * (np.sqrt(5) - 1))
    # Magnification 1 / (r + r0), up to a factor: 5 times as large in the centre as in the corner.
    h = 1e-6
    centre, corner = (
        np.diff(fisheye_image_radius(np.array([0, h]))),
        np.diff(fisheye_image_radius(np.array([1 - h, 1]))),
    )
    assert centre / corner == pytest.approx(5, rel=1e-4)
    # A large r0 is no fisheye.
    np.testing.assert_allclose(fisheye_radius(radius, 1e6), radius, atol=1e-6)


def test_a_ring_goes_where_the_map_says():
    side, middle = 201, 100
    rows, columns = np.mgrid[:side, :side]
    at = np.hypot(rows - middle, columns - middle)
    ring = np.where(np.abs(at - 40) < 1.5, 255, 0).astype(np.uint8)
    seen = fisheye(ring)
    half = np.hypot(middle, middle)
    expected = float(fisheye_image_radius(np.array(40 / half))) * half
    assert expected > 60
    for line in (seen[middle, middle:], seen[middle:, middle], seen[middle, middle::-1]):
        assert np.average(np.arange(len(line)), weights=line) == pytest.approx(expected, abs=0.7)
    assert fisheye(ring[:, 20:]).shape == (201, 181)


def test_the_fisheye_keeps_centre_corners_and_flat_colour(noise):
    odd = noise[:223, :223]
    seen = fisheye(odd)
    assert (seen[111, 111] == odd[111, 111]).all()
    assert (seen[0, 0] == odd[0, 0]).all()
    assert (seen[-1, -1] == odd[-1, -1]).all()
    assert (fisheye(np.full((30, 40, 3), 77, np.uint8)) == 77).all()


def test_wrong_calls_are_named(noise):
    with pytest.raises(DataError, match="no manipulation `sideways`"):
        manipulate(noise, "sideways")
    with pytest.raises(DataError, match="radius of 0"):
        fisheye_radius(np.array(0.5), 0.0)
