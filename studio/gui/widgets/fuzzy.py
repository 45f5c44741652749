"""How well something typed in haste fits a text."""

from __future__ import annotations

import unicodedata

EXACT, START, WORD, INSIDE, INITIALS, SCATTERED = 100.0, 90.0, 80.0, 60.0, 55.0, 40.0
"""What a fit is worth: all of the text, its start, that of a word, inside, initials, letters in their order."""
LOOSEST = 3.0
"""Letters that are scattered over more than so many times their number do not fit."""


def folded(text: str) -> str:
    """Without capitals and accents: "Ä" is found by "a"."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def fit(query: str, text: str) -> float:
    """0 for no fit, up to 100 for the same text; each word of the query has to fit somewhere. Both as `folded` gives.

    Of two texts that fit equally the shorter one is better, by less than one point.
    """
    words = query.split()
    if not words or not text:
        return 0.0
    whole = _fit_word(query, text) if len(words) > 1 else 0.0
    each = [_fit_word(word, text) for word in words]
    if not all(each):
        return whole
    return max(whole, sum(each) / len(each)) - min(len(text), 200) / 1000


def _fit_word(word: str, text: str) -> float:
    if text == word:
        return EXACT
    if text.startswith(word):
        return START
    parts = "".join(letter if letter.isalnum() else " " for letter in text).split()
    if any(part.startswith(word) for part in parts):
        return WORD
    if word in text:
        return INSIDE
    initials = "".join(part[0] for part in parts)
    if len(word) > 1 and initials.startswith(word[0]) and _span(word, initials) is not None:
        return INITIALS
    span = _span(word, text)
    if span is None or span > LOOSEST * len(word) or len(word) < 2:
        return 0.0
    return SCATTERED * len(word) / span


def _span(word: str, text: str) -> int | None:
    """Length of the shortest stretch of `text` that has the letters of `word` in their order; None if there is none."""
    best: int | None = None
    for start, letter in enumerate(text):
        if letter != word[0]:
            continue
        at = start
        for wanted in word[1:]:
            at = text.find(wanted, at + 1)
            if at < 0:
                return best  # nor from any later start
        best = at - start + 1 if best is None else min(best, at - start + 1)
    return best
