"""The knobs of training a feed-forward network for styles of one's own."""

from __future__ import annotations

from studio.options import Options, knob


class TrainOptions(Options):
    """How a feed-forward network is trained (Johnson et al. 2016)."""

    steps: int = knob(
        4000,
        "How many batches to learn from. A sketch of the style is there after some hundred; the article takes 40,000.",
        label="Steps",
        minimum=1,
        maximum=1_000_000,
        soft_maximum=40_000,
        step=100,
    )
    size: int = knob(
        256,
        "Side of the squares that are cut from the pictures to learn from.",
        label="Training size",
        unit="px",
        minimum=32,
        maximum=1024,
        step=32,
    )
    style_size: int = knob(
        256,
        "Longer side of the style pictures while learning: smaller makes strokes finer, larger coarser.",
        label="Style size",
        unit="px",
        minimum=32,
        maximum=2048,
        step=32,
    )
    batch: int = knob(
        4,
        "Pictures in a batch: more makes each step steadier, and takes memory and time in proportion.",
        label="Batch",
        minimum=1,
        maximum=64,
        step=1,
    )
    style_weight: float = knob(
        15.0,
        "How much the style counts against the content; both are measured as a share of what there is to reach.",
        label="Style weight",
        minimum=0.0,
        maximum=1000.0,
        soft_maximum=50.0,
        step=0.5,
    )
    smoothness: float = knob(
        2.0,
        "How much differences between neighbouring pixels are held against the result (total variation).",
        label="Smoothness",
        minimum=0.0,
        maximum=100.0,
        soft_maximum=10.0,
        step=0.1,
    )
    width: int = knob(
        32,
        "Channels after the first layer: 32 as in the article; fewer are quicker, to train and to use, and coarser.",
        label="Width",
        minimum=4,
        maximum=128,
        soft_maximum=64,
        step=4,
        advanced=True,
    )
    blocks: int = knob(
        5,
        "Residual blocks in the middle: 5 as in the article.",
        label="Blocks",
        minimum=0,
        maximum=16,
        step=1,
        advanced=True,
    )
    learning_rate: float = knob(
        0.001,
        "How far each step goes (Adam).",
        label="Learning rate",
        minimum=1e-6,
        maximum=0.1,
        step=0.0001,
        advanced=True,
    )
    save_every: int = knob(
        200,
        "Steps between two checkpoints. The training goes on exactly from the last one if it was interrupted.",
        label="Checkpoint every",
        unit="steps",
        minimum=1,
        maximum=100_000,
        step=50,
        advanced=True,
    )
    seed: int = knob(
        0,
        "Where weights, order and cuts of the pictures start from.",
        label="Seed",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        advanced=True,
    )
