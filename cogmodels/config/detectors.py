"""Parameters of the event detectors; the defaults are those of the dataclasses in `cogmodels.gaze`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cogmodels.config.base import Section

DetectorName = Literal[
    "ivt", "idt", "ihmm", "engbert_kliegl", "nystrom_holmqvist", "remodnav", "i2mc", "relative_velocity"
]
VelocityName = Literal["central", "five_point", "savgol"]


class Ivt(Section):
    """I-VT: fixations are slower than a threshold (Salvucci and Goldberg 2000; Olsen 2012)."""

    velocity: VelocityName = Field("five_point", description="velocity filter")
    velocity_threshold: float = Field(30.0, gt=0, description="saccades are at least as fast, deg/s")
    minimum_fixation_s: float = Field(0.06, ge=0, description="shorter fixations are dropped, s")
    minimum_saccade_s: float = Field(0.01, ge=0, description="shorter saccades are dropped, s")
    merge_gap_s: float = Field(0.075, ge=0, description="fixations no farther apart in time are merged, s; 0 = none")
    merge_distance_deg: float = Field(0.5, ge=0, description="and no farther apart in space, degrees")


class Idt(Section):
    """I-DT: fixations stay within a range (Salvucci and Goldberg 2000)."""

    dispersion_threshold_deg: float = Field(1.0, gt=0, description="range of x plus range of y in a fixation, degrees")
    minimum_fixation_s: float = Field(0.1, gt=0, description="shorter ones are none, s")
    minimum_saccade_s: float = Field(0.01, ge=0, description="gaze between fixations is a saccade if it lasts as long")


class Ihmm(Section):
    """I-HMM: two states with normal distributions of log speed (Salvucci and Goldberg 2000)."""

    velocity: VelocityName = Field("five_point", description="velocity filter")
    fixation_velocity: float = Field(6.0, gt=0, description="median speed in fixations at the start, deg/s")
    saccade_velocity: float = Field(120.0, gt=0, description="median speed in saccades at the start, deg/s")
    fixation_spread: float = Field(0.8, gt=0, description="sd of log speed in fixations at the start")
    saccade_spread: float = Field(0.8, gt=0, description="sd of log speed in saccades at the start")
    fixation_s: float = Field(0.25, gt=0, description="mean duration of fixations at the start, s")
    saccade_s: float = Field(0.04, gt=0, description="mean duration of saccades at the start, s")
    iterations: int = Field(20, ge=0, description="passes of Baum-Welch that fit these; 0 = as they are")
    minimum_fixation_s: float = Field(0.04, ge=0, description="shorter fixations are dropped, s")
    minimum_saccade_s: float = Field(0.01, ge=0, description="shorter saccades are dropped, s")


class EngbertKliegl(Section):
    """Saccades leave an ellipse of velocities (Engbert and Kliegl 2003)."""

    threshold_factor: float = Field(6.0, gt=0, description="size of the ellipse, sd of velocity")
    sigma: Literal["engbert2015", "engbert2003"] = Field("engbert2015", description="how the sd is estimated")
    minimum_saccade_s: float = Field(0.006, ge=0, description="from first to last sample, s")
    minimum_fixation_s: float = Field(0.04, ge=0, description="gaze between saccades is a fixation if it lasts as long")


class NystromHolmqvist(Section):
    """Adaptive thresholds, with post-saccadic oscillations (Nystrom and Holmqvist 2010)."""

    start_velocity: float = Field(100.0, gt=0, description="first peak threshold, deg/s")
    peak_sd: float = Field(6.0, ge=0, description="peak threshold: sd above the mean of slower speeds")
    onset_sd: float = Field(3.0, ge=0, description="onset threshold: sd above the mean of slower speeds")
    offset_share: float = Field(0.7, ge=0, le=1, description="share of the onset threshold in that of the end")
    max_velocity: float = Field(1000.0, gt=0, description="faster samples are no gaze, deg/s")
    max_acceleration: float = Field(100_000.0, gt=0, description="nor those that accelerate more, deg/s^2")
    minimum_saccade_s: float = Field(0.01, ge=0, description="shorter saccades are dropped, s")
    minimum_fixation_s: float = Field(0.04, ge=0, description="shorter fixations are dropped, s")
    max_pso_s: float = Field(0.08, ge=0, description="longest oscillation, s")


class Remodnav(Section):
    """REMoDNaV's algorithm, with oscillations and pursuit (Dar, Wagner and Hanke 2021)."""

    min_blink_s: float = Field(0.02, ge=0, description="longer losses are widened")
    dilate_nan_s: float = Field(0.01, ge=0, description="by this on each side, s")
    median_filter_s: float = Field(0.05, gt=0, description="window of the median filter, s")
    savgol_s: float = Field(0.019, gt=0, description="window of the Savitzky-Golay filter, s")
    max_velocity: float = Field(1000.0, gt=0, description="faster samples are not believed, deg/s")
    start_velocity: float = Field(300.0, gt=0, description="first saccade threshold, deg/s")
    noise_factor: float = Field(5.0, ge=0, description="threshold in units of the noise")
    min_intersaccade_s: float = Field(0.04, ge=0, description="shortest period between saccades, s")
    min_saccade_s: float = Field(0.01, ge=0, description="shortest saccade, s")
    max_saccade_rate_hz: float = Field(2.0, gt=0, description="the first pass stops there")
    saccade_context_s: float = Field(1.0, gt=0, description="stretch that sets a saccade's threshold, s")
    max_pso_s: float = Field(0.04, ge=0, description="longest oscillation, s")
    min_fixation_s: float = Field(0.04, ge=0, description="shortest fixation, s")
    min_pursuit_s: float = Field(0.04, ge=0, description="shortest pursuit, s")
    pursuit_velocity: float = Field(2.0, ge=0, description="slower is fixation, deg/s")
    lowpass_hz: float = Field(4.0, gt=0, description="low pass before that")


class I2mc(Section):
    """I2MC: clustering by two means, for noisy data (Hessels et al. 2017)."""

    interpolated_s: float = Field(0.1, ge=0, description="longest gap that is filled, s")
    edge_samples: int = Field(2, ge=1, description="samples needed on both sides of a gap")
    max_displacement: float = Field(0.2 * 2**0.5, gt=0, description="across a gap, in widths of the screen")
    window_s: float = Field(0.2, gt=0, description="moving window, s")
    step_s: float = Field(0.02, gt=0, description="step of the window, s")
    downsamples: list[int] = Field([2, 5, 10], description="coarser versions, those that divide the sampling rate")
    cheby_order: int = Field(8, ge=1, description="order of their low pass")
    max_failures: int = Field(100, ge=0, description="windows without a clustering that are tolerated")
    cutoff_sd: float = Field(2.0, ge=0, description="fixations weigh less than mean + so many sd")
    edge_mad: float = Field(3.0, gt=0, description="fixations start and end within so many MAD of their median")
    merge_distance_px: float = Field(30.0, ge=0, description="fixations closer than this are merged, px")
    merge_gap_s: float = Field(0.03, ge=0, description="if no longer apart than this, s")
    minimum_fixation_s: float = Field(0.04, ge=0, description="shorter fixations are dropped, s")
    seed: int = Field(0, ge=0, description="of the clustering's starts")


class RelativeVelocity(Section):
    """Velocity relative to the slow movement: our own, with oscillations and pursuit (docs/gaze.md)."""

    coarse_s: float = Field(0.023, gt=0, description="window of the velocity that finds saccades, s")
    fine_s: float = Field(0.007, gt=0, description="window of the velocity that finds their edges, s")
    slow_s: float = Field(0.3, gt=0, description="window of the running median that is the slow movement, s")
    peak_velocity: float = Field(20.0, ge=0, description="a saccade's peak exceeds this, deg/s")
    peak_sd: float = Field(12.0, ge=0, description="and so many robust sd of the noise")
    edge_velocity: float = Field(6.0, ge=0, description="it begins and ends at this, deg/s")
    edge_sd: float = Field(5.0, ge=0, description="or so many robust sd")
    pso_velocity: float = Field(4.0, ge=0, description="an oscillation exceeds this, deg/s")
    pso_sd: float = Field(4.0, ge=0, description="and so many robust sd")
    min_saccade_s: float = Field(0.01, ge=0, description="shortest saccade, s")
    min_pso_s: float = Field(0.004, ge=0, description="shortest oscillation, s")
    max_pso_s: float = Field(0.04, ge=0, description="longest oscillation, s")
    pso_pause_s: float = Field(0.008, ge=0, description="calm within an oscillation, s")
    min_fixation_s: float = Field(0.02, ge=0, description="shortest fixation, s")
    pursuit_velocity: float = Field(2.0, ge=0, description="pursuit is faster than this, deg/s")
    pursuit_deg: float = Field(1.0, ge=0, description="and goes farther than this, degrees")
    min_pursuit_s: float = Field(0.3, ge=0, description="and lasts longer than this, s")
    fast_pursuit_velocity: float = Field(8.0, ge=0, description="or is faster than this, deg/s")
