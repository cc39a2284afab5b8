"""Restored pictures say what they are, in every file and in the field's own words.

XMP      Iptc4xmpExt:DigitalSourceType = trainedAlgorithmicMedia (IPTC's term for generated pictures), dc:description,
         xmp:CreatorTool, and one property of our namespace per fact below
EXIF     ImageDescription, Software, and the facts as JSON in ImageHistory
PNG      the same texts as Description, Software and coldframe
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from archive.errors import UsageError

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
NAMESPACE = "urn:coldframe:provenance#"
DESCRIPTION = "Reconstruction, not the original: a diffusion model drew this picture from {bits} bits of row {row_id}."
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
QUALITY = 95  # of JPEG and WebP
IMAGE_HISTORY = 0x9213  # TIFF/EP (ISO 12234-2): "a record of what has been done to the image"


@dataclass(frozen=True)
class Provenance:
    """Where a restored picture comes from."""

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
        return DESCRIPTION.format(bits=self.bits, row_id=self.row_id)


def write_picture(path: Path, pixels: npt.NDArray[np.uint8], provenance: Provenance) -> None:
    """(H, W, 3) uint8 → a JPEG, PNG or WebP file, by atomic rename. Raises UsageError for another suffix."""
    from PIL import Image, PngImagePlugin

    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(
            f"a restored picture cannot be written as {path.suffix!r}; use {', '.join(FORMATS)}"
        )
    options: dict[str, Any] = {"exif": _exif(provenance)}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", _xmp(provenance).decode())
        texts.add_text("Description", provenance.description)
        texts.add_text("Software", provenance.software)
        texts.add_text("coldframe", _facts(provenance))
        options["pnginfo"] = texts
    else:
        options |= {"xmp": _xmp(provenance), "quality": QUALITY}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    Image.fromarray(pixels).save(beside, kind, **options)
    beside.replace(path)


def _facts(provenance: Provenance) -> str:
    return json.dumps(asdict(provenance))


def _exif(provenance: Provenance) -> Any:
    from PIL import ExifTags, Image

    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = provenance.description
    exif[ExifTags.Base.Software] = provenance.software
    exif[IMAGE_HISTORY] = _facts(provenance)
    return exif


def _xmp(provenance: Provenance) -> bytes:
    told = {
        name: fact if isinstance(fact, str) else json.dumps(fact)
        for name, fact in asdict(provenance).items()
    }
    facts = "".join(
        f"<coldframe:{name}>{escape(fact)}</coldframe:{name}>\n" for name, fact in told.items()
    )
    description = (
        f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(provenance.description)}</rdf:li></rdf:Alt>'
    )
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:coldframe="{NAMESPACE}">
<Iptc4xmpExt:DigitalSourceType>{SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>
<dc:description>{description}</dc:description>
<xmp:CreatorTool>{escape(provenance.software)}</xmp:CreatorTool>
{facts}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()
