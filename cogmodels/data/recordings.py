"""Which recordings a study's data sets have, and which of them a pipeline takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from pathlib import Path

from cogmodels.config.data_spec import DataSpec
from cogmodels.config.load import load_spec, spec_folder
from cogmodels.config.study import Pipeline, Study
from cogmodels.data.bids import bids_name, companions, discover, files_in, list_subjects
from cogmodels.data.fmriprep import PreparedRun, choose_prepared, find_prepared_runs
from cogmodels.errors import ConfigError, DataError

DATATYPES = {"fmri": "func", "eeg": "eeg", "gaze": "beh", "scanpath": "beh", "betas": "func"}
SUFFIXES = {
    "fmri": ("bold", ".nii.gz"),
    "eeg": ("eeg", ".vhdr"),
    "gaze": ("physio", ".tsv.gz"),
    "scanpath": ("beh", ".tsv"),
    "betas": ("betas", ".npy"),
}


@dataclass(frozen=True)
class Recording:
    """One recording of one subject; ``path`` is its file, ``second`` that of its other eye where both become one."""

    modality: str
    subject: str
    session: str | None
    task: str
    acquisition: str | None
    run: str | None
    recording: str | None
    path: str
    second: str | None = None

    @cached_property
    def stem(self) -> str:
        """BIDS name without suffix and extension, such as ``sub-01_task-viewing_run-01``."""
        stem = Path(self.path).name.rsplit("_", 1)[0]
        return stem if self.second is None else stem.replace(f"_recording-{self.recording}", "_recording-cyclopean")

    @property
    def files(self) -> list[str]:
        """Its file, or those of both eyes."""
        return [self.path] if self.second is None else [self.path, self.second]


class RecordingPlan:
    """The data sets of a study: their recordings, and what jobs on these wait for.

    Parameters
    ----------
    study : Study
        The checked config.
    spec_folders : paths
        Folders of data specs; the first that has a data set's counts.

    Raises
    ------
    ConfigError, DataError
        A spec is missing or wrong; a BIDS folder is missing or empty.
    """

    def __init__(self, study: Study, *spec_folders: Path) -> None:
        self.study = study
        self.spec_folders = {name: spec_folder(name, spec_folders) for name in study.datasets}
        self.specs: dict[str, DataSpec] = {name: load_spec(self.spec_folders[name], name) for name in study.datasets}
        self._recordings = {name: list(self._list(spec)) for name, spec in self.specs.items()}
        # Thousands of jobs ask the same: looked up once, or the plan of a large study takes minutes.
        self._chosen: dict[tuple[str | None, ...], list[Recording]] = {}
        self._by_stem: dict[tuple[str, str], dict[str, Recording]] = {}
        self._companions: dict[str, list[str]] = {}
        self._files_in = cache(files_in)
        self._prepared = {
            (dataset, name): self._find_prepared(dataset, name)
            for name, pipeline in study.pipelines.items()
            if getattr(pipeline, "source", None) == "fmriprep"
            for dataset in self.datasets_of(name)
        }

        self._check_joined()

    def kind(self, dataset: str) -> str:
        """Kind of the data set's source: package, url, folder or simulation."""
        return self.specs[dataset].source.kind

    def of_kind(self, *kinds: str) -> list[str]:
        """Names of the study's data sets with such a source."""
        return [name for name in self.specs if self.kind(name) in kinds]

    def root(self, dataset: str) -> str:
        """BIDS folder of a data set."""
        source = self.specs[dataset].source
        return source.path if source.kind == "folder" else f"{self.study.paths.data}/{dataset}"

    @property
    def simulated(self) -> list[str]:
        """Data sets whose responses are simulated, in whole or (EEG over real gaze) in part."""
        return self.of_kind("simulation", "viewing_eeg", "scanpath_simulation")

    def followed_gaze(self, dataset: str, subject: str) -> Recording:
        """The gaze recording, in its own data set, that a subject's simulated EEG follows."""
        mine = self.recordings(dataset, subject=subject, modality="gaze")
        gaze = self.specs[dataset].source.gaze
        theirs = self.recordings(gaze, subject=subject, modality="gaze") if gaze in self.specs else []
        fitting = [one for one in theirs if len(mine) == 1 and one.stem == mine[0].stem]
        if len(fitting) != 1:
            raise ConfigError(
                f"subject {subject} needs one gaze recording, the same as in `{gaze}`",
                where=f"data set {dataset}",
                remedy=f"Add `{gaze}` to the study's `datasets`, and list one of its recordings a subject",
            )
        return fitting[0]

    def joined_gaze(self, dataset: str, pipeline: str, recording: Recording) -> Recording:
        """The gaze recording that goes with one of EEG: of the same subject, session, task and run."""
        options = self.study.pipelines[pipeline].synchronise
        known = self.pipelines("gaze")
        where = f"pipelines.{pipeline}.synchronise"
        if options.gaze not in known or dataset not in known[options.gaze].datasets:
            raise ConfigError(
                f"`{options.gaze}` is no gaze pipeline on data set `{dataset}`",
                where=where,
                remedy=f"Name one of {', '.join(known) or 'the gaze pipelines, of which there is none'}",
            )
        keys = ("session", "task", "run")
        fitting = [
            one
            for one in self.recordings(dataset, options.gaze, recording.subject)
            if all(getattr(one, key) == getattr(recording, key) for key in keys)
        ]
        if len(fitting) != 1:
            raise ConfigError(
                f"`{recording.stem}` has {len(fitting)} gaze recordings of its session, task and run",
                where=f"{where}, data set {dataset}",
                remedy="`exclude` the subject, or set `eyes: cyclopean` in the gaze pipeline where there are two eyes",
            )
        return fitting[0]

    def without_signal(self, dataset: str) -> bool:
        """Whether a data set is simulated with all signals set to 0, as a control."""
        source = self.specs[dataset].source
        if source.kind != "simulation":
            return False
        return all(part.signal == 0 for part in (source.bold, source.eeg, source.betas) if part is not None)

    def recordings(
        self, dataset: str, pipeline: str | None = None, subject: str | None = None, modality: str | None = None
    ) -> list[Recording]:
        """Recordings of a data set that fit, in BIDS order."""
        key = (dataset, pipeline, subject, modality)
        if key not in self._chosen:
            self._chosen[key] = self._choose(*key)
        return list(self._chosen[key])

    def _choose(self, dataset: str, pipeline: str | None, subject: str | None, modality: str | None) -> list[Recording]:
        """As :meth:`recordings`, looked up anew."""
        wanted = self.study.pipelines[pipeline] if pipeline else None
        if wanted is not None:
            modality = wanted.modality
        fitting = [
            recording
            for recording in self._recordings[dataset]
            if (modality is None or recording.modality == modality)
            and (subject is None or recording.subject == subject)
            and (wanted is None or recording.subject not in wanted.exclude)
            and (wanted is None or wanted.task in (None, recording.task))
            and (getattr(wanted, "acquisition", None) in (None, recording.acquisition))
        ]
        return _joined(fitting) if getattr(wanted, "eyes", "each") == "cyclopean" else fitting

    def recording(self, dataset: str, pipeline: str, stem: str) -> Recording:
        """The recording of a pipeline with this stem."""
        key = (dataset, pipeline)
        if key not in self._by_stem:
            # The first of a name counts, as in the list.
            self._by_stem[key] = {one.stem: one for one in reversed(self.recordings(dataset, pipeline))}
        if stem not in self._by_stem[key]:
            raise DataError(
                f"there is no recording `{stem}`",
                where=f"data set {dataset}, pipeline {pipeline}",
                remedy="Check the target",
            )
        return self._by_stem[key][stem]

    def prepared(self, dataset: str, pipeline: str, stem: str) -> PreparedRun | None:
        """What fMRIPrep made of a recording; none where the pipeline starts from the raw image."""
        return self._prepared.get((dataset, pipeline), {}).get(stem)

    def on_surface(self, dataset: str, pipeline: str) -> bool:
        """A pipeline starts from surfaces or grayordinates."""
        return any(run.mask is None for run in self._prepared.get((dataset, pipeline), {}).values())

    def subjects(self, dataset: str, pipeline: str | None = None) -> list[str]:
        """Subjects of a data set, or those on whom a pipeline runs, in order.

        In a BIDS folder of the user's, a subject without recordings counts too: its own job then says what is
        missing, and the other subjects' jobs finish.
        """
        excluded = self.study.pipelines[pipeline].exclude if pipeline else []
        if self.specs[dataset].only_scenes:
            listed = []
        elif self.specs[dataset].only_rdms:
            listed = self.specs[dataset].subjects
        elif self.kind(dataset) == "folder":
            listed = self.specs[dataset].subjects or list_subjects(Path(self.root(dataset)))
        else:
            listed = [recording.subject for recording in self.recordings(dataset, pipeline)]
        return [subject for subject in dict.fromkeys(listed) if subject not in excluded]

    def raw_inputs(self, dataset: str, recordings: list[Recording]) -> list[str]:
        """Files that a job on these recordings waits for.

        A BIDS folder of the user's is read as it is: the recordings with their events and sidecars. Of a data set made
        here, the subject's ``scans.tsv``, which is written last and changes when any of its files does.
        """
        if self.kind(dataset) == "folder":
            root = Path(self.root(dataset))
            for one in recordings:
                if one.path not in self._companions:
                    path = Path(one.path)
                    found = companions(path, root, self._files_in)
                    self._companions[one.path] = [str(file) for file in (path, *found)]
            return list(dict.fromkeys(file for one in recordings for file in self._companions[one.path]))
        if self.kind(dataset) == "scanpath_simulation":
            return [self.truth_of_scanpaths(dataset)]
        return sorted({f"{self.root(dataset)}/sub-{r.subject}/sub-{r.subject}_scans.tsv" for r in recordings})

    def truth_of_scanpaths(self, dataset: str) -> str:
        """Record of simulated scanpaths, which is written last and changes when any of their files does."""
        return f"{self.root(dataset)}/sourcedata/truth/scanpaths.json"

    def pipelines(self, *modalities: str) -> dict[str, Pipeline]:
        """Pipelines of the study that have a data set to run on."""
        return {
            name: pipeline
            for name, pipeline in self.study.pipelines.items()
            if (not modalities or pipeline.modality in modalities) and self.datasets_of(name)
        }

    def datasets_of(self, pipeline: str) -> list[str]:
        """Data sets of the study on which a pipeline runs."""
        return [name for name in self.study.pipelines[pipeline].datasets if name in self.specs]

    def _check_joined(self) -> None:
        """EEG that goes with gaze has it: before any job, so that the message stands alone."""
        for dataset in self.of_kind("viewing_eeg"):
            for subject in self.subjects(dataset):
                self.followed_gaze(dataset, subject)
        for name, pipeline in self.pipelines("eeg").items():
            if pipeline.synchronise is not None:
                for dataset in self.datasets_of(name):
                    for recording in self.recordings(dataset, name):
                        self.joined_gaze(dataset, name, recording)

    def _find_prepared(self, dataset: str, pipeline: str) -> dict[str, PreparedRun]:
        """For each recording of a pipeline, by its stem, what fMRIPrep made of it."""
        options, root = self.study.pipelines[pipeline], self.specs[dataset].fmriprep
        where = f"pipelines.{pipeline}, data set {dataset}"
        if root is None:
            raise ConfigError(
                "`source: fmriprep`, and the data set names no derivatives",
                where=where,
                remedy="Set `fmriprep: <folder>` in the data spec",
            )
        found: dict[str, PreparedRun] = {}
        runs: dict[str, list[PreparedRun]] = {}
        for recording in self.recordings(dataset, pipeline):
            if recording.subject not in runs:
                runs[recording.subject] = find_prepared_runs(Path(root), recording.subject, space=options.space)
            keys = ("session", "task", "acquisition", "run")
            fitting = [
                run
                for run in runs[recording.subject]
                if all(run.entities.get(key) == getattr(recording, key) for key in keys)
            ]
            found[recording.stem] = choose_prepared(fitting, recording.stem, f"{where}, {root}")
        wanted = {
            "smoothing_fwhm_mm": options.smoothing_fwhm_mm > 0,
            "contrasts": bool(options.contrasts),
            "figures": options.figures,
        }
        if any(wanted.values()) and any(run.mask is None for run in found.values()):
            raise ConfigError(
                f"{', '.join(f'`{name}`' for name, set_ in wanted.items() if set_)} of surfaces or grayordinates: "
                "smoothing, maps and figures are those of volumes",
                where=where,
                remedy="Leave them out, or choose a `space` of volumes",
            )
        return found

    def _list(self, spec: DataSpec) -> Iterator[Recording]:
        if spec.source.kind == "folder":
            root = Path(spec.source.path)
            for found in [] if spec.only_scenes else discover(root):
                found = dict(found, path=str(root / found["path"]))
                if spec.subjects is None or found["subject"] in spec.subjects:
                    yield Recording(
                        **{key: found.get(key) for key in Recording.__dataclass_fields__ if key != "second"}
                    )
        # What a folder has is looked up, all but scanpaths: their names are those of any table of behaviour.
        folder = spec.source.kind == "folder"
        for subject in spec.subjects or []:
            for group in spec.recordings:
                if folder and group.modality != "scanpath":
                    continue
                if group.subjects is not None and subject not in group.subjects:
                    continue
                suffix, extension = SUFFIXES[group.modality]
                entities = product(
                    *(x or [None] for x in (group.sessions, group.acquisitions, group.runs, group.recordings))
                )
                for session, acquisition, run, recording in entities:
                    labels = {
                        "subject": subject,
                        "session": session,
                        "task": group.task,
                        "acquisition": acquisition,
                        "run": run,
                        "recording": recording,
                    }
                    place = f"{self.root(spec.name)}/sub-{subject}" + (f"/ses-{session}" if session else "")
                    name = bids_name(suffix=suffix, extension=extension, **labels)
                    path = f"{place}/{DATATYPES[group.modality]}/{name}"
                    yield Recording(modality=group.modality, path=path, **labels)


def _joined(recordings: list[Recording]) -> list[Recording]:
    """Both eyes of a recording as one; a recording of one eye as it is."""
    groups: dict[tuple, list[Recording]] = {}
    for one in recordings:
        groups.setdefault((one.subject, one.session, one.task, one.acquisition, one.run), []).append(one)
    return [eyes[0] if len(eyes) == 1 else replace(eyes[0], second=eyes[1].path) for eyes in groups.values()]
