"""Options of a simulated study; each reaches `cogmodels.simulate` under the same name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section
from cogmodels.config.betas import BetasSimulation, ImageStimuli

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class BoldSimulation(Section):
    """Event-related BOLD runs."""

    voxels: list[Annotated[int, Field(ge=20)]] = Field(
        [280, 340, 400, 460], min_length=1, description="voxels of each subject in turn"
    )
    runs: int = Field(
        4, ge=2, multiple_of=2, description="runs; train stimuli fill the first half, test stimuli the rest"
    )
    repeats: int = Field(2, ge=1, description="how often each stimulus is shown")
    soa: Positive = Field(4.0, description="stimulus onset asynchrony, s")
    soa_jitter: float = Field(1.0, ge=0, description="largest departure of one asynchrony from the mean, s")
    trial_duration: Positive = Field(2.0, description="how long a stimulus is shown, s")
    repetition_time: Positive = Field(2.0, description="time between volumes, s")
    grid: tuple[int, int, int] = Field((12, 14, 10), description="voxels of the image along each axis")
    voxel_size_mm: Positive = Field(3.0, description="edge of a voxel, mm")
    signal: float = Field(
        0.6, ge=0, description="evoked response at its peak in the most responsive voxels, percent; 0 = pure noise"
    )
    map_fwhm_mm: Positive = Field(8.0, description="smoothness of the mixing maps, FWHM in mm")
    baseline: Positive = Field(1000.0, description="mean intensity inside the brain")
    tsnr: Positive = Field(65.0, description="baseline over the standard deviation of the noise")
    noise_rho: float = Field(0.4, ge=0, lt=1, description="AR(1) coefficient of the noise, mean over voxels")
    noise_fwhm_mm: float = Field(4.0, ge=0, description="smoothness of the noise, FWHM in mm")
    drift_percent: float = Field(0.5, ge=0, description="standard deviation of the slow drift, percent")
    motion_fd_mm: float = Field(0.2, ge=0, description="mean framewise displacement, mm")
    motion_percent_per_mm: float = Field(1.5, ge=0, description="intensity change by motion, percent per mm")


class EegSimulation(Section):
    """Continuous EEG with evoked responses."""

    repeats: int = Field(4, ge=1, description="how often each stimulus is shown")
    soa: Positive = Field(1.0, description="stimulus onset asynchrony, s")
    soa_jitter: float = Field(0.2, ge=0, description="largest departure of one asynchrony from the mean, s")
    trial_duration: Positive = Field(0.5, description="how long a stimulus is shown, s")
    sampling_rate: float = Field(250.0, ge=100, description="Hz")
    signal: float = Field(
        2.0, ge=0, description="standard deviation of a latent component at its peak, uV; 0 = pure noise"
    )
    components: int = Field(16, ge=1, description="sources that respond to the latent vector")
    noise_uv: float = Field(8.0, ge=0, description="1/f noise, standard deviation in uV")
    noise_exponent: float = Field(1.0, ge=0, le=3, description="exponent of the 1/f power spectrum")
    sensor_noise_uv: float = Field(1.0, ge=0, description="white noise of each sensor, uV")
    alpha_uv: float = Field(4.0, ge=0, description="10-Hz rhythm at the back of the head, uV")
    line_uv: float = Field(2.0, ge=0, description="50-Hz line noise, uV")
    blink_uv: float = Field(120.0, ge=0, description="peak of a blink above the eye, uV")
    blink_rate: float = Field(12.0, ge=0, description="blinks a minute")


class GazeSimulation(Section):
    """Free viewing, one eye."""

    trials: int = Field(60, ge=1, description="stimuli viewed")
    soa: Positive = Field(3.2, description="time between trials, s")
    soa_jitter: float = Field(0.4, ge=0, description="largest departure of one asynchrony from the mean, s")
    trial_duration: Positive = Field(2.0, description="viewing time, s")
    sampling_rate: Positive = Field(500.0, description="Hz")
    screen_resolution_px: tuple[int, int] = Field((1280, 1024), description="screen, px")
    screen_size_m: tuple[Positive, Positive] = Field((0.38, 0.304), description="screen, m")
    screen_distance_m: Positive = Field(0.68, description="viewing distance, m")
    noise_deg: float = Field(0.02, ge=0, description="noise of a sample, degrees")
    fixation_median: Positive = Field(0.25, description="median fixation duration, s")
    fixation_spread: Positive = Field(0.4, description="standard deviation of the log duration")
    hotspot_share: Share = Field(0.8, description="share of fixations on a stimulus's points of interest")
    hotspot_scatter_deg: float = Field(0.8, ge=0, description="scatter around a point of interest, degrees")
    blink_rate: float = Field(10.0, ge=0, description="blinks a minute")


class SimulationSource(Section):
    """A study drawn from generative models with known truth."""

    kind: Literal["simulation"] = Field("simulation", description="kind of source")
    seed: int = Field(ge=0, description="seed; same seed, same bytes")
    subjects: int = Field(ge=1, description="number of subjects")
    stimuli: int = Field(
        ge=4, description="number of stimuli; half are held out as test, of `images` as many as they say"
    )
    categories: int = Field(ge=1, description="number of categories; of `images` their kinds, photographs and rendered")
    latent_dimensions: int = Field(ge=1, description="dimensions of the latent vector behind all responses")
    bold: BoldSimulation | None = Field(None, description="BOLD; none = no such recording")
    eeg: EegSimulation | None = Field(None, description="EEG; none = no such recording")
    gaze: GazeSimulation | None = Field(None, description="gaze; none = no such recording")
    images: ImageStimuli | None = Field(
        None, description="images that are shown; their features are the latent vectors. None = vectors at random"
    )
    betas: BetasSimulation | None = Field(None, description="responses a trial; none = no such recording")

    @model_validator(mode="after")
    def _shown(self) -> SimulationSource:
        if self.betas is None:
            return self
        if self.images is None:
            raise ValueError("`betas` are simulated over `images`")
        wanted = self.images.test + self.betas.shared + self.subjects * self.betas.own
        if wanted > self.stimuli:
            raise ValueError(
                f"{self.images.test} test, {self.betas.shared} shared, {self.subjects} x {self.betas.own} own images "
                f"are {wanted}, there are {self.stimuli} stimuli"
            )
        return self


CAP = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "FC5", "FC1", "FC2", "FC6", "T7", "C3", "Cz", "C4", "T8",
    "CP5", "CP1", "CP2", "CP6", "P7", "P3", "Pz", "P4", "P8", "PO3", "PO4", "O1", "Oz", "O2",
]  # fmt: skip


class ViewingEegSource(Section):
    """Simulated EEG that follows the gaze of another data set of the study; the gaze is copied."""

    kind: Literal["viewing_eeg"] = Field("viewing_eeg", description="kind of source")
    gaze: str = Field(description="data set whose gaze recordings the EEG follows; one recording a subject")
    seed: int = Field(ge=0, description="seed; same seed, same bytes")
    messages: list[str] = Field(
        [], description="first words of the tracker's messages that become triggers; none = the onsets of its trials"
    )
    stimuli: list[str] = Field([], description="those of them that a stimulus comes with; none = trials")
    channels: list[str] = Field(CAP, min_length=1, description="EEG channels, 10-05 system")
    sampling_rate: float = Field(250.0, ge=100, description="Hz")
    lead_s: Positive = Field(5.0, description="the EEG begins 1 to 2 times so long before the gaze, s")
    max_drift_ppm: float = Field(60.0, ge=0, lt=1000, description="the clocks differ by up to so much, ppm")
    jitter_s: float = Field(0.001, ge=0, description="standard deviation of the triggers' delay, s")
    lost_share: Share = Field(0.05, description="share of triggers that the EEG loses")
    response_gain: float = Field(1.0, ge=0, description="multiplies the evoked responses; 0 = none")
    eye_gain: float = Field(1.0, ge=0, description="multiplies all that the eyes do; 0 = no artefact")
    noise_uv: float = Field(8.0, ge=0, description="1/f noise, standard deviation in uV")
    alpha_uv: float = Field(4.0, ge=0, description="10-Hz rhythm at the back of the head, uV")
    line_uv: float = Field(1.0, ge=0, description="50-Hz line noise, uV")
