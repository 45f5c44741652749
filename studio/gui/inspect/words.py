"""What the numbers of the mode Inspect mean, in sentences for somebody who has never opened a network."""

from __future__ import annotations

from studio.arrays import Side
from studio.attribution.options import METHODS
from studio.attribution.result import Attribution
from studio.attribution.targets import AnyTarget, CellTarget, ChannelTarget, ClassTarget, PairTarget, Quantity
from studio.gui.canvas.state import other
from studio.gui.inspect.readings import HoverReading, InspectSession, LayerInfo, LevelReading, WhyReading
from studio.language import tr, translatable, trn

GLOSSARY = {
    "similarity": translatable(
        "At each place a network writes down a list of numbers, one for each thing it looks for. Two places "
        "are similar if their lists point the same way: 1 is the same, 0 has nothing in common. Experts say cosine."
    ),
    "level": translatable(
        "Networks look in steps: the first see edges and colours in a few pixels, the last see parts of things."
    ),
    "margin": translatable(
        "How much more similar the best place is than the best one elsewhere. Small means: it could as well be there."
    ),
    "mutual": translatable("Best buddies: each is the other's most similar place. The match keeps only such pairs."),
    "field": translatable(
        "The receptive field: all pixels that can reach a cell of this layer. What lies outside can't matter."
    ),
    "channel": translatable("One of the things that a layer looks for. Its map is bright where the layer finds it."),
}
"""Words that the panel explains when the mouse rests on them."""


WELCOME = translatable(
    "<p><b>What you see here.</b> A network describes every place of a picture by a list of numbers, coarse ones for "
    "whole [[level|parts]] and fine ones for edges. Under the mouse it compares the list of one place with those of "
    "the whole other picture: bright is [[similarity|similar]].</p><p>If looking back leads to where you are, the two "
    "are [[mutual|best buddies]]. Click to hold a place, then ask why.</p>"
)


FILTERS = translatable(
    "<p><b>The first layer</b> compares every few pixels with these little pictures. Grey means that a "
    "pixel does not matter; the strongest colours are the largest weights, on one scale for all.</p>"
)
"""What is said of the first filters."""


def what_it_sees(layer: LayerInfo, session: InspectSession) -> str:
    """What a cell of a layer is about, by how much of the picture it sees."""
    side = max(session.sizes["A"])
    share = (layer.field or layer.stride * 8) / side
    if share < 0.06:
        return tr("edges and colours")
    if share < 0.2:
        return tr("texture and small details")
    if share < 0.45:
        return tr("small parts")
    if share < 0.9:
        return tr("parts of a thing")
    return tr("whole things in their surroundings")


def layer_words(layer: LayerInfo, session: InspectSession) -> str:
    """HTML: what a layer is."""
    field = " " + tr("A cell sees {field} pixels across.", field=layer.field) if layer.field else ""
    return tr(
        "<p><b>{name}</b>: {channels} channels, one number for every {stride} × {stride} pixels.{field} "
        "It is about {content}.</p>",
        name=layer.name,
        channels=layer.channels,
        stride=layer.stride,
        field=field,
        content=what_it_sees(layer, session),
    )


def region_words(channel: int) -> str:
    """HTML: what the strongest regions are."""
    return tr(
        "<p>The parts that excite <b>channel {channel}</b> most, strongest first, as large as its receptive "
        "field. What they have in common is what the channel looks for.</p>",
        channel=channel,
    )


def level_name(layer: LayerInfo) -> str:
    """ "level 5, relu5_1", or the name alone where it is no level."""
    return tr("level {level}, {name}", level=layer.level, name=layer.name) if layer.level else layer.name


def how_similar(value: float, top: float = 1.0) -> str:
    """In words, against the `top` that places of these two pictures reach: coarse levels never come near 1."""
    share = value / top
    for least, words in (
        (0.85, tr("very similar")),
        (0.65, tr("similar")),
        (0.45, tr("somewhat similar")),
        (0.2, tr("hardly similar")),
    ):
        if share >= least:
            return words
    return tr("not similar")


def how_clear(margin: float) -> str:
    if margin >= 0.1:
        return tr("a clear choice")
    if margin >= 0.03:
        return tr("a fair choice")
    return tr("a close call")


def hover_words(reading: HoverReading, level: LevelReading) -> str:
    """HTML: what one level says about the place under the mouse."""
    here, there = reading.request.side, other(reading.request.side)
    session = reading.request.session
    sees = what_it_sees(level.layer, session)
    agreeing = sum(one.answer.mutual for one in reading.levels)
    margin = (
        tr(
            "That is <b>{margin:.2f}</b> [[margin|more]] than anywhere else in {there}: {verdict}.",
            margin=level.answer.margin,
            there=there,
            verdict=how_clear(level.answer.margin),
        )
        if level.answer.runner_up is not None
        else ""
    )
    if level.answer.mutual:
        mutual = tr(
            "<b>[[mutual|Mutual]]:</b> looking back from there, the best place in {here} is this one again. "
            "They are best buddies at this level.",
            here=here,
        )
    else:
        mutual = tr(
            "<b>[[mutual|One-sided]]:</b> looking back from there, another place in {here} is more similar. "
            "The match would not pair them at this level.",
            here=here,
        )
    return tr(
        "<p>At [[level|{level}]] the network compares <b>{sees}</b>. The most [[similarity|similar]] "
        "place in {there} scores <b>{value:.2f}</b> of 1: {verdict}. {margin}</p><p>{mutual}</p>"
        "<p>Mutual at {agreeing} of {number} levels.</p>",
        level=level_name(level.layer),
        sees=sees,
        there=there,
        value=level.answer.value,
        verdict=how_similar(level.answer.value, session.tops.get(level.layer.level, 1.0)),
        margin=margin,
        mutual=mutual,
        agreeing=agreeing,
        number=len(reading.levels),
    )


def why_words(reading: WhyReading, layer: LayerInfo) -> str:
    """HTML: what the bars say."""
    split, (strongest, most, _) = reading.split, reading.split.most(1)
    sees = what_it_sees(layer, reading.request.session)
    top = reading.request.session.tops.get(layer.level, 1.0)
    share = float(most[0]) / split.cosine if split.cosine > 0 else 0.0
    return trn(
        "<p>At [[level|{level}]] the network describes <b>{sees}</b> by {count} numbers a place, one a "
        "[[channel|channel]]. The two places [[similarity|score]] <b>{similarity:.2f}</b> of 1, {verdict}, and one "
        "channel makes up half of that.</p><p>Channel <b>{strongest}</b> gives the most, {share:.0%}: both places "
        "have what it looks for. Click a bar to see where else in the pictures it finds that.</p>",
        "<p>At [[level|{level}]] the network describes <b>{sees}</b> by {count} numbers a place, one a "
        "[[channel|channel]]. The two places [[similarity|score]] <b>{similarity:.2f}</b> of 1, {verdict}, and "
        "{number} channels make up half of that.</p><p>Channel <b>{strongest}</b> gives the most, {share:.0%}: both "
        "places have what it looks for. Click a bar to see where else in the pictures it finds that.</p>",
        split.half(),
        level=level_name(layer),
        sees=sees,
        count=len(split.values),
        similarity=split.cosine,
        verdict=how_similar(split.cosine, top),
        strongest=int(strongest[0]),
        share=share,
    )


def place_words(side: Side, place: tuple[float, float]) -> str:
    return f"{side} {place[0]:.0f}, {place[1]:.0f}"


# --- what is explained ---

QUANTITIES = {
    Quantity.ACTIVATION: translatable("activation"),
    Quantity.SCORE: translatable("score"),
    Quantity.COSINE: translatable("cosine"),
}


def target_words(target: AnyTarget) -> str:
    """What a map explains; the engine has put the name of the class where the strongest one was asked for."""
    match target:
        case ClassTarget():
            return tr("class {name}", name=target.which)
        case ChannelTarget():
            return tr("channel {channel} of {layer}", channel=target.channel, layer=target.layer)
        case CellTarget(channel=None):
            return tr("cell {column}, {row} of {layer}", column=target.column, row=target.row, layer=target.layer)
        case CellTarget():
            return tr(
                "cell {column}, {row} of {layer}, channel {channel}",
                column=target.column,
                row=target.row,
                layer=target.layer,
                channel=target.channel,
            )
        case PairTarget():
            (ax, ay), (bx, by) = ((round(x), round(y)) for x, y in (target.a, target.b))
            return tr(
                "similarity of A {ax}, {ay} and B {bx}, {by} in {layer}", ax=ax, ay=ay, bx=bx, by=by, layer=target.layer
            )


def short_target_words(target: AnyTarget) -> str:
    """`target_words` where there is room for a few words only."""
    if isinstance(target, PairTarget):
        return tr("similarity")
    return str(target.which) if isinstance(target, ClassTarget) else target_words(target)


def unit_words(one: Attribution) -> str:
    """The unit of the numbers of a map."""
    return tr(METHODS[one.method].unit, target=tr(QUANTITIES[one.quantity]))
