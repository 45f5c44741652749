"""What one room has computed is there for the others: one pass of the network, and the same numbers."""

from __future__ import annotations

import gc

import numpy as np
import pytest
import torch
from skimage import data

from studio.backbones.receptive import Receptive
from studio.buddies import MatchMemory, MatchOptions, match, propose
from studio.buddies.plan import Plan
from studio.features import FeatureStore, PairFeatures, Placing, compute_features, split_cosine
from studio.featurevis import prepare_hover
from studio.picture import Picture
from studio.progress import run_to_end
from tests.buddies.networks import noise_picture, small_backbone

OPTIONS = MatchOptions(working_size=96, border=0, turned=False)  # which takes passes of its own


@pytest.fixture
def pictures() -> tuple[Picture, Picture]:
    return Picture.from_array(data.chelsea()), Picture.from_array(data.coffee()[:, :450])


@pytest.fixture
def network():
    return small_backbone()


@pytest.fixture
def passes(network, monkeypatch) -> list[tuple[int, ...]]:
    """Shape of each picture that went into the first stage; an empty image measures receptive fields only."""
    seen: list[tuple[int, ...]] = []
    plain = type(network).normalise

    def counted(self, image):
        if bool(image.any()):
            seen.append(tuple(image.shape))
        return plain(self, image)

    monkeypatch.setattr(type(network), "normalise", counted)
    return seen


@pytest.mark.parametrize("preset", ["paper", "official"])
def test_hovering_shows_what_the_match_compared_without_another_pass(network, pictures, passes, preset):
    memory = MatchMemory(store=(store := FeatureStore()))
    run_to_end(match(*pictures, network, OPTIONS.with_values(preset=preset, finest_level=3), memory=memory))
    assert len(passes) == 2
    finer = OPTIONS.with_values(preset=preset)
    run_to_end(match(*pictures, network, finer, memory=memory))
    before, known = len(passes), store.matched(*pictures, network)
    cache = run_to_end(
        prepare_hover(*pictures, network, (known.a.size, known.b.size), plain=known.a.plain, store=store)
    )
    assert len(passes) == before
    held = memory.held
    for level in network.levels:
        for side, compared in (("A", held.a), ("B", held.b)):
            assert cache.features(side, level.number) is compared.maps[level.number]
    # The cosines that the match's own maps give, in float64.
    answer = cache.answer("A", 200.0, 150.0)
    for level in answer.levels:
        one, other = (maps[level.level][0].double().flatten(1).numpy() for maps in (held.a.maps, held.b.maps))
        columns = held.a.maps[level.level].shape[3]
        cell = one[:, level.cell[1] * columns + level.cell[0]]
        lengths = np.linalg.norm(other, axis=0) * np.linalg.norm(cell)
        expected = (cell @ other) / np.maximum(lengths, 1e-12)
        np.testing.assert_allclose(level.similarity.ravel(), expected, atol=2e-6)


def test_only_the_finest_levels_are_computed_after_a_match_that_did_without_them(network, pictures, monkeypatch):
    store = FeatureStore()
    coarse = OPTIONS.with_values(finest_level=3)
    run_to_end(match(*pictures, network, coarse, memory=MatchMemory(store=store)))
    known = store.matched(*pictures)
    assert set(known.a.maps) == {3, 4, 5}
    ran: list[int] = []
    hooks = [
        network.stage(level.number).body[0].register_forward_hook(lambda *_, number=level.number: ran.append(number))
        for level in network.levels
    ]
    image = pictures[0].tensor(known.a.size)
    whole = network.features(image)
    ran.clear()
    found = run_to_end(compute_features(pictures[0], network, known.a.size, store=store))
    for hook in hooks:
        hook.remove()
    assert ran == [1, 2]
    for level in network.levels:
        torch.testing.assert_close(found.maps[level.number], whole[level.number], rtol=0, atol=0)


def test_what_was_hovered_serves_a_click_and_a_match(network, pictures, passes):
    store = FeatureStore()
    plan = Plan.of(pictures[0].size, pictures[1].size, network.levels, OPTIONS)
    run_to_end(prepare_hover(*pictures, network, (plan.size_a, plan.size_b), store=store))
    assert len(passes) == 2 and store.matched(*pictures) is None  # no match compared them yet
    memory = MatchMemory(store=store)
    pairs = run_to_end(match(*pictures, network, OPTIONS, memory=memory))
    assert len(passes) == 2
    assert propose(memory, "a", (200.0, 150.0), pairs) is not None
    assert pairs == run_to_end(match(*pictures, network, OPTIONS))
    a, b = pictures
    turned = store.matched(b, a)
    assert turned.a.picture() is b and turned.b.picture() is a


def kept(network, *pairs, size=(32, 32), matched=True) -> list[PairFeatures]:
    found = []
    for a, b in pairs:
        one, other = (run_to_end(compute_features(picture, network, size)) for picture in (a, b))
        found.append(PairFeatures(one, other, matched))
    return found


def test_the_pair_used_longest_ago_leaves_first_and_the_limit_holds(network):
    pictures = [noise_picture(40, 30, seed) for seed in range(6)]
    made = kept(network, *zip(pictures[::2], pictures[1::2], strict=True))
    each = made[0].nbytes
    assert each == sum(4 * map_.numel() for side in (made[0].a, made[0].b) for map_ in side.maps.values())
    store = FeatureStore(2 * each)
    for pair in made[:2]:
        store.keep(pair)
    store.keep(made[0])  # used again: now the other one is the oldest
    store.keep(made[2])
    assert len(store) == 2 and store.nbytes == 2 * each
    assert store.matched(*pictures[0:2]) is not None and store.matched(*pictures[4:6]) is not None
    assert store.matched(*pictures[2:4]) is None
    # A picture that is in two pairs is kept once.
    shared = PairFeatures(made[0].a, made[2].b)
    store.keep(shared)
    assert len(store) == 3 and store.nbytes == 2 * each
    tiny = FeatureStore(each // 3)
    left = tiny.keep(made[0])
    assert 0 < tiny.nbytes <= each // 3 and set(left.a.maps) < set(made[0].a.maps) and 5 in left.a.maps
    store.clear()
    assert store.nbytes == 0 and len(store) == 0


def test_other_networks_sizes_and_pictures_are_not_mistaken_and_the_dead_are_not_kept(network):
    a, b = noise_picture(40, 30, 1), noise_picture(40, 30, 2)
    store = FeatureStore()
    (pair,) = kept(network, (a, b))
    store.keep(pair)
    assert store.find(a, network, (32, 32)) is pair.a
    assert store.find(noise_picture(40, 30, 1), network, (32, 32)) is None
    assert store.find(a, small_backbone(), (32, 32)) is None
    assert store.find(a, network, (48, 32)) is None and store.find(a, network, (32, 32), plain=True) is None
    assert store.matched(a, b, small_backbone()) is None
    del a
    gc.collect()
    c, d = noise_picture(40, 30, 3), noise_picture(40, 30, 4)
    store.keep(kept(network, (c, d))[0])
    assert len(store) == 1


def test_cells_lie_where_the_field_says():
    # Counted by hand: cell i sees pixels 4 i - 3 to 4 i + 6, so its centre lies at 4 i + 1.5: that of its block.
    placing = Placing(Receptive(10, 4, -3), (64, 32), (128, 96))
    assert placing.grid == (16, 8) and placing.field.offset == 0.0 and placing.extent == (128.0, 96.0)
    assert placing.centre((3, 2)) == pytest.approx(((13.5 + 0.5) * 2 - 0.5, (9.5 + 0.5) * 3 - 0.5))
    assert placing.box((3, 2)) == pytest.approx(((9 - 0.5 + 0.5) * 2 - 0.5, (5 - 0.5 + 0.5) * 3 - 0.5, 37.5, 44.5))
    assert placing.block((3, 2)) == pytest.approx((23.5, 23.5, 31.5, 35.5))
    assert placing.cell_at((27.5, 29.5)) == (3, 2) and placing.cell_at((-50.0, 900.0)) == (0, 7)
    cells = np.array([[0.0, 0.0], [2.5, 7.0]])
    np.testing.assert_allclose(placing.to_cells(placing.to_full(cells)), cells)
    # Of a field that lies aside of its blocks, the cell is the one whose centre is nearest.
    aside = Placing(Receptive(7, 4, 0), (64, 32), (64, 32))
    assert aside.field.offset == 1.5
    for x in range(64):
        nearest = np.abs(np.arange(16) * 4 + 3.0 - x).argmin()
        assert aside.cell_at((float(x), 3.0))[0] in (nearest, nearest + (x % 4 == 1))


def test_a_cosine_is_the_sum_of_its_channels():
    rng = np.random.default_rng(0)
    a, b = np.abs(rng.normal(size=40)), rng.normal(size=40) + 0.5
    split = split_cosine(a, b, (1, 2), (3, 4))
    parts = a * b / np.sqrt((a @ a) * (b @ b))
    assert split.cosine == pytest.approx(parts.sum(), abs=1e-14) and (split.cell_a, split.cell_b) == ((1, 2), (3, 4))
    np.testing.assert_allclose(split.values, parts[split.channels], atol=1e-15)
    channels, values, others = split.most(5)
    np.testing.assert_allclose(values, np.sort(parts)[::-1][:5], atol=1e-15)
    assert others == pytest.approx(split.cosine - values.sum()) and parts[channels[0]] == pytest.approx(parts.max())
    least = split.half()
    assert np.sort(parts)[::-1][:least].sum() >= split.cosine / 2 > np.sort(parts)[::-1][: least - 1].sum()
    assert split_cosine(np.zeros(4), np.ones(4)).cosine == 0.0
