"""Chooses the network and the device, and says what each needs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QLabel, QPushButton, QWidget

from studio.backbones.catalog import CATALOG
from studio.backbones.choice import NetworkChoice
from studio.backbones.status import weights_status
from studio.device import DeviceInfo
from studio.gui.widgets.choices import Choices
from studio.gui.widgets.names import PlainLabel
from studio.gui.widgets.settings_store import Settings
from studio.language import tr, translatable
from studio.options import Options, knob

WEIGHTS_FILTER = translatable("Network weights (*.safetensors *.pth *.pt);;All files (*)")


class NetworkOptions(Options):
    """What a project keeps of the choice; devices and files of weights are this machine's."""

    backbone: str = knob("buddynet", "Name of the network in the catalogue.", label="Network")


class NetworkChooser(QWidget):
    """Which network and which device, with what each needs."""

    changed = Signal()

    def __init__(self, settings: Settings, mode: str = "match") -> None:
        """`mode` is whose choice of a network is remembered; the device is the same for all."""
        super().__init__()
        self._settings, self._mode = settings, mode
        self.chosen_weights: dict[str, Path] = {}
        self.backbone = QComboBox()
        self.backbone.setAccessibleName(tr("Network"))
        for name, entry in CATALOG.items():
            self.backbone.addItem(entry.title, name)
            self.backbone.setItemData(
                self.backbone.count() - 1,
                f"{tr(entry.description)}\n{weights_status(name).text}",
                Qt.ItemDataRole.ToolTipRole,
            )
        self.backbone.setCurrentIndex(max(0, self.backbone.findData(settings.network(mode))))
        self.note = PlainLabel(wordWrap=True)
        self.note.setObjectName("muted")
        self._file = QPushButton(tr("Weights File…"))
        self._file.setToolTip(tr("Use weights from a .safetensors or .pth file of your own"))
        self._file.clicked.connect(self._choose_file)
        self.device = QComboBox()
        self.device.setAccessibleName(tr("Device"))
        self.set_devices([])
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.backbone, 0, 0, 1, 2)
        grid.addWidget(self._file, 0, 2)
        grid.addWidget(self.note, 1, 0, 1, 3)
        grid.addWidget(QLabel(tr("Device")), 2, 0)
        grid.addWidget(self.device, 2, 1, 1, 2)
        self.backbone.currentIndexChanged.connect(self._on_backbone)
        self.device.currentIndexChanged.connect(self._on_device)
        self.choices = Choices(NetworkOptions, {"backbone": self.backbone}, self)
        self.refresh()

    @property
    def backbone_name(self) -> str:
        return str(self.backbone.currentData())

    @property
    def weights(self) -> Path | None:
        """The user's own file for the chosen network, if one was named."""
        return self.chosen_weights.get(self.backbone_name)

    @property
    def device_name(self) -> str:
        return str(self.device.currentData())

    def choice(self) -> NetworkChoice:
        """As jobs take it."""
        return NetworkChoice(self.backbone_name, self.weights, self.device_name)

    def choose(self, name: str) -> None:
        """Choose a network by its name in the catalogue; nothing happens if there is none."""
        index = self.backbone.findData(name)
        if index >= 0:
            self.backbone.setCurrentIndex(index)

    def set_devices(self, devices: list[DeviceInfo]) -> None:
        """Offer these devices; before torch is loaded only "automatic" is known."""
        with QSignalBlocker(self.device):
            self.device.clear()
            self.device.addItem(
                tr("Automatic ({device})", device=devices[0].label) if devices else tr("Automatic"), "auto"
            )
            for info in devices:
                memory = f", {info.memory / 2**30:.0f} GB" if info.memory else ""
                self.device.addItem(f"{info.label}{memory}", info.name)
            self.device.setCurrentIndex(max(0, self.device.findData(self._settings.device)))

    def refresh(self) -> None:
        """Say again what the chosen network needs: a download may have come meanwhile."""
        entry = CATALOG[self.backbone_name]
        strides = ", ".join(str(level.stride) for level in entry.levels)
        needs = (
            tr("weights from “{name}”", name=self.weights.name)
            if self.weights
            else weights_status(self.backbone_name).text
        )
        self.note.setText(
            tr(
                "{description}\nLevels at strides {strides} · {needs}",
                description=tr(entry.description),
                strides=strides,
                needs=needs,
            )
        )

    def _on_backbone(self) -> None:
        self._settings.set_network(self._mode, self.backbone_name)
        self.refresh()
        self.changed.emit()

    def _on_device(self) -> None:
        self._settings.device = self.device_name
        self.changed.emit()

    def _choose_file(self) -> None:
        title = tr("Weights for {network}", network=self.backbone.currentText())
        path, _ = QFileDialog.getOpenFileName(self, title, self._settings.last_folder, tr(WEIGHTS_FILTER))
        if path:
            self.chosen_weights[self.backbone_name] = Path(path)
            self.refresh()
            self.changed.emit()
