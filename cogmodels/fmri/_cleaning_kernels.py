"""Blocks of voxels into and out of the cleaning projection, each in one pass."""

from numba import njit


@njit(cache=True, fastmath={"contract", "reassoc"})
def load_block(data, rows, block, squares):
    """Rows of ``data`` (n_volumes, width) less the first of them into ``block``; sums of squares of what was read."""
    width = data.shape[1]
    squares[:] = 0
    for t in range(len(rows)):
        source, target = data[rows[t]], block[t]
        for j in range(width):
            value = float(source[j])
            squares[j] += value * value
            target[j] = value - float(data[rows[0], j])


@njit(cache=True, fastmath={"contract", "reassoc"})
def sum_squares(block, squares):
    """Sums of squares of the columns of ``block``."""
    squares[:] = 0
    for t in range(block.shape[0]):
        row = block[t]
        for j in range(block.shape[1]):
            squares[j] += row[j] * row[j]


@njit(cache=True)
def store_block(block, scale, target):
    """``block`` times the scale of each column into ``target``."""
    for t in range(block.shape[0]):
        source, row = block[t], target[t]
        for j in range(block.shape[1]):
            row[j] = source[j] * scale[j]
