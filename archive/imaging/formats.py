"""Which image formats are decoded, and what other contents are called.

Pillow may open FORMATS and nothing else: some of its plugins start other programs (EPS runs
Ghostscript), or exist for formats that hold no photos. Files of other kinds that are known by their
first bytes are refused by name, so that nobody looks for damage where there is none.
"""

from __future__ import annotations

import re

FORMATS = (  # Pillow's names
    *("JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIF", "JXL", "TIFF", "BMP", "DIB"),
    *("JPEG2000", "PPM", "TGA", "PCX", "SGI", "QOI", "ICO"),
)
ANIMATED_FORMATS = ("GIF", "PNG", "WEBP", "AVIF")  # several pages or previews are no animation
HEAD_BYTES = 64  # at the start of a file; enough for every pattern, and for a few brands

READ = (  # pattern of the first bytes, Pillow's name
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"GIF8[79]a", "GIF"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JXL"),
    (rb"II\x2a\0|MM\0\x2a|II\x2b\0\x08\0\0\0", "TIFF"),  # and BigTIFF
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "JPEG2000"),
    (rb"BM....\0\0\0\0....[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", "BMP"),  # by its header's size
    (rb"P[1-6][\s#][\s#\d]|Pf\n\d", "PPM"),
    (rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]", "SGI"),
    (rb"qoif", "QOI"),
)
RAW = (  # of cameras; DNG, NEF and ARW begin like a TIFF
    (rb"II\x2a\0....CR\x02\0", "Canon CR2"),
    (rb"....ftypcrx ", "Canon CR3"),
    (rb"FUJIFILMCCD-RAW", "Fujifilm RAF"),
    (rb"IIR[OS]|MMOR", "Olympus ORF"),
    (rb"IIU\0", "Panasonic RW2"),
    (rb"FOVb", "Sigma X3F"),
    (rb"\0MRM", "Minolta MRW"),
)
UNREAD = (
    (rb"%!PS|\xc5\xd0\xd3\xc6", "PostScript"),
    (rb"%PDF", "PDF"),
    (rb"MM\0\x2b\0\x08\0\0", "big-endian BigTIFF"),  # Pillow takes its byte order for damage
    (rb"PF\n\d", "PFM in color"),
    (rb"BA....\0\0\0\0\0\0\0\0(BM|IC|PT|CI|CP)", "OS/2 bitmap array"),
    (rb"FORM....(ILBM|PBM )", "IFF ILBM"),
    (rb"8BPS", "Photoshop PSD"),
    (rb"gimp xcf", "GIMP XCF"),
    (rb"AT&TFORM", "DjVu"),
    (rb"<svg", "SVG"),
    (rb"<\?xml", "XML"),
    (rb"....\x11\xaf", "FLI animation"),
    (rb"....\x12\xaf", "FLC animation"),
    (rb"DDS ", "DirectDraw DDS"),
    (rb"SIMPLE  =", "FITS"),
    (rb"\x89HDF", "HDF5"),
    (rb"v/1\x01", "OpenEXR"),
    (rb"#\?RADIANCE", "Radiance HDR"),
    (rb"icns", "Apple icon"),
    (rb"\xd7\xcd\xc6\x9a", "Windows metafile"),
    (rb"II\xbc\x01", "JPEG XR"),
    (rb"BPG\xfb", "BPG"),
    (rb"RIFF", "RIFF"),
    (rb"....(ftyp|moov)|\x1aE\xdf\xa3", "video"),
    (rb"PK\x03\x04", "zip archive"),
)
BRANDS = {  # of ISO files that hold images (ISO/IEC 23008-12), Pillow's name
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm"), "HEIF"),
    **dict.fromkeys((b"hevs", b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"), "HEIF"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
}


def content_of(head: bytes) -> tuple[str, bool]:
    """The first HEAD_BYTES of a file → (name of its content, whether coldframe reads it).

    The name is Pillow's for what is read, and '' for what is not known.
    """
    if brand := _brand(head):
        return brand, True
    for table, is_read in ((RAW, False), (READ, True), (UNREAD, False)):
        for pattern, name in table:
            if re.match(pattern, head, re.DOTALL):
                return name, is_read
    return "", False


def is_raw(head: bytes) -> bool:
    """Whether a file's first bytes are those of a camera's raw format other than TIFF."""
    return any(re.match(pattern, head, re.DOTALL) for pattern, _ in RAW)


def _brand(head: bytes) -> str:
    """The name of an ISO file of images, by its brand or those it is compatible with; else ''."""
    if head[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(head[:4]), len(head))
    brands = [head[8:12], *(head[start : start + 4] for start in range(16, end, 4))]
    return next((BRANDS[brand] for brand in brands if brand in BRANDS), "")
