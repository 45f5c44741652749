"""What can be seen of a layer, and how its channels can be ordered: key, title and tip of each."""

from __future__ import annotations

from studio.gui.inspect.readings import Order
from studio.language import translatable

KINDS = (
    ("channels", translatable("All channels"), translatable("Every channel of the layer, A beside B, on one scale")),
    (
        "colours",
        translatable("Layer as colours"),
        translatable(
            "The three main directions of the layer as red, green and blue: "
            "the same colour means the same thing, in both pictures (principal components)"
        ),
    ),
    (
        "difference",
        translatable("Difference along the pairs"),
        translatable("The layer of B, bent onto A along the pairs, against that of A"),
    ),
    (
        "regions",
        translatable("Strongest regions"),
        translatable("The parts of both pictures that excite the chosen channel most"),
    ),
    (
        "filters",
        translatable("First filters"),
        translatable("What the first layer looks for, as the little pictures that it compares with"),
    ),
)
ORDERS: tuple[tuple[Order, str, str], ...] = (
    ("mean", translatable("strongest first"), translatable("By the mean activation in both pictures")),
    (
        "variance",
        translatable("most varied first"),
        translatable("By how much the activation changes within the pictures"),
    ),
    (
        "difference",
        translatable("most different first"),
        translatable("By how much more active it is in one picture than in the other"),
    ),
)
CAPTIONS: dict[Order, str] = {
    "mean": translatable("mean"),
    "variance": translatable("variance"),
    "difference": translatable("difference"),
}
"""What the number below a channel is called, by the order."""
