"""`studio.language`, and the files of the translators: nothing missing, nothing that does not fit, nothing outdated."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from studio import language
from studio.language import DOMAIN, PSEUDO, SOURCE, choose, languages, listed, pseudo, tr, translatable, trn

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = CHECKOUT / "resources" / "languages"
CATALOGUES = sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    choose(SOURCE, FOLDER)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`packaging/languages.py`, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("languages_script", CHECKOUT / "packaging" / "languages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A language "de" with a few texts, some of which do not fit."""
    catalog = Catalog(locale="de", fuzzy=False)
    catalog.add("Open {name} as {side}", "{name} als {side} öffnen")
    catalog.add("Close {side}", "{seite} schließen")
    catalog.add("{share:.0%} left", "{share:.0q} übrig")
    catalog.add("Swap {side}", "{side tauschen")
    catalog.add(("{number} pair", "{number} pairs"), ("{number} Paar", "{number} Paare"))
    path = tmp_path / "de" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    return tmp_path


def test_texts_are_english_until_a_language_is_chosen() -> None:
    assert tr("Open {name} as {side}", name="cat.png", side="A") == "Open cat.png as A"
    assert tr("100 % {sure}") == "100 % {sure}"  # without values nothing is filled
    assert tr("") == ""
    assert [trn("{number} pair", "{number} pairs", number) for number in (0, 1, 2)] == ["0 pairs", "1 pair", "2 pairs"]
    assert trn("One of {all} was copied.", "{number} of {all} were copied.", 1, all=4) == "One of 4 was copied."
    assert translatable("Pairs") == "Pairs"
    assert [listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a and b and c",
    ]


def test_a_translation_is_shown_and_one_that_does_not_fit_is_passed_over(folder, caplog) -> None:
    assert choose("de", folder) == "de"
    assert tr("Open {name} as {side}", name="{x}", side="A") == "{x} als A öffnen"
    assert trn("{number} pair", "{number} pairs", 1) == "1 Paar"
    assert trn("{number} pair", "{number} pairs", 0) == "0 Paare"
    assert tr("Never translated {number}", number=1) == "Never translated 1"
    for text, values, wanted in (
        ("Close {side}", {"side": "A"}, "Close A"),
        ("{share:.0%} left", {"share": 0.5}, "50% left"),
        ("Swap {side}", {"side": "A"}, "Swap A"),
    ):
        caplog.clear()
        assert tr(text, **values) == wanted
        assert text in caplog.text


def test_plural_forms_that_do_not_work_mean_english(folder, caplog) -> None:
    path = folder / "de" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    content = path.read_bytes()
    assert b"plural=(n != 1)" in content
    path.write_bytes(content.replace(b"plural=(n != 1)", b"plural=(n % 0) "))
    assert choose("de", folder) == "de"
    assert trn("{number} pair", "{number} pairs", 2) == "2 pairs"
    assert "plural" in caplog.text


def test_the_language_of_the_system_is_taken_if_there_is_a_translation(folder, monkeypatch) -> None:
    assert languages(folder) == ["en", "de"]
    assert choose("auto", folder, ["de-AT", "en-GB"]) == "de"
    assert choose("auto", folder, ["fr-FR", "de-DE"]) == "de"
    assert choose("auto", folder, ["en-GB", "de-DE"]) == "en"
    assert choose("auto", folder, ["fr-FR"]) == "en"
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    assert choose("auto", folder) == "en"
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    assert choose("auto", folder) == "de"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert choose("auto", folder) == "en"


def test_a_missing_or_broken_catalogue_means_english_with_a_line_in_the_log(folder, caplog) -> None:
    assert choose("fr", folder) == "en"
    assert "fr" in caplog.text
    path = folder / "de" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    whole = path.read_bytes()
    for content in (b"", b"no catalogue", whole[:40], whole[:-20], whole[:28] + b"\xff" * 40):
        path.write_bytes(content)
        caplog.clear()
        assert choose("de", folder) in ("en", "de")
        assert tr("Close {side}", side="A") == "Close A"
    path.write_bytes(b"no catalogue")
    caplog.clear()
    assert choose("de", folder) == "en"
    assert "de" in caplog.text


def test_the_pseudo_language_accents_all_but_what_is_no_word() -> None:
    assert choose(PSEUDO, FOLDER) == PSEUDO
    shown = tr(
        "Open {name} as <b>{side}</b> &nbsp; &File https://example.org/a (*.png) [[level|parts]]", name="x", side="A"
    )
    for kept in ("x", "<b>A</b>", "&nbsp;", "&F", "https://example.org/a", "(*.png)", "[[level|"):
        assert kept in shown
    assert not re.search("[A-Za-z]{2,}", re.sub(r"https\S+|<\w>|&\w+|\(\*.png\)|\[\[\w+", "", shown))
    text = "Find which point of one picture corresponds to which point of the other"
    letters = sum(letter.isalpha() for letter in text)
    assert len(text) + round(0.28 * letters) <= len(pseudo(text)) <= len(text) + round(0.32 * letters) + 1
    assert pseudo("12.5 · 3") == "12.5 · 3"
    assert trn("{number} pair", "{number} pairs", 3).startswith("3 ")


# --- the files of the translators ---


def test_the_template_is_what_the_program_says_today(script) -> None:
    now, kept = script.template(), script.read(script.TEMPLATE)
    assert len(now) > 1000
    assert script.as_text(now) == script.as_text(kept), "run: python packaging/languages.py extract"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_catalogue_has_all_texts_fits_and_is_compiled(script, path: Path) -> None:
    catalog, wanted = script.read(path), script.read(script.TEMPLATE)
    texts = {str(message.id) for message in catalog if message.id}
    assert texts == {str(message.id) for message in wanted if message.id}, "run: python packaging/languages.py update"
    assert not script.problems(catalog)
    compiled = path.with_suffix(".mo").read_bytes()
    assert compiled == script.compiled(catalog), "run: python packaging/languages.py compile"
    assert choose(path.parent.parent.name, FOLDER) == path.parent.parent.name
    assert isinstance(language._catalogue.info(), dict)


SHOWN = {"tr", "trn", "translatable", "knob", "ActionSpec", "setStyleSheet"}
"""Calls whose texts are translated, or are none."""
NO_TEXT = (
    r"((\{\}\[\*\]|\{\}\{\}) – )?Buddies Studio",  # the program's name, and what reports begin with
    r"\w+ \w+ \w+ \w+ \w+ \w+ \w+ .*ppm pgm",  # suffixes of files
    "by number|few colours|by confidence|one colour",  # values of a choice, which are translated where they are shown
    "Look at",  # as in recipes
    "turn .*|drag .*",  # keys of steps
    "<span .*",
    r"similarity of A .*\(\?P<layer>.*",
    "actions and handlers differ.*|nobody answers.*|the job queue is closed|.*did not end within.*",  # for developers
    "side by side|onion skin",  # values of a choice
    "far from the picture|no filter|no table of values|a window has no place to come back to",  # for developers
    r"\n +QMainWindow.*",
)


def test_no_sentence_in_the_sources_of_the_window_escapes_translation() -> None:
    """Also those that only rare errors bring before somebody's eyes: two words in a row are taken for a text."""
    found = []
    for path in [*(CHECKOUT / "studio" / "gui").rglob("*.py"), *(CHECKOUT / "studio").glob("[jl]i*.py")]:
        for line, text in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
            if not any(re.match(one, text, re.DOTALL) for one in NO_TEXT):
                found.append(f"{path.relative_to(CHECKOUT)}, line {line}: {text!r}")
    assert not found, "\n".join(found)


def _sentences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr | ast.Constant) or isinstance(above[node], ast.Expr | ast.JoinedStr):
            continue
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
        is_text = isinstance(node, ast.JoinedStr) or isinstance(node.value, str)
        if is_text and re.search(r"[A-Za-z]{2,},? [A-Za-z]{2,}", text) and not _is_shown(node, above):
            yield node.lineno, text


def _is_shown(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    while node := above.get(node):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Name | ast.Attribute):
            name = called.id if isinstance(called, ast.Name) else called.attr
            owner = called.value if isinstance(called, ast.Attribute) else None
            if name in SHOWN or (isinstance(owner, ast.Name) and owner.id == "log"):
                return True
    return False


def test_texts_that_are_put_together_are_refused(script) -> None:
    assert list(script.texts_in('tr("a" "b", x=1); trn("one", "many", 2); tr(name)', "x.py")) == ["ab", ("one", "many")]
    for source in ('tr(f"{name} is open")', 'tr("a" + b)', 'trn("one", many, 2)', 'tr("")'):
        with pytest.raises(script.NotConstant, match="line 1"):
            list(script.texts_in(source, "x.py"))


def test_wrong_placeholders_of_a_translation_are_named(script) -> None:
    catalog = Catalog(locale="de")
    catalog.add("Open {name}", "{nam} öffnen")
    catalog.add("Close {name}", "{name schließen")
    catalog.add("Save {name} in {folder}", "{name} sichern")
    catalog.add(("{number} pair", "{number} pairs"), ("ein Paar", "{zahl} Paare"))
    assert [problem.split(":")[0] for problem in script.problems(catalog)] == [
        "“Open {name}”",
        "“Close {name}”",
        "“{number} pair”",
    ]


def test_a_megabyte_out_of_a_file_does_not_become_a_sentence() -> None:
    sentence = language.tr("“{name}” can't be shown; nothing was changed.", name="x" * 1_000_000)
    assert len(sentence) < 1100 and sentence.endswith("x…” can't be shown; nothing was changed.")
