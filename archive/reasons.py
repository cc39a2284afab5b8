"""Why a file was not archived: the words of the ledger, and what they mean."""

from __future__ import annotations

REASONS = {
    "empty": "the file has no bytes",
    "not-an-image": "its content is in no format that is known",
    "unsupported": "its content is known, but not read",
    "truncated": "its end is missing; `--keep-truncated` archives what there is",
    "unreadable": "damaged, or the disk or folder cannot be read",
    "too-large": "more pixels, or more memory to decode, than is allowed",
    "too-slow": "decoding takes longer than is allowed",
    "decoder-died": "the decoder's process ended; the file may be made to do that",
    "not-a-file": "a pipe, socket, device or folder",
    "broken-link": "a link to nothing",
    "no-permission": "this user may not read it",
    "changed": "the file changed while it was being archived",
    "restoration": "coldframe generated it",
}
