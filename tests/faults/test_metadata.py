"""What describes a picture comes out of a saved file byte for byte, in the eyes of other programs."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image
from PIL.ExifTags import IFD, Base

from studio.codecs.exif import Block
from studio.codecs.recipes import recipe_text
from studio.picture import load, load_bytes, save
from tests.making_pictures import png_chunk

CAT = np.ascontiguousarray(skimage.data.chelsea()[:96, :128])
KINDS = ["jpg", "png", "webp", "tif"]
ARTIST, COPYRIGHT, TITLE = "José Müller", "© 2024 Zoë", "Größe ‘更美’"
KEYWORDS = ["straße", "été"]
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6">'
    f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{TITLE}</rdf:li></rdf:Alt></dc:title>'
    f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{COPYRIGHT}</rdf:li></rdf:Alt></dc:rights>'
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
).encode()
KEPT_XMP = XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')
MAKER_NOTE = b"Maker\0\1\2" + bytes(range(256)) * 3


def iptc() -> bytes:
    """Records of IPTC 4.2 (1:90 says UTF-8, 2:25 is a keyword), in the image resource of Photoshop."""
    texts = [(1, 90, b"\x1b%G"), *((2, 25, word.encode()) for word in KEYWORDS)]
    records = b"".join(struct.pack(">BBBH", 0x1C, record, number, len(t)) + t for record, number, t in texts)
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)


def exif(order: str) -> bytes:
    """A block of EXIF put together by hand: text in UTF-8, an orientation, a maker's note, a thumbnail."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first: list[tuple[int, int, bytes]] = [
        (Base.ImageDescription, 2, TITLE.encode() + b"\0"),
        (Base.Orientation, 3, struct.pack(order + "H", 6)),
        (Base.Artist, 2, ARTIST.encode() + b"\0"),
        (Base.Copyright, 2, COPYRIGHT.encode("latin-1") + b"\0"),
        (IFD.Exif, 4, b""),
    ]
    comment = b"UNICODE\0" + TITLE.encode("utf-16-le" if order == "<" else "utf-16-be")
    below = [(Base.MakerNote, 7, MAKER_NOTE), (Base.UserComment, 7, comment)]
    below += [(40962, 4, struct.pack(order + "I", 4000)), (40963, 4, struct.pack(order + "I", 3000))]
    thumbnail = b"\xff\xd8thumbnail\xff\xd9"
    place = 8 + 2 + 12 * len(first) + 4
    blob = mark + struct.pack(order + "I", 8)
    values = b"".join(value for _, _, value in first if len(value) > 4)
    below_at = place + len(values)
    below_values = b"".join(value for _, _, value in below if len(value) > 4)
    second_at = below_at + 2 + 12 * len(below) + 4 + len(below_values)

    def directory(entries: list[tuple[int, int, bytes]], start: int, following: int) -> bytes:
        rows, after = b"", start
        for tag, kind, value in entries:
            length = {2: 1, 3: 2, 4: 4, 7: 1}[kind]
            if tag == IFD.Exif:
                rows += struct.pack(order + "HHII", tag, 4, 1, below_at)
            elif len(value) <= 4:
                rows += struct.pack(order + "HHI", tag, kind, len(value) // length) + value.ljust(4, b"\0")
            else:
                rows += struct.pack(order + "HHII", tag, kind, len(value) // length, after)
                after += len(value)
        return struct.pack(order + "H", len(entries)) + rows + struct.pack(order + "I", following)

    blob += directory(first, place, second_at) + values
    blob += directory(below, below_at + 2 + 12 * len(below) + 4, 0) + below_values
    thumbnail_at = second_at + 2 + 24 + 4
    second = [(513, 4, struct.pack(order + "I", thumbnail_at)), (514, 4, struct.pack(order + "I", len(thumbnail)))]
    return blob + directory(second, 0, 0) + thumbnail


def made(kind: str, order: str = "<") -> bytes:
    """A picture with all of it, put together here and not by the program."""
    out = io.BytesIO()
    block = exif(order)
    image = Image.fromarray(CAT)
    if kind == "jpg":
        image.save(out, "JPEG", quality=95)
        jpeg = out.getvalue()
        contents = [
            (0xE1, b"Exif\0\0" + block),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
            (0xED, b"Photoshop 3.0\0" + iptc()),
            (0xFE, TITLE.encode()),
        ]
        segments = b"".join(bytes([0xFF, m]) + struct.pack(">H", len(c) + 2) + c for m, c in contents)
        return jpeg[:20] + segments + jpeg[20:]
    if kind == "png":
        image.save(out, "PNG")
        png = out.getvalue()
        hexadecimal = f"\niptc\n{len(iptc())}\n{iptc().hex()}\n".encode()
        chunks = [
            (b"eXIf", block),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
            (b"tEXt", b"Raw profile type iptc\0" + hexadecimal),
            (b"tEXt", b"Author\0" + ARTIST.encode("latin-1")),
        ]
        return png[:33] + b"".join(png_chunk(*one) for one in chunks) + png[33:]
    if kind == "webp":
        image.save(out, "WEBP", lossless=True, exif=block, xmp=XMP)
        return out.getvalue()
    values: list[Any] = [
        (270, 2, 0, TITLE.encode() + b"\0", True),
        (274, 3, 1, 6, True),
        (315, 2, 0, ARTIST.encode() + b"\0", True),
        (33432, 2, 0, COPYRIGHT.encode("latin-1") + b"\0", True),
        (700, 1, len(XMP), XMP, True),
        (34377, 1, len(iptc()), iptc(), True),
    ]
    tifffile.imwrite(out, CAT, photometric="rgb", byteorder=order, metadata=None, extratags=values)
    return out.getvalue()


def described(content: bytes) -> dict[str, Any]:
    """What Pillow finds in a file, as bytes."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        block = image.info.get("exif") or b""
        found: dict[str, Any] = {
            "exif": block.removeprefix(b"Exif\0\0"),
            "xmp": image.info.get("xmp") or image.info.get("XML:com.adobe.xmp", "").encode(),
            "comment": image.info.get("comment"),
            "author": image.info.get("Author"),
        }
        if image.format == "JPEG":
            found["keywords"] = image.info.get("photoshop", {}).get(0x0404, b"")
        elif image.format == "PNG":
            text = image.info.get("Raw profile type iptc", "")
            found["keywords"] = bytes.fromhex("".join(text.split("\n")[3:]))
        elif image.format == "TIFF":
            with tifffile.TiffFile(io.BytesIO(content)) as file:
                tags = file.pages[0].tags
                found["keywords"] = bytes(tags[33723].value) if 33723 in tags else b""
            found["exif"] = content
    return found


@pytest.mark.parametrize("order", ["<", ">"], ids=["little end first", "big end first"])
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_metadata_come_out_as_they_went_in(tmp_path: Path, origin: str, target: str, order: str) -> None:
    content = made(origin, order)
    picture = load_bytes(content, "x")
    assert picture.size == (96, 128) and picture.notes == ()
    path = tmp_path / f"y.{target}"
    save(picture.pixels[:50], path, like=picture, text={"Recipe": "{}"})
    found = described(path.read_bytes())
    block = Block(found["exif"])
    first = block.values(block.first)
    assert first[Base.ImageDescription][1] == TITLE.encode() + b"\0"
    assert first[Base.Artist][1] == ARTIST.encode() + b"\0"
    assert first[Base.Copyright][1] == COPYRIGHT.encode("latin-1") + b"\0"
    assert first.get(Base.Orientation, (3, struct.pack(order + "H", 1)))[1][:2] == struct.pack(order + "H", 1)
    if origin != "tif":
        details = block.below(IFD.Exif)
        assert details is not None
        values = block.values(details)
        assert values[Base.MakerNote][1] == MAKER_NOTE
        assert bytes(block.content).index(MAKER_NOTE) == exif(order).index(MAKER_NOTE), "its place counts too"
        assert TITLE.encode("utf-16-le" if order == "<" else "utf-16-be") in values[Base.UserComment][1]
        assert values[40962][1] + values[40963][1] == struct.pack(order + "II", 96, 50)
        assert b"thumbnail" not in path.read_bytes()
    assert found["xmp"] == KEPT_XMP
    if origin != "webp" and target != "webp":
        assert all(word.encode() in found["keywords"] for word in KEYWORDS)
        assert iptc()[12:] in path.read_bytes() or target == "png"
    if origin == target:
        assert found["comment"] == (TITLE.encode() if origin == "jpg" else found["comment"])
        assert found["author"] == (ARTIST if origin == "png" else None)
    with path.open("rb") as file:
        assert recipe_text(file) == {"Recipe": "{}"}
    again = load(path)
    assert again.size == (96, 50) and again.notes == ()


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed; Pillow and tifffile read above"
)
def test_exiftool_reads_it_all(tmp_path: Path) -> None:
    for origin in KINDS:
        picture = load_bytes(made(origin), "x")
        for target in KINDS:
            save(picture.pixels, tmp_path / f"{origin}.{target}", like=picture, text={"Recipe": "{}"})
    asked = ["-j", "-EXIF:Artist", "-EXIF:ImageDescription", "-XMP:Title", "-XMP:Rights", "-IPTC:Keywords"]
    found = subprocess.run(["exiftool", *asked, str(tmp_path)], capture_output=True, check=True)
    rows = json.loads(found.stdout)
    assert len(rows) == len(KINDS) ** 2
    for row in rows:
        assert (row["Artist"], row["ImageDescription"]) == (ARTIST, TITLE), row
        assert (row["Title"], row["Rights"]) == (TITLE, COPYRIGHT), row
        if "webp" not in row["SourceFile"].rsplit("/", 1)[1]:
            assert row["Keywords"] == KEYWORDS, row


def test_recipes_in_their_old_places_are_read_and_do_not_travel(tmp_path: Path) -> None:
    old = {"buddies-studio": '{"what": "stylize"}'}
    for place in (Base.UserComment, Base.ImageDescription):
        block = Image.Exif()
        block[Base.Make] = "Kamera"
        if place == Base.UserComment:
            block[IFD.Exif] = {place: b"ASCII\0\0\0" + json.dumps(old).encode()}
        else:
            block[place] = json.dumps(old)
        out = io.BytesIO()
        Image.fromarray(CAT).save(out, "JPEG", exif=block)
        out.seek(0)
        assert recipe_text(out) == old
        picture = load_bytes(out.getvalue(), "x")
        save(CAT, tmp_path / "new.jpg", like=picture)
        with (tmp_path / "new.jpg").open("rb") as file:
            assert recipe_text(file) == {}
        with Image.open(tmp_path / "new.jpg") as image:
            assert image.getexif()[Base.Make] == "Kamera"


def test_the_exif_of_an_animated_webp_has_no_prefix(tmp_path: Path) -> None:
    from studio.morph.animations import Film, WebpWriter

    film = Film((128, 96), False, 2, 10.0, True, 80, '{"a": 1}')
    with (tmp_path / "x.webp").open("wb") as file:
        writer = WebpWriter(file, film)
        writer.add(CAT)
        writer.add(CAT[:, ::-1])
        writer.finish()
    content = (tmp_path / "x.webp").read_bytes()
    place = content.index(b"EXIF")
    assert content[place + 8 : place + 12] == b"II*\0"
    with Image.open(tmp_path / "x.webp") as image:
        comment = image.getexif().get_ifd(IFD.Exif)[Base.UserComment]
        assert json.loads(comment[8:]) == {"Recipe": '{"a": 1}'} and image.n_frames == 2  # type: ignore[attr-defined]
