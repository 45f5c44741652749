"""Undo at the end of a program: what Qt owns is freed once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def test_a_run_with_many_histories_ends_well() -> None:
    """Steps that held their history were freed twice at the end, by Python's collector and by Qt: signal 11."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/gui/canvas/test_undo.py"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    ended = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
