"""One subject of a simulated study, written as BIDS with its truth.

Every subject, recording and purpose has a random stream of its own, so that subjects can be simulated alone, in any
order, and give the same bytes. The truth of a subject lies in ``sourcedata/truth/sub-<label>/``::

    bold_mask.nii.gz       voxels that hold a brain; all voxel axes below follow its order bold_voxels.tsv
    x, y, z (indices), baseline, noise_sd, rho, intercept, loadings on the six motion parameters
    bold_mixing.npy        (latent, voxels) percent signal change bold_responses.npy     (stimuli, voxels)
    noise-free peak response to one trial, percent signal change hrf.tsv                time, response to an
    impulse and to one trial run-<label>_motion.tsv head positions, mm and radians eeg.json
    components, channels, sampling rate, units eeg_topographies.npy   (components, channels),
    eeg_time_courses.npy (components, samples), eeg_amplitudes.npy     (stimuli, components) uV; their
    product over components is the noise-free response eeg_blinks.tsv         onset, duration gaze_events.tsv
    onset, duration, trial_type, start and end in degrees and pixels, trial (from 1; 0 = none)
    gaze_labels.npy        (samples,) 1 fixation, 2 saccade, 5 blink
    betas_voxels.tsv       row, column (place on the sheet), curve, ncsnr
    betas_weights.npy      (voxels, latent), betas_responses.npy (stimuli, voxels) noise-free
"""

from __future__ import annotations

from pathlib import Path

from cogmodels.simulate.study_betas import simulate_betas
from cogmodels.simulate.study_bold import simulate_bold
from cogmodels.simulate.study_eeg import simulate_eeg
from cogmodels.simulate.study_gaze import simulate_gaze
from cogmodels.simulate.truth import Truth, read_truth, simulate_truth, write_truth

__all__ = ["read_truth", "simulate_subject", "simulate_truth", "write_truth"]


def simulate_subject(
    root: Path,
    truth: Truth,
    subject: str,
    *,
    bold: dict | None = None,
    eeg: dict | None = None,
    gaze: dict | None = None,
    betas: dict | None = None,
) -> list[Path]:
    """Simulate and write one subject's recordings; their truth goes to ``sourcedata/truth/sub-<subject>``.

    Parameters
    ----------
    root : path
        BIDS folder, which holds what `write_truth` wrote.
    truth : Truth
    subject : str
        Label without ``sub-``.
    bold, eeg, gaze, betas : dict, optional
        Options of each modality, see `study_bold.simulate_bold`, `study_eeg.simulate_eeg`,
        `study_gaze.simulate_gaze` and `study_betas.simulate_betas`; ``{}`` = all
        defaults, None = the subject has no such recording.

    Returns
    -------
    files : list of Path
        The subject's BIDS files, without its truth.

    Raises
    ------
    DataError
        Unknown subject, or options that do not fit together.
    """
    truth.number(subject)
    files: list[Path] = []
    kinds = ((simulate_bold, bold), (simulate_eeg, eeg), (simulate_gaze, gaze), (simulate_betas, betas))
    for simulate, options in kinds:
        if options is not None:
            files += simulate(Path(root), truth, subject, **options)
    return files
