"""The summary of `coldframe recode`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from cli.shared.output import emit, plural, say

if TYPE_CHECKING:
    from archive.recode.run import Recoded


def print_summary(recoded: Sequence[Recoded], *, dry_run: bool, as_json: bool) -> None:
    """How many rows, from what, and what it does to rate and fidelity."""
    from_originals = sum(row.from_original for row in recoded)
    from_codes = len(recoded) - from_originals
    cosines = [row.cosine for row in recoded] or [1.0]
    bits_before = fmean([row.bits_before for row in recoded] or [0])
    bits_after = fmean([row.bits_after for row in recoded] or [0])
    if as_json:
        counts = {"recoded": len(recoded), "from_originals": from_originals}
        counts |= {"from_codes": from_codes}
        fidelity = {"cosine": round(fmean(cosines), 4) if recoded else 0.0}
        fidelity |= {"least_cosine": round(min(cosines), 4)}
        bits = {"bits_before": round(bits_before, 1), "bits_after": round(bits_after, 1)}
        emit({"message_type": "summary", "dry_run": dry_run, **counts, **fidelity, **bits})
        return
    verb = "would recode" if dry_run else "recoded"
    sources = f"{from_originals:,} from originals, {from_codes:,} from old codes"
    say(f"{verb} {plural(len(recoded), 'image')}: {sources}")
    if recoded:
        say(f"{bits_before:.1f} → {bits_after:.1f} bits per image")
        say(f"cosine before/after coding: mean {fmean(cosines):.3f}, minimum {min(cosines):.3f}")
