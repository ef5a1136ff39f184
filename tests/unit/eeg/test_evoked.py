"""Evoked responses over people."""

import mne
import numpy as np
import pytest

from cogmodels.data.bids import read_tsv, write_tsv
from cogmodels.eeg.evoked import average_subjects
from cogmodels.errors import DataError
from cogmodels.report.eeg import plot_group_evoked

NAMES = ["Fp1", "Fz", "Cz", "Pz", "O1", "Oz", "O2"]
TIMES = np.arange(-20, 80) / 200
SHAPE = np.exp(-(((TIMES - 0.15) / 0.03) ** 2))


def person(seed: int, *, conditions=("a", "b"), names=NAMES, rate: float = 200.0, noise: float = 1.0):
    """Epochs (uV): `a` -5 and `b` -8 at occipital channels, and a person's own size."""
    rng = np.random.default_rng([abs(seed), 3])
    n = 6 * len(conditions)
    labels = np.repeat(np.arange(len(conditions)), 6)
    size = {"a": -5.0, "b": -8.0}
    weights = np.array([float(name.startswith("O")) for name in names])
    data = rng.normal(0, noise, (n, len(names), len(TIMES))) if noise else np.zeros((n, len(names), len(TIMES)))
    for row, label in enumerate(labels):
        data[row] += (size[conditions[label]] + seed) * weights[:, None] * SHAPE
    info = mne.create_info(list(names), rate, "eeg")
    info.set_montage("colin27_1005")
    triggers = np.column_stack([np.arange(n) * 200, np.zeros(n), labels + 1]).astype(int)
    codes = {name: k + 1 for k, name in enumerate(conditions)}
    return mne.EpochsArray(data * 1e-6, info, triggers, tmin=TIMES[0], event_id=codes, verbose="error")


def test_the_mean_and_interval_are_over_people_not_trials():
    people = [(f"{s}", person(s, noise=0.0)) for s in (-1, 0, 1)]
    group = average_subjects(people, channels=["O1", "Oz", "O2"])
    rows = group.at([0.15]).set_index("condition")
    assert rows.loc["a", "mean"] == pytest.approx(-5.0)
    assert rows.loc["b", "mean"] == pytest.approx(-8.0)
    # Sizes are 1 apart: SD 1, n = 3, t(0.975, 2) = 4.303.
    assert rows.loc["a", "ci_high"] - rows.loc["a", "mean"] == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)
    assert list(rows["n_subjects"]) == [3, 3]
    assert not group.chosen
    peak = group.evoked["b"].get_data(picks="Oz", units="uV")[0]
    assert peak[np.argmin(np.abs(TIMES - 0.15))] == pytest.approx(-8.0)


def test_a_condition_that_a_person_lacks_is_averaged_over_the_others():
    people = [("1", person(0)), ("2", person(1, conditions=("a",))), ("3", person(0))]
    counts = average_subjects(people, channels=["Oz"]).curves.groupby("condition")["n_subjects"].first()
    assert dict(counts) == {"a": 3, "b": 2}


def test_one_person_has_no_interval():
    curves = average_subjects([("1", person(0))], channels=["Oz"]).curves
    assert curves["ci_low"].isna().all()
    assert np.isfinite(curves["mean"]).all()


def test_without_channels_the_clearest_is_taken_and_it_is_said():
    group = average_subjects([(str(s), person(s)) for s in range(4)])
    assert group.chosen
    assert group.channels[0].startswith("O")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: person(1, names=NAMES[:-2]), "subject 2: there is no good channel Oz"),
        (lambda: person(1, rate=100.0), "subject 2: epochs of 100 samples at 100 Hz"),
        (lambda: person(1).drop_channels(["Oz"]), "interpolate_bads"),
    ],
)
def test_a_person_who_differs_is_named(other, message):
    with pytest.raises(DataError, match=message):
        average_subjects([("1", person(0)), ("2", other())], channels=["Oz"])


def test_nobody_and_times_outside_are_refused():
    with pytest.raises(DataError, match="there is nobody"):
        average_subjects([])
    with pytest.raises(DataError, match="1 s is outside of the epoch"):
        average_subjects([("1", person(0))]).at([1.0])


@pytest.mark.parametrize("chosen", [True, False])
def test_the_figure_says_how_channels_were_chosen(chosen):
    group = average_subjects([(str(s), person(s)) for s in range(3)], channels=() if chosen else ["Oz"])
    named = "afterwards" if chosen else "beforehand"
    curves = group.curves.assign(channels="Oz", channels_named=named, unit=group.unit)
    figure = plot_group_evoked(curves, curves[np.isclose(curves["time"], 0.15)], group.evoked)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert any("clearest response in these data" in title for title in titles) == chosen
    assert any("n = 3" in text.get_text() for text in figure.axes[0].get_legend().get_texts())


def test_one_person_is_drawn_without_an_interval(tmp_path):
    group = average_subjects([("1", person(0))], channels=["Oz"])
    curves = group.curves.assign(channels="Oz", channels_named="beforehand", unit=group.unit)
    write_tsv(tmp_path / "curves.tsv", curves)
    read = read_tsv(tmp_path / "curves.tsv")
    figure = plot_group_evoked(read, read[np.isclose(read["time"], 0.15)], group.evoked)
    assert any("n = 1" in text.get_text() for text in figure.axes[0].get_legend().get_texts())
