"""Pairs of the two photographs, and waiting for what the mode Morph shows."""

from __future__ import annotations

A_POINTS = [[90, 70], [330, 80], [220, 150], [110, 230], [350, 240], [225, 60]]
B_POINTS = [[110, 90], [290, 110], [205, 190], [120, 300], [310, 310], [205, 95]]


def shots(window):
    return window.panel("morph").result_pane.view.shots


def settled(window, qtbot) -> None:
    """Wait until the request for what the panel says now has been answered; older answers may come before."""
    panel = window.panel("morph")
    asked: list[object] = []
    answered: list[object] = []
    ask = panel.worker.ask

    def listen(request):
        asked.append(request)
        ask(request)

    def hear(_, answer):
        answered.append(answer.request)

    panel.worker.answered.connect(hear)
    panel.worker.ask = listen
    panel.ask_now()
    panel.worker.ask = ask
    qtbot.waitUntil(lambda: any(request is asked[-1] for request in answered))
    panel.worker.answered.disconnect(hear)
    qtbot.wait(10)


def wait_for(window, qtbot, condition) -> None:
    qtbot.waitUntil(condition)
