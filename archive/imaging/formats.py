"""Which image formats are decoded, and what other contents are called.

Pillow may open FORMATS and nothing else: some of its plugins start other programs (EPS runs
Ghostscript), or exist for formats that hold no photos. Files of other kinds that are known by their
first bytes are refused by name, so that nobody looks for damage where there is none.
"""

from __future__ import annotations

FORMATS = (  # Pillow's names
    *("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "JXL", "TIFF", "BMP", "DIB"),
    *("JPEG2000", "PPM", "TGA", "PCX", "SGI", "QOI", "ICO"),
)
ANIMATED_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")  # several pages or previews are no animation
HEAD_BYTES = 32  # at the start of a file; enough for `content_of`

READ = (  # offset, bytes, Pillow's name
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WEBP"),
    (0, b"\xff\x0a", "JXL"),
    (0, b"\0\0\0\x0cJXL ", "JXL"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (0, b"\0\0\0\x0cjP  ", "JPEG2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG2000"),
    (0, b"BM", "BMP"),
)
RAW = (  # of cameras; DNG, NEF and ARW begin like a TIFF
    (8, b"CR\x02\0", "Canon CR2"),
    (4, b"ftypcrx ", "Canon CR3"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (0, b"IIRO", "Olympus ORF"),
    (0, b"IIRS", "Olympus ORF"),
    (0, b"MMOR", "Olympus ORF"),
    (0, b"IIU\0", "Panasonic RW2"),
    (0, b"FOVb", "Sigma X3F"),
    (0, b"\0MRM", "Minolta MRW"),
)
UNREAD = (
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "Photoshop PSD"),
    (0, b"gimp xcf", "GIMP XCF"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "XML"),
    (4, b"\x11\xaf", "FLI animation"),
    (4, b"\x12\xaf", "FLC animation"),
    (0, b"DDS ", "DirectDraw DDS"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"icns", "Apple icon"),
    (0, b"\xd7\xcd\xc6\x9a", "Windows metafile"),
    (0, b"II\xbc\x01", "JPEG XR"),
    (0, b"BPG\xfb", "BPG"),
    (0, b"RIFF", "RIFF"),
    (4, b"ftyp", "video"),
    (4, b"moov", "video"),
    (0, b"\x1aE\xdf\xa3", "video"),
    (0, b"PK\x03\x04", "zip archive"),
)
HEIF_BRANDS = tuple(f"{kind}{letter}".encode() for kind in ("hei", "hev") for letter in "cxms")
ISO_IMAGES = (*HEIF_BRANDS, b"mif1", b"msf1", b"avif", b"avis")  # ISO/IEC 23008-12, AV1 Image File


def content_of(head: bytes) -> tuple[str, bool]:
    """The first HEAD_BYTES of a file → (name of its content, whether coldframe reads it).

    The name is Pillow's for what is read, and '' for what is not known.
    """
    if head[4:8] == b"ftyp" and head[8:12] in ISO_IMAGES:
        return ("AVIF" if head[8:10] == b"av" else "HEIF"), True
    for table, is_read in ((RAW, False), (READ, True), (UNREAD, False)):
        for offset, signature, name in table:
            if head[offset:].startswith(signature):
                return name, is_read
    return "", False


def is_raw(head: bytes) -> bool:
    """Whether a file's first bytes are those of a camera's raw format other than TIFF."""
    return any(head[offset:].startswith(signature) for offset, signature, _ in RAW)
