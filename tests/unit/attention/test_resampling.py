"""Maps of other sizes: as torch makes them."""

import pytest
import torch
from torch.nn import functional as F

from cogmodels.attention.resampling import pooled_map, resized_map, sampled_map

MAPS = torch.randn(2, 3, 7, 10, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [(7, 10), (3, 4), (1, 1), (12, 5)])
def test_sizes_are_changed_as_torch_changes_them(size):
    torch.testing.assert_close(pooled_map(MAPS, size), F.adaptive_avg_pool2d(MAPS, size))
    torch.testing.assert_close(resized_map(MAPS, size), F.interpolate(MAPS, size, mode="bilinear", align_corners=False))


def test_places_are_sampled_as_torch_samples_them():
    where = torch.rand(2, 30, 2, generator=torch.Generator().manual_seed(1)) * torch.tensor([12.0, 9.0]) - 1
    unit = (where + 0.5) / torch.tensor([10.0, 7.0]) * 2 - 1
    wished = F.grid_sample(MAPS, unit[:, :, None], padding_mode="border", align_corners=False)[..., 0]
    torch.testing.assert_close(sampled_map(MAPS, where), wished.transpose(1, 2), atol=1e-5, rtol=1e-4)
