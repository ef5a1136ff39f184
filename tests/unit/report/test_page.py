"""The report holds what it should, escapes what comes from data, and needs no network."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cogmodels.config.study import FmriPipeline
from cogmodels.errors import DataError
from cogmodels.report.all_scores import TALLEST, plot_scores, score_figures
from cogmodels.report.compare import comparison_page, config_differences, gather_scores
from cogmodels.report.html import number
from cogmodels.report.methods import study_methods
from cogmodels.report.page import study_page
from cogmodels.report.provenance import file_origins
from cogmodels.report.style import save_figure


def score_rows(experiment, dataset, value=0.5, metric="accuracy"):
    return {
        "study": "s", "family": "decoding", "dataset": dataset, "experiment": experiment, "protocol": "p", "metric": metric,
        "value": value, "ci_low": value - 0.1, "ci_high": value + 0.1, "chance": 0.125, "ceiling": np.nan, "p": 0.01,
        "n": 12, "unit_of_n": "run",
    }  # fmt: skip


@pytest.fixture
def scores(tmp_path):
    for name, dataset in (("one", "real-data"), ("two", "real-data"), ("three", "fake")):
        pd.DataFrame([score_rows(name, dataset)]).to_csv(tmp_path / f"{name}.csv", index=False)
    return gather_scores([tmp_path / f"{name}.csv" for name in ("one", "two", "three")])


@pytest.fixture
def figure(tmp_path):
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "f.png")
    return tmp_path / "f.png"


def page(scores, figure, **changes):
    licence = {"name": "CC0", "url": None, "redistributable": True}
    fact = {
        "title": "T",
        "description": "D",
        "licence": licence,
        "citations": [],
        "modalities": ["fmri"],
        "subjects": 1,
        "images_note": None,
    }
    study = {
        "name": "s", "title": "A <b>title</b>",
        "datasets": {
            "real-data": {**fact, "kind": "package", "control": False, "subjects": 0}, "fake": {**fact, "kind": "simulation", "control": True},
        },
        "pipelines": {"p": FmriPipeline(datasets=[], description="x").options()},
        "experiments": {
            name: {
                "description": "<script>alert(1)</script>", "control": "none", "family": "decoding", "model": "ridge",
                "dataset": "fake", "target": "latent", "protocol": "held_out_stimuli",
            }
            for name in ("one", "two", "three")
        },
    }  # fmt: skip
    made = {figure.as_posix(): {"rule": "plot_it", "code": "f" * 64}}
    options = {
        "comparison": [figure], "figures": {"fmri": [figure] * 5}, "quality": {}, "fixations": {},
        "consistency": scores.iloc[:0],
        "provenance": {"commit": "c" * 40 + "+changes", "versions": {"numpy": "2"}},
        "methods": study_methods(study, {"numpy": "2"}), "origins": file_origins(made, [], "c" * 40),
    }  # fmt: skip
    return study_page(study, scores=scores, **{**options, **changes})


def test_page_is_self_contained_and_escapes_what_comes_from_data(scores, figure):
    html = page(scores, figure)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "A &lt;b&gt;title&lt;/b&gt;" in html
    assert not re.search(r'(?:src|href)="(?!data:|#)', html)
    assert html.count("data:image/webp;base64,") == 6
    assert html.count("<figure>") == html.count("</figure>") == 6
    assert html.count("<details>") == html.count("</details>")


def test_a_browser_finds_every_figure_and_no_error(scores, figure, tmp_path, browser):
    (tmp_path / "index.html").write_text(page(scores, figure), encoding="utf-8")
    seen = browser(tmp_path / "index.html")
    assert seen["figures"] == 6
    assert seen["broken"] == seen["links"] == 0
    assert seen["overflow"] <= 0
    assert not seen["console"]
    # And sees it where there is one.
    (tmp_path / "index.html").write_text("<body><img src='data:,'><script>nothing()</script></body>", encoding="utf-8")
    seen = browser(tmp_path / "index.html")
    assert seen["broken"] == 1
    assert "nothing is not defined" in seen["console"][0]


def test_human_consistency_has_its_table(scores, figure):
    rows = pd.DataFrame([{**score_rows("human-consistency", "real-data", 3.7, "nss"), "unit_of_n": "people"}])
    html = page(scores, figure, consistency=rows, figures={"scanpath": [figure]})
    assert "How much alike people look: real-data" in html
    assert re.search(r"<td>NSS</td><td class=\"n\"><b>3.7", html)
    assert "12 people" in html


def test_simulated_data_is_called_simulated_and_real_data_real(scores, figure):
    html = page(scores, figure)
    row = {name: re.search(rf"<b>{name}</b>.*?</tr>", html, re.DOTALL).group() for name in ("one", "three")}
    assert ">real<" in row["one"]
    assert ">simulated<" not in row["one"]
    assert ">simulated<" in row["three"]
    assert ">control<" in row["three"]


def test_the_comparison_is_one_step_away_and_displays_have_no_subjects(scores, figure):
    assert "compare/comparison.html" in page(scores, figure)
    assert "Data set <code>real-data</code>, fmri." in page(scores, figure)
    assert "comparison.html" not in page(gather_scores([]), figure)


def test_a_study_without_models_has_a_page(scores, figure):
    assert "trains no model" in page(gather_scores([]), figure)
    # One that searches has no headline, and models all the same.
    assert "trains no model" not in page(scores.assign(metric="asymmetry_index"), figure)


def test_quality_of_each_pipeline_has_its_table(scores, figure):
    eeg = pd.DataFrame({"subject": ["01", "02"], "snr": ["1.23456", np.nan], "outlier": [np.nan, "snr"]})
    bold = pd.DataFrame({"recording": ["sub-01_run-1"] * 2, "mean_fd_mm": [0.123456, np.nan], "outlier": ["0", "1"]})
    bold = bold.assign(motion_range_mm=np.nan, outlier_measures=np.nan)
    html = page(
        scores,
        figure,
        figures={"eeg": [figure], "fmri": [figure]},
        quality={
            "eeg": {"fake / a": eeg, "fake / b": eeg.assign(snr=2.0)},
            "fmri": {"real-data / p": bold, "real-data / q": bold, "fake / p": bold},
        },
    )
    assert "Quality of fake / a" in html
    assert "Quality of fake / b" in html
    # Two pipelines that measure the same share a table; two data sets do not.
    assert "Quality of real-data / p; the same of q" in html
    assert "Quality of fake / p" in html
    assert "real-data / q" not in html
    assert "<td>01</td><td>1.235</td><td></td>" in html
    assert "<td>02</td><td>n/a</td><td>snr</td>" in html
    assert "<td>0.1235</td>" in html
    assert html.count("1 of 2 runs deserve a look") == 2
    assert "<th>motion range mm</th>" not in html
    assert "Not known of any: motion range mm (" in html
    assert "<th>outlier measures</th>" in html


def test_clocks_and_errors_of_responses_have_their_tables(scores, figure):
    clocks = pd.DataFrame({"data": ["SIMULATED EEG"], "recording": ["sub-01_task-x"], "drift_ppm": [43.21234]})
    errors = pd.DataFrame({"recording": ["sub-01_task-x"], "cause": ["filters"], "relative_error": [0.0721]})
    tables = {"clocks": {"fake / a": clocks}, "responses": {"fake / a": errors}}
    html = page(scores, figure, figures={"eeg": [figure]}, quality=tables)
    assert re.search("Clocks of gaze and EEG: fake / a .*simulated", html)
    assert "<td>SIMULATED EEG</td><td>sub-01_task-x</td><td>43.21</td>" in html
    assert "<td>filters</td><td>0.0721</td>" in html


def test_numbers_are_empty_where_there_is_none():
    assert (number(np.nan), number(None), number(0.12345)) == ("", "", "0.123")


def manifest(name, dataset, **config):
    return {"wildcards": {"experiment": name, "dataset": dataset}, "config": {**config, "fold": "all", "seed": 0}}


def test_only_what_differs_is_compared(scores):
    differences = config_differences([
        manifest("one", "real-data", model="ridge", grid=[1.0], pipeline={"order": 2}),
        manifest("two", "real-data", model="ridge", grid=[2.0], pipeline={"order": 1}),
        manifest("three", "fake", model="ridge", grid=[1.0], pipeline={"order": 2}),
    ])  # fmt: skip
    assert list(differences) == ["dataset", "grid", "pipeline.order"]
    html = comparison_page(scores, differences, "s", simulated=["fake"])
    assert "pipeline.order" in html
    assert html.count("simulated</span>") == 1
    assert "[0.400, 0.600]" in html


def test_what_other_brains_reach_stands_beside_a_decoder_and_nowhere_else(tmp_path):
    rows = [{**score_rows("decoder", "d", 0.7), "shuffled_brain": 0.1234}, score_rows("detector", "d")]
    for row in rows:
        pd.DataFrame([row]).to_csv(tmp_path / f"{row['experiment']}.csv", index=False)
    found = gather_scores([tmp_path / "decoder.csv", tmp_path / "detector.csv"])
    assert found["shuffled_brain"].isna().tolist() == [False, True]
    html = comparison_page(found, pd.DataFrame(index=["decoder", "detector"]), "s")
    assert html.count("brains of others") == 1
    assert "brains of others 0.123" in html


def test_experiments_scored_twice_and_missing_columns_are_refused(tmp_path):
    pd.DataFrame([score_rows("one", "d")]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="`one` was scored twice"):
        gather_scores([tmp_path / "a.csv", tmp_path / "a.csv"])
    pd.DataFrame([score_rows("one", "d")]).drop(columns="p").to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match="column `p` is missing"):
        gather_scores([tmp_path / "b.csv"])


def test_scores_are_drawn_with_chance_and_kind(scores, tmp_path):
    figure = plot_scores(scores, simulated=["fake"])
    (panel,) = figure.axes
    assert [label.get_text() for label in panel.get_yticklabels()] == ["two (real)", "one (real)", "three (simulated)"]
    save_figure(figure, tmp_path / "f.png")
    assert Image.open(tmp_path / "f.png").size[0] > 500


def many(family, dataset, metrics, experiments):
    return [
        {**score_rows(f"{family}-{number}", dataset), "family": family, "metric": metric}
        for metric in metrics
        for number in range(experiments)
    ]


def test_figures_of_all_scores_are_one_a_family_and_parts_where_that_is_too_long():
    rows = many("decoding", "a", ["accuracy", "two_way", "retrieval_top5"], 3)
    rows += many("eeg", "b", ["roc_auc"], 30) + many("eeg", "c", ["roc_auc"], 30)
    rows += many("search", "d", [f"metric_{number}" for number in range(8)], 8)
    scores = pd.DataFrame(rows)
    found = {name: figure for name, figure in score_figures(scores)}
    assert list(found) == ["decoding", "eeg_b", "eeg_c", "search_d_1", "search_d_2"]
    assert max(figure.get_figheight() for figure in found.values()) <= TALLEST
    # Every score is in one of them, but for those that only tables have.
    shown = [panel.get_title(loc="left") for name in ("search_d_1", "search_d_2") for panel in found[name].axes]
    assert shown == [f"metric_{number}" for number in range(8)]
    assert len(found["decoding"].axes) == 2
    assert found["eeg_b"].get_suptitle() == "EEG: b"
    assert found["search_d_2"].get_suptitle() == "Search: d, part 2"


def test_a_study_without_scores_has_no_figure_of_them():
    assert list(score_figures(pd.DataFrame([score_rows("one", "d")])[:0])) == []
