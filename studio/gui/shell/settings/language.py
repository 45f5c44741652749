"""Puts the language in force before the first window is made, and says which ones there are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from studio.language import AUTOMATIC, PSEUDO, SOURCE, choose, languages, pseudo, tr
from studio.paths import resources


def catalogues() -> Path:
    """The folder of the translations."""
    return resources() / "languages"


def take_language(app: QApplication, name: str) -> str:
    """Show everything in the language of this name from now on, Qt's own buttons too.

    Parameters
    ----------
    name : str
        As `studio.language.choose` takes it.

    Returns
    -------
    str
        The language that was found.
    """
    taken = choose(name, catalogues(), QLocale.system().uiLanguages())
    for translator in app.findChildren(QTranslator):
        app.removeTranslator(translator)
        translator.deleteLater()
    if taken == PSEUDO:
        app.installTranslator(_Pseudo(app))
    elif taken != SOURCE:
        own = QTranslator(app)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if own.load(QLocale(taken), "qtbase", "_", folder):
            app.installTranslator(own)
    return taken


class _Pseudo(QTranslator):
    """Qt's own texts in the language for tests."""

    def translate(self, context: str, sourceText: str, disambiguation: str | None = None, n: int = -1) -> str:
        return pseudo(sourceText)

    def isEmpty(self) -> bool:
        return False


def language_names(chosen: str) -> dict[str, str]:
    """What the languages are called, each in its own words, by name; `chosen` is among them whatever it is."""
    names = {AUTOMATIC: tr("Automatic")}
    for name in [*languages(catalogues()), chosen]:
        names.setdefault(name, _own_name(name))
    return names


def _own_name(name: str) -> str:
    own = QLocale(name).nativeLanguageName()
    return name if name == PSEUDO or not own else "English" if name == SOURCE else own[:1].upper() + own[1:]
