"""The knobs of a warp: which one, how stiff, and what holds the edges."""

from __future__ import annotations

from typing import Literal

from studio.options import Options, knob

WarpKind = Literal["mls-rigid", "mls-similarity", "mls-affine", "tps", "delaunay", "halfway"]
Border = Literal["free", "corners", "edges"]


class WarpOptions(Options):
    """How a dense field is made of point pairs."""

    warp: WarpKind = knob(
        "mls-rigid",
        "How the places between the points move. The three “mls” warps (moving least squares) let every place follow "
        "the nearest points by turning (rigid), also scaling (similarity), or also shearing (affine). “tps” bends like "
        "a thin metal plate. “delaunay” moves triangles between the points. “halfway” also looks at the pictures and "
        "shifts the warp until their structures lie on each other; it takes seconds.",
        label="Warp",
    )
    border: Border = knob(
        "corners",
        "What holds the outside. “free” lets the edges follow the points, “corners” pins the four corners, “edges” "
        "pins points all along the edges, so that no pixel from beyond the picture comes in.",
        label="Border",
    )
    untangle: bool = knob(
        True,
        "Let matched pairs that cross their neighbours give way, half in each picture, and leave out those that "
        "contradict them, until nothing folds. Pairs that you placed, dragged or locked stay where they are.",
        label="Untangle",
    )
    stiffness: float = knob(
        1.0,
        "How quickly the pull of a point fades with distance: the weight is 1 / distance^(2 × stiffness). More keeps "
        "a point's effect near it; less lets all points act together. Used by the mls warps.",
        label="Stiffness",
        minimum=0.5,
        maximum=3.0,
        step=0.1,
        advanced=True,
    )
    smoothing: float = knob(
        0.0,
        "How far the plate may miss the points in order to bend less: 0 goes exactly through them. Evens out points "
        "that were placed a little off. Used by tps.",
        label="Smoothing",
        minimum=0.0,
        maximum=1.0,
        step=0.01,
        advanced=True,
    )
    curved: bool = knob(
        True,
        "Let parts that turn travel on arcs instead of straight lines, so that they do not shrink half-way. Used by "
        "halfway.",
        label="Curved paths",
        advanced=True,
    )
