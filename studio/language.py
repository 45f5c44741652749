"""The language of everything a person reads: one function for all texts, and the choice of the catalogue behind it.

The English texts are the keys. A translation is a catalogue of the standard library's `gettext`, one file that a
translator gets; where it is silent, broken or doesn't fit, the English text is shown. Nothing here knows Qt.

What is kept (settings, project files, recipes, values of choices) stays English: only what is shown is translated.
"""

from __future__ import annotations

import gettext
import logging
import os
import re
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

DOMAIN: Final = "buddies-studio"
"""Name of the catalogues, without suffix."""
AUTOMATIC: Final = "auto"
"""The choice that follows the system."""
SOURCE: Final = "en"
"""The language in which the program is written; it needs no catalogue."""
PSEUDO: Final = "en-XA"
"""A language for tests: English with accents and 30 % longer, so that every text that escapes translation is seen."""

_BROKEN = (OSError, ValueError, TypeError, LookupError, SyntaxError, RecursionError, struct.error)
"""What `gettext` raises for a damaged catalogue."""
_BAD_FIT = (KeyError, IndexError, ValueError, TypeError, AttributeError)
"""What `str.format` raises when a translation's placeholders are not those of the English text."""


LONGEST = 1000
"""Letters of one value in a sentence; what goes beyond is cut off."""


def tr(text: str, /, **values: object) -> str:
    """The text in the language of the program, its `{placeholders}` filled with `values`.

    `text` is an English sentence as it stands in the code, never one put together from pieces; a variable is allowed
    if what it holds was declared as `translatable`, as a knob or as an action. A translation that doesn't fit the
    values is passed over. Raises `KeyError` if the English text itself asks for a value that is not given.
    """
    return _fill(_catalogue.gettext(text), text, values) if text else ""


def trn(one: str, many: str, number: int, /, **values: object) -> str:
    """Like `tr`, in the form that goes with `number` ("{number} pair", "{number} pairs"); `{number}` is given.

    Where the English text is the same for all numbers, `one` and `many` are too: other languages do tell them apart.
    """
    english = one if number == 1 else many
    try:
        shown = _catalogue.ngettext(one, many, int(number))
    except (ArithmeticError, *_BAD_FIT) as error:
        log.warning("the plural forms of the translation do not work (%r); English is shown", error)
        shown = english
    return _fill(shown, english, {"number": number, **values})


def listed(words: Iterable[str]) -> str:
    """Several names in a sentence: "a and b"; "" for none."""
    text = ""
    for word in words:
        text = tr("{first} and {second}", first=text, second=word) if text else word
    return text


def translatable(text: str) -> str:
    """`text` unchanged: marks a text that is declared when a module is loaded, and goes through `tr` when shown."""
    return text


def choose(name: str, folder: Path, system: Sequence[str] = ()) -> str:
    """Take a language for everything that is shown from now on.

    Parameters
    ----------
    name : str
        `AUTOMATIC`, `SOURCE`, `PSEUDO`, or the name of a folder in `folder` ("de", "pt_BR").
    folder : Path
        Where the catalogues are: `folder/<language>/LC_MESSAGES/buddies-studio.mo`.
    system : sequence of str
        The languages that the person asked the system for, best first; those of the environment if empty.

    Returns
    -------
    str
        The language that was taken. It is English, with a line in the log, if the one asked for is missing or broken.
    """
    global _catalogue
    if name == PSEUDO:
        _catalogue = _Pseudo()
        return PSEUDO
    wanted = _with_parents(system or _of_environment()) if name == AUTOMATIC else _with_parents([name])
    for language in wanted:
        if language == SOURCE:
            break
        path = folder / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                _catalogue = gettext.GNUTranslations(file)
            return language
        except _BROKEN as error:
            log.warning("the translation into %s can't be read (%s); English is shown", language, error)
            break
    else:
        if name != AUTOMATIC:
            log.warning("there is no translation into %s; English is shown", name)
    _catalogue = gettext.NullTranslations()
    return SOURCE


def languages(folder: Path) -> list[str]:
    """The languages that `folder` has catalogues of, by name; English, which needs none, comes first."""
    found = {path.parent.parent.name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    return [SOURCE, *sorted(found - {SOURCE})]


_KEEP = re.compile(
    r"""\{[^{}]*\}            # a placeholder
      | <[^<>]+>              # a tag
      | &\#?\w+;              # an entity
      | &\w                   # a key of a menu
      | \w+://\S+             # an address
      | \(\*[^()]*\)          # the patterns of a file filter
      | \[\[\w+\| | \]\]      # the frame of an explained word
    """,
    re.VERBOSE,
)
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "áƀçďéƒğĥíĵķľɱñóƥɋřšťúṽŵẋýžÁƁÇĎÉƑĞĤÍĴĶĽṀÑÓƤɊŘŠŤÚṼŴẊÝŽ"
_ACCENTS = str.maketrans(_PLAIN, _ACCENTED)
LENGTHENED: Final = 0.3
"""By how much the pseudo-language is longer than English, as a share of its letters."""


def pseudo(text: str) -> str:
    """`text` with an accent on each letter and 30 % longer; placeholders, tags, addresses and the like stay."""
    out: list[str] = []
    owed, place, last = 0.0, 0, 0
    for kept in [*_KEEP.finditer(text), None]:
        for letter in text[place : kept.start() if kept else None]:
            accented = letter.translate(_ACCENTS)
            owed += LENGTHENED * (accented != letter)
            twice = owed >= 1 and letter in "aeiouAEIOU"
            owed -= twice
            out.append(accented + accented.lower() * twice)
            last = last if accented == letter else len(out)
        if kept:
            out.append(kept.group())
            place = kept.end()
    out.insert(last, "~" * round(owed))  # what no vowel could take, before tags and dots at the end
    return "".join(out)


class _Pseudo(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


def _fill(shown: str, english: str, values: dict[str, Any]) -> str:
    if not values:
        return shown
    values = {name: _cut(value) for name, value in values.items()}
    if shown is not english:
        try:
            return shown.format_map(values)
        except _BAD_FIT as error:
            log.warning("the translation of %r does not fit (%r); English is shown", english, error)
    return english.format_map(values)


def _cut(value: Any) -> Any:
    """A text out of somebody's file may be a megabyte, and a window that lays it out stands still for minutes."""
    return f"{value[: LONGEST - 1]}…" if isinstance(value, str) and len(value) > LONGEST else value


def _of_environment() -> list[str]:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return [entry.partition(".")[0].partition("@")[0] for entry in value.split(":")]
    return []


def _with_parents(names: Sequence[str]) -> list[str]:
    """Each language followed by the more general one: "de-AT" by "de"; "C" and "POSIX" mean English."""
    found: list[str] = []
    for name in names:
        full = name.replace("-", "_")
        general = full.partition("_")[0]
        found += [SOURCE] if full in ("C", "POSIX") else [full, general]
    return list(dict.fromkeys(found))


_catalogue: gettext.NullTranslations = gettext.NullTranslations()
