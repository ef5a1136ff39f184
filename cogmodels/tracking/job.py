"""Frame around a script's body: a log file, and errors that fit in one paragraph."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
import textwrap
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from cogmodels.errors import CogmodelsError

#: A full disk, a used-up quota, a file larger than the system allows.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Run a script's body with its log; end it with a paragraph and exit code 1 where the user can act.

    What the body prints, logs or warns goes to the rule's log file. A :class:`CogmodelsError` is shown on the
    terminal as one paragraph, and so is a full disk; its traceback, and that of any other error, is in the log.

    Parameters
    ----------
    snakemake : the object that Snakemake gives to scripts
        ``log``, ``rule``, ``wildcards`` and ``threads`` are read.
    """
    path = Path(snakemake.log[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    terminal = sys.stderr
    with path.open("w", encoding="utf-8", buffering=1) as log, contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(log))
        stack.enter_context(contextlib.redirect_stderr(log))
        handler = logging.StreamHandler(log)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
        root = logging.getLogger()
        root.addHandler(handler)
        logger = logging.getLogger("cogmodels")
        logger.setLevel(logging.INFO)
        logging.captureWarnings(True)
        _use_threads(snakemake.threads)
        started = time.perf_counter()
        try:
            yield logger
        except CogmodelsError as error:
            _say(snakemake, f"{error} (log: {path})", terminal)
            sys.exit(1)
        except OSError as error:
            if error.errno not in _FULL:
                traceback.print_exc()
                raise
            _say(snakemake, f"no room for what it writes ({error}). Make room and run snakemake again", terminal)
            sys.exit(1)
        except BaseException:
            traceback.print_exc()
            raise
        else:
            logger.info("finished in %.2f s", time.perf_counter() - started)
        finally:
            root.removeHandler(handler)


def _say(snakemake: Any, message: str, terminal: TextIO) -> None:
    """One paragraph on the terminal: rule, wildcards, message."""
    with contextlib.suppress(OSError):
        # Into the log, where there is room.
        traceback.print_exc()
    named = " ".join(f"{key}={value}" for key, value in dict(snakemake.wildcards).items())
    paragraph = f"{snakemake.rule} [{named}]: {message}"
    print("\n" + textwrap.fill(paragraph, 110, break_on_hyphens=False, break_long_words=False), file=terminal)


def _use_threads(threads: int) -> None:
    """Give numba's parallel loops the threads that the rule was granted."""
    before = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = str(threads)
    if "numba" not in sys.modules:
        return
    numba = sys.modules["numba"]
    try:
        numba.config.reload_config()
    except RuntimeError:
        # A parallel loop has run in this process: its pool stays as large as it is, of which fewer threads may work.
        os.environ.pop("NUMBA_NUM_THREADS")
        if before is not None:
            os.environ["NUMBA_NUM_THREADS"] = before
        numba.config.reload_config()
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
