"""The knobs of maps of features, for forms and flags. Imports no torch."""

from __future__ import annotations

from typing import Literal

from studio.options import Options, knob


class EmbeddingOptions(Options):
    """How features are laid out on a map."""

    level: int = knob(5, "The level whose cells are laid out.", label="Level", minimum=1, maximum=5, step=1)
    items: Literal["cells", "channels"] = knob(
        "cells",
        "What is laid out: the cells of both pictures, or the channels.",
        label="Items",
        words={"cells": "Cells", "channels": "Channels"},
    )
    method: Literal["tsne", "pca"] = knob(
        "tsne",
        "“tsne” keeps who is near whom, “pca” keeps the directions in which they differ most.",
        label="Method",
        words={"tsne": "Neighbours (t-SNE)", "pca": "Main directions (PCA)"},
    )
    perplexity: float = knob(
        30.0,
        "About how many neighbours each item has.",
        label="Perplexity",
        minimum=2.0,
        maximum=200.0,
        step=1.0,
        advanced=True,
    )
    size: int = knob(
        224,
        "Longer side at which the network looks at the pictures.",
        label="Size",
        unit="px",
        minimum=32,
        maximum=1024,
    )
    seed: int = knob(0, "Where chance starts from.", label="Seed", minimum=0, maximum=2**31 - 1, step=1, advanced=True)
