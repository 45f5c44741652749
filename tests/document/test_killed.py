"""A program that is killed at any moment: what was there is found at the next start.

One process imports the engine once and makes children by `fork`; each edits as fast as it can, tells what is safe,
and is killed (signal 9) at a random moment. Edit `n` is a function of `n` alone, so what is recovered can be checked
in full.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLS = 100

CODE = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
import numpy as np
from studio.document import Document, Session, Step, find_recoveries, reading, recovering
from studio.errors import StudioError
from studio.pairs import PairChange, PairSet
from studio.picture import Picture
from studio.progress import run_to_end

project = Path(sys.argv[1])
noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
pictures = [Picture.from_array(noise, "one"), Picture.from_array(noise[::-1], "two")]
other = Picture.from_array(np.zeros((10, 10, 3), np.uint8), "other")

def pairs_of(number):
    return PairSet.from_arrays([[number + n, n] for n in range(20)], [[n, number] for n in range(20)])

def document(number):
    steps = tuple(STEPS[max(0, number - 30):number])
    a = other if number % 50 > 40 else pictures[0]
    view = {"n": number}
    return Document(a, pictures[1], pairs_of(number), {}, {}, view, (), steps, len(steps), modified=True)

STEPS = [Step(f"Edit {n}", PairChange.between(pairs_of(n), pairs_of(n + 1))) for n in range(600)]

def edit(pipe):
    session = Session.create(project)
    for number in range(1, 600):
        run_to_end(session.write(document(number), number))
        os.write(pipe, b"%d\\n" % number)
        if number % 7 == 3:
            run_to_end(session.save(document(number), project, number))
            os.write(pipe, b"s%d\\n" % number)
    os._exit(3)

first = Session.create(project)  # what is imported on the way is imported once, not in every child
run_to_end(first.save(document(1), project, 1))
first.discard()
dice = random.Random(5)
for kill in range(int(sys.argv[2])):
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        edit(theirs)
    os.close(theirs)
    pipe = os.fdopen(ours)
    told = [pipe.readline() for _ in range(dice.choice((0, 1, 2, 3, 4, 5, 8)))]
    time.sleep(dice.uniform(0.0, 0.02 if told else 0.08))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    told = [word.strip() for word in (*told, *pipe)]
    pipe.close()
    safe = max((int(word) for word in told if word[0] != "s"), default=0)
    kept = max((int(word[1:]) for word in told if word[0] == "s"), default=0)
    outcome = {"killed": os.WIFSIGNALED(status), "safe": safe, "kept": kept, "whole": True, "notes": []}
    lefts = find_recoveries()
    if lefts:
        opened = run_to_end(recovering(lefts[0]))
        found = opened.document
        number = found.view.get("n", 0)
        expected = document(number)
        outcome["notes"] = list(opened.notes)
        outcome["whole"] = bool(found.pairs == expected.pairs and found.history == expected.history
            and (found.a.pixels == expected.a.pixels).all() and (found.b.pixels == expected.b.pixels).all())
        outcome["found"] = number
        opened.session.discard()
    if project.exists():
        outcome["project"] = reading(project).view["n"]
        project.unlink()
    outcome["lefts"] = len(lefts)
    for folder in (Path(os.environ["BUDDIES_STUDIO_DATA"]) / "unsaved").glob("*"):
        shutil.rmtree(folder)
    for stray in project.parent.glob(".*"):
        stray.unlink()
    print(json.dumps(outcome), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="children are made by fork")
def test_a_hundred_kills_lose_nothing_that_was_safe(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path / "project.buddies"), str(KILLS)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(outcomes) == KILLS, done.stderr[-3000:]
    assert all(outcome["killed"] for outcome in outcomes)
    # Enough of them were in the middle of something.
    assert sum(outcome["safe"] > 0 for outcome in outcomes) > KILLS / 2
    assert sum("project" in outcome for outcome in outcomes) > KILLS / 10
    for outcome in outcomes:
        assert outcome["whole"] and not outcome["notes"], outcome
        if outcome["safe"]:
            assert outcome["lefts"] == 1, outcome
            assert outcome["found"] in (outcome["safe"], outcome["safe"] + 1), outcome
        if outcome["kept"]:
            assert outcome["kept"] <= outcome["project"] <= outcome["safe"] + 1, outcome
