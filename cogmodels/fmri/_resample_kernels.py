"""Cubic B-splines on volumes: coefficients, values, gradients, and the sums of a rigid registration.

Beyond its edges a volume is mirrored at the centre of its outermost voxels (Unser 1999, IEEE Signal Processing
Magazine 16(6), 22-38).
"""

import numpy as np
from numba import njit

_POLE = np.sqrt(3.0) - 2.0


@njit(cache=True)
def spline_line(line):
    """Replace samples by the coefficients of the cubic spline through them; in place."""
    n = len(line)
    if n == 1:
        return
    # The sum over all mirrored samples, closed.
    power = _POLE
    back = _POLE ** (2 * n - 3)
    total = line[0] + _POLE ** (n - 1) * line[n - 1]
    for i in range(1, n - 1):
        total += (power + back) * line[i]
        power *= _POLE
        back /= _POLE
        if abs(power) < 1e-20:
            break
    line[0] = 6.0 * total / (1.0 - _POLE ** (2 * n - 2))
    for i in range(1, n):
        line[i] = 6.0 * line[i] + _POLE * line[i - 1]
    line[n - 1] = (_POLE * line[n - 2] + line[n - 1]) * _POLE / (_POLE * _POLE - 1.0)
    for i in range(n - 2, -1, -1):
        line[i] = _POLE * (line[i + 1] - line[i])


@njit(cache=True)
def spline_volume(volume):
    """Coefficients of the cubic spline through the voxels of (x, y, z); in place."""
    nx, ny, nz = volume.shape
    for i in range(nx):
        for j in range(ny):
            spline_line(volume[i, j])
    line = np.empty(max(nx, ny))
    for i in range(nx):
        for k in range(nz):
            for j in range(ny):
                line[j] = volume[i, j, k]
            spline_line(line[:ny])
            for j in range(ny):
                volume[i, j, k] = line[j]
    for j in range(ny):
        for k in range(nz):
            for i in range(nx):
                line[i] = volume[i, j, k]
            spline_line(line[:nx])
            for i in range(nx):
                volume[i, j, k] = line[i]


@njit(cache=True, inline="always")
def _mirror(i, n):
    if n == 1:
        return 0
    while i < 0 or i >= n:
        i = -i if i < 0 else 2 * (n - 1) - i
    return i


@njit(cache=True, inline="always")
def _taps(position, n, index, weight, slope):
    """Four neighbours of a position, their weights and the weights' derivatives."""
    first = int(np.floor(position))
    f = position - first
    g = 1.0 - f
    weight[0] = g * g * g / 6.0
    weight[1] = 2.0 / 3.0 - 0.5 * f * f * (2.0 - f)
    weight[2] = 2.0 / 3.0 - 0.5 * g * g * (2.0 - g)
    weight[3] = f * f * f / 6.0
    slope[0] = -0.5 * g * g
    slope[1] = f * (1.5 * f - 2.0)
    slope[2] = -g * (1.5 * g - 2.0)
    slope[3] = 0.5 * f * f
    if first >= 1 and first + 2 < n:
        for t in range(4):
            index[t] = first - 1 + t
    else:
        for t in range(4):
            index[t] = _mirror(first - 1 + t, n)


@njit(cache=True, inline="always")
def _value(coefficients, ix, iy, iz, wx, wy, wz):
    value = 0.0
    for a in range(4):
        plane = 0.0
        for b in range(4):
            line = 0.0
            for c in range(4):
                line += wz[c] * coefficients[ix[a], iy[b], iz[c]]
            plane += wy[b] * line
        value += wx[a] * plane
    return value


@njit(cache=True, inline="always")
def _share_inside(position, n):
    if n == 1:
        return 1.0
    return min(max(min(position, n - 1 - position), 0.0), 1.0)


@njit(cache=True)
def sample_volume(coefficients, matrix, target):
    """Spline at ``matrix`` (3, 4) times each voxel of ``target``; positions beyond the edge are moved onto it."""
    nx, ny, nz = coefficients.shape
    index = np.empty((3, 4), np.int64)
    weight = np.empty((3, 4))
    slope = np.empty((3, 4))
    tx, ty, tz = target.shape
    for i in range(tx):
        for j in range(ty):
            for k in range(tz):
                x = matrix[0, 0] * i + matrix[0, 1] * j + matrix[0, 2] * k + matrix[0, 3]
                y = matrix[1, 0] * i + matrix[1, 1] * j + matrix[1, 2] * k + matrix[1, 3]
                z = matrix[2, 0] * i + matrix[2, 1] * j + matrix[2, 2] * k + matrix[2, 3]
                _taps(min(max(x, 0.0), nx - 1.0), nx, index[0], weight[0], slope[0])
                _taps(min(max(y, 0.0), ny - 1.0), ny, index[1], weight[1], slope[1])
                _taps(min(max(z, 0.0), nz - 1.0), nz, index[2], weight[2], slope[2])
                target[i, j, k] = _value(coefficients, index[0], index[1], index[2], weight[0], weight[1], weight[2])


@njit(cache=True)
def sample_gradient(coefficients, points, values, gradients):
    """Spline and its gradient (per voxel) at whole-numbered ``points`` (n, 3)."""
    nx, ny, nz = coefficients.shape
    index = np.empty((3, 4), np.int64)
    weight = np.empty((3, 4))
    slope = np.empty((3, 4))
    for p in range(len(points)):
        _taps(points[p, 0], nx, index[0], weight[0], slope[0])
        _taps(points[p, 1], ny, index[1], weight[1], slope[1])
        _taps(points[p, 2], nz, index[2], weight[2], slope[2])
        values[p] = _value(coefficients, index[0], index[1], index[2], weight[0], weight[1], weight[2])
        gradients[p, 0] = _value(coefficients, index[0], index[1], index[2], slope[0], weight[1], weight[2])
        gradients[p, 1] = _value(coefficients, index[0], index[1], index[2], weight[0], slope[1], weight[2])
        gradients[p, 2] = _value(coefficients, index[0], index[1], index[2], weight[0], weight[1], slope[2])


@njit(cache=True)
def accumulate_steps(coefficients, matrix, points, values, jacobian, gain, normal, right):
    """Normal equations (7, 7) and (7,) of one Gauss-Newton step; weighted squared residuals and sum of weights.

    The residual of a point is the moving volume at ``matrix`` times the point minus ``gain`` times the reference;
    ``jacobian`` (n, 6) is the reference's derivative by a rigid motion; the seventh unknown is the gain. The weight of
    a point falls to 0 over the last voxel before the edge: points that leave all at once would make the steps
    alternate.
    """
    nx, ny, nz = coefficients.shape
    index = np.empty((3, 4), np.int64)
    weight = np.empty((3, 4))
    slope = np.empty((3, 4))
    row = np.empty(7)
    normal[:] = 0.0
    right[:] = 0.0
    squares = 0.0
    inside = 0.0
    for p in range(len(points)):
        i, j, k = points[p, 0], points[p, 1], points[p, 2]
        x = matrix[0, 0] * i + matrix[0, 1] * j + matrix[0, 2] * k + matrix[0, 3]
        y = matrix[1, 0] * i + matrix[1, 1] * j + matrix[1, 2] * k + matrix[1, 3]
        z = matrix[2, 0] * i + matrix[2, 1] * j + matrix[2, 2] * k + matrix[2, 3]
        share = _share_inside(x, nx) * _share_inside(y, ny) * _share_inside(z, nz)
        if share == 0.0:
            continue
        _taps(x, nx, index[0], weight[0], slope[0])
        _taps(y, ny, index[1], weight[1], slope[1])
        _taps(z, nz, index[2], weight[2], slope[2])
        moving = _value(coefficients, index[0], index[1], index[2], weight[0], weight[1], weight[2])
        residual = moving - gain * values[p]
        for a in range(6):
            row[a] = gain * jacobian[p, a]
        row[6] = values[p]
        for a in range(7):
            weighted = share * row[a]
            right[a] += weighted * residual
            for b in range(a + 1):
                normal[a, b] += weighted * row[b]
        squares += share * residual * residual
        inside += share
    for a in range(7):
        for b in range(a):
            normal[b, a] = normal[a, b]
    return squares, inside
