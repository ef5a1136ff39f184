"""A study: data sets, preprocessing pipelines, experiments, tracking."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from cogmodels.config.adaptation import AdaptationCurve
from cogmodels.config.alignment import Alignment
from cogmodels.config.base import Section
from cogmodels.config.betas import BetasOptions
from cogmodels.config.decoding import CROSS_SUBJECT_NAMES, CrossSubjectExperiment
from cogmodels.config.detectors import (
    DetectorName,
    EngbertKliegl,
    I2mc,
    Idt,
    Ihmm,
    Ivt,
    NystromHolmqvist,
    RelativeVelocity,
    Remodnav,
)
from cogmodels.config.eeg_decoding import EPOCH_MODEL_NAMES, DecoderComparison, EegDecodingExperiment
from cogmodels.config.features import FeatureSet, TextFeatureSet
from cogmodels.config.joined import Deconvolve, Synchronise
from cogmodels.config.joint import GazeResponses, JointExperiment
from cogmodels.config.maps import Encoding, Searchlight
from cogmodels.config.objects import OBJECT_MODEL_NAMES, ObjectExperiment, ObjectSet
from cogmodels.config.scanpath import GeneratedScanpaths, ScanpathExperiment, ScanpathSet
from cogmodels.config.search import SearchExperiment
from cogmodels.config.time_decoding import ComparisonName, TimeDecoding
from cogmodels.config.training import Diet, DietComparison, DietName
from cogmodels.config.voxels import Voxels

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", description="letters, digits, hyphens")]


Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", description="BIDS label: letters and digits")]


class Paths(Section):
    """Where things land; relative to the working directory, or absolute."""

    data: str = Field("data", description="raw BIDS data sets, fetched, converted or simulated")
    derivatives: str = Field("derivatives", description="preprocessed signals and tables")
    results: str = Field("results", description="model runs, comparison, report")
    specs: str = Field("data_specs", description="data specs, one YAML a data set")


class Tracking(Section):
    """Weights & Biases; the manifest beside each run is the source of truth."""

    mode: Literal["offline", "online", "disabled"] = Field(
        "offline",
        description="`offline` writes runs to disk, `online` needs `wandb login`, `disabled` writes none",
    )
    project: str = Field("cogmodels", min_length=1, description="W&B project")
    entity: str | None = Field(None, description="W&B user or team; none = the logged-in user's default")
    artifacts: Literal["none", "small", "all"] = Field(
        "small",
        description="models, splits and predictions in W&B: no files, those within `artifact_limit_mb`, or all",
    )
    artifact_limit_mb: float = Field(10.0, gt=0, description="largest file that `small` uploads, MB")
    timeout_s: float = Field(
        120.0, gt=0, description="so long an upload may take before the study goes on without it, s"
    )


class Pipeline(Section):
    """What all preprocessing configs share."""

    datasets: list[Name] = Field(description="data sets it runs on, where the study has them")
    exclude: list[Label] = Field([], description="subjects left out: without such recordings, or not usable")
    description: str = Field("", description="one line for the report")

    def options(self) -> dict[str, Any]:
        """What the report and the manifests show of it."""
        return self.model_dump(exclude={"datasets"})


class FmriPipeline(Pipeline):
    """BOLD runs to single-trial responses."""

    modality: Literal["fmri"] = Field("fmri", description="kind of recording")
    task: str | None = Field(None, description="BIDS task to take; none = all")
    acquisition: str | None = Field(None, description="BIDS `acq-` label to take; none = all")
    source: Literal["raw", "fmriprep"] = Field(
        "raw", description="images that it starts from: the raw ones, or fMRIPrep's (the data set's `fmriprep` folder)"
    )
    space: str | None = Field(
        None,
        description="space of fMRIPrep's volumes, surfaces (`fsaverage5`) or grayordinates (`fsLR`), `func` = the "
        "run's own; none = the only one there is, volumes first",
    )
    confounds: list[str] = Field(
        [],
        description="regressed out beside `motion_regressors` (needs `source: fmriprep`): columns of its confounds, or "
        "`tissue` (csf, white_matter), `acompcor`, `tcompcor` (the first 5 of each), `spikes` (its motion outliers)",
    )
    slice_timing: bool = Field(False, description="bring slices to one moment of the volume (needs `SliceTiming`)")
    realign: bool = Field(False, description="bring the volumes of a run to its mean by rigid motion")
    smoothing_fwhm_mm: float = Field(0.0, ge=0, le=30, description="Gaussian smoothing inside the mask, mm; 0 = none")
    motion_regressors: Literal[0, 6, 12, 24] = Field(
        0,
        description="motion parameters regressed out, with the drift in one projection (needs `realign`, or "
        "`source: fmriprep`)",
    )
    detrend_order: int = Field(
        2, ge=0, le=6, description="order of the polynomial removed from each run, where `high_pass_s` is none"
    )
    high_pass_s: float | None = Field(
        None, gt=0, description="slowest period that stays, s: slow cosines are removed; none = a polynomial is"
    )
    low_pass_hz: float | None = Field(
        None, gt=0, description="highest frequency that stays, Hz (needs `high_pass_s`); none = all"
    )
    standardize: bool = Field(True, description="z-score each voxel within its run")
    responses: Literal["window_mean", "lsa", "lss", "B", "C", "D"] = Field(
        "window_mean",
        description="response to an event: mean of a window; a beta of one model of all (`lsa`), of a model each "
        "(`lss`), or GLMsingle's steps: response per voxel (B), noise components (C), ridge (D)",
    )
    delay_s: float = Field(5.0, ge=0, le=20, description="haemodynamic delay: the response window starts here, s")
    window_s: float | None = Field(None, gt=0, description="length of the response window, s; none = the event's")
    voxels: Voxels = Field(Voxels(), description="which voxels of the mask the Responses hold")
    contrasts: dict[Label, dict[str, float]] = Field(
        {},
        description="maps of weighted sums of conditions (`trial_type`), by name, such as "
        "`faces: {face: 1, house: -1}` (needs `high_pass_s`)",
    )
    quality: bool = Field(True, description="the data set's table of the quality of all runs")
    figures: bool = Field(False, description="a page of each run in the report")

    @model_validator(mode="after")
    def _steps(self) -> FmriPipeline:
        prepared = self.source == "fmriprep"
        if self.motion_regressors and not (self.realign or prepared):
            raise ValueError("`motion_regressors` needs `realign: true`, which estimates the motion")
        if prepared and (self.realign or self.slice_timing):
            raise ValueError("`source: fmriprep` is realigned already: set `realign` and `slice_timing` to false")
        if prepared and self.high_pass_s is None:
            raise ValueError(
                "`source: fmriprep` needs `high_pass_s`: filter, confounds and the first volumes that fMRIPrep marks "
                "as not steady go in one projection"
            )
        if not prepared and (self.space or self.confounds):
            raise ValueError("`space` and `confounds` need `source: fmriprep`, which has them")
        if self.voxels.atlas and not (prepared and (self.space or "").startswith("MNI")):
            raise ValueError(
                "`voxels.atlas` needs `source: fmriprep` and a `space` such as `MNI152NLin2009cAsym`: atlases lie in "
                "MNI space, to which raw images are not brought"
            )
        for name, weights in self.contrasts.items():
            if not any(weights.values()):
                raise ValueError(f"contrast `{name}` has no weight other than 0")
        if self.contrasts and (self.high_pass_s is None or self.low_pass_hz is not None):
            raise ValueError("`contrasts` need `high_pass_s`, and no `low_pass_hz`: their model holds the drift alone")
        if self.high_pass_s is None and (self.low_pass_hz is not None or self.motion_regressors):
            raise ValueError(
                "`low_pass_hz` and `motion_regressors` need `high_pass_s`: they go in one projection with it"
            )
        if self.responses != "window_mean" and self.high_pass_s is None:
            raise ValueError(
                f"responses `{self.responses}` need `high_pass_s`: the model of the trials holds the drift"
            )
        if self.responses != "window_mean" and self.low_pass_hz is not None:
            raise ValueError(f"responses `{self.responses}` are estimated without `low_pass_hz`: set it to none")
        return self


class BetasPipeline(Pipeline, BetasOptions):
    """Responses a trial that come as such, to a response table."""

    modality: Literal["betas"] = Field("betas", description="kind of recording")
    task: str | None = Field(None, description="BIDS task to take; none = all")


class GazePipeline(Pipeline):
    """Gaze samples to events, quality and fixations."""

    modality: Literal["gaze"] = Field("gaze", description="kind of recording")
    task: str | None = Field(None, description="BIDS task to take; none = all")
    padding_s: float = Field(0.05, ge=0, le=0.5, description="samples dropped on each side of a loss, s")
    padded_from_s: float = Field(0.02, ge=0, description="shorter losses are dropouts and get no padding, s")
    off_screen_margin_deg: float = Field(1.0, ge=0, description="gaze is kept up to this far off the screen, degrees")
    spike_filter: bool = Field(False, description="take out impulses of one sample (Stampe 1993)")
    eyes: Literal["each", "cyclopean"] = Field(
        "each", description="`each` eye by itself, or both as one `cyclopean` eye (their mean, or the one that is seen)"
    )
    interpolate_blinks_s: float = Field(
        0.0, ge=0, le=2, description="losses up to this long are filled in and flagged, s; 0 = none"
    )
    resample_hz: float | None = Field(None, gt=0, description="rate to which samples are brought, Hz; none = as is")
    viewing_distance: Literal["recorded", "screen"] = Field(
        "recorded",
        description="distance for angles: that of each sample, where the tracker recorded it, or the screen's",
    )
    figures: bool = Field(True, description="a page of each recording in the report")
    detector: DetectorName = Field("ivt", description="event detector; its section below holds its parameters")
    ivt: Ivt = Field(Ivt(), description="parameters of `ivt`")
    idt: Idt = Field(Idt(), description="parameters of `idt`")
    ihmm: Ihmm = Field(Ihmm(), description="parameters of `ihmm`")
    engbert_kliegl: EngbertKliegl = Field(EngbertKliegl(), description="parameters of `engbert_kliegl`")
    nystrom_holmqvist: NystromHolmqvist = Field(NystromHolmqvist(), description="parameters of `nystrom_holmqvist`")
    remodnav: Remodnav = Field(Remodnav(), description="parameters of `remodnav`")
    i2mc: I2mc = Field(I2mc(), description="parameters of `i2mc`")
    relative_velocity: RelativeVelocity = Field(RelativeVelocity(), description="parameters of `relative_velocity`")
    responses: GazeResponses = Field(GazeResponses(), description="responses of a trial, for a joint decoder")

    def cleaning(self) -> dict[str, Any]:
        """Options of what is done to samples before events are looked for."""
        names = (
            "padding_s",
            "padded_from_s",
            "off_screen_margin_deg",
            "spike_filter",
            "interpolate_blinks_s",
            "resample_hz",
        )
        return {name: getattr(self, name) for name in names}

    def detection(self) -> dict[str, Any]:
        """The detector and its parameters."""
        return {"detector": self.detector, **getattr(self, self.detector).model_dump()}

    def options(self) -> dict[str, Any]:
        """Without the parameters of detectors that are not used."""
        return self.model_dump(exclude={"datasets", *typing.get_args(DetectorName)} - {self.detector})


class EegPipeline(Pipeline):
    """Continuous or epoched EEG to epochs, evoked responses and a response table."""

    modality: Literal["eeg"] = Field("eeg", description="kind of recording")
    task: str | None = Field(None, description="BIDS task to take; none = all")
    l_freq: float | None = Field(0.1, gt=0, description="high-pass edge, Hz; none = off")
    h_freq: float | None = Field(40.0, gt=0, description="low-pass edge, Hz; none = off")
    notch_hz: float | None = Field(None, gt=0, description="line frequency removed with its harmonics, Hz; none = off")
    bad_channels: list[Literal["flat", "noisy", "correlation", "ransac"]] = Field(
        [],
        description="criteria of bad channels, judged before any other step; none = only those that the data name",
    )
    interpolate_bads: bool = Field(False, description="bad channels are interpolated in the epochs, not left out")
    reference: Literal["average", "keep"] | list[str] = Field(
        "average", description="EEG reference: `average` of good channels, `keep`, or a list of channels"
    )
    eyes: Literal["none", "ica", "iclabel", "regression"] = Field(
        "none",
        description="how eye movements are taken out: components that follow the EOG, components that ICLabel names "
        "(extra `icalabel`), regression on the EOG",
    )
    synchronise: Synchronise | None = Field(None, description="gaze joined to the EEG; none = EEG alone")
    deconvolve: Deconvolve | None = Field(
        None, description="responses to events that overlap; none = not estimated (gaze events need `synchronise`)"
    )
    ica_method: Literal["picard", "infomax"] = Field("picard", description="algorithm of `eyes: ica`, both extended")
    ica_components: Annotated[int, Field(ge=2)] | Literal["enough"] | None = Field(
        None,
        description="components of `eyes: ica`; none = the rank, `enough` = no more than have 60 samples a weight",
    )
    ica_guide: Literal["eog", "gaze"] = Field(
        "eog",
        description="`eyes: ica`: what calls a component the eyes', correlation with the EOG, or more variance in "
        "saccades than in fixations (needs `synchronise`)",
    )
    ica_variance_ratio: float = Field(
        1.2, gt=1, description="`ica_guide: gaze`: components of a larger ratio of variances are the eyes'"
    )
    ica_overweight: float = Field(
        1.0,
        ge=0,
        le=5,
        description="`ica_guide: gaze`: saccade onsets are repeated in training data until they make up such a "
        "share of its length (OPTICAT); 0 = off",
    )
    ica_l_freq: float | None = Field(
        2.0, gt=0, description="high-pass of what `eyes: ica` learns from and is judged by, Hz; none = off"
    )
    ica_eog_correlation: float = Field(
        0.7, gt=0, lt=1, description="components of a larger absolute correlation with an EOG channel are the eyes'"
    )
    iclabel_classes: list[Literal["muscle", "eye", "heart", "line", "channel", "other"]] = Field(
        ["eye"], min_length=1, description="components of these classes go (`eyes: iclabel`)"
    )
    iclabel_probability: float = Field(0.8, gt=0, le=1, description="probability from which they go (`eyes: iclabel`)")
    tmin: float = Field(-0.1, description="start of the epoch, s after the event")
    tmax: float = Field(0.5, description="end of the epoch, s after the event")
    baseline: bool = Field(True, description="subtract the mean of the baseline")
    baseline_window: tuple[float, float] | None = Field(
        None, description="the baseline, s after the event; none = from tmin to the event (needs tmin < 0)"
    )
    resample_hz: float | None = Field(
        None, gt=0, description="rate of the epochs, Hz; a divisor of the recording's; none = as is"
    )
    reject_uv: float | None = Field(
        None, gt=0, description="epochs with a larger peak-to-peak amplitude at any channel go, uV; none = off"
    )
    autoreject: Literal["none", "global", "local"] = Field(
        "none", description="limits learned from training epochs: one for all, or one a channel with interpolation"
    )
    current_source_density: bool = Field(False, description="epochs become current source densities, mV/m²")
    whitening: Literal["none", "epoch", "time"] = Field(
        "none",
        description="multivariate noise normalisation of the Responses by training trials (`split` in the events)",
    )
    subject_pages: bool = Field(True, description="an HTML page of each subject (`mne.Report`)")
    subject_figures: bool = Field(True, description="a figure of each subject's evoked responses in the report")
    subject_responses: bool = Field(
        True, description="Responses of each subject; `false`: only where an experiment reads them"
    )
    quality: bool = Field(True, description="the data set's table of the quality of all subjects")
    evoked_channels: list[str] = Field(
        [], description="channels whose mean the figure over people shows; none = the one with the clearest response"
    )
    evoked_times_s: list[float] = Field(
        [], description="times whose amplitudes over people are tabulated and marked, s after the event"
    )

    time_decoding: dict[ComparisonName, TimeDecoding] = Field(
        {}, description="two conditions told apart at each time of the epochs, by name"
    )
    eog_responses: bool = Field(
        False, description="the Responses hold EOG channels too, as controls of decoders (`channels`) want them"
    )

    def baseline_interval(self) -> tuple[float, float] | None:
        """The baseline, s after the event; none where none is subtracted."""
        return (self.baseline_window or (self.tmin, 0.0)) if self.baseline else None

    @model_validator(mode="after")
    def _window(self) -> EegPipeline:
        if self.tmax <= self.tmin:
            raise ValueError(f"tmax ({self.tmax}) must lie after tmin ({self.tmin})")
        if self.baseline and self.baseline_window is None and self.tmin >= 0:
            raise ValueError(
                "baseline needs tmin < 0; set `baseline: false`, name a `baseline_window` or start the epoch earlier"
            )
        if self.baseline_window and not self.tmin <= self.baseline_window[0] < self.baseline_window[1] <= self.tmax:
            raise ValueError(f"baseline_window {self.baseline_window} must lie within tmin and tmax, start before end")
        if isinstance(self.reference, list) and not self.reference:
            raise ValueError("reference: name a channel, or use `average` or `keep`")
        if self.eyes == "regression" and self.l_freq is None:
            raise ValueError("eyes `regression` needs `l_freq`: slow drifts of EEG and EOG share no cause")
        if self.eog_responses and (self.whitening != "none" or self.current_source_density):
            raise ValueError("`eog_responses` are neither whitened nor source densities: leave those steps out")
        if self.time_decoding and self.autoreject != "none":
            raise ValueError(
                "`time_decoding` draws its own test trials: `autoreject` would have seen them; use its `rejection`"
            )
        if self.current_source_density and any(one.rejection != "none" for one in self.time_decoding.values()):
            raise ValueError("`rejection` of `time_decoding` judges amplitudes of EEG: source densities are none")
        narrow = (self.l_freq or 0) > 1 or (self.h_freq or 100) < 100
        if self.eyes == "iclabel" and (self.reference != "average" or narrow):
            raise ValueError(
                "eyes `iclabel` needs `reference: average`, `l_freq` of 1 Hz or less and `h_freq` of 100 Hz or more, "
                "or none: the network knows no other data"
            )
        if self.ica_guide == "gaze" and (self.eyes != "ica" or self.synchronise is None):
            raise ValueError("ica_guide `gaze` needs `eyes: ica` and `synchronise`, which brings the saccades")
        wanted = [part.event for part in self.deconvolve.types.values()] if self.deconvolve else []
        if self.synchronise is None and set(wanted) & {"fixation", "saccade"}:
            raise ValueError("`deconvolve` of fixations or saccades needs `synchronise`, which brings them")
        if self.deconvolve and self.l_freq is None:
            raise ValueError("`deconvolve` needs `l_freq`: its regression has no constant")
        outside = [time for time in self.evoked_times_s if not self.tmin <= time <= self.tmax]
        if outside:
            raise ValueError(f"evoked_times_s: {outside[0]:g} s is outside of the epoch")
        return self


class DecodingExperiment(Section):
    """A decoder from Responses to labels or to Features."""

    family: Literal["decoding"] = Field("decoding", description="model family")
    dataset: Name = Field(description="data set; the experiment runs where the study has it")
    pipeline: Name = Field(description="preprocessing config whose responses are decoded")
    description: str = Field("", description="one line for the report")
    target: str = Field("label", description="`label`, or the name of a Features table (such as `latent`)")
    model: Literal["ridge", "ridge_classifier", "linear_svc"] = Field(
        "ridge_classifier", description="linear model: `ridge` for Features, the others for labels"
    )
    grid: list[Annotated[float, Field(gt=0)]] = Field(
        [1e0, 1e1, 1e2, 1e3, 1e4],
        min_length=1,
        description="regularisation strengths tried by nested cross-validation (ridge alpha, or 1/C of the SVC)",
    )
    protocol: Literal["leave_one_run_out", "held_out_stimuli", "leave_one_subject_out"] = Field(
        "leave_one_run_out",
        description="which column of the trials makes the folds: run, split, or subject (one decoder on all others)",
    )
    folds: Literal["all"] | list[str] = Field("all", description="`all` in one job, or a list: one job a fold")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="one model run a seed")
    control: Literal["none", "shuffled_labels"] = Field(
        "none", description="`shuffled_labels`: training labels are permuted, the score must fall to chance"
    )
    draws: int = Field(1, ge=1, le=1000, description="how often the control is drawn")
    permutations: int = Field(2000, ge=99, description="permutations behind each p-value")
    bootstrap: int = Field(2000, ge=100, description="bootstrap samples behind each confidence interval")
    rejection: Literal["none", "global", "local"] = Field(
        "none",
        description="autoreject in each fold: limits learned from its training epochs, of which some go; test epochs "
        "are repaired by them (`local`), and never go",
    )
    alignment: Name | None = Field(
        None, description="one of the study's `alignments`, whose responses are decoded; none = each subject's voxels"
    )

    @model_validator(mode="after")
    def _agree(self) -> DecodingExperiment:
        if (self.target == "label") == (self.model == "ridge"):
            raise ValueError(
                f"model `{self.model}` cannot predict target `{self.target}`: "
                "`ridge` predicts Features, `ridge_classifier` and `linear_svc` predict `label`"
            )
        if self.control == "none" and self.draws != 1:
            raise ValueError("`draws` belongs to a control: set `control`, or leave `draws` at 1")
        if self.rejection != "none" and self.alignment is not None:
            raise ValueError("`rejection` is of epochs: aligned responses are none, leave one of them out")
        return self


def _family(section: Any) -> str:
    """Family of an experiment; decoders need not name theirs, those across subjects are told by their model."""
    read = section.get if isinstance(section, dict) else lambda name, default: getattr(section, name, default)
    family = read("family", "decoding")
    if family == "decoding" and read("model", None) == "joint":
        return "joint"
    if family == "decoding" and read("model", None) in EPOCH_MODEL_NAMES:
        return "epochs"
    if family == "scanpath" and read("model", None) in OBJECT_MODEL_NAMES:
        return "objects"
    return "cross_subject" if family == "decoding" and read("model", None) in CROSS_SUBJECT_NAMES else family


AnyExperiment = Annotated[
    Annotated[DecodingExperiment, Tag("decoding")]
    | Annotated[CrossSubjectExperiment, Tag("cross_subject")]
    | Annotated[JointExperiment, Tag("joint")]
    | Annotated[EegDecodingExperiment, Tag("epochs")]
    | Annotated[SearchExperiment, Tag("search")]
    | Annotated[ScanpathExperiment, Tag("scanpath")]
    | Annotated[ObjectExperiment, Tag("objects")],
    Discriminator(_family),
]
AnyPipeline = Annotated[FmriPipeline | GazePipeline | EegPipeline | BetasPipeline, Field(discriminator="modality")]


class DetectorTruth(Section):
    """Detectors on simulated recordings, where every event is known: all combinations of noise, rate and loss."""

    detectors: list[DetectorName] = Field(
        list(typing.get_args(DetectorName)), min_length=1, description="detectors, with their defaults"
    )
    noise_deg: list[Annotated[float, Field(ge=0)]] = Field(
        [0.01, 0.03, 0.1, 0.3, 1.0], min_length=1, description="noise of a sample, degrees"
    )
    sampling_rates: list[Annotated[float, Field(ge=30, le=4000)]] = Field(
        [60.0, 120.0, 250.0, 500.0, 1000.0, 2000.0], min_length=1, description="Hz"
    )
    losses: list[Annotated[float, Field(ge=0, le=0.9)]] = Field(
        [0.0, 0.1, 0.3], min_length=1, description="share of samples lost in bursts, blinks apart"
    )
    recordings: int = Field(4, ge=2, description="recordings of each combination")
    duration_s: float = Field(40.0, ge=10, description="length of a recording, s")
    seed: int = Field(0, ge=0, description="seed")


class Study(Section):
    """Everything that one `snakemake` call runs."""

    study: Name = Field("default", description="name; results land in `results/<study>/`")
    title: str = Field("", description="title of the report")
    datasets: list[Name] = Field(description="data sets of the study; pipelines and experiments on others are left out")
    paths: Paths = Field(Paths(), description="where things land")
    tracking: Tracking = Field(Tracking(), description="Weights & Biases")
    pipelines: dict[Name, AnyPipeline] = Field({}, description="preprocessing configs by name")
    detector_truth: DetectorTruth | None = Field(None, description="detectors on simulated recordings; none = left out")
    human_consistency: bool = Field(
        True, description="measure how much alike people look, where there are published scanpaths on images"
    )
    features: dict[Name, FeatureSet] = Field({}, description="features of images, by name")
    text_features: dict[Name, TextFeatureSet] = Field({}, description="embeddings of captions of stimuli, by name")
    diets: dict[DietName, Diet] = Field({}, description="networks to train, by name")
    diet_comparison: DietComparison | None = Field(
        None, description="search experiments on trained networks, compared over their seeds; none = left out"
    )
    experiments: dict[Name, AnyExperiment] = Field({}, description="model configs by name")
    decoder_comparisons: dict[Name, DecoderComparison] = Field(
        {}, description="decoders of EEG beside a reference and controls, by name"
    )
    encodings: dict[Name, Encoding] = Field({}, description="encoding models of every voxel, by name")
    searchlights: dict[Name, Searchlight] = Field({}, description="searchlights, by name")
    alignments: dict[Name, Alignment] = Field({}, description="alignments across subjects, by name")
    generated_scanpaths: dict[Name, GeneratedScanpaths] = Field(
        {}, description="folders of images that a trained network looks at, by name"
    )
    scanpath_sets: dict[Name, ScanpathSet] = Field({}, description="fixations that scanpath models learn from, by name")
    object_sets: dict[Name, ObjectSet] = Field({}, description="searches among objects that models learn from, by name")
    adaptation_curves: dict[Name, AdaptationCurve] = Field(
        {}, description="experiments with a new subject, with and without the others before, by name"
    )
