from __future__ import annotations

import pytest

from studio.dream import (
    CellGoal,
    ChannelGoal,
    ClassGoal,
    DirectionGoal,
    GoalError,
    PairGoal,
    Weighted,
    parse_goal,
)
from studio.dream.goals import write_goal


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("channel:17", Weighted(ChannelGoal("relu", 17))),
        ("-0.5*channel:3", Weighted(ChannelGoal("relu", 3), -0.5)),
        ("-1*2*channel:3", Weighted(ChannelGoal("relu", 3), -2.0)),
        ("cell:4", Weighted(CellGoal("relu", 4))),
        ("cell:4@7,5", Weighted(CellGoal("relu", 4, 7, 5))),
        ("class:sea lion", Weighted(ClassGoal("sea lion"))),
        ("class:291", Weighted(ClassGoal(291))),
        ("at:B:3,4.5", Weighted(DirectionGoal("relu", (3.0, 4.5), "B"))),
        ("pair:311,97:120,88", Weighted(PairGoal("relu", (311.0, 97.0), (120.0, 88.0)))),
    ],
)
def test_goals_are_read_as_they_are_written(text: str, goal: Weighted) -> None:
    assert parse_goal(text, "relu") == goal
    assert parse_goal(write_goal(goal), "relu") == goal


@pytest.mark.parametrize(
    "text",
    ["", "channel:", "channel:x", "channel:-1", "x*channel:3", "class:", "at:C:3,4", "at:A:3", "pair:1,2", "dog:3"],
)
def test_what_is_no_goal_is_one_sentence_that_shows_how(text: str) -> None:
    with pytest.raises(GoalError, match="write “channel:17”"):
        parse_goal(text, "relu")
