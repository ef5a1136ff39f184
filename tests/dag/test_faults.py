"""Broken input: one paragraph that names file and remedy, a failed exit, and the other subjects' jobs done."""

import functools
import http.server
import re
import threading

import numpy as np
import pandas as pd
import pytest
import yaml

from cogmodels.data.bids import bids_path, write_tsv
from cogmodels.data.bold import write_bold

pytestmark = pytest.mark.slow


def write_subject(root, subject, columns=("onset", "duration", "trial_type")):
    rng = np.random.default_rng(int(subject))
    for run in ("1", "2"):
        names = {"subject": subject, "task": "see", "run": run}
        data = rng.normal(100, 1, (5, 5, 4, 40)).astype(np.float32)
        data[1:4, 1:4, 1:3] += 500
        write_bold(bids_path(root, "func", suffix="bold", extension=".nii.gz", **names), data, np.eye(4), 2.0)
        events = pd.DataFrame({"onset": np.arange(6) * 11.0, "duration": 4.0, "trial_type": ["a", "b"] * 3})
        write_tsv(bids_path(root, "func", suffix="events", extension=".tsv", **names), events[list(columns)])


def paragraphs(text, rule):
    """The one-paragraph messages of a rule, line breaks removed."""
    found = []
    for block in text.split(f"\n{rule} [")[1:]:
        body = re.split(r"\n(?:\s*\n|\[|Error|RuleException|Traceback)", block)[0]
        found.append(" ".join(f"{rule} [{body}".split()))
    return found


def test_broken_subjects_fail_alone(workflow, tmp_path):
    bids = tmp_path / "bids"
    write_subject(bids, "01")
    write_subject(bids, "02")
    cut = bids / "sub-02" / "func" / "sub-02_task-see_run-2_bold.nii.gz"
    cut.write_bytes(cut.read_bytes()[:3000])
    write_subject(bids, "03", columns=("onset", "trial_type"))
    write_subject(bids, "04")
    (bids / "sub-04" / "func" / "sub-04_task-see_run-2_events.tsv").unlink()
    (bids / "sub-05").mkdir()
    workflow.folder.joinpath("data_specs").mkdir()
    spec = {
        "name": "mine", "title": "My study", "modalities": ["fmri"],
        "licence": {"name": "own data", "redistributable": False}, "source": {"kind": "folder", "path": str(bids)},
    }  # fmt: skip
    (workflow.folder / "data_specs" / "mine.yaml").write_text(yaml.safe_dump(spec))
    config = {"study": "mine", "datasets": ["mine"], "pipelines": {"trial-mean": {"datasets": ["mine"]}}}
    (workflow.folder / "mine.yaml").write_text(yaml.safe_dump(config))
    run = workflow("--configfile", "mine.yaml", "--keep-going", dry=False, check=False)
    assert run.code != 0
    text = run.text
    folder = workflow.folder / "derivatives" / "mine" / "trial-mean"
    made = sorted(path.name for path in folder.glob("sub-*/sub-*_responses.parquet"))
    assert made == ["sub-01_responses.parquet"]
    (damaged,) = [one for one in paragraphs(text, "mask_bold") if "subject=02" in one]
    assert "sub-02_task-see_run-2_bold.nii.gz" in damaged
    assert "damaged or cut short" in damaged
    assert "Restore the file" in damaged
    (column,) = [one for one in paragraphs(text, "extract_responses") if "subject=03" in one]
    assert "sub-03_task-see_run-1_events.tsv" in column
    assert "lack column `duration`" in column
    (missing,) = [one for one in paragraphs(text, "extract_responses") if "subject=04" in one]
    assert "sub-04_task-see_run-2_events.tsv" in missing
    assert "does not exist" in missing
    (empty,) = [one for one in paragraphs(text, "mask_bold") if "subject=05" in one]
    assert "no BOLD runs" in empty
    assert "`exclude`" in empty


def test_a_truncated_edf_fails_its_subject_alone(workflow):
    scans = [f"data/eyelink-sample/sub-{subject}/sub-{subject}_scans.tsv" for subject in ("01", "02", "03")]
    workflow("--until", "fetch_source", "--", *scans, dry=False)
    edf = workflow.folder / "data" / "eyelink-sample" / "sourcedata" / "test_raw.edf"
    edf.write_bytes(edf.read_bytes()[:200_000])
    run = workflow("--keep-going", "--rerun-triggers", "code", "--", *scans, dry=False, check=False)
    assert run.code != 0
    (paragraph,) = paragraphs(run.text, "convert_bids")
    assert "test_raw.edf" in paragraph
    assert [(workflow.folder / path).exists() for path in scans] == [False, True, True]


def test_a_wrong_digest_is_never_taken(workflow, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "x.bin").write_bytes(b"not what was promised")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path / "served"))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    specs = workflow.folder / "data_specs"
    specs.mkdir()
    address = f"http://127.0.0.1:{server.server_port}/x.bin"
    (specs / "files.tsv").write_text(f"path\tbytes\tsha256\turl\nx.bin\t21\t{'0' * 64}\t{address}\n")
    spec = {
        "name": "served", "title": "Served", "modalities": ["eeg"],
        "licence": {"name": "none stated", "redistributable": False}, "network": "internet",
        "source": {"kind": "url", "manifest": "files.tsv"}, "converter": "uci_eeg", "subjects": ["01"],
        "recordings": [{"modality": "eeg", "task": "x"}],
    }  # fmt: skip
    (specs / "served.yaml").write_text(yaml.safe_dump(spec))
    try:
        run = workflow(
            "--config", "datasets=[served]", "--retries", "0", "--", "data/served/sub-01/sub-01_scans.tsv",
            dry=False, check=False, COGMODELS_MIRROR="", NO_PROXY="127.0.0.1",
        )  # fmt: skip
    finally:
        server.shutdown()
    assert run.code != 0
    paragraph = paragraphs(run.text, "fetch_source")[0]
    assert "x.bin" in paragraph
    assert "0" * 64 in paragraph
    assert not (workflow.folder / "data" / "served" / "sourcedata" / "x.bin").exists()
