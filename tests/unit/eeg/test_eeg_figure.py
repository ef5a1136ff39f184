"""The page of evoked responses."""

import mne
import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.report.eeg import clearest_channel, find_peaks, plot_evoked
from cogmodels.report.style import save_figure

TIMES = np.arange(-20, 100) / 200


def epochs(*, positions: bool = True) -> mne.EpochsArray:
    names = ["Fp1", "Fp2", "Fz", "Cz", "Pz", "O1", "Oz", "O2"]
    rng = np.random.default_rng(0)
    response = 5e-6 * np.exp(-(((TIMES - 0.15) / 0.03) ** 2))
    data = rng.normal(0, 1e-6, (12, 8, 120)) + response * np.array([0, 0, 0, 0.2, 0.5, 0.9, 1, 0.9])[:, None]
    # One blink.
    data[3, :2, 60:] += 2e-4
    info = mne.create_info(names, 200.0, "eeg")
    if positions:
        info.set_montage("colin27_1005")
    triggers = np.column_stack([np.arange(12) * 200, np.zeros(12), 1 + np.arange(12) % 2]).astype(int)
    return mne.EpochsArray(data, info, triggers, tmin=-0.1, event_id={"a": 1, "b": 2}, verbose="error")


def test_peaks_are_the_prominent_ones_in_order():
    power = sum(h * np.exp(-(((TIMES - t) / 0.015) ** 2)) for t, h in ((-0.05, 9), (0.1, 3), (0.2, 1), (0.4, 2)))
    np.testing.assert_allclose(TIMES[find_peaks(power, TIMES, count=2)], [0.1, 0.4], atol=1e-9)
    np.testing.assert_allclose(TIMES[find_peaks(power, TIMES, count=9)], [0.1, 0.2, 0.4], atol=1e-9)
    assert list(find_peaks(TIMES, TIMES, count=3)) == [119]


def test_blinks_do_not_choose_the_channel():
    values = epochs().get_data()
    assert np.argmax(np.abs(values.mean(axis=0)).max(axis=1)) in (0, 1)
    assert clearest_channel(values, TIMES) == 6


def test_the_page_is_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        save_figure(plot_evoked(epochs(), title="sub-01"), tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_page_names_conditions_and_peaks():
    figure = plot_evoked(epochs())
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    labels = [text.get_text() for legend in legends for text in legend.get_texts()]
    assert {"a (6)", "b (6)"} <= set(labels)
    # Frames of the butterfly and the conditions, heads, colour bar.
    assert any(axes.get_title(loc="center").endswith(" ms") for axes in figure.axes)
    assert any(axes.get_title(loc="left").startswith("Oz") for axes in figure.axes)


def test_without_positions_there_are_no_topographies():
    figure = plot_evoked(epochs(positions=False))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("positions are unknown" in text for text in texts)


def test_nothing_to_draw_is_refused():
    with pytest.raises(DataError, match="0 EEG channels"):
        plot_evoked(epochs().set_channel_types(dict.fromkeys(epochs().ch_names, "eog"), verbose="error"))
