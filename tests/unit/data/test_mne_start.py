"""scipy.signal without scipy.stats: nothing else may differ. Each case is a process of its own, since imports stay."""

import subprocess
import sys

import pytest

BODY = """
import sys
import numpy as np
from cogmodels.data import mne_start

class Forgetful:
    def __init__(self, name):
        pass
    def __setattr__(self, name, value):
        pass

if {forgetful}:
    # A SciPy that asks for more than the stand-in has.
    mne_start.ModuleType = Forgetful
signal = mne_start.start_signal()
assert ("scipy.stats" in sys.modules) == {forgetful}
assert signal is mne_start.start_signal()
# The one function that needs the percentile, and scipy.stats itself, are whole.
assert signal.find_peaks_cwt(np.sin(np.linspace(0, 12, 200)), np.arange(5, 15)).tolist() == {peaks}
from scipy import stats
assert "Array API Standard Support" in stats.zscore.__doc__
assert stats.scoreatpercentile([1.0, 2.0, 3.0], 50) == 2.0
assert stats.norm.cdf(0.0) == 0.5
"""


@pytest.mark.parametrize("forgetful", [False, True])
def test_signal_starts_without_stats_and_is_whole(forgetful):
    import numpy as np
    from scipy.signal import find_peaks_cwt

    peaks = find_peaks_cwt(np.sin(np.linspace(0, 12, 200)), np.arange(5, 15)).tolist()
    assert peaks
    code = BODY.format(forgetful=forgetful, peaks=peaks)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
