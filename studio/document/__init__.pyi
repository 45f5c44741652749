from .changes import OptionsChange, RegionsChange
from .errors import DocumentError, NotKept
from .locks import ProjectLock
from .model import SUFFIX, Document, FurtherPicture, Result, Step
from .opening import OpenedDocument, opening, reading
from .painted import Mask, Paint, PaintedRegion, Regions
from .recovery import Recovery, discard, find_recoveries, recovering
from .results import png_of
from .session import Session, saving
from .summary import Summary, summary_of

__all__ = [
    "SUFFIX",
    "Document",
    "DocumentError",
    "FurtherPicture",
    "Mask",
    "NotKept",
    "OpenedDocument",
    "OptionsChange",
    "Paint",
    "PaintedRegion",
    "ProjectLock",
    "Recovery",
    "Regions",
    "RegionsChange",
    "Result",
    "Session",
    "Step",
    "Summary",
    "discard",
    "find_recoveries",
    "opening",
    "png_of",
    "reading",
    "recovering",
    "saving",
    "summary_of",
]
