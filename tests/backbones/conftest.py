"""Networks that are dear to build, and a server that misbehaves as told."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from studio.backbones import CATALOG, Backbone, Entry, build_backbone
from tests.backbones.server import FileServer
from tests.backbones.testnet import TESTNET, saved, state


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small images are quicker on one thread, by far so where the cores are busy with other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def vgg19() -> Backbone:
    return build_backbone("vgg19", seed=1)


@pytest.fixture(scope="session")
def noise() -> torch.Tensor:
    """Two images of 64 x 96 in [0, 1]."""
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A web server of this machine; retries come at once and the proxies of the environment are left out."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("studio.backbones.download.PAUSES", (0.01, 0.02, 0.02))
    with FileServer() as running:
        yield running


@pytest.fixture
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No backbone of another test is kept in memory, and none of this one."""
    monkeypatch.setattr("studio.backbones.loading._loaded", OrderedDict())


@pytest.fixture
def forget(nothing_loaded: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """As if the program began anew: what is kept in memory is not found again."""
    return lambda: monkeypatch.setattr("studio.backbones.loading._loaded", OrderedDict())


@pytest.fixture
def testnet(nothing_loaded: None, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A small network in the catalogue, whose weights nobody publishes."""
    entry = replace(TESTNET, url="https://weights.invalid/models/testnet-00000000.pth", sha256="00000000")
    monkeypatch.setitem(CATALOG, "testnet", entry)
    return entry


@pytest.fixture
def published(server: FileServer, testnet: Entry, monkeypatch: pytest.MonkeyPatch) -> Entry:
    """The same, with its weights on the test's own server."""
    content = saved(state())
    digest = hashlib.sha256(content).hexdigest()
    name = f"testnet-{digest[:8]}.pth"
    server.files[name] = content
    url = f"https://weights.invalid/models/{name}"
    entry = replace(testnet, url=url, sha256=digest, download_bytes=len(content))
    monkeypatch.setitem(CATALOG, "testnet", entry)
    monkeypatch.setenv("BUDDIES_STUDIO_WEIGHTS_URL", f"{server.url}/")
    return entry
