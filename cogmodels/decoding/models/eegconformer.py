"""EEG Conformer: convolutions make tokens of stretches of a trial, a transformer relates them."""

from __future__ import annotations

from torch import Tensor, nn

from cogmodels.decoding.epoch_network import EpochNetwork, samples


class EegConformer(EpochNetwork):
    """Song et al. (2023, IEEE TNSRE 31, 710-719); lengths in ms, those of the paper at 250 Hz.

    Parameters
    ----------
    channels, times, outputs : int
    rate : float
        Samples a second.
    filters, layers, heads : int
        Temporal filters (the tokens' width), transformer layers, attention heads.
    kernel_ms, pool_ms, stride_ms : float
        Temporal filters; stretches that become a token, and how far they lie apart.
    dropout : float
    """

    def __init__(
        self,
        channels: int,
        times: int,
        outputs: int,
        rate: float,
        *,
        filters: int = 40,
        layers: int = 6,
        heads: int = 10,
        kernel_ms: float = 100.0,
        pool_ms: float = 300.0,
        stride_ms: float = 60.0,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        kernel, pool, stride = (samples(length, rate) for length in (kernel_ms, pool_ms, stride_ms))
        self.check_length(times, kernel + pool - 1, "a temporal filter and a pool")
        self.tokens = (times - kernel + 1 - pool) // stride + 1
        # Convolution over time, then over channels, as in the paper: nothing lies between, so their order is free.
        self.embedding = nn.Sequential(
            nn.Conv2d(1, filters, (1, kernel)),
            nn.Conv2d(filters, filters, (channels, 1)),
            nn.BatchNorm2d(filters),
            nn.ELU(),
            nn.AvgPool2d((1, pool), (1, stride)),
            nn.Dropout(dropout),
            nn.Conv2d(filters, filters, 1),
        )
        layer = nn.TransformerEncoderLayer(
            filters, heads, 4 * filters, dropout, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(self.tokens * filters, 256), nn.ELU(), nn.Dropout(dropout),
            nn.Linear(256, 32), nn.ELU(), nn.Dropout(0.6 * dropout),
            nn.Linear(32, outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embedding(x[:, None])[:, :, 0].transpose(1, 2)
        return self.head(self.transformer(tokens))
