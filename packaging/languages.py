"""The files that translators get: collects the texts of the program, merges them and builds what the program reads.

    python packaging/languages.py extract        # the texts of today, into buddies-studio.pot
    python packaging/languages.py add pt_BR      # begins a language: an empty .po for its translator
    python packaging/languages.py update         # merges the texts of today into each .po
    python packaging/languages.py compile        # makes the .mo files from the .po files

Texts are taken from calls of `tr`, `trn`, `translatable` and `ActionSpec` in the sources, and from every model of
options: labels, help, units, special values and choices of its knobs. Needs Babel (the extra `test` brings it).
"""

from __future__ import annotations

import argparse
import ast
import importlib
import io
import os
import pkgutil
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "languages"
DOMAIN = "buddies-studio"
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
COMMENT = "# Translations of Buddies Studio: everything that a person reads in the program."

Text = str | tuple[str, str]
"""A message, or its forms for one and for many."""


class NotConstant(ValueError):
    """A text that only the running program knows, so that no translator could see it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("extract", "update", "compile"):
        commands.add_parser(name)
    commands.add_parser("add").add_argument("language", help="as gettext writes it: de, pt_BR")
    arguments = parser.parse_args()
    if arguments.command == "extract":
        return extract()
    if arguments.command == "add":
        return add(arguments.language)
    return update() if arguments.command == "update" else compile_all()


def extract() -> int:
    """Write the template, if the texts changed."""
    catalog = template()
    if not TEMPLATE.is_file() or as_text(catalog) != as_text(read(TEMPLATE)):
        save(catalog, TEMPLATE)
    print(f"{len(catalog)} texts are in {TEMPLATE.relative_to(ROOT)}")
    return 0


def add(language: str) -> int:
    """Begin a language."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if path.exists():
        print(f"{path.relative_to(ROOT)} is there already", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True)
    catalog = empty(language)
    catalog.update(read(TEMPLATE))
    save(catalog, path)
    print(f"{path.relative_to(ROOT)} waits for its translator")
    return 0


def update() -> int:
    """Bring each language to the texts of today; what only looks alike is marked as fuzzy and left out of the .mo."""
    for path in languages():
        catalog = read(path)
        catalog.update(read(TEMPLATE))
        save(catalog, path)
        missing = sum(1 for message in catalog if message.id and (message.fuzzy or not all(strings(message))))
        print(f"{path.relative_to(ROOT)}: {missing} of {len(catalog)} texts wait for a translation")
    return 0


def compile_all() -> int:
    """Make what the program reads, unless a translation asks for values that the program does not give."""
    wrong = [f"{path.relative_to(ROOT)}: {problem}" for path in languages() for problem in problems(read(path))]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    for path in languages():
        path.with_suffix(".mo").write_bytes(compiled(read(path)))
        print(f"{path.with_suffix('.mo').relative_to(ROOT)} is made")
    return 0


def languages() -> list[Path]:
    """The .po files."""
    return sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


# --- collecting ---


def template() -> Catalog:
    """All texts of the program, in the order of files and lines."""
    catalog = empty(None)
    for path in sorted((ROOT / "studio").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for text in texts_in(path.read_text(encoding="utf-8"), place):
            put(catalog, text, place)
    for text, place in texts_of_options():
        put(catalog, text, place)
    return catalog


def put(catalog: Catalog, text: Text, place: str) -> None:
    """Add a text, once; it is never taken for a format of `%`, since placeholders are in braces."""
    one = text if isinstance(text, str) else text[0]
    known = catalog.get(one)
    if known is not None and isinstance(text, str):
        text = known.id  # it may have forms already
    message = catalog.add(text, locations=[(place, 0)])
    message.flags.discard("python-format")


def texts_in(source: str, place: str) -> Iterator[Text]:
    """The texts that a source file declares. Raises `NotConstant` for one that is put together."""
    for node in ordered(ast.parse(source)):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if called in ("tr", "translatable"):
            if not isinstance(node.args[0], ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BoolOp):
                yield constant(node.args[0], place)
        elif called == "trn":
            yield constant(node.args[0], place), constant(node.args[1], place)
        elif called == "ActionSpec":
            shown = [*node.args[1:3], *(word.value for word in node.keywords if word.arg == "short")]
            # An action that is made of a mode's texts has them from there, where they are marked.
            yield from (constant(argument, place) for argument in shown if not isinstance(argument, ast.Attribute))


def ordered(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes from top to bottom."""
    return iter(sorted(ast.walk(tree), key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))))


def constant(node: ast.expr, place: str) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        return node.value
    raise NotConstant(f"{place}, line {node.lineno}: a text must be one constant, with {{placeholders}} for values")


def texts_of_options() -> Iterator[tuple[str, str]]:
    """The texts of all knobs with the files that declare them."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import studio
    from studio.options import Options

    for module in pkgutil.walk_packages(studio.__path__, "studio."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    declared = [
        model for model in models(Options) if getattr(sys.modules[model.__module__], model.__name__, 0) is model
    ]
    for model in sorted(declared, key=lambda model: (model.__module__, model.__qualname__)):
        place = model.__module__.replace(".", "/") + ".py"
        for knob in model.knobs():
            for text in (knob.label, knob.help, knob.unit, knob.special, *knob.choices):
                if any(letter.isalpha() for letter in text):
                    yield text, place


def models(base: type) -> Iterator[type]:
    """All that derive from `base`, those that the command line makes of them as well."""
    for model in base.__subclasses__():
        if model.__module__.startswith("studio."):
            yield model
        yield from models(model)


# --- checking ---


def problems(catalog: Catalog) -> list[str]:
    """What keeps translations from being shown: placeholders that the English text does not have."""
    found = []
    for message in catalog:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        known = set().union(*(placeholders(one) for one in ids)) if message.id else set()
        for shown in strings(message) if message.id and not message.fuzzy else ():
            try:
                unknown = placeholders(shown) - known
            except ValueError as error:
                found.append(f"“{ids[0]}”: {error}")
                continue
            if unknown:
                found.append(f"“{ids[0]}”: there is no {', '.join(sorted(unknown))}")
    return found


def placeholders(text: str) -> set[str]:
    """The names in braces. Raises `ValueError` for braces that do not match."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def strings(message: Message) -> list[str]:
    """The translations of a message, one for each form."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


# --- files ---


def empty(language: str | None) -> Catalog:
    return Catalog(
        locale=language,
        domain=DOMAIN,
        project="Buddies Studio",
        header_comment=COMMENT,
        fuzzy=False,
        msgid_bugs_address="-",
        last_translator="-",
        language_team="-",
    )


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        catalog = read_po(file, domain=DOMAIN)
    for message in catalog:
        message.flags.discard("python-format")
    return catalog


def save(catalog: Catalog, path: Path) -> None:
    for message in catalog:
        message.flags.discard("python-format")
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, include_lineno=False, ignore_obsolete=True)
    path.write_bytes(buffer.getvalue())


def as_text(catalog: Catalog) -> str:
    """The texts without the header, whose date changes."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue().decode()


def compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
