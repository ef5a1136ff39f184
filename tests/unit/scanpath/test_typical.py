"""The typical scanpath: known answers, ties, people as its ceiling, nothing of the test images' people in it."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.scanpath.models.human_shuffled import HumanShuffled
from cogmodels.scanpath.run import draw_scanpaths, draw_views
from cogmodels.scanpath.score import score_likeness, score_typical
from cogmodels.scanpath.typical import likeness, medoid, others_typical, typical_path
from cogmodels.scanpath.viewing import TYPICAL_VIEWER, Pictures

SIZE = (160.0, 120.0)
SETTINGS = ComparisonSettings(SIZE, 10.0)


def along(places, seconds=0.2):
    return np.array([(x, y, seconds) for x, y in places], float)


def test_the_medoid_of_known_likenesses_is_found_and_the_first_of_equals():
    alike = np.array([[9, 0.1, 0.2, 0.1], [0.1, 9, 0.6, 0.5], [0.2, 0.6, 9, 0.4], [0.1, 0.5, 0.4, 9]])
    # Means without the diagonal: .133, .4, .4, .333.
    assert medoid(alike) == 1
    assert medoid(alike[::-1, ::-1]) == 1
    assert medoid(np.full((3, 3), 0.3)) == 0
    assert medoid(np.ones((1, 1))) == 0
    # One that is alike to the only one with which it can be compared.
    alike[3, :3] = alike[:3, 3] = [np.nan, np.nan, 0.9]
    assert medoid(alike) == 3
    with pytest.raises(DataError, match="no two scanpaths"):
        medoid(np.full((2, 2), np.nan))


def test_the_middle_of_a_crowd_is_typical_and_equal_draws_give_the_first():
    left, right, top = (20.0, 60.0), (140.0, 60.0), (80.0, 10.0)
    usual = [along([left, right, top]), along([left, right, top]), along([left, right])]
    odd = [along([top, left, left, left]), along([right])]
    draws = [odd[0], *usual, odd[1]]
    alike = likeness(draws, SIZE)
    np.testing.assert_array_equal(alike, alike.T)
    assert alike[1, 2] == pytest.approx(1)
    # Two of three symbols in order, and 2 of 3 cells of ScanMatch.
    assert alike[1, 3] == pytest.approx(2 / 3, abs=1e-6)
    np.testing.assert_array_equal(typical_path(draws, SIZE), usual[0])
    assert typical_path(draws, SIZE) is draws[1]
    assert typical_path([usual[0]], SIZE) is usual[0]


def test_the_typical_one_of_the_others_is_chosen_without_the_one_left_out():
    alike = np.array([[1, 0.9, 0.1, 0.1], [0.9, 1, 0.2, 0.2], [0.1, 0.2, 1, 0.15], [0.1, 0.2, 0.15, 1]])
    # Without 1, the most typical of all, 0, 2 and 3 have .1, .125, .125.
    np.testing.assert_array_equal(others_typical(alike), [1, 2, 1, 1])


def test_scores_of_the_typical_one_are_means_over_people_beside_another_image_and_the_others():
    rng, places = np.random.default_rng(0), {"a": (20, 30), "b": (140, 90), "c": (80, 60)}

    def around(name, k):
        return np.column_stack([places[name] + rng.normal(0, 2, (k, 2)), np.full(k, 0.2)])

    people = {name: [around(name, 4) for _ in range(5)] for name in places}
    owners = {name: [f"p{k}" for k in range(5)] for name in places}
    model = {name: [around(name, 4)] for name in places}
    table = score_typical(people, {name: one[0] for name, one in model.items()}, SETTINGS, owners=owners)
    every = table[table["subject"].isna()].set_index(["metric", "stimulus"])
    # With one sample the scores of samples are those of the typical one.
    same = score_likeness(people, {name: one * 2 for name, one in model.items()}, SETTINGS)
    same = same.set_index(["metric", "stimulus"])
    for metric in ("sequence_score", "scanmatch", "string_edit"):
        for column in ("value", "chance"):
            wished, found = same.loc[metric, column], every.loc[f"{metric}_typical", column]
            np.testing.assert_allclose(found.sort_index(), wished.sort_index())
        mine = table[(table["metric"] == f"{metric}_typical") & table["subject"].notna()]
        np.testing.assert_allclose(
            mine.groupby("stimulus")["value"].mean(), every.loc[f"{metric}_typical", "value"].sort_index()
        )
        assert len(mine) == 15
    assert every.loc["scanmatch_typical", "ceiling"].mean() > every.loc["scanmatch_typical", "chance"].mean() + 0.5
    # Of two people nobody is typical without the other.
    two = score_typical({n: p[:2] for n, p in people.items()}, {n: one[0] for n, one in model.items()}, SETTINGS)
    assert two["ceiling"].isna().all()
    assert two["value"].notna().all()


def test_one_is_chosen_of_each_image_by_the_seed_alone(parts):
    pictures = Pictures(tuple(f"i{k:02d}" for k in range(12)), (160, 120))
    model = HumanShuffled(20.0)
    model.fit(pictures, parts["train"], parts["validation"])
    found = [draw_views(model, pictures, parts["test"], 12, seed, typical=True) for seed in (0, 0, 1)]
    assert found[0].equals(found[1])
    assert not found[0].equals(found[2])
    assert set(found[0]["subject"]) == {TYPICAL_VIEWER}
    assert (found[0].groupby("stimulus")["trial"].nunique() == 1).all()
    assert set(found[0]["stimulus"]) == {pictures.names[k] for k in parts["test"].image}
    # It is one of the draws: the one whose mean likeness to the others is the greatest.
    image = int(parts["test"].image[0])
    drawn = draw_scanpaths(model, pictures, np.array([image]), 12, 0)
    paths = [mine[["x", "y", "duration"]].to_numpy() for _, mine in drawn.groupby("subject")]
    one = draw_scanpaths(model, pictures, np.array([image]), 12, 0, typical=True)
    wished = paths[medoid(likeness(paths, SIZE))]
    np.testing.assert_array_equal(one[["x", "y", "duration"]].to_numpy(), wished)
