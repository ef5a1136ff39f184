"""XDF files of Lab Streaming Layer: streams on one clock.

The format is that of https://github.com/sccn/xdf/wiki/Specifications (1.0): chunks of a length, a tag and its content.
Times of a stream's computer are brought to the recorder's by the offsets that were measured (tag 4), and those of a
regular stream are straightened: what jitters is when samples arrived, not when they were taken.
"""

from __future__ import annotations

import gzip
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from cogmodels.errors import DataError

SUFFIXES = (".xdf", ".xdfz")
_HEADER, _SAMPLES, _OFFSET = 2, 3, 4
_OF_STREAM = (_HEADER, _SAMPLES, _OFFSET, 6)
_FORMATS = {"float32": "<f4", "double64": "<f8", "int8": "<i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"}
_LENGTHS = {1: "<B", 4: "<I", 8: "<Q"}
# Offsets further from their line weigh less, s: those that a busy network delayed (Huber).
WINSOR_S = 1e-4
# From one offset to the next a clock drifts, a restarted one leaps, s.
RESET_S = 1.0
# A regular stream pauses where a step is longer than either, s and samples.
BREAK_S, BREAK_SAMPLES = 1.0, 500


@dataclass
class Stream:
    """One stream: ``values`` (n, n_channels), of strings a list of lists; ``times`` (n,), s on the recorder's clock.

    ``labels`` and ``units`` (n_channels,) are empty text where the file does not tell them; ``rate`` is the nominal
    one, Hz, 0 = irregular.
    """

    name: str
    kind: str
    format: str
    rate: float
    labels: list[str]
    units: list[str]
    values: np.ndarray | list[list[str]] = field(default_factory=list)
    times: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def is_marker(self) -> bool:
        """Whether it is irregular and of one channel, of text or of whole numbers."""
        return self.rate == 0 and len(self.labels) == 1 and (self.format == "string" or self.format.startswith("int"))

    def texts(self) -> list[str]:
        """Markers as text, blanks at both ends removed."""
        return [str(row[0]).strip() for row in self.values]


def read_xdf(path: Path) -> list[Stream]:
    """Streams of a file, in the order of their headers, on the recorder's clock.

    Raises
    ------
    DataError
        A missing file, one that is no XDF or damaged; a clock that was restarted; time that runs backwards or pauses in
        a regular stream.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Restore it, or exclude the subject")
    streams: dict[int, Stream] = {}
    offsets: dict[int, list[tuple[float, float]]] = {}
    parts: dict[int, list] = {}
    last: dict[int, float] = {}
    try:
        for tag, content in _chunks(path):
            if tag not in _OF_STREAM:
                continue
            number = struct.unpack_from("<I", content)[0]
            if tag == _HEADER:
                streams[number] = _header(content[4:])
                offsets[number], parts[number], last[number] = [], [], 0.0
            elif tag == _OFFSET:
                offsets[number].append(struct.unpack_from("<dd", content, 4))
            elif tag == _SAMPLES:
                times, values = _samples(content, 4, streams[number], last[number])
                if len(times):
                    parts[number].append((times, values))
                    last[number] = float(times[-1])
    except (struct.error, KeyError, ValueError, IndexError, OSError, EOFError, ElementTree.ParseError) as error:
        raise DataError(
            f"the file is damaged, or no XDF ({type(error).__name__}: {error})",
            where=path,
            remedy="Restore it; what a recorder that crashed left behind can be repaired with its own tools",
        ) from None
    for number, stream in streams.items():
        where = f"{path}, stream {stream.name}"
        if not parts[number]:
            continue
        times = np.concatenate([part for part, _ in parts[number]])
        if stream.format == "string":
            stream.values = list(itertools.chain(*(values for _, values in parts[number])))
        else:
            stream.values = np.concatenate([values for _, values in parts[number]])
        times = times + clock_offsets(np.array(offsets[number]).reshape(-1, 2), times, where)
        stream.times = straightened(times, stream.rate, where) if stream.rate else times
    return list(streams.values())


def clock_offsets(measured: np.ndarray, times: np.ndarray, where: object) -> np.ndarray:
    """What to add to a stream's own times: a line through the offsets, robust against those that were delayed.

    Parameters
    ----------
    measured : (n_offsets, 2) float
        Time on the stream's clock, and the recorder's clock minus it, s. None of them: the clocks are one.
    times : (n,) float
        Times on the stream's clock, s.

    Returns
    -------
    offsets : (n,) float

    Raises
    ------
    DataError
        Neighbouring offsets differ by more than a second, or their times go backwards: the clock was restarted.
    """
    if not len(measured):
        return np.zeros(len(times))
    at, value = measured.T
    leaps = np.flatnonzero((np.diff(at) < 0) | (np.abs(np.diff(value)) > RESET_S))
    if len(leaps):
        raise DataError(
            f"the clock was restarted: it is off by {value[leaps[0]]:.3f} s, then by {value[leaps[0] + 1]:.3f} s",
            where=where,
            remedy="Cut the file before the restart, or record again",
        )
    if len(measured) < 3 or np.ptp(at) == 0:
        return np.full(len(times), np.median(value))
    centre, base = at.mean(), np.median(value)
    design = np.column_stack([np.ones(len(at)), at - centre])
    weights, line = np.ones(len(at)), np.zeros(2)
    for _ in range(50):
        before = line
        line = np.linalg.lstsq(design * weights[:, None], (value - base) * weights, rcond=None)[0]
        distance = np.abs(value - base - design @ line)
        weights = np.sqrt(WINSOR_S / np.maximum(distance, WINSOR_S))
        if np.abs(design @ (line - before)).max() < 1e-9:
            break
    return base + line[0] + line[1] * (times - centre)


def straightened(times: np.ndarray, rate: float, where: object) -> np.ndarray:
    """Times (n,) of a regular stream without jitter: the line over samples that fits them best.

    Raises
    ------
    DataError
        The stream pauses (a second and 500 samples), or time runs backwards; more than 1 % from the nominal rate.
    """
    if len(times) < 2:
        return times
    steps = np.diff(times)
    pauses = np.flatnonzero(steps > max(BREAK_S, BREAK_SAMPLES / rate))
    if len(pauses):
        raise DataError(
            f"samples are missing: {steps[pauses[0]]:.2f} s pass after {times[pauses[0]] - times[0]:.2f} s "
            f"({len(pauses)} such pauses)",
            where=where,
            remedy="Cut the file at the pause, and give its parts as runs",
        )
    number = np.arange(len(times)) - (len(times) - 1) / 2
    period = float(number @ (times - times.mean()) / (number @ number))
    if not abs(period * rate - 1) < 0.01:
        found = f"{1 / period:.4g} Hz" if period > 0 else "time that runs backwards"
        raise DataError(
            f"the stream says {rate:g} Hz, its times {found}",
            where=where,
            remedy="Samples were lost, or the header is wrong: look at the stream's times",
        )
    return times.mean() + period * number


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each chunk."""
    zipped = path.suffix.lower() == ".xdfz"
    with gzip.open(path, "rb") if zipped else path.open("rb") as file:
        if file.read(4) != b"XDF:":
            raise ValueError("it does not begin with `XDF:`")
        while width := file.read(1):
            length = struct.unpack(_LENGTHS[width[0]], file.read(width[0]))[0]
            content = file.read(length)
            if len(content) < length:
                raise EOFError("it ends within a chunk")
            yield struct.unpack_from("<H", content)[0], content[2:]


def _header(text: bytes) -> Stream:
    root = ElementTree.fromstring(text.decode("utf-8", "replace").strip("\x00"))
    count = int(root.findtext("channel_count", ""))
    channels = [*root.iterfind("desc/channels/channel")][:count]
    told = [[channel.findtext(key) or "" for channel in channels] for key in ("label", "unit")]
    labels, units = ([*texts, *[""] * (count - len(texts))] for texts in told)
    format = root.findtext("channel_format", "")
    if format != "string" and format not in _FORMATS:
        raise ValueError(f"channel format `{format}`")
    rate = float(root.findtext("nominal_srate") or 0)
    return Stream(root.findtext("name") or "", root.findtext("type") or "", format, rate, labels, units)


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of one, four or eight bytes, and where it ends."""
    width = content[at]
    return struct.unpack_from(_LENGTHS[width], content, at + 1)[0], at + 1 + width


def _samples(content: bytes, at: int, stream: Stream, last: float) -> tuple[np.ndarray, np.ndarray | list[list[str]]]:
    """Times and values of a chunk; a sample without a time follows the one before it by a period."""
    count, at = _number(content, at)
    period = 1 / stream.rate if stream.rate else 0.0
    text, width = stream.format == "string", len(stream.labels)
    size = 0 if text else width * np.dtype(_FORMATS[stream.format]).itemsize
    times, starts, rows = np.empty(count), np.empty(count, np.int64), []
    for k in range(count):
        stamped, at = content[at], at + 1
        if stamped:
            last, at = struct.unpack_from("<d", content, at)[0], at + 8
        else:
            last += period
        times[k], starts[k] = last, at
        if text:
            row = []
            for _ in range(width):
                length, at = _number(content, at)
                row.append(content[at : at + length].decode("utf-8", "replace"))
                at += length
            rows.append(row)
        at += size
    if at > len(content):
        raise ValueError("a chunk of samples is too short")
    if text:
        return times, rows
    raw = np.frombuffer(content, np.uint8)[starts[:, None] + np.arange(size)]
    return times, raw.reshape(count, size).view(_FORMATS[stream.format]).reshape(count, width)
