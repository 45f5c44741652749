"""What the numbers of the mode Inspect mean, in sentences for somebody who has never opened a network."""

from __future__ import annotations

from studio.gui.inspect.readings import HoverReading, InspectSession, LayerInfo, LevelReading, WhyReading
from studio.gui.state import Side, other

GLOSSARY = {
    "similarity": "At each place a network writes down a list of numbers, one for each thing it looks for. Two places "
    "are similar if their lists point the same way: 1 is the same, 0 has nothing in common. Experts say cosine.",
    "level": "Networks look in steps: the first see edges and colours in a few pixels, the last see parts of things.",
    "margin": "How much more similar the best place is than the best one elsewhere. Small means: it could as well be "
    "there.",
    "mutual": "Best buddies: each is the other's most similar place. The match keeps only such pairs.",
    "field": "The receptive field: all pixels that can reach a cell of this layer. What lies outside can't matter.",
    "channel": "One of the things that a layer looks for. Its map is bright where the layer finds it.",
}
"""Words that the panel explains when the mouse rests on them."""


WELCOME = (
    "<p><b>What you see here.</b> A network describes every place of a picture by a list of numbers, coarse ones for "
    "whole [[level|parts]] and fine ones for edges. Under the mouse it compares the list of one place with those of "
    "the whole other picture: bright is [[similarity|similar]].</p><p>If looking back leads to where you are, the two "
    "are [[mutual|best buddies]]. Click to hold a place, then ask why.</p>"
)


def what_it_sees(layer: LayerInfo, session: InspectSession) -> str:
    """What a cell of a layer is about, by how much of the picture it sees."""
    side = max(session.sizes["A"])
    share = (layer.field or layer.stride * 8) / side
    if share < 0.06:
        return "edges and colours"
    if share < 0.2:
        return "texture and small details"
    if share < 0.45:
        return "small parts"
    if share < 0.9:
        return "parts of a thing"
    return "whole things in their surroundings"


def level_name(layer: LayerInfo) -> str:
    """ "level 5, relu5_1", or the name alone where it is no level."""
    return f"level {layer.level}, {layer.name}" if layer.level else layer.name


def how_similar(value: float, top: float = 1.0) -> str:
    """In words, against the `top` that places of these two pictures reach: coarse levels never come near 1."""
    share = value / top
    for least, words in (
        (0.85, "very similar"),
        (0.65, "similar"),
        (0.45, "somewhat similar"),
        (0.2, "hardly similar"),
    ):
        if share >= least:
            return words
    return "not similar"


def how_clear(margin: float) -> str:
    if margin >= 0.1:
        return "a clear choice"
    if margin >= 0.03:
        return "a fair choice"
    return "a close call"


def hover_words(reading: HoverReading, level: LevelReading) -> str:
    """HTML: what one level says about the place under the mouse."""
    here, there = reading.request.side, other(reading.request.side)
    session = reading.request.session
    sees = what_it_sees(level.layer, session)
    agreeing = sum(one.mutual for one in reading.levels)
    margin = (
        f"That is <b>{level.margin:.2f}</b> [[margin|more]] than anywhere else in {there}: {how_clear(level.margin)}."
        if level.runner is not None
        else ""
    )
    if level.mutual:
        mutual = (
            f"<b>[[mutual|Mutual]]:</b> looking back from there, the best place in {here} is this one again. "
            "They are best buddies at this level."
        )
    else:
        mutual = (
            f"<b>[[mutual|One-sided]]:</b> looking back from there, another place in {here} is more similar. "
            "The match would not pair them at this level."
        )
    score = (
        f"scores <b>{level.value:.2f}</b> of 1: {how_similar(level.value, session.tops.get(level.layer.level, 1.0))}"
    )
    return (
        f"<p>At [[level|{level_name(level.layer)}]] the network compares <b>{sees}</b>. The most "
        f"[[similarity|similar]] place in {there} {score}. {margin}</p>"
        f"<p>{mutual}</p><p>Mutual at {agreeing} of {len(reading.levels)} levels.</p>"
    )


def how_many_for_half(reading: WhyReading) -> int:
    """How many of the strongest channels make up half of the similarity."""
    wanted, running = reading.similarity / 2, 0.0
    for count, part in enumerate(sorted(reading.parts.tolist(), reverse=True), 1):
        running += part
        if running >= wanted:
            return count
    return len(reading.parts)


def why_words(reading: WhyReading, layer: LayerInfo) -> str:
    """HTML: what the bars say."""
    count, half = len(reading.parts), how_many_for_half(reading)
    sees = what_it_sees(layer, reading.request.session)
    top = reading.request.session.tops.get(layer.level, 1.0)
    strongest = int(reading.parts.argmax())
    share = reading.parts[strongest] / reading.similarity if reading.similarity > 0 else 0.0
    channels = "one channel makes" if half == 1 else f"{half} channels make"
    return (
        f"<p>At [[level|{level_name(layer)}]] the network describes <b>{sees}</b> by {count} numbers a place, one a "
        f"[[channel|channel]]. The two places [[similarity|score]] <b>{reading.similarity:.2f}</b> of 1, "
        f"{how_similar(reading.similarity, top)}, and {channels} up half of that.</p>"
        f"<p>Channel <b>{strongest}</b> gives the most, {share:.0%}: both places have what it looks for. "
        "Click a bar to see where else in the pictures it finds that.</p>"
    )


def place_words(side: Side, place: tuple[float, float]) -> str:
    return f"{side} {place[0]:.0f}, {place[1]:.0f}"
