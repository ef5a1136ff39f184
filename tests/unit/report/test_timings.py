"""What a study took, by its benchmarks and logs."""

import pandas as pd
import pytest

from cogmodels.cli import main
from cogmodels.commands.timings import read_timings, summarise_timings, with_stages
from cogmodels.errors import DataError

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def ran(folder, rule, job, seconds, cpu, last):
    """What a job leaves."""
    benchmark, log = folder / f"logs/benchmarks/{rule}/{job}.tsv", folder / f"logs/{rule}/{job}.log"
    for path in (benchmark, log):
        path.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"{HEAD}{seconds}\t0:00:04\t100.5\t1\t1\t1\t0\t0\t50\t{cpu}\n")
    log.write_text(f"12:00:00 INFO cogmodels: working\n{last}\n")


@pytest.fixture
def folder(tmp_path):
    ran(tmp_path, "clean_gaze", "a_sub-01", 4.0, 3.0, "12:00:04 INFO cogmodels: finished in 3.00 s")
    ran(tmp_path, "clean_gaze", "a_sub-02", 6.0, 5.0, "12:00:04 INFO cogmodels: finished in 5.00 s")
    ran(tmp_path, "train_decoder", "a/b", 100.0, 90.0, "12:00:04 INFO cogmodels: finished in 75.00 s")
    # One that was killed.
    ran(tmp_path, "make_report", "tiny", 7.0, 1.0, "12:00:04 INFO cogmodels: drawing")
    return tmp_path


def test_start_up_is_what_the_body_did_not_take(folder):
    table = summarise_timings(read_timings(folder)).set_index("rule")
    assert table.index.tolist() == ["train_decoder", "clean_gaze", "make_report", "all"]
    assert table["jobs"].tolist() == [1, 2, 1, 4]
    assert table["seconds"].tolist() == [100.0, 10.0, 7.0, 117.0]
    assert table["cpu_s"].tolist() == [90.0, 8.0, 1.0, 99.0]
    assert table.loc[["train_decoder", "clean_gaze"], "startup_share"].tolist() == [0.25, 0.2]
    # Of the jobs that tell.
    assert pd.isna(table.loc["make_report", "startup_share"])
    assert table.loc["all", "startup_share"] == pytest.approx(27.0 / 110.0)


def test_the_command_names_what_is_worth_joining(folder, capsys):
    ran(folder, "track_experiment", "a", 4.0, 3.0, "finished in 1.00 s")
    ran(folder, "track_experiment", "b", 4.0, 3.0, "finished in 1.00 s")
    assert main(["timings", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "75%" in told
    assert told.endswith("Start-up above 20% in 1 rules of several jobs: track_experiment.\n")


def test_stages_are_the_files_of_rules(folder, tmp_path, capsys):
    ran(folder, "a_rule_of_last_year", "x", 2.0, 1.0, "finished in 1.00 s")
    jobs = with_stages(read_timings(folder))
    assert dict(zip(jobs["rule"], jobs["stage"], strict=True)) == {
        "clean_gaze": "gaze", "train_decoder": "decoding", "make_report": "report", "a_rule_of_last_year": "former",
    }  # fmt: skip
    assert main(["timings", str(folder), "--stages"]) == 0
    told = capsys.readouterr().out
    assert told.split()[0] == "stage"
    assert told.endswith("Start-up above 20% in 0 stages of several jobs: none.\n")


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    with pytest.raises(DataError, match="no job has run here"):
        read_timings(tmp_path)
    assert main(["timings", str(tmp_path)]) == 1
    assert "Name the folder" in capsys.readouterr().err
