"""Reading EyeLink text with MNE."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import asc_file, run


def asc():
    import mne

    mne.set_log_level("error")
    path = asc_file()

    def work():
        raw = mne.io.read_raw_eyelink(path)
        return raw.get_data(["xpos_left", "ypos_left", "xpos_right", "ypos_right"]).T

    return work


if __name__ == "__main__":
    run({"EyeLink ASC": (3, asc)}, "mne")
