"""The table of networks: what each is called, where it is cut into levels, where its weights come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.backbones import buddynet
from studio.backbones.levels import Level, WeightsError
from studio.language import tr, translatable
from studio.paths import resources

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TORCHVISION = "https://download.pytorch.org/models"
BSD = "BSD 3-clause (torchvision)"


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a torchvision network is cut to give one level, and how cells are brought to their place.

    Attributes
    ----------
    name : str
        The field's name of the activations.
    after : str
        The last module that belongs to the level, as `named_modules` spells it. Everything between two
        cuts must be one chain, so that a level is a function of the level before it alone.
    stride, channels, offset
        See `Level`.
    pad : (int, int)
        Cells added before (left, top) and after (right, bottom) what the level is computed from.
    drop : int
        Cells of the result dropped before (left, top).

    A network whose convolutions and pools of stride 2 have odd kernels puts a cell's centre on a cell of
    the level before, not between two of them, so it is half of a finer cell off its block; always to
    the same side, which adds up to half a cell. `pad` and `drop` choose the side level by level, so
    that the errors alternate and stay under a quarter of a cell.
    """

    name: str
    after: str
    stride: int
    channels: int
    offset: float = 0.0
    pad: tuple[int, int] = (0, 0)
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One network of the catalogue.

    Attributes
    ----------
    name, title, description : str
        The key, the name for people, one sentence.
    licence : str
        Of the weights.
    constructor : str
        Function of `torchvision.models`; empty for BuddyNet.
    cuts : tuple of Cut
        Fine to coarse; empty for BuddyNet, whose levels stand in its file.
    url : str
        Where the weights are published; empty if they ship with the program.
    sha256 : str
        Of the published file; its first digits where no more are known.
    download_bytes, kept_bytes : int
        Size of the published file, and of the part that is kept: all but a large classifier.
    mean, std : (float, float, float)
        What the network wants subtracted from, and divided out of, an RGB image in [0, 1].
    """

    name: str
    title: str
    description: str
    licence: str
    constructor: str = ""
    cuts: tuple[Cut, ...] = ()
    url: str = ""
    sha256: str = ""
    download_bytes: int = 0
    kept_bytes: int = 0
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    @property
    def built_in(self) -> bool:
        """Whether the weights ship with the program."""
        return not self.url

    @property
    def shipped(self) -> Path:
        """The file of a built-in network."""
        return resources() / "models" / f"{self.name}.safetensors"

    @property
    def levels(self) -> tuple[Level, ...]:
        """Fine to coarse; strides double from level to level. A built-in network's file is asked."""
        if not self.cuts:
            return buddynet.plan(buddynet.shapes_in(self.shipped)).levels
        return tuple(
            Level(number, cut.name, cut.stride, cut.channels, cut.offset) for number, cut in enumerate(self.cuts, 1)
        )


_ENTRIES = (
    Entry(
        name="buddynet",
        title="BuddyNet",
        description=translatable(
            "Our own small network, for matches, styles and painting in one go; comes with the program, works offline."
        ),
        licence="MIT",
    ),
    Entry(
        name="vgg19",
        title="VGG-19",
        description=translatable("The network of the Neural Best-Buddies paper: the reference, thorough and slow."),
        licence=BSD,
        constructor="vgg19",
        cuts=(
            Cut("relu1_1", "features.1", 1, 64),
            Cut("relu2_1", "features.6", 2, 128),
            Cut("relu3_1", "features.11", 4, 256),
            Cut("relu4_1", "features.20", 8, 512),
            Cut("relu5_1", "features.29", 16, 512),
        ),
        url=f"{TORCHVISION}/vgg19-dcbb9e9d.pth",
        sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        download_bytes=574_673_361,
        kept_bytes=80_097_536,
    ),
    Entry(
        name="vgg16",
        title="VGG-16",
        description=translatable("The shorter sister of VGG-19, with the same levels at four fifths of the time."),
        licence=BSD,
        constructor="vgg16",
        cuts=(
            Cut("relu1_1", "features.1", 1, 64),
            Cut("relu2_1", "features.6", 2, 128),
            Cut("relu3_1", "features.11", 4, 256),
            Cut("relu4_1", "features.18", 8, 512),
            Cut("relu5_1", "features.25", 16, 512),
        ),
        url=f"{TORCHVISION}/vgg16-397923af.pth",
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        download_bytes=553_433_881,
        kept_bytes=58_858_752,
    ),
    Entry(
        name="squeezenet1_0",
        title="SqueezeNet 1.0",
        description=translatable(
            "Tiny and quick, yet trained on all of ImageNet; good matches for a download of 5 MB."
        ),
        licence=BSD,
        constructor="squeezenet1_0",
        cuts=(
            Cut("conv1", "features.1", 2, 96, offset=-0.5, pad=(3, 2)),
            Cut("fire4", "features.5", 4, 256, offset=0.5),
            Cut("fire8", "features.10", 8, 512, offset=-1.5, pad=(1, 0)),
            Cut("fire9", "features.12", 16, 512, offset=2.5),
        ),
        url=f"{TORCHVISION}/squeezenet1_0-b66bff10.pth",
        sha256="b66bff10",
        download_bytes=5_010_000,  # to the kilobyte
        kept_bytes=4_993_696,
    ),
    Entry(
        name="squeezenet1_1",
        title="SqueezeNet 1.1",
        description=translatable(
            "SqueezeNet 1.0 at less than half of its time; its levels are a little coarser in meaning."
        ),
        licence=BSD,
        constructor="squeezenet1_1",
        cuts=(
            Cut("conv1", "features.1", 2, 64, offset=-0.5, pad=(1, 0)),
            Cut("fire3", "features.4", 4, 128, offset=0.5),
            Cut("fire5", "features.7", 8, 256, offset=-1.5, pad=(1, 0)),
            Cut("fire9", "features.12", 16, 512, offset=2.5),
        ),
        url=f"{TORCHVISION}/squeezenet1_1-b8a52dc0.pth",
        sha256="b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
        download_bytes=4_958_839,
        kept_bytes=4_941_984,
    ),
    Entry(
        name="resnet50",
        title="ResNet-50",
        description=translatable(
            "A deep residual network; its two coarsest levels know objects well but see little detail."
        ),
        licence=BSD,
        constructor="resnet50",
        cuts=(
            Cut("conv1", "relu", 2, 64, offset=-0.5),
            Cut("layer1", "layer1", 4, 256, offset=0.5, pad=(1, 0), drop=1),
            Cut("layer2", "layer2", 8, 512, offset=-1.5),
            Cut("layer3", "layer3", 16, 1024, offset=2.5, pad=(1, 0), drop=1),
            Cut("layer4", "layer4", 32, 2048, offset=-5.5),
        ),
        # The first recipe of torchvision: the second one scores higher as a classifier, but its strong
        # regularisation makes the features less local.
        url=f"{TORCHVISION}/resnet50-0676ba61.pth",
        sha256="0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
        download_bytes=102_530_333,
        kept_bytes=102_440_608,
    ),
    Entry(
        name="convnext_tiny",
        title="ConvNeXt-T",
        description=translatable(
            "A modern convolutional network; strong meaning from a stride of 4 on, no fine levels."
        ),
        licence=BSD,
        constructor="convnext_tiny",
        cuts=(
            Cut("stage1", "features.1", 4, 96),
            Cut("stage2", "features.3", 8, 192),
            Cut("stage3", "features.5", 16, 384),
            Cut("stage4", "features.7", 32, 768),
        ),
        url=f"{TORCHVISION}/convnext_tiny-983f1562.pth",
        sha256="983f1562536e84ff750a1576fb08e54de751dbf2e17c0d8a4a13704341fdcd3d",
        download_bytes=114_419_221,
        kept_bytes=114_356_512,
    ),
)

CATALOG: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def catalogued(name: str) -> Entry:
    """The entry called `name`.

    Raises
    ------
    WeightsError
        There is none.
    """
    try:
        return CATALOG[name]
    except KeyError:
        raise WeightsError(
            tr("There is no backbone “{name}”; choose one of {names}.", name=name, names=", ".join(CATALOG))
        ) from None
