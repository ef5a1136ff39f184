"""Sample lines of EyeLink ASC files, parsed byte by byte."""

import numba
import numpy as np

#: Why the kernel stops.
END_OF_FILE, FULL, DIRECTIVE, BAD_LINE = 0, 1, 2, 3
#: Where the numbers behind the status column are kept among the fields of a line.
AFTER_STATUS = 20
N_FIELDS = 24

_NEWLINE, _RETURN, _TAB, _BLANK, _DOT, _PLUS, _MINUS = 10, 13, 9, 32, 46, 43, 45
_ZERO, _NINE, _LOWER_E, _UPPER_E = 48, 57, 101, 69


@numba.njit(cache=True, inline="always")
def _is_digit(byte):
    return _ZERO <= byte <= _NINE


@numba.njit(cache=True)
def _number(data, first, last):
    """The number in data[first:last] and whether it is one."""
    i = first
    sign = 1.0
    if data[i] == _MINUS or data[i] == _PLUS:
        if data[i] == _MINUS:
            sign = -1.0
        i += 1
    mantissa, digits, decimals = 0.0, 0, 0
    while i < last and _is_digit(data[i]):
        mantissa = mantissa * 10.0 + (data[i] - _ZERO)
        digits += 1
        i += 1
    if i < last and data[i] == _DOT:
        i += 1
        while i < last and _is_digit(data[i]):
            mantissa = mantissa * 10.0 + (data[i] - _ZERO)
            digits += 1
            decimals += 1
            i += 1
    if digits == 0:
        return np.nan, False
    exponent = 0
    if i < last and (data[i] == _LOWER_E or data[i] == _UPPER_E):
        i += 1
        way = 1
        if i < last and (data[i] == _MINUS or data[i] == _PLUS):
            if data[i] == _MINUS:
                way = -1
            i += 1
        if i == last:
            return np.nan, False
        while i < last and _is_digit(data[i]) and exponent < 400:
            exponent = exponent * 10 + (data[i] - _ZERO)
            i += 1
        exponent *= way
    # One division of integers below 2^53 is rounded once, as the standard library does.
    power = exponent - decimals
    if power < 0:
        mantissa = mantissa / 10.0 ** (-power)
    elif power > 0:
        mantissa = mantissa * 10.0**power
    return sign * mantissa, i == last


@numba.njit(cache=True, nogil=True)
def scan(data, state, keep, expected, rows, lines, texts):
    """Read lines until the file ends, a table is full or a line tells what the following ones hold.

    Parameters
    ----------
    data : (n_bytes,) uint8
    state : (6,) int64, changed in place
        Position; lines read; 1 inside a block of samples; rows filled; texts filled; numbers in the line at fault.
    keep : (N_FIELDS,) int64
        Column of ``rows`` for each field of a sample line, -1 to drop it.
    expected : int
        Numbers in a sample line before its status.
    rows : (n, 8) float64, lines : (n,) int64
        Samples and their line numbers.
    texts : (m, 4) int64
        Other lines: first byte, end, line number, samples before it.

    Returns
    -------
    int: END_OF_FILE, FULL, DIRECTIVE (the last text is a SAMPLES or END line) or BAD_LINE.
    """
    n = data.size
    position, line, inside, n_rows, n_texts = state[0], state[1], state[2], state[3], state[4]
    outcome = END_OF_FILE
    while position < n:
        if n_rows == len(rows) or n_texts == len(texts):
            outcome = FULL
            break
        first = position
        byte = data[first]
        if inside and _is_digit(byte):
            n_before, n_after, status = 0, 0, False
            for column in range(rows.shape[1]):
                rows[n_rows, column] = np.nan
            i = first
            while i < n and data[i] != _NEWLINE:
                if data[i] == _TAB or data[i] == _BLANK or data[i] == _RETURN:
                    i += 1
                    continue
                start = i
                while i < n and data[i] != _TAB and data[i] != _BLANK and data[i] != _RETURN and data[i] != _NEWLINE:
                    i += 1
                value, good = np.nan, True
                if not (i - start == 1 and data[start] == _DOT):
                    value, good = _number(data, start, i)
                if not good:
                    # The status, or behind the target's numbers its flags.
                    status = True
                    continue
                field = AFTER_STATUS + n_after if status else n_before
                if field < N_FIELDS and keep[field] >= 0:
                    rows[n_rows, keep[field]] = value
                if status:
                    n_after += 1
                else:
                    n_before += 1
            line += 1
            if n_before != expected:
                state[5] = n_before
                outcome = BAD_LINE
                break
            position = i + 1
            lines[n_rows] = line
            n_rows += 1
            continue
        i = first
        while i < n and data[i] != _NEWLINE:
            i += 1
        line += 1
        position = i + 1
        letter = (65 <= byte <= 90) or byte == 42
        if letter:
            texts[n_texts, 0], texts[n_texts, 1], texts[n_texts, 2], texts[n_texts, 3] = first, i, line, n_rows
            n_texts += 1
            # "SAM" and "END".
            if i - first > 4 and (
                (byte == 83 and data[first + 1] == 65 and data[first + 2] == 77)
                or (byte == 69 and data[first + 1] == 78 and data[first + 2] == 68)
            ):
                outcome = DIRECTIVE
                break
    state[0], state[1], state[3], state[4] = min(position, n), line, n_rows, n_texts
    return outcome
