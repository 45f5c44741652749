"""Where the program starts: the window by the shortest way, everything else through the command line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with `arguments` (those of the process by default); returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if are_pictures(words):
        from studio import launch, logs

        logs.set_up()
        # If there can be no window, the command line below comes to the same end and says why.
        with contextlib.suppress(launch.NoWindow):
            return launch.open_window(*map(Path, words))
    from studio.cli import main as command_line

    return command_line(words)


def are_pictures(words: Sequence[str]) -> bool:
    """Whether the words are files to open and nothing else, so that the window needs no parser (it takes 0.1 s).

    A file without a suffix is left to the parser: a command of that name goes first.
    """
    return len(words) <= 2 and all(Path(word).suffix and Path(word).is_file() for word in words)


if __name__ == "__main__":
    sys.exit(main())
