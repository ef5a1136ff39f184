"""Keep the voxels of a subject's Responses that lie in regions, or that repeats show to be reliable."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.bold import fill_mask, read_mask, write_mask
from cogmodels.data.regions import fetch_atlas, read_labels
from cogmodels.data.tables import Responses, read_responses, write_responses
from cogmodels.fmri.regions import choose_voxels
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, wanted, options = snakemake.input, snakemake.output, snakemake.params.options
    mask, affine = read_mask(Path(given.mask))
    responses = read_responses(Path(given.responses))
    labels, files = None, snakemake.params.files
    if options["atlas"]:
        labels = fetch_atlas(options["atlas"], mask.shape, affine, options["atlas_options"])
    elif files:
        labels = read_labels(Path(files[0]), mask.shape, affine, names=Path(files[1]) if len(files) > 1 else None)
    chosen, table = choose_voxels(
        mask,
        responses.trials,
        responses.values,
        image=labels and labels.image,
        names=labels and labels.names,
        **{name: options[name] for name in ("labels", "reliability", "threshold", "best")},
    )
    log.info("%d of %d voxels%s", chosen.sum(), chosen.size, " (resampled)" if labels and labels.resampled else "")
    write_mask(Path(wanted.mask), fill_mask(chosen[None], mask)[..., 0] > 0, affine)
    write_tsv(Path(wanted.table), table)
    write_responses(Path(wanted.responses), Responses(responses.trials, responses.values[:, chosen]))
