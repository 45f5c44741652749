"""What can be explained with which network: what can't is greyed and says why, and no choice spoils another."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from PySide6.QtWidgets import QLabel

from studio.attribution.options import METHODS
from studio.backbones.catalog import CATALOG
from studio.backbones.classifier import has_linear_head
from studio.gui.inspect.target import KINDS
from studio.gui.widgets.usable import reason_of
from studio.pairs import PairSet
from tests.gui.inspecting import enter
from tests.gui.morphing import A_POINTS, B_POINTS

NETWORKS = {"nothing named": ((), False), "named": (("cat", "cup"), False), "mean and linear": (("cat", "cup"), True)}
ENDS_IN_MEAN = {"squeezenet1_0", "squeezenet1_1", "resnet50"}
"""As their articles draw them: global average pooling beside one linear layer, and nothing else."""


@pytest.fixture
def explain(opened, qtbot):
    """The view Attribution of BuddyNet, which has no classes."""
    opened.state.set_pairs(PairSet.from_arrays(A_POINTS, B_POINTS, level=1))
    enter(opened, qtbot)
    opened.panel("inspect").show_view("attribution")
    return opened.panel("inspect").explain


def see(view, network: str) -> None:
    classes, linear_head = NETWORKS[network]
    view.hub.set_session(replace(view.hub.session, network=network, classes=classes, linear_head=linear_head))


def choose(view, method: str, kind: str) -> None:
    """As the person does, by mouse: what is greyed is not chosen."""
    index = view.method.findData(method)
    if view.method.model().item(index).isEnabled():
        view.method.setCurrentIndex(index)
    box = view.target.kind
    if box.model().item(box.findData(kind)).isEnabled():
        box.setCurrentIndex(box.findData(kind))
        box.activated.emit(box.currentIndex())


def test_explain_can_be_used_or_says_why_whatever_was_chosen_before(explain):
    view = explain
    places = view.hub.start_pair()
    for network, method, (kind, _, _) in product(NETWORKS, METHODS, KINDS):
        see(view, network)
        index = view.method.findData(method)
        view.method.setCurrentIndex(index)  # also what is greyed: a project may bring it
        box = view.target.kind
        box.setCurrentIndex(box.findData(kind))
        box.activated.emit(box.currentIndex())
        possible = view.target.choice() is not None
        assert view.run_button.isEnabled() == possible
        reason = reason_of(view.run_button)
        assert bool(reason) != possible and reason in view.run_button.toolTip()
        choose(view, "grad-cam", "channel")
        assert view.run_button.isEnabled(), (network, method, kind)
        choose(view, "grad-cam", "cell")
        assert not view.run_button.isEnabled() and "Click a place" in view.run_button.toolTip()
        view.target.set_pair(*places)
        view._refresh_buttons()
        assert view.run_button.isEnabled(), (network, method, kind)
        assert view.run_button.toolTip() == "Compute the maps of both pictures (Ctrl+Shift+Return)"


def test_every_greyed_method_and_target_says_why_in_its_tooltip(explain):
    view = explain
    for network in NETWORKS:
        see(view, network)
        for number, method in enumerate(METHODS.values()):
            item = view.method.model().item(number)
            assert item.toolTip().startswith(method.sentence)
            assert item.isEnabled() == (item.toolTip() == method.sentence)
        named, linear_head = NETWORKS[network]
        assert view.method.model().item(view.method.findData("cam")).isEnabled() == linear_head
        view.method.setCurrentIndex(view.method.findData("occlusion"))
        for number, (kind, _, tip) in enumerate(KINDS):
            item = view.target.kind.model().item(number)
            assert item.isEnabled() == (kind != "class" or bool(named)) == (item.toolTip() == tip)


def test_a_target_that_was_chosen_comes_back_with_what_makes_it_possible(explain):
    view = explain
    see(view, "mean and linear")
    choose(view, "grad-cam", "channel")
    choose(view, "cam", "class")
    assert view.target.kind_name == "class"
    view.target.set_places((10.0, 10.0), (20.0, 20.0))  # a click: CAM has no use for it, others have
    assert view.target.kind_name == "class" and view.run_button.isEnabled()
    view.method.setCurrentIndex(view.method.findData("gradient"))
    assert view.target.kind_name == "cell"
    choose(view, "gradient", "class")
    see(view, "nothing named")
    assert view.target.kind_name == "cell"
    see(view, "named")
    assert view.target.kind_name == "class" and view.run_button.isEnabled()


def test_what_is_asked_for_by_key_and_not_possible_is_told(opened, explain, qtbot):
    view = explain
    view.method.setCurrentIndex(view.method.findData("cam"))
    with qtbot.waitSignal(opened.sink.told) as told:
        opened.actions_["inspect_run"].trigger()
    assert "names nothing" in told.args[1]
    assert not view.hub.is_running


def test_which_networks_end_in_a_mean_and_one_linear_layer():
    assert {name for name in CATALOG if has_linear_head(name)} == ENDS_IN_MEAN


def test_no_two_controls_that_are_seen_together_have_one_name(explain):
    view = explain
    for method, (kind, _, _) in product(METHODS, KINDS):
        choose(view, method, kind)
        names = [label.text() for label in view.controls.findChildren(QLabel) if label.isVisible() and label.buddy()]
        names += [words.text() for words, _ in view.target._rows.values() if words.isVisible()]
        assert len(names) == len(set(names)), names
