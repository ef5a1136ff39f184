"""Scanpath metrics: answers by hand, slow definitions beside the compiled ones, properties, bad input."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.cluster import MeanShift, estimate_bandwidth

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath import distances, proper, strings
from cogmodels.metrics.scanpath.consistency import (
    SCANPATH_METRICS,
    ComparisonSettings,
    pair_values,
    pairs_within,
    scanpath_consistency,
)
from cogmodels.metrics.scanpath.multimatch import multimatch
from cogmodels.metrics.scanpath.paths import Scanpaths, pack, pack_fixations

SCREEN = (800.0, 600.0)
SETTINGS = ComparisonSettings(SCREEN, 24.0)


def with_clusters(paths):
    return paths.with_symbols(strings.cluster_symbols(paths.x, paths.y)[0])


def walk(seed, n, spread=1.0):
    generator = np.random.default_rng(seed)
    return np.column_stack([generator.random((n, 2)) * SCREEN * spread, generator.uniform(0.05, 0.6, n)])


walks = st.builds(walk, st.integers(0, 100_000), st.integers(3, 14))


# By hand.


def test_distances_by_hand():
    first, second = [[0, 0], [10, 0], [20, 0]], [[0, 3], [20, 4]]
    first, second = np.array(first, float), np.array(second, float)
    # 0 with 0 (3), 1 with 0 or 1 (sqrt 109, sqrt 116), 2 with 1 (4).
    assert distances.dtw(first, second) == pytest.approx(3 + np.sqrt(109) + 4)
    assert distances.frechet(first, second) == pytest.approx(np.sqrt(109))
    assert distances.hausdorff(first, second) == pytest.approx(np.sqrt(109))
    # Nearest distances squared: 9, 109, 16 and 9, 16.
    assert distances.mannan(first, second, (30, 40)) == pytest.approx((2 * 134 + 3 * 25) / (2 * 3 * 2 * 2500))
    # Windows of 2 of the first, (0,0)(10,0) and (10,0)(20,0), against the only one of the second.
    near = np.sqrt(9 + 100 + 16), np.sqrt(100 + 9 + 16)
    assert distances.tde(first, second, 2) == pytest.approx(np.mean(near) / 2)
    assert distances.tde(first, second, 2, largest=True) == pytest.approx(max(near) / 2)


def test_discs_by_hand():
    def iou(d, r=10.0):
        shared = 2 * r**2 * np.arccos(d / (2 * r)) - d / 2 * np.sqrt(4 * r**2 - d**2)
        return shared / (2 * np.pi * r**2 - shared)

    assert distances.fdiss([[0, 0]], [[6, 0]], 10) == pytest.approx(iou(6))
    assert distances.fdiss([[0, 0]], [[20, 0]], 10) == 0
    # One way 1, the other the mean of 1 and 0.
    assert distances.fdiss([[0, 0]], [[0, 0], [100, 0]], 10) == pytest.approx(2 * 1 * 0.5 / 1.5)


def test_recurrence_by_hand():
    # A B A B C: the pairs 0-2 and 1-3 recur, on one diagonal.
    path = np.array([[0, 0], [100, 0], [0, 0], [100, 0], [200, 0]], float)
    found = distances.recurrence(path, 10)
    assert found["recurrence"] == pytest.approx(100 * 2 * 2 / 20)
    assert found["determinism"] == 100
    assert found["laminarity"] == 0
    assert found["corm"] == pytest.approx(100 * (2 + 2) / (4 * 2))
    # A A A: 0-1, 0-2, 1-2; the first row and the last column are lines, the first diagonal too.
    stay = distances.recurrence(np.zeros((3, 2)), 10)
    assert stay["recurrence"] == 100
    assert stay["determinism"] == pytest.approx(100 * 2 / 3)
    assert stay["laminarity"] == 100
    assert distances.recurrence(path[[0, 1, 4]], 10) == dict.fromkeys(distances.RECURRENCE, 0.0)
    assert distances.recurrence(path[:1], 10)["recurrence"] == 0


def test_cross_recurrence_follows_the_one_behind():
    path = np.array([[0, 0], [100, 0], [200, 0], [300, 0]], float)
    same = distances.cross_recurrence(path, path, 10)
    assert same["recurrence"] == pytest.approx(25)
    assert same["determinism"] == 100
    assert same["corm"] == 0
    late = distances.cross_recurrence(path[1:], path[:-1], 10)
    assert late["corm"] > 0
    assert distances.cross_recurrence(path[:-1], path[1:], 10)["corm"] == -late["corm"]


def test_strings_by_hand():
    assert strings.sequence_score(np.array([1, 2, 3, 4]), np.array([2, 4, 4])) == 0.5
    assert strings.sequence_score(np.array([1, 2]), np.array([3])) == 0
    # HAT leaves the truth whole.
    assert strings.sequence_score(np.arange(9), np.arange(9), max_steps=3) == 1
    assert strings.sequence_score(np.arange(9), np.arange(9), max_steps=3, truncate_second=False) == pytest.approx(
        1 / 3
    )
    timed = [pack([[[0, 0, d] for d in durations]]) for durations in ((0.12, 0.05), (0.049, 0.2))]
    timed = [path.with_symbols(np.array([1, 2])) for path in timed]
    # 1 1 2 against 2 2 2 2: the second person's first fixation is shorter than a bin.
    assert strings.sequence_score(*timed, time_bin_s=0.05)[0] == pytest.approx(1 / 4)
    # Cells of 20 x 10: a b c against a c.
    a, b, c = [5, 5], [25, 5], [99, 49]
    assert strings.string_edit([a, b, c], [a, c], (100, 50)) == 1
    assert strings.string_edit([a, b, c], [c, c, c], (100, 50), normalise=True) == pytest.approx(2 / 3)
    assert strings.string_edit(np.empty((0, 2)), [a, c], (100, 50)) == 2
    assert strings.string_edit([[-30, 500]], [[0, 49]], (100, 50)) == 0


def test_scanmatch_by_hand():
    # Cells of 100 px. Equal cells give 3.5, those two apart 1.5, those four apart nothing.
    assert strings.scanmatch([[50, 50], [450, 50]], [[50, 50]], SCREEN, grid=(8, 6)) == pytest.approx(0.5)
    assert strings.scanmatch([[50, 50]], [[250, 50]], SCREEN, grid=(8, 6)) == pytest.approx(1.5 / 3.5)
    assert strings.scanmatch([[50, 50]], [[450, 50]], SCREEN, grid=(8, 6)) == 0
    # 0.25 s are two bins of 0.1 s (half to even), 0.35 s four.
    timed = strings.scanmatch([[50, 50, 0.25]], [[50, 50, 0.35]], SCREEN, grid=(8, 6), time_bin_s=0.1)
    assert timed == pytest.approx(2 / 4)


def test_segments_are_symbols():
    segments = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(strings.segment_symbols([3.9, 0], [2.9, 1], segments), [11, 4])
    with pytest.raises(DataError, match="1 fixations lie beside"):
        strings.segment_symbols([4.0, 0], [0, 0], segments)


def test_energy_score_by_hand():
    # Samples 0 and 2, truth 1: mean distance 1, less half the mean distance among samples.
    among = np.array([[0.0, 2.0], [2.0, 0.0]])
    assert proper.energy_score([[1.0], [1.0]], among) == pytest.approx(0)
    assert proper.energy_score([[1.0], [1.0]], among, fair=False) == pytest.approx(0.5)
    assert proper.energy_score([[3.0]], [[0.0]], fair=False) == 3
    with pytest.raises(DataError, match="two samples"):
        proper.energy_score([[3.0]], [[0.0]])
    with pytest.raises(DataError, match="not finite"):
        proper.energy_score([[1.0], [np.nan]], among)


def test_proper_score_prefers_the_true_distribution():
    """In expectation neither a narrower nor a wider prediction than the truth does better (paths of one fixation)."""
    generator = np.random.default_rng(0)

    def paths(sd, n=300):
        return pack([np.array([[*generator.normal(0, sd, 2)]]) for _ in range(n)])

    truth = paths(1.0)
    score = {sd: proper.crps(distances.dtw, paths(sd), truth, similarity=False) for sd in (0.25, 1.0, 3.0)}
    assert score[1.0] < min(score[0.25], score[3.0])
    point = [proper.crps(distances.dtw, pack([np.zeros((1, 2))] * 300), truth, similarity=False)]
    assert score[1.0] < point[0]


# Beside slow definitions.


def slow_dtw(a, b):
    cost = {(-1, -1): 0.0}
    for i, j in itertools.product(range(len(a)), range(len(b))):
        before = min(cost.get(at, np.inf) for at in ((i - 1, j), (i, j - 1), (i - 1, j - 1)))
        cost[i, j] = np.hypot(*(a[i] - b[j])) + before
    return cost[len(a) - 1, len(b) - 1]


def slow_frechet(a, b):
    reach = {(-1, -1): 0.0}
    for i, j in itertools.product(range(len(a)), range(len(b))):
        before = min(reach.get(at, np.inf) for at in ((i - 1, j), (i, j - 1), (i - 1, j - 1)))
        reach[i, j] = max(np.hypot(*(a[i] - b[j])), before)
    return reach[len(a) - 1, len(b) - 1]


def slow_edit(a, b):
    row = list(range(len(b) + 1))
    for i, u in enumerate(a, start=1):
        old, row = row, [i]
        for j, v in enumerate(b, start=1):
            row.append(min(old[j] + 1, row[-1] + 1, old[j - 1] + (u != v)))
    return row[-1]


def slow_sequence(a, b):
    row = [0] * (len(b) + 1)
    for u in a:
        old, row = row, [0]
        for j, v in enumerate(b, start=1):
            row.append(max(old[j - 1] + (u == v), old[j], row[-1]))
    return row[-1] / max(len(a), len(b))


@given(walks, walks)
def test_equal_to_slow_definitions(a, b):
    xy = a[:, :2], b[:, :2]
    assert distances.dtw(a, b) == pytest.approx(slow_dtw(*xy))
    assert distances.frechet(a, b) == pytest.approx(slow_frechet(*xy))
    apart = np.hypot(*(xy[0][:, None] - xy[1]).transpose(2, 0, 1))
    assert distances.hausdorff(a, b) == pytest.approx(max(apart.min(0).max(), apart.min(1).max()))
    squares = len(b) * (apart.min(1) ** 2).sum() + len(a) * (apart.min(0) ** 2).sum()
    assert distances.mannan(a, b, SCREEN) == pytest.approx(squares / (2 * len(a) * len(b) * 1e6))
    cells = [(path[:, 0] // 160 + path[:, 1] // 120 * 5).astype(int) for path in (a, b)]
    assert strings.string_edit(a, b, SCREEN) == slow_edit(*cells)
    assert strings.sequence_score(*cells) == pytest.approx(slow_sequence(*cells))


# Of fewer than 7 points the bandwidth is the distance of a point from itself: what rounding leaves of 0.
@given(st.integers(0, 10_000), st.integers(7, 120))
def test_clusters_are_those_of_mean_shift(seed, n):
    generator = np.random.default_rng(seed)
    points = generator.random((3, 2))[generator.integers(3, size=n)] * SCREEN + generator.normal(0, 30, (n, 2))
    bandwidth = estimate_bandwidth(points)
    assume(bandwidth > 0)
    theirs = MeanShift(bandwidth=bandwidth).fit(points)
    ours, centres = strings.cluster_symbols(*points.T)
    assert len(centres) == len(theirs.cluster_centers_)
    # The same partition of the fixations.
    assert len(set(zip(ours, theirs.labels_, strict=True))) == len(centres)


# Properties.


@given(walks, walks, st.floats(0.1, 20))
def test_identity_symmetry_bounds_and_units(a, b, scale):
    both = with_clusters(pack([a, b]))
    values = pair_values(both, np.array([[0, 1], [1, 0], [0, 0]]), SETTINGS)
    shares = {name for metric in SCANPATH_METRICS if not metric.unit and metric.similarity for name in metric.names}
    for metric in SCANPATH_METRICS:
        for name in metric.names:
            there, back, same = values[name]
            # MultiMatch: where alignments cost the same, another may be taken on the way back.
            assert there == pytest.approx(back, abs=1e-9) or "multimatch" in name, name
            if name in shares:
                assert same == pytest.approx(1), name
                assert -1e-9 <= there <= 1 + 1e-9, name
            elif not metric.similarity:
                assert same == pytest.approx(0, abs=1e-9), name
                assert there >= 0, name
            else:
                assert 0 <= there <= 100 + 1e-9, name
    # Other units of length: shares stay, distances scale.
    larger = pack([np.column_stack([path[:, :2] * scale, path[:, 2]]) for path in (a, b)])
    other = ComparisonSettings((SCREEN[0] * scale, SCREEN[1] * scale), 24.0 * scale)
    scaled = pair_values(with_clusters(larger), np.array([[0, 1]]), other)
    for name in ("dtw", "frechet", "hausdorff", "tde"):
        assert scaled[name][0] == pytest.approx(scale * values[name][0], rel=1e-9), name
    for name in ("mannan", "stde", "fdiss", "multimatch_vector", "multimatch_position", "multimatch_duration"):
        assert scaled[name][0] == pytest.approx(values[name][0], rel=1e-7, abs=1e-9), name


@given(walks, st.integers(0, 1000))
def test_pairs_at_once_are_pairs_one_by_one(a, seed):
    paths = pack([a, walk(seed, 5), walk(seed + 1, 9)])
    singles = [a, walk(seed, 5), walk(seed + 1, 9)]
    pairs = np.array([[0, 1], [2, 0], [1, 2]])
    for metric in (distances.dtw, distances.frechet, distances.hausdorff):
        np.testing.assert_allclose(
            metric(paths, paths, pairs=pairs), [metric(singles[i], singles[j]) for i, j in pairs]
        )
    grouped = multimatch(paths, paths, SCREEN, grouping=True, amplitude_px=100, pairs=pairs)
    for row, (i, j) in zip(grouped, pairs, strict=True):
        np.testing.assert_allclose(row, multimatch(singles[i], singles[j], SCREEN, grouping=True, amplitude_px=100))


# Bad input.

SINGLE = {
    "dtw": distances.dtw,
    "frechet": distances.frechet,
    "hausdorff": distances.hausdorff,
    "mannan": lambda a, b: distances.mannan(a, b, SCREEN),
    "fdiss": lambda a, b: distances.fdiss(a, b, 24),
    "tde": lambda a, b: distances.tde(a, b, 2),
    "stde": lambda a, b: distances.stde(a, b, SCREEN),
    "scanmatch": lambda a, b: strings.scanmatch(a, b, SCREEN),
    "multimatch": lambda a, b: multimatch(a, b, SCREEN),
    "multimatch_grouped": lambda a, b: multimatch(a, b, SCREEN, grouping=True, amplitude_px=50),
    "cross_recurrence": lambda a, b: distances.cross_recurrence(a, b, 24),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_scanpath_without_fixations_is_refused(name):
    with pytest.raises(DataError, match="defined for scanpaths of"):
        SINGLE[name](np.empty((0, 3)), walk(0, 5))


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_positions_that_are_not_finite_are_refused(name, value):
    broken = walk(1, 5)
    broken[3, 1] = value
    with pytest.raises(DataError, match="fixation 3 is at"):
        SINGLE[name](broken, walk(0, 5))


@pytest.mark.parametrize("name", SINGLE)
def test_odd_scanpaths_have_defined_values(name):
    """Repeated fixations, fixations far beside the screen, one place only, no duration: finite numbers."""
    repeated = np.repeat(walk(2, 4), 3, axis=0)
    beside = walk(3, 6) * (-10, 50, 1)
    still = np.tile([[400.0, 300.0, 0.2]], (6, 1))
    instant = walk(4, 5) * (1, 1, 0)
    for a, b in itertools.product((repeated, beside, still, instant, walk(5, 7)), repeat=2):
        found = SINGLE[name](a, b)
        assert np.isfinite(list(found.values()) if isinstance(found, dict) else found).all()


@pytest.mark.parametrize("name", sorted(set(SINGLE) - {"multimatch", "multimatch_grouped", "tde"}))
def test_one_fixation_is_enough(name):
    found = SINGLE[name](walk(6, 1), walk(7, 1))
    assert np.isfinite(list(found.values()) if isinstance(found, dict) else found).all()


def test_short_scanpaths_among_many_are_nan():
    paths = pack([walk(0, 2), walk(1, 5), np.empty((0, 3)), walk(2, 6)])
    pairs = np.array([[0, 1], [1, 3], [2, 3]])
    found = multimatch(paths, paths, SCREEN, pairs=pairs)
    np.testing.assert_array_equal(np.isnan(found).all(axis=1), [True, False, True])
    assert not np.isnan(found[1]).any()
    np.testing.assert_array_equal(np.isnan(distances.dtw(paths, paths, pairs=pairs)), [False, False, True])
    with pytest.raises(DataError, match="3 fixations"):
        multimatch(walk(0, 2), walk(1, 5), SCREEN)


@pytest.mark.parametrize("screen", [(0, 0), (800, 0), (np.nan, 600), (-800, 600)])
def test_a_screen_without_size_is_refused(screen):
    a, b = walk(0, 5), walk(1, 5)
    for metric in (multimatch, strings.scanmatch, strings.string_edit, distances.mannan, distances.stde):
        with pytest.raises(DataError):
            metric(a, b, screen)


def test_what_else_is_refused():
    a, paths = walk(0, 5), pack([walk(0, 5), walk(1, 4)])
    with pytest.raises(DataError, match="durations are missing"):
        multimatch(a[:, :2], a[:, :2], SCREEN)
    assert np.isnan(multimatch(a[:, :2], a[:, :2], SCREEN, use_duration=False)[4])
    with pytest.raises(DataError, match="not negative"):
        pack([a * (1, 1, -1)])
    with pytest.raises(DataError, match="shape"):
        pack([np.zeros((3, 4))])
    with pytest.raises(DataError, match="`y` is missing"):
        pack([pd.DataFrame({"x": [1.0]})])
    with pytest.raises(DataError, match="not there"):
        distances.dtw(paths, paths, pairs=np.array([[0, 2]]))
    with pytest.raises(DataError, match="no symbols"):
        strings.sequence_score(paths, paths)
    with pytest.raises(DataError, match="is empty"):
        strings.sequence_score(np.array([], int), np.array([1]))
    with pytest.raises(DataError, match="above 0"):
        distances.fdiss(a, a, 0)
    with pytest.raises(DataError, match="offsets"):
        Scanpaths([1.0], [1.0], [1.0], [0, 2])
    with pytest.raises(DataError, match="half a time bin"):
        strings.scanmatch(a * (1, 1, 0), a, SCREEN, time_bin_s=0.1)
    with pytest.raises(DataError, match="1 or more|one or more"):
        strings.cluster_symbols([], [])
    symbols, centres = strings.cluster_symbols([5.0, 5.0], [2.0, 2.0])
    assert list(symbols) == [0, 0]
    assert len(centres) == 1


# Tables and consistency.


def table(images=4, people=4, alike=True):
    rows = []
    for image, person in itertools.product(range(images), range(people)):
        path = walk(1000 + image if alike else 10 * image + person, 6)
        path[:, :2] += np.random.default_rng(77 * image + person).normal(0, 4, (6, 2)) + 5
        for index, (x, y, duration) in enumerate(path):
            rows.append((f"p{person}", f"t{image}", f"i{image}", index, duration, x, y))
    return pd.DataFrame(rows, columns=["subject", "trial", "stimulus", "index", "duration", "x", "y"])


def test_tables_are_packed_in_order():
    fixations = table(2, 2)
    paths, keys = pack_fixations(fixations.sample(frac=1, random_state=0), by=("subject", "stimulus"))
    assert list(paths.lengths) == [6] * 4
    assert keys.values.tolist() == [["p0", "i0"], ["p0", "i1"], ["p1", "i0"], ["p1", "i1"]]
    np.testing.assert_array_equal(
        paths.x[:6], fixations[(fixations.subject == "p0") & (fixations.stimulus == "i0")]["x"]
    )


def test_pairs_are_those_within_groups():
    assert {tuple(pair) for pair in pairs_within(np.array([1, 0, 1, 2, 1]))} == {(0, 2), (0, 4), (2, 4)}
    assert pairs_within(np.array([1, 2, 3])).shape == (0, 2)


def test_consistency_of_people_who_look_alike():
    paths, keys = pack_fixations(table(), by=("subject", "stimulus"))
    found = scanpath_consistency(paths, keys["stimulus"], keys["subject"], SETTINGS)
    by_metric = found.groupby("metric")[["value", "chance"]].mean()
    own = sum(len(metric.names) for metric in SCANPATH_METRICS)
    proper_too = sum(len(metric.names) for metric in SCANPATH_METRICS if metric.unit != "%")
    assert len(found) == 4 * (own + proper_too)
    assert (found["n_pairs"] == 12).all()
    for metric in SCANPATH_METRICS:
        for name in metric.names:
            if name.startswith("multimatch_grouped") or "laminarity" in name:
                continue
            value, chance = by_metric.loc[name]
            assert value > chance if metric.similarity else value < chance, name


def test_consistency_is_the_mean_of_pairs_written_out():
    """Two stimuli follow each other, so chance is the other one whatever the draw."""
    fixations = table(2, 4)
    paths, keys = pack_fixations(fixations, by=("subject", "stimulus"))
    found = scanpath_consistency(paths, keys["stimulus"], keys["subject"], SETTINGS).set_index(["metric", "person"])
    place = {tuple(key): number for number, key in enumerate(keys.values.tolist())}
    people, images = sorted(set(keys["subject"])), sorted(set(keys["stimulus"]))

    def distance(first, second):
        return float(distances.dtw(paths, paths, pairs=np.array([[place[first], place[second]]]))[0])

    for person in people:
        others = [other for other in people if other != person]
        for column, shift in (("value", 0), ("chance", 1)):
            means, scores = [], []
            for number, image in enumerate(images):
                seen = images[(number + shift) % 2]
                away = [distance((person, image), (other, seen)) for other in others]
                among = [[distance((one, seen), (two, seen)) for two in others] for one in others]
                means.append(np.mean(away))
                scores.append(proper.energy_score(np.array(away)[:, None], np.array(among)))
            assert found.loc[("dtw", person), column] == pytest.approx(np.mean(means), rel=1e-12)
            assert found.loc[("crps_dtw", person), column] == pytest.approx(np.mean(scores), rel=1e-9)


def test_consistency_needs_two_people_and_two_images():
    for fixations in (table(1, 3), table(3, 1)):
        paths, keys = pack_fixations(fixations, by=("subject", "stimulus"))
        with pytest.raises(DataError, match="two people"):
            scanpath_consistency(paths, keys["stimulus"], keys["subject"], SETTINGS)
