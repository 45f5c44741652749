"""Train BuddyNet, the built-in pyramid of features, by distilling larger networks on folders of photographs.

    python packaging/train_buddynet --images DIR [DIR ...] --fine-teacher vgg19.safetensors
        --match-teachers efficientnet-lite1.pth efficientnet-lite2.pth --work WORK --out buddynet.safetensors

Each teacher is for some of the stages, and is not asked where none of these learns. The same command again
continues after a kill; after the end it writes the file anew (with another `--about`, for instance). Everything
is logged to WORK/log.txt.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
from loop import learn, replacing
from match_teacher import MatchTeacher
from networks import WIDTHS, FineTeacher, SqueezeTeacher
from pictures import Pictures
from safetensors.torch import save_file
from training import Plan, Training

LOG = logging.getLogger("train_buddynet")


def widths(text: str) -> tuple[int, ...]:
    """ "128,128" to (128, 128)."""
    return tuple(int(part) for part in text.split(","))


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    p = argparse.ArgumentParser(prog="train_buddynet", description=(__doc__ or "").splitlines()[0])
    p.add_argument("--images", type=Path, nargs="+", required=True, help="folders; one named twice counts double")
    p.add_argument("--fine-teacher", type=Path, help="for levels 1 to 3: VGG-19 to conv3_1, torchvision's keys")
    p.add_argument("--teacher", type=Path, help="for level 3: SqueezeNet 1.0, torchvision's keys, .safetensors")
    p.add_argument(
        "--match-teachers", type=Path, nargs="+", default=[], help="for levels 4, 5: EfficientNet-Lite, .pth"
    )
    p.add_argument("--start", type=Path, help="an exported BuddyNet to begin with")
    p.add_argument("--learn", type=int, nargs=2, default=(1, 5), metavar=("FIRST", "LAST"), help="stages that learn")
    p.add_argument("--work", type=Path, required=True, help="folder of the checkpoint, the log and the packed pictures")
    p.add_argument("--out", type=Path, required=True, help="the .safetensors to write, at every checkpoint")
    p.add_argument("--about", type=Path, help="JSON object of text for the file: version, data sets, licences, figures")
    p.add_argument("--steps", type=int, default=20000)
    p.add_argument("--minutes", type=float, help="of computing: end after these even if steps are left")
    p.add_argument("--checkpoint-minutes", type=float, default=4.0)
    p.add_argument("--area", type=int, default=8 * 160 * 160, help="pixels of a batch")
    p.add_argument("--sides", type=int, nargs="+", default=[128, 160, 160, 224], help="of crops, multiples of 16")
    p.add_argument(
        "--widths", type=widths, nargs=5, default=WIDTHS, help="channels of each stage, as 32 64 128,128 ..."
    )
    p.add_argument("--rate", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--bfloat16", action="store_true", help="compute with it; twice as fast where the processor has it")
    return p.parse_args(arguments)


def metadata(o: argparse.Namespace, training: Training, pictures: Pictures) -> dict[str, str]:
    """What the exported file says of itself; `--about` has the last word."""

    def file(path: Path | None) -> str:
        return f"{path.name} sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}" if path else ""

    own = {
        "name": "BuddyNet",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "steps": str(training.step),
        "images_seen": str(sum(training.plan.shape(step)[1] for step in range(training.step))),
        "minutes": f"{training.seconds / 60:.0f}",
        "seed": str(o.seed),
        "pictures": str(len(pictures.kinds)),
        "folders": ", ".join(dict.fromkeys(d.name for d in o.images)),
        "teacher": file(o.teacher),
        "fine_teacher": file(o.fine_teacher),
        "match_teachers": ", ".join(file(path) for path in o.match_teachers),
        "started_from": file(o.start),
        "stages_that_learnt": f"{o.learn[0]} to {o.learn[1]}",
    }
    told = json.loads(o.about.read_text(encoding="utf-8")) if o.about else {}
    return {k: v for k, v in {**own, **{str(k): str(v) for k, v in told.items()}}.items() if v}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train to the end, or from the checkpoint on."""
    o = options(arguments)
    o.work.mkdir(parents=True, exist_ok=True)
    handlers = [logging.StreamHandler(), logging.FileHandler(o.work / "log.txt", encoding="utf-8")]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=handlers)
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(0)
    kind = torch.bfloat16 if o.bfloat16 else torch.float32
    plan = Plan(o.steps, o.minutes, o.area, tuple(o.sides), o.rate, o.seed, tuple(o.widths), tuple(o.learn), kind)
    pictures = Pictures(o.images, o.work)
    LOG.info("%d pictures of %d classes", len(pictures.kinds), len(pictures.members))
    training = Training(
        plan,
        SqueezeTeacher(o.teacher) if o.teacher else None,
        FineTeacher(o.fine_teacher) if o.fine_teacher else None,
        MatchTeacher(o.match_teachers, pictures, o.work, kind) if o.match_teachers and o.learn[1] >= 4 else None,
    )
    checkpoint = o.work / "checkpoint.pt"
    crops = torch.from_numpy(pictures.batch((o.seed, 1 << 40), 16, 160).pixels).permute(0, 3, 1, 2).float() / 255
    training.begin(crops, o.start)
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=True))
        LOG.info("resumed at step %d", training.step)

    def save() -> None:
        replacing(checkpoint, lambda file: torch.save(training.state(), file))
        about = metadata(o, training, pictures)
        replacing(o.out, lambda file: save_file(training.exported(crops), file, about))
        LOG.info("saved at step %d", training.step)

    learn(training, pictures.stream(o.seed, training.step, plan.shape), save, o.checkpoint_minutes)


if __name__ == "__main__":
    main()
