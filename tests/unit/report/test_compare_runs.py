"""Two runs beside each other."""

import json

import pandas as pd

from cogmodels.cli import main
from cogmodels.commands.compare import compare_runs, compare_units
from cogmodels.data.units import write_units
from cogmodels.report.compare import score_summary

FIRST = {
    "wildcards": {"experiment": "a", "seed": "0"}, "config": {"model": "lda", "recipe": {"epochs": 3, "rate": None}},
    "inputs": {"x.parquet": "1f"}, "code_fingerprint": "c0", "commit": "d0", "versions": {"numpy": "2.4"},
    "metrics": {"accuracy": 0.5, "old": 1.0},
}  # fmt: skip
SECOND = FIRST | {
    "config": {"model": "lda", "recipe": {"epochs": 5, "rate": None}, "grid": [1.0]},
    "inputs": {"x.parquet": "2f"},
    "metrics": {"accuracy": 0.75, "new": 2.0},
}


def test_what_differs_is_told_and_nothing_else():
    differences, metrics = compare_runs(FIRST, SECOND)
    assert differences.to_numpy().tolist() == [
        ["config", "recipe.epochs", "3", "5"],
        ["config", "grid", "", "[1.0]"],
        ["input", "x.parquet", "1f", "2f"],
    ]
    table = metrics.set_index("metric")
    assert table.loc["accuracy"].tolist() == [0.5, 0.75, 0.25]
    assert table["difference"].isna().to_dict() == {"accuracy": False, "old": True, "new": True}


def test_the_command_takes_folders_and_names_what_is_missing(tmp_path, capsys):
    for name, manifest in (("one", FIRST), ("two", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "two")]) == 0
    shown = capsys.readouterr().out
    assert "recipe.epochs" in shown
    assert "0.25" in shown
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "one" / "manifest.json")]) == 0
    assert "nothing differs" in capsys.readouterr().out
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "three")]) == 1
    assert "no manifest" in capsys.readouterr().err


def test_the_experiments_of_two_runs_are_tested_on_their_units(tmp_path, capsys):
    for name, manifest, gain in (("b", FIRST, 0.0), ("a", SECOND, 0.25)):
        run = tmp_path / name / "fold-all_seed-0"
        run.mkdir(parents=True)
        (run / "manifest.json").write_text(json.dumps(manifest))
        units = pd.DataFrame(
            {"metric": "accuracy", "unit_of_n": "subject", "unit": list("12345"), "value": [0.5 + gain] * 5}
        )
        names = {"study": "s", "family": "decoding", "dataset": "d", "experiment": name, "protocol": "p"}
        write_units(tmp_path / name / "units.csv", units, **names)
    runs = [tmp_path / name / "fold-all_seed-0" for name in ("b", "a")]
    (row,) = compare_units(*runs).to_dict("records")
    # Second less first, though `a` comes before `b`; five units that differ alike: 2 / 2^5.
    assert (row["difference"], row["ci_low"], row["ci_high"], row["p"], row["n"]) == (0.25, 0.25, 0.25, 0.0625, 5)
    assert compare_units(runs[0], runs[0]).empty
    assert main(["compare", *map(str, runs)]) == 0
    assert "0.0625" in capsys.readouterr().out


def test_a_metric_of_several_protocols_keeps_all_of_them_in_the_summary():
    rows = [("a", "p", "accuracy", 0.5), ("b", "cross", "slope", 3.0), ("b", "line", "slope", 4.0)]
    scores = pd.DataFrame(rows, columns=["experiment", "protocol", "metric", "value"]).assign(family="f", dataset="d")
    assert score_summary(scores) == {"a/accuracy": 0.5, "b/cross/slope": 3.0, "b/line/slope": 4.0}
