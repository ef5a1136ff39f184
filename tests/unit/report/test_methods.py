"""The methods text says what the config says, cites it, and knows every model; files tell where they come from."""

import re
import typing

import pytest

from cogmodels.config import decoding, eeg_decoding, objects, scanpath, search
from cogmodels.config.study import BetasPipeline, DecodingExperiment, EegPipeline, FmriPipeline, GazePipeline
from cogmodels.errors import DataError
from cogmodels.report.citations import bibtex, cite, references
from cogmodels.report.methods import study_methods
from cogmodels.report.methods_models import model_name
from cogmodels.report.provenance import file_origins

FACTS = {"title": "People", "kind": "package", "subjects": 1, "modalities": ["fmri"]}


def methods(pipelines=(), experiments=()):
    study = {
        "datasets": {"d": FACTS, "s": {**FACTS, "title": "None", "kind": "simulation", "subjects": 3}},
        "pipelines": {f"p{number}": pipeline.options() for number, pipeline in enumerate(pipelines)},
        "experiments": {f"e{number}": one.model_dump() for number, one in enumerate(experiments)},
    }
    return study_methods(study, {"cogmodels": "1.2", "mne": "1.9", "torch": "2"})


def text_of(found, heading):
    return next(text for name, text in found.paragraphs if name.startswith(heading))


def test_fmri_steps_that_are_on_are_told_and_no_others():
    off = text_of(methods([FmriPipeline(datasets=["d"])]), "Preprocessing")
    assert "polynomial of order 2 was regressed out" in off
    assert not re.search("smoothed|motion|Slices|fMRIPrep", off)
    options = {
        "source": "fmriprep", "smoothing_fwhm_mm": 4, "high_pass_s": 128, "motion_regressors": 24,
        "confounds": ["acompcor"], "responses": "lss",
    }  # fmt: skip
    on = methods([FmriPipeline(datasets=["d"], **options)])
    said = text_of(on, "Preprocessing")
    for part in (
        "fMRIPrep (Esteban et al., 2019)", "Gaussian of 4 mm", "cosines of periods above 128 s", "24 motion regressors "
        "(Friston et al., 1996)", "acompcor (Behzadi et al., 2007)", "in one projection", "a model a trial (Mumford",
    ):  # fmt: skip
        assert part in said
    assert "polynomial" not in said
    assert "[@esteban2019]" in on.markdown
    assert on.bibtex.count("@article{esteban2019,") == 1


def test_eeg_gaze_and_betas_are_told():
    eeg = {"eyes": "ica", "ica_method": "infomax", "autoreject": "local", "whitening": "epoch", "baseline": False}
    found = methods([EegPipeline(datasets=["d"], **eeg), GazePipeline(datasets=["d"]), BetasPipeline(datasets=["d"])])
    said = [text for name, text in found.paragraphs if name.startswith("Preprocessing")]
    for part in ("0.1 Hz (high-pass) and 40 Hz (low-pass)", "extended infomax (Lee et al., 1999)", "autoreject (local)",
                 "without baseline", "Ledoit and Wolf, 2004"):  # fmt: skip
        assert part in said[0]
    assert "I-VT (Salvucci and Goldberg, 2000): saccades from 30 deg/s, fixations from 60 ms" in said[1]
    assert "z-scored within its session" in said[2]
    assert "MNE-Python 1.9" in text_of(found, "Software")
    assert "SIMULATED" in text_of(found, "Data")


def test_models_are_told_by_data_set_and_protocol_with_their_controls():
    one = {"dataset": "d", "pipeline": "p"}
    found = methods(
        experiments=[
            DecodingExperiment(**one, model="linear_svc"),
            DecodingExperiment(**one, model="ridge_classifier", control="shuffled_labels"),
            DecodingExperiment(**one, model="ridge", target="latent", protocol="held_out_stimuli"),
            search.SearchExperiment(dataset="s", backbone="vgg16", preprocessing="caffe"),
        ]
    )
    said = text_of(found, "Decoders")
    assert (
        "labels were decoded by a linear support vector machine and a ridge classifier; each run was left out" in said
    )
    assert "`latent` vectors of stimuli were decoded by ridge regression; test stimuli were held out" in said
    assert "Controls: labels of training trials shuffled." in said
    assert "VGG16 (Simonyan and Zisserman, 2015)" in text_of(found, "Visual search")
    assert "MNE" not in text_of(found, "Software")
    # Two experiments on one data set are compared; one alone is not.
    assert "Holm's method (Holm, 1979)" in text_of(found, "Statistics")
    assert "Demšar, 2006" in text_of(found, "Statistics")
    alone = methods(experiments=[DecodingExperiment(**one), search.SearchExperiment(dataset="s")])
    assert "Holm" not in text_of(alone, "Statistics")


def test_data_of_displays_have_no_subjects():
    study = {"datasets": {"shown": FACTS | {"subjects": 0}, "one": FACTS}, "pipelines": {}, "experiments": {}}
    said = text_of(study_methods(study, {}), "Data")
    assert "(data, `shown`; fmri)" in said
    assert "(data, `one`, 1 subject; fmri)" in said


def names_of(kind, field="model"):
    """Every value that an option may take."""

    def values(annotation):
        inner = typing.get_args(annotation)
        return [one for part in inner for one in ([part] if isinstance(part, str) else values(part))]

    return values(kind.model_fields[field].annotation)


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        ("decoding", DecodingExperiment), ("decoding", decoding.CrossSubjectExperiment),
        ("decoding", eeg_decoding.EegDecodingExperiment), ("search", search.SearchExperiment),
        ("scanpath", scanpath.ScanpathExperiment), ("scanpath", objects.ObjectExperiment),
    ],
)  # fmt: skip
def test_every_model_has_a_name_whose_citations_exist(family, kind):
    names = names_of(kind)
    assert names
    for name in names:
        said = model_name({"family": family, "model": name})
        assert not said.startswith("`")
        assert "@" not in cite(said)[0]


def test_every_reference_is_whole_and_an_unknown_one_is_refused():
    for one in references().values():
        assert re.fullmatch(r".+ \(\d{4}\)\. .+\. .+\.", one.full)
        assert not re.search(r"[{}\\]", one.full + one.short)
        assert one.doi is None or one.doi.startswith("10.")
    assert cite("x [@lam2015; @paszke2019].") == (
        "x (Lam et al., 2015; Paszke et al., 2019).",
        ["lam2015", "paszke2019"],
    )
    assert bibtex(["lam2015", "lam2015"]).count("@inproceedings{lam2015,") == 1
    with pytest.raises(DataError, match="nobody2000"):
        cite("[@nobody2000]")


def test_files_tell_their_rule_code_and_commit(tmp_path):
    figure = tmp_path / "figure.png"
    figure.write_bytes(b"abc")
    run = {"rule": "train", "code_fingerprint": "r" * 64, "commit": "old", "outputs": {"run/model": "m" * 64}}
    made = {figure.as_posix(): {"rule": "plot", "code": "p" * 64}, "run/model": {"rule": "train", "code": "r" * 64}}
    table = file_origins(made, [run], "new").set_index("file")
    assert list(table.index) == ["run/model", figure.as_posix()]
    assert table.loc["run/model", "commit"] == "old"
    assert list(table.loc[figure.as_posix(), ["rule", "commit"]]) == ["plot", "new"]
    # sha256 of "abc", FIPS 180-2.
    assert table.loc[figure.as_posix(), "sha256"].startswith("ba7816bf8f01cfea")
