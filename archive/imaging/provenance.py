"""Restored images state in every file that they are reconstructions.

XMP    Iptc4xmpExt:DigitalSourceType = trainedAlgorithmicMedia (IPTC's term for generated images),
       dc:description, xmp:CreatorTool, and one property of our namespace for each fact below
EXIF   ImageDescription, Software, and the facts as JSON in ImageHistory
PNG    the same texts as Description, Software and coldframe
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, PngImagePlugin

from archive.arrays import Pixels
from archive.errors import DiskFull, UsageError
from archive.imaging.encode import LONGEST_SIDES
from archive.imaging.quiet import quiet

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
NAMESPACE = "urn:coldframe:provenance#"
DESCRIPTION = (
    "Reconstruction, not the original: "
    "a diffusion model generated this picture from {bits} bits of row {row_id}."
)
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
QUALITY = 95  # of JPEG and WebP
IMAGE_HISTORY = 0x9213  # TIFF/EP (ISO 12234-2): "a record of what has been done to the image"


@dataclass(frozen=True)
class Provenance:
    """Where a restored image comes from. Files have a property for each field, of its name."""

    row_id: int
    original_sha256: str
    bits: int
    codec: str
    model: str
    decoder: str
    decoder_sha256: str
    seed: int
    parameters: Mapping[str, Any]
    software: str

    @property
    def description(self) -> str:
        """The sentence for people who look at the file's metadata."""
        return DESCRIPTION.format(bits=self.bits, row_id=self.row_id)


def longest_side(path: Path) -> int:
    """How many pixels a side may have in a file of this suffix. Raises UsageError for another."""
    return LONGEST_SIDES[_format_of(path)]


def write_picture(path: Path, pixels: Pixels, provenance: Provenance) -> None:
    """(H, W, 3) uint8 → a JPEG, PNG or WebP file, written by atomic rename.

    Raises UsageError for another suffix, DiskFull, OSError.
    """
    image_format = _format_of(path)
    options: dict[str, Any] = {"exif": _exif(provenance)}
    if image_format == "PNG":
        options["pnginfo"] = _png_texts(provenance)
    else:
        options |= {"xmp": _xmp(provenance), "quality": QUALITY}
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with quiet():
            Image.fromarray(pixels).save(temporary, image_format, **options)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in DiskFull.numbers:
            raise DiskFull(f"the disk of {path.parent} is full; make room and run again") from error
        raise


def _format_of(path: Path) -> str:
    image_format = FORMATS.get(path.suffix.lower())
    if image_format is None:
        suffixes = ", ".join(FORMATS)
        raise UsageError(f"cannot write a restored image as {path.suffix!r}; use {suffixes}")
    return image_format


def _facts(provenance: Provenance) -> str:
    return json.dumps(asdict(provenance))


def _exif(provenance: Provenance) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = provenance.description
    exif[ExifTags.Base.Software] = provenance.software
    exif[IMAGE_HISTORY] = _facts(provenance)
    return exif


def _png_texts(provenance: Provenance) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", _xmp(provenance).decode())
    texts.add_text("Description", provenance.description)
    texts.add_text("Software", provenance.software)
    texts.add_text("coldframe", _facts(provenance))
    return texts


def _xmp(provenance: Provenance) -> bytes:
    facts = {
        name: FORBIDDEN.sub("\ufffd", value) if isinstance(value, str) else json.dumps(value)
        for name, value in asdict(provenance).items()
    }
    properties = "".join(
        f"<coldframe:{name}>{escape(text)}</coldframe:{name}>\n" for name, text in facts.items()
    )
    sentence = f'<rdf:li xml:lang="x-default">{escape(provenance.description)}</rdf:li>'
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:coldframe="{NAMESPACE}"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>
<dc:description><rdf:Alt>{sentence}</rdf:Alt></dc:description>
<xmp:CreatorTool>{escape(provenance.software)}</xmp:CreatorTool>
{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
