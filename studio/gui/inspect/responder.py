"""Answers the views of the mode Inspect on the thread of one `LiveWorker`. Knows no Qt."""

from __future__ import annotations

from typing import Any

from studio.gui.inspect.readings import (
    ColourRequest,
    FieldRequest,
    FilterRequest,
    GridRequest,
    HoverRequest,
    WhyRequest,
)
from studio.progress import Progress


class InspectResponder:
    """A `studio.live.Responder`; what it needs is in the session that each request carries."""

    def answer(self, request: Any) -> Any:
        """The reading for a request; see `studio.gui.inspect.readings`."""
        # Here, on the worker's thread: these import torch.
        from studio.gui.inspect import layers as inspect_layers
        from studio.gui.inspect import work as inspect_work

        match request:
            case HoverRequest():
                return inspect_work.hover(request)
            case WhyRequest():
                return inspect_work.why(request)
            case FieldRequest():
                return inspect_layers.field(request)
            case GridRequest():
                return inspect_layers.grid(request)
            case ColourRequest():
                return inspect_layers.colours(request)
            case FilterRequest():
                return inspect_layers.filters(request)
        raise TypeError(f"nobody answers a {type(request).__name__}")

    def rest(self) -> Progress | None:
        """Nothing is done while nobody asks."""
        return None

    def close(self) -> None:
        """Nothing is held here."""
