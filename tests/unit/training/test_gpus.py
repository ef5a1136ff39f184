"""Whether a machine has a GPU."""

import platform

import pytest

from cogmodels.training.gpus import gpu_here


@pytest.mark.skipif(platform.system() == "Darwin", reason="asks for drivers of Linux")
@pytest.mark.parametrize("sign", ["proc/driver/nvidia/gpus/0000:01:00.0", "dev/nvidia0", "dev/dxg", "dev/kfd"])
def test_a_driver_of_any_maker_is_a_gpu_and_an_empty_machine_has_none(sign, tmp_path):
    # Loaded, but without a card.
    (tmp_path / "proc" / "driver" / "nvidia" / "gpus").mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidiactl").touch()
    assert not gpu_here(tmp_path)
    (tmp_path / sign).touch()
    assert gpu_here(tmp_path)
