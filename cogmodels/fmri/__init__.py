"""fMRI: masks, cleaning of runs, single-trial responses, data quality. Volumes are rows, voxels are columns."""
