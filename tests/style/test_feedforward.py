"""Feed-forward networks against plain code: layout, normalisation, bands, files, and what they do to a picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from studio.backbones import WeightsError
from studio.picture import Picture, without_hidden
from studio.progress import run_to_end
from studio.style.feedforward import (
    FeedForwardError,
    StyleNetwork,
    apply_network,
    load_network,
    network_of,
    save_network,
)
from studio.style.feedforward_bands import in_bands
from studio.style.feedforward_net import ConditionalNorm, NetPlan, StyleNet
from tests.making_pictures import smooth_noise

SHAPES = {
    "conv1": (32, 3, 9), "conv2": (64, 32, 3), "conv3": (128, 64, 3),
    "deconv1": (64, 128, 3), "deconv2": (32, 64, 3), "deconv3": (3, 32, 9),
    **{f"res{number}.conv{half}": (128, 128, 3) for number in range(1, 6) for half in (1, 2)},
}  # fmt: skip
NORMS = {
    "in1": 32, "in2": 64, "in3": 128, "in4": 64, "in5": 32,
    **{f"res{number}.in{half}": 128 for number in range(1, 6) for half in (1, 2)},
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small convolutions only wait for each other on more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def public_checkpoint(old: bool = False, seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dict with the names and shapes of the published files, and generated numbers."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, (width, channels, side) in SHAPES.items():
        scale = (2 / (channels * side**2)) ** 0.5 * (60 if name == "deconv3" else 1)
        state[f"{name}.conv2d.weight"] = scale * torch.randn(width, channels, side, side, generator=generator)
        state[f"{name}.conv2d.bias"] = torch.randn(width, generator=generator)
    state["deconv3.conv2d.bias"] += 120.0
    for name, channels in NORMS.items():
        state[f"{name}.weight"] = 1 + 0.3 * torch.randn(channels, generator=generator)
        state[f"{name}.bias"] = 0.3 * torch.randn(channels, generator=generator)
        if old:
            state[f"{name}.running_mean"] = torch.full((channels,), 77.0)
            state[f"{name}.running_var"] = torch.full((channels,), 0.01)
    return state


def by_hand(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The published network, written out layer by layer."""

    def convolve(name: str, x: torch.Tensor, stride: int = 1, up: int = 1) -> torch.Tensor:
        if up == 2:
            x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        weight = state[f"{name}.conv2d.weight"]
        side = weight.shape[-1] // 2
        return F.conv2d(torch.nn.ReflectionPad2d(side)(x), weight, state[f"{name}.conv2d.bias"], stride=stride)

    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        return F.instance_norm(x, weight=state[f"{name}.weight"], bias=state[f"{name}.bias"])

    for number, stride in ((1, 1), (2, 2), (3, 2)):
        x = norm(f"in{number}", convolve(f"conv{number}", x, stride)).clamp(min=0)
    for number in range(1, 6):
        y = norm(f"res{number}.in1", convolve(f"res{number}.conv1", x)).clamp(min=0)
        x = x + norm(f"res{number}.in2", convolve(f"res{number}.conv2", y))
    for number in (1, 2):
        x = norm(f"in{number + 3}", convolve(f"deconv{number}", x, up=2)).clamp(min=0)
    return convolve("deconv3", x)


def small_net(styles: int = 1, seed: int = 0) -> StyleNet:
    """A narrow network whose results spread over the range of colours."""
    torch.manual_seed(seed)
    net = StyleNet(NetPlan(6, 2, styles)).requires_grad_(False).eval()
    for module in net.modules():
        if isinstance(module, ConditionalNorm):
            module.weight.copy_(1 + 0.5 * torch.randn_like(module.weight))
            module.bias.copy_(0.5 * torch.randn_like(module.bias))
    net.deconv3.conv2d.weight.mul_(60.0)
    net.deconv3.conv2d.bias.fill_(120.0)
    return net


def photograph(height: int = 40, width: int = 56, alpha: bool = False, deep: bool = False) -> Picture:
    numbers = smooth_noise(height, width, 4 if alpha else 3, seed=4)
    kind = np.uint16 if deep else np.uint8
    return Picture.from_array(np.rint(numbers * np.iinfo(kind).max).astype(kind), "photograph")


@pytest.mark.parametrize("old", [False, True], ids=["new layout", "old layout"])
def test_a_published_checkpoint_gives_what_the_published_network_gives(tmp_path, old):
    state = public_checkpoint(old)
    torch.save(state, tmp_path / "mosaic.pth")
    network = load_network(tmp_path / "mosaic.pth")
    assert network.names == ("mosaic",) and network.net.plan == NetPlan(32, 5, 1)
    x = 255 * torch.rand(1, 3, 44, 52, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        wanted, found = by_hand(state, x), network.net(x)
    assert wanted.std() > 20
    torch.testing.assert_close(found, wanted, atol=2e-2, rtol=1e-4)


def test_conditional_normalisation_is_its_formula():
    torch.manual_seed(1)
    norm = ConditionalNorm(5, 3).double().requires_grad_(False)
    norm.weight.copy_(torch.randn(3, 5))
    norm.bias.copy_(torch.randn(3, 5))
    x = torch.randn(2, 5, 7, 4, dtype=torch.float64) * 3 + 2
    mix = torch.tensor([[0.0, 1.0, 0.0], [0.25, 0.0, 0.75]], dtype=torch.float64)
    found = norm(x, mix).numpy()
    numbers, scales, shifts = x.numpy(), norm.weight.numpy(), norm.bias.numpy()
    for n in range(2):
        for c in range(5):
            values = numbers[n, c]
            standard = (values - values.mean()) / np.sqrt(values.var() + 1e-5)
            scale = sum(mix[n, s].item() * scales[s, c] for s in range(3))
            shift = sum(mix[n, s].item() * shifts[s, c] for s in range(3))
            np.testing.assert_allclose(found[n, c], standard * scale + shift, atol=1e-12)


@pytest.mark.parametrize("band", [1, 60 * 5, 1 << 18])
@pytest.mark.parametrize("size", [(48, 60), (64, 16)])
def test_bands_give_what_the_whole_gives(size, band):
    net = small_net(styles=2)
    x = 255 * torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(2))
    mix = torch.tensor([[0.4, 0.6]])
    with torch.inference_mode():
        wanted = (net(x, mix)[0] / 255).clamp(0, 1).permute(1, 2, 0)
    found = run_to_end(in_bands(net, x, mix, band))
    assert wanted.std() > 0.05 and found.shape == (*size, 3)
    torch.testing.assert_close(found, wanted, atol=2e-5, rtol=0)


def test_sides_that_do_not_divide_are_continued_and_cropped():
    net = small_net()
    x = 255 * torch.rand(1, 3, 39, 50, generator=torch.Generator().manual_seed(2))
    padded = torch.cat([x, x[:, :, -1:]], dim=2)
    padded = torch.cat([padded, padded[..., -1:], padded[..., -1:]], dim=3)
    with torch.inference_mode():
        wanted = (net(padded)[0] / 255).clamp(0, 1).permute(1, 2, 0)[:39, :50]
    torch.testing.assert_close(run_to_end(in_bands(net, x, net.one_hot([0]))), wanted, atol=2e-5, rtol=0)


def test_one_of_several_styles_is_the_network_of_that_style(tmp_path):
    several = StyleNetwork("both", small_net(styles=2), ("waves", "stars"))
    save_network(several, tmp_path / "both.safetensors")
    again = load_network(tmp_path / "both.safetensors")
    assert again.names == ("waves", "stars")
    state = {
        key: value[1] if ".in" in f".{key}" else value for key, value in several.net.state_dict().items()
    }  # the second row of each normalisation
    alone = network_of(state, "stars.pth")
    x = 255 * torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        torch.testing.assert_close(again.net(x, again.mix("stars")), alone.net(x))
        assert (again.net(x, again.mix(0)) - alone.net(x)).abs().mean() > 1
    torch.testing.assert_close(again.mix([3, 1]), torch.tensor([[0.75, 0.25]]))
    for wrong in ("moon", 2, [1.0], [0.0, 0.0], [float("nan"), 1.0]):
        with pytest.raises(FeedForwardError, match="both"):
            again.mix(wrong)


def test_a_network_of_one_style_is_written_in_the_published_layout(tmp_path):
    from safetensors.torch import load_file

    state = public_checkpoint()
    network = network_of(state, "candy.pth")
    save_network(network, tmp_path / "candy.safetensors")
    written = load_file(tmp_path / "candy.safetensors")
    assert written.keys() == state.keys()
    assert all(torch.equal(written[key], value) for key, value in state.items())


def test_files_that_hold_something_else_are_refused_in_words(tmp_path):
    def refusal(content: object, error: type[Exception] = FeedForwardError) -> str:
        torch.save(content, tmp_path / "file.pth")
        with pytest.raises(error) as caught:
            load_network(tmp_path / "file.pth")
        sentence = str(caught.value)
        assert "file.pth" in sentence and sentence.endswith(".") and "\n" not in sentence
        return sentence

    state = public_checkpoint()
    assert "fast_neural_style" in refusal({"features.0.weight": torch.zeros(3)})
    missing = {key: value for key, value in state.items() if key != "deconv2.conv2d.bias"}
    assert "fast_neural_style" in refusal(missing)
    refusal({**state, "in4.weight": torch.zeros(3)})
    refusal({**state, "one more": torch.zeros(3)})
    assert "finite" in refusal({**state, "in1.bias": torch.full((32,), float("nan"))})
    refusal([1, 2], WeightsError)
    refusal({"net": object()}, WeightsError)  # would need code to be run
    (tmp_path / "x.pth").write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsError, match=r"x\.pth"):
        load_network(tmp_path / "x.pth")
    with pytest.raises(WeightsError, match=r"gone\.pth"):
        load_network(tmp_path / "gone.pth")


def test_a_picture_keeps_its_size_depth_and_alpha():
    network = StyleNetwork("small", small_net(), ("small",))
    picture = photograph(39, 50, alpha=True, deep=True)
    result = run_to_end(apply_network(picture, network, device="cpu"))
    assert result.size == picture.size and result.depth == 16
    numbers = result.full()
    assert numbers.dtype == np.uint16 and numbers.shape == (39, 50, 4)
    assert np.abs(result.alpha.astype(int) - picture.alpha).max() <= 1
    seen = without_hidden(picture.full()[..., :3], picture.full()[..., 3])  # what nobody sees is not there
    x = torch.from_numpy(seen.astype(np.float32) / 257).permute(2, 0, 1)[None]
    wanted = run_to_end(in_bands(network.net, x, network.mix())).numpy() * 65535
    assert np.abs(numbers[..., :3] - wanted).max() < 2
    smaller = run_to_end(apply_network(photograph(), network, size=28, device="cpu"))
    assert smaller.size == (28, 20) and smaller.depth == 8 and smaller.alpha is None


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (3, 5)])
def test_tiny_pictures_go_through(size):
    network = StyleNetwork("small", small_net(), ("small",))
    result = run_to_end(apply_network(Picture.from_array(np.full((*size, 3), 90, np.uint8)), network, device="cpu"))
    assert result.size == size[::-1]


def test_full_memory_is_answered_with_smaller_bands(monkeypatch):
    import studio.style.feedforward_bands as bands

    network = StyleNetwork("small", small_net(), ("small",))
    wanted = run_to_end(apply_network(photograph(), network, device="cpu"))
    tried = []

    def full(net, pixels, mix, band):
        tried.append(band)
        if len(tried) == 1:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return (yield from in_bands(net, pixels, mix, band))

    monkeypatch.setattr(bands, "in_bands", full)
    messages = []
    found = run_to_end(apply_network(photograph(), network, device="cpu"), lambda event: messages.append(event.message))
    assert len(tried) == 2 and tried[1] < tried[0]
    assert any("memory" in message for message in messages)
    assert np.abs(found.pixels.astype(int) - wanted.pixels).max() <= 1
