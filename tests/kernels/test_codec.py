"""Convolutions with everything around them, against float64; tiles that fit every convolution of the release."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.random_checkpoint import codec_config
from qwen_tts.checkpoint.codec import Codec
from qwen_tts.checkpoint.weights import plan
from qwen_tts.config.checkpoint import CodecConfig
from qwen_tts.kernels import codec as kernels
from qwen_tts.kernels import linear
from qwen_tts.kernels.codec import Convolution, ConvolutionTiles, Snake, convolution_workspace, convolve, tiles_of
from qwen_tts.models.codec_decoder import CodecDecoder
from qwen_tts.models.codec_encoder import CodecEncoder
from qwen_tts.runtime.codec_decoder_triton import TritonDecoder
from qwen_tts.runtime.cuda_graphs import Graphs
from tests.kernels import references
from tests.kernels.cases import crossed

SMALL = ConvolutionTiles(16, 16, 16, 1, 4, 1)
ROOMS = {"Hopper": 227 * 1024, "the least": 99 * 1024}
"""Shared memory of a program, in bytes"""
MOST_ROWS = 65
"""64, and the one that decodes alone"""


class Setting:
    """A convolution and its input: rows that lie apart, with history before them and nothing between."""

    def __init__(
        self, device: torch.device, dtype: torch.dtype, *, rows: int = 2, steps: int = 5, channels: int = 20,
        outputs: int = 18, taps: int = 3, dilation: int = 1, stride: int = 1,
    ) -> None:  # fmt: skip
        torch.manual_seed(0)
        self.rows, self.steps, self.outputs, self.dtype = rows, steps, outputs * stride, dtype
        weight = (torch.randn(self.outputs, taps * channels, device=device) / (taps * channels) ** 0.5).to(dtype)
        self.bias = torch.randn(outputs, device=device)
        self.convolution = Convolution(weight, self.bias.repeat(stride), taps, dilation, outputs)
        self.workspace = convolution_workspace(device)
        self.before = self.convolution.history * channels
        self.length = self.before + steps * channels
        self.data = torch.full((rows, self.length + 8), torch.nan, device=device, dtype=dtype)
        self.data[:, : self.length] = torch.randn(rows, self.length, device=device)
        self.x = self.data[:, : self.length].unflatten(1, (-1, channels))

    @property
    def exact(self) -> Tensor:
        """[rows, steps, outputs]"""
        one = self.convolution
        return references.convolution(self.x, one.weight, one.bias, one.taps, one.dilation)

    def like_output(self, seed: int) -> Tensor:
        """[rows, steps * outputs] of random numbers, in rows that lie further apart."""
        generator = torch.Generator().manual_seed(seed)
        numbers = torch.randn(self.rows, self.steps * self.outputs + seed, generator=generator)
        return numbers.to(self.data)[:, : self.steps * self.outputs]

    def shaped(self, out: Tensor) -> Tensor:
        return out.unflatten(1, (self.steps, self.outputs))

    def empty(self) -> Tensor:
        """Longer than a row; what is not written stays NaN."""
        return torch.full_like(self.data[:, :1].expand(-1, self.steps * self.outputs + 3), torch.nan)

    def run(self, tiles: ConvolutionTiles | None = None, **around: Any) -> Tensor:
        """-> what was `activated` [rows, steps, outputs]; nothing beside it was written."""
        out = self.empty()
        new = self.data[:, self.before :]
        convolve(
            self.convolution, new, self.steps, self.rows, workspace=self.workspace, activated=out, tiles=tiles, **around
        )
        assert out[:, self.steps * self.outputs :].isnan().all()
        return self.shaped(out[:, : self.steps * self.outputs])

    def is_close(self, ours: Tensor, exact: Tensor) -> bool:
        return references.error(ours, exact) < references.bound(self.dtype)


# -- the sum ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("taps", "dilation"), [(1, 1), (2, 1), (3, 1), (3, 4), (7, 9)])
def test_it_is_a_convolution(taps: int, dilation: int, device: torch.device, dtype: torch.dtype) -> None:
    setting = Setting(device, dtype, taps=taps, dilation=dilation)
    for tiles in (SMALL, None):
        assert setting.is_close(setting.run(tiles), setting.exact)


@pytest.mark.parametrize(("rows", "steps"), [(1, 1), (1, 33), (3, 7), (40, 1)])
def test_any_number_of_rows_and_steps(rows: int, steps: int, device: torch.device) -> None:
    """Tiles begin and end in the middle of rows."""
    setting = Setting(device, torch.float32, rows=rows, steps=steps)
    for tiles in (SMALL, SMALL._replace(splits=2), None):
        assert setting.is_close(setting.run(tiles), setting.exact)


@pytest.mark.parametrize(("channels", "outputs"), [(1, 1), (16, 16), (17, 15), (24, 50), (96, 33)])
def test_channels_and_outputs_that_no_block_divides(
    channels: int, outputs: int, device: torch.device, dtype: torch.dtype
) -> None:
    setting = Setting(device, dtype, channels=channels, outputs=outputs)
    for tiles in (SMALL, ConvolutionTiles(32, 32, 64, 3, 4, 1), None):
        assert setting.is_close(setting.run(tiles), setting.exact)


@pytest.mark.parametrize("splits", [2, 5, 12])
def test_shared_tiles_are_used_again_at_once(splits: int, device: torch.device, dtype: torch.dtype) -> None:
    """Also by more programs than there are inputs, and by a convolution of another shape."""
    setting, other = Setting(device, dtype, steps=3), Setting(device, dtype, channels=32, taps=1)
    other.workspace = setting.workspace
    setting.workspace.partial.fill_(torch.nan)
    tiles = SMALL._replace(splits=splits)
    first = setting.run(tiles)
    assert setting.is_close(first, setting.exact)
    assert not setting.workspace.arrivals.any()
    assert other.is_close(other.run(tiles), other.exact)
    assert torch.equal(setting.run(tiles), first), "the shares are added up in their order"
    assert not setting.workspace.arrivals.any()


def test_a_convolution_that_shares_by_itself(device: torch.device) -> None:
    """Of one step and many inputs."""
    setting = Setting(device, torch.float32, rows=1, steps=1, channels=160, taps=7)
    assert tiles_of(1, 18, 7 * 160, 160, 4).splits > 1
    assert setting.is_close(setting.run(), setting.exact)
    assert not setting.workspace.arrivals.any()


@pytest.mark.parametrize("splits", [1, 3])
@pytest.mark.parametrize(("taps", "stride"), [(1, 2), (2, 3)])
def test_a_transposed_convolution(
    taps: int, stride: int, splits: int, device: torch.device, dtype: torch.dtype
) -> None:
    """A snake is the same for every step that comes out."""
    setting = Setting(device, dtype, channels=24, outputs=9, taps=taps, stride=stride)
    snake = Snake(torch.rand(9, device=device) + 0.5, torch.rand(9, device=device))
    one, raw = setting.convolution, setting.empty()
    activated = setting.run(SMALL._replace(splits=splits), raw=raw, snake=snake)
    exact = references.transposed_convolution(setting.x, one.weight, setting.bias, taps, stride)
    said = setting.shaped(raw[:, : setting.steps * setting.outputs]).reshape(exact.shape)
    assert setting.is_close(said, exact)
    assert setting.is_close(activated.reshape(exact.shape), snaked(exact, snake))


# -- what comes after it ----------------------------------------------------------------------------------------------


def snaked(y: Tensor, snake: Snake) -> Tensor:
    return y + (y * snake.frequency.double()).sin().square() * snake.amplitude.double()


@pytest.mark.parametrize(("splits", "gelu", "with_gamma"), crossed([1, 2], [False, True], [True, False]))
@pytest.mark.parametrize("with_residual", [False, True])
@pytest.mark.parametrize("with_snake", [False, True])
def test_everything_around_it(
    splits: int, gelu: bool, with_gamma: bool, with_residual: bool, with_snake: bool, device: torch.device
) -> None:
    """In this order: GELU, gamma, what is added; then a snake of that beside it."""
    setting = Setting(device, torch.float32, rows=2, steps=3, taps=1)
    gamma = torch.randn(setting.outputs, device=device) if with_gamma else None
    residual = setting.like_output(5) if with_residual else None
    snake = Snake(torch.rand(setting.outputs, device=device) + 0.5, torch.rand(setting.outputs, device=device))
    exact = setting.exact
    if gelu:
        exact = functional.gelu(exact)
    if gamma is not None:
        exact = exact * gamma.double()
    if residual is not None:
        exact = exact + setting.shaped(residual).double()
    raw = setting.empty()
    activated = setting.run(
        SMALL._replace(splits=splits), raw=raw, gelu=gelu, gamma=gamma, residual=residual,
        snake=snake if with_snake else None,
    )  # fmt: skip
    size = setting.steps * setting.outputs
    assert setting.is_close(setting.shaped(raw[:, :size]), exact)
    assert raw[:, size:].isnan().all()
    assert setting.is_close(activated, snaked(exact, snake) if with_snake else exact)


def test_a_wave_of_any_size(device: torch.device) -> None:
    """A snake of numbers far from zero is as exact as the numbers are."""
    setting = Setting(device, torch.float32, channels=16, outputs=16, taps=1)
    setting.convolution.weight.copy_(torch.eye(16))
    setting.convolution.bias.zero_()
    setting.x.mul_(300)
    snake = Snake(torch.linspace(0.1, 9, 16, device=device), torch.ones(16, device=device))
    wave = setting.run(SMALL, snake=snake).double() - setting.x[:, setting.convolution.history :].double()
    exact = snaked(setting.exact, snake) - setting.exact
    assert (wave - exact).abs().max() < 1e-3


def test_the_sum_may_take_the_place_of_what_is_added_to(device: torch.device) -> None:
    setting = Setting(device, torch.float32)
    for splits in (1, 2):
        place = setting.like_output(4)
        exact = setting.exact + setting.shaped(place).double()
        setting.run(SMALL._replace(splits=splits), residual=place, raw=place)
        assert setting.is_close(setting.shaped(place), exact)


# -- tiles ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size = ROOMS[request.param]
    for module in (kernels, linear):
        monkeypatch.setattr(module, "shared_bytes", lambda: size)
    return size


@pytest.fixture(scope="module")
def release() -> TritonDecoder:
    """The decoder of the true size, without memory."""
    config = CodecConfig.model_validate(codec_config(tiny=False))
    decoder = plan(lambda: CodecDecoder(config.decoder), torch.float32)
    encoder = plan(lambda: CodecEncoder(config.encoder, config.codebooks), torch.float32)
    meta = torch.device("meta")
    return TritonDecoder(Codec(config, decoder, encoder, meta), MOST_ROWS - 1, torch.bfloat16, meta, Graphs())


def check(tiles: ConvolutionTiles, element_bytes: int, room: int) -> None:
    """Sides that tensor cores take, as many stages as there is room for, and never none."""
    block_m, block_n, block_k, splits, _, stages = tiles
    assert all(side >= 16 and side & (side - 1) == 0 for side in (block_m, block_n, block_k))
    assert splits >= 1
    assert stages >= 1
    assert stages * (block_m + block_n) * block_k * element_bytes <= room


def shapes() -> Iterator[tuple[int, int, int]]:
    """(channels, taps, outputs): the release's, and more of their kind."""
    sizes = (96, 192, 384, 512, 768, 1024, 1536, 4096)
    return product(sizes, (1, 2, 3, 7), (*sizes, 288, 1920, 2048, 6144))


@pytest.mark.parametrize("element_bytes", [2, 4])
def test_tiles_fit_whatever_the_release_convolves(
    element_bytes: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`convolve` itself asserts that shared tiles have room to meet."""
    monkeypatch.setattr(kernels, "launch", lambda *_, **__: None)
    meta = partial(torch.empty, device="meta", dtype=torch.bfloat16 if element_bytes == 2 else torch.float32)
    workspace = convolution_workspace(torch.device("meta"))
    for channels, taps, outputs in shapes():
        one = Convolution(meta(outputs, taps * channels), meta(outputs), taps)
        for rows, steps in product((1, 2, 3, 16, 17, 64, 65), (1, 2, 4, 32, 160, 640, 1920)):
            tiles = tiles_of(rows * steps, outputs, taps * channels, channels, element_bytes)
            check(tiles, element_bytes, room)
            convolve(one, meta(rows, 1), steps, rows, workspace=workspace, activated=meta(rows, 1), tiles=tiles)


def test_every_frame_of_the_release_can_be_launched(
    release: TritonDecoder, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any number of rows; also here the kernels' own assertions count."""
    launched: list[ConvolutionTiles] = []

    def launch(kernel: Any, grid: tuple[int, ...], *_: object, **options: Any) -> None:
        if kernel is kernels._convolve:
            sides = (options[f"BLOCK_{side}"] for side in "MNK")
            launched.append(ConvolutionTiles(*sides, grid[2], options["num_warps"], options["num_stages"]))

    for module in (kernels, linear):
        monkeypatch.setattr(module, "launch", launch)
    for rows in range(1, MOST_ROWS + 1):
        release.decode(rows)
    assert len(launched) >= MOST_ROWS * 2 * 12
    for tiles in launched:
        check(tiles, 2, room)


def test_what_is_no_code_looks_up_nothing_outside_the_table(device: torch.device) -> None:
    """Less than nothing, where numbers were not finite, and the end of speech."""
    table = torch.randn(2 * 8, 4, device=device)
    out = torch.zeros(2, 4, device=device)
    kernels.embed(torch.tensor([[-1, 3], [2150, 5]], dtype=torch.int32, device=device), table, out)
    torch.testing.assert_close(out, table[[0, 7]] + table[[8 + 3, 8 + 5]])
