"""Asks the chosen network what it has, in the background; until it answers there is what the catalogue knows."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.backbones.choice import NetworkChoice
from studio.gui.dream.facts import NetworkFacts, asking, known
from studio.gui.mode.network import NetworkChooser
from studio.gui.widgets.messages import Messages
from studio.jobs import JobHandle, JobQueue
from studio.language import tr

LANE = "facts"
"""Of its own: what is offered does not wait for a run."""


class FactsAsker(QObject):
    """Keeps `facts` those of the network that is chosen."""

    changed = Signal()

    def __init__(self, jobs: JobQueue, messages: Messages, network: NetworkChooser, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._messages, self._network = jobs, messages, network
        self._handle: JobHandle | None = None
        self._active = False
        self._refused: NetworkChoice | None = None
        self.facts: NetworkFacts = known(network.choice())
        network.changed.connect(self._on_network)

    def ask(self) -> None:
        """Ask, unless all is known, or the network could not be asked before."""
        self._active = True
        choice = self._network.choice()
        if self._handle is not None or self.facts.is_whole or choice == self._refused:
            return
        title = tr("Look at what {network} has", network=self.facts.title)
        self._handle = handle = self._jobs.submit(title, lambda: asking(choice), lane=LANE)
        handle.finished.connect(self._on_answer)
        handle.failed.connect(lambda sentence, details: self._on_failed(choice, sentence, details))
        handle.ended.connect(self._on_ended)

    def stop(self) -> None:
        """Give up asking."""
        if self._handle is not None:
            self._handle.cancel()

    def _on_network(self) -> None:
        choice, before = self._network.choice(), self.facts.choice
        if (choice.name, choice.weights) == (before.name, before.weights):
            return
        self.stop()
        self.facts = known(choice)
        self.changed.emit()
        if self._active:
            self.ask()

    def _on_answer(self, facts: NetworkFacts) -> None:
        self.facts = facts
        self.changed.emit()

    def _on_failed(self, choice: NetworkChoice, sentence: str, details: str) -> None:
        self._refused = choice
        self._messages.error(sentence, details)

    def _on_ended(self) -> None:
        self._handle = None
