"""What is remembered between two starts: theme, layout, recent pictures, last options."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QByteArray, QSettings

from studio.gui.widgets.theme import THEMES, ThemeName
from studio.options import Options, OptionsError
from studio.paths import config_dir

log = logging.getLogger(__name__)

RECENT_LIMIT = 10
AnyOptions = TypeVar("AnyOptions", bound=Options)


class Settings:
    """Typed access to one ini file in `studio.paths.config_dir()`.

    Unreadable or outdated entries are answered with the default: settings never stop the program.
    """

    def __init__(self, folder: Path | None = None) -> None:
        path = (folder or config_dir()) / "settings.ini"
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> ThemeName:
        value = self._text("theme")
        return next((name for name in THEMES if name == value), "system")

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._store.setValue("theme", name)

    @property
    def backbone(self) -> str:
        """The network of the match."""
        return self.network("match")

    @backbone.setter
    def backbone(self, name: str) -> None:
        self.set_network("match", name)

    def network(self, mode: str) -> str:
        """The network chosen last in a mode that has a choice of its own."""
        return self._text(f"{mode}/backbone") or "buddynet"

    def set_network(self, mode: str, name: str) -> None:
        self._store.setValue(f"{mode}/backbone", name)

    @property
    def device(self) -> str:
        return self._text("match/device") or "auto"

    @device.setter
    def device(self, name: str) -> None:
        self._store.setValue("match/device", name)

    @property
    def recent_pictures(self) -> list[Path]:
        return [Path(item) for item in self._list("recent/pictures")]

    def add_recent_picture(self, path: Path) -> None:
        """Put `path` first; the list holds `RECENT_LIMIT` entries."""
        path = path.absolute()
        rest = [item for item in self.recent_pictures if item != path]
        self._store.setValue("recent/pictures", json.dumps([str(item) for item in [path, *rest][:RECENT_LIMIT]]))

    def forget_recent_pictures(self) -> None:
        self._store.remove("recent/pictures")

    @property
    def recent_projects(self) -> list[Path]:
        return [Path(item) for item in self._list("recent/projects")]

    def add_recent_project(self, path: Path) -> None:
        """Put `path` first; the list holds `RECENT_LIMIT` entries."""
        path = path.absolute()
        rest = [item for item in self.recent_projects if item != path]
        self._store.setValue("recent/projects", json.dumps([str(item) for item in [path, *rest][:RECENT_LIMIT]]))

    def forget_recent_projects(self) -> None:
        self._store.remove("recent/projects")

    @property
    def last_folder(self) -> str:
        return self._text("last_folder")

    @last_folder.setter
    def last_folder(self, folder: str) -> None:
        self._store.setValue("last_folder", folder)

    def flag(self, name: str, default: bool) -> bool:
        """A remembered switch of the View menu."""
        value = self._text(f"view/{name}")
        return default if value not in ("true", "false") else value == "true"

    def set_flag(self, name: str, value: bool) -> None:
        self._store.setValue(f"view/{name}", "true" if value else "false")

    def number(self, key: str, default: float) -> float:
        """A remembered number."""
        try:
            return float(self._text(key))
        except ValueError:
            return default

    def set_number(self, key: str, value: float) -> None:
        self._store.setValue(key, repr(value))

    def options(self, kind: type[AnyOptions], key: str) -> AnyOptions:
        """The options used last under `key`, or the defaults."""
        try:
            return kind.from_dict(json.loads(self._text(f"options/{key}") or "{}"))
        except (OptionsError, ValueError) as error:
            log.info("remembered options %s were not usable: %s", key, error)
            return kind()

    def set_options(self, key: str, options: Options) -> None:
        self._store.setValue(f"options/{key}", json.dumps(options.to_dict()))

    def layout(self) -> tuple[QByteArray | None, QByteArray | None]:
        """Geometry of the window and state of its docks, as Qt saved them."""
        geometry, state = self._store.value("window/geometry"), self._store.value("window/state")
        return (
            geometry if isinstance(geometry, QByteArray) else None,
            state if isinstance(state, QByteArray) else None,
        )

    def set_layout(self, geometry: QByteArray, state: QByteArray) -> None:
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/state", state)

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()
        if self._store.status() != QSettings.Status.NoError:
            log.warning("settings could not be written to %s", self._store.fileName())

    def _text(self, key: str) -> str:
        value: Any = self._store.value(key)
        return value if isinstance(value, str) else ""

    def _list(self, key: str) -> list[str]:
        try:
            value = json.loads(self._text(key) or "[]")
        except ValueError:
            return []
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
