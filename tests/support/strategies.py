"""What Hypothesis draws from."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from archive.codecs.coclico import BITS, MAP_SIDES, coclico

bits = st.sampled_from(BITS)
codecs = st.builds(
    coclico, st.integers(1, 40), bits=bits, map_side=st.sampled_from([0, *MAP_SIDES]), map_bits=bits
)
finite = st.floats(-3, 3, width=32)


def vectors(dimension: int) -> st.SearchStrategy[np.ndarray]:
    """(1 … 4, dimension) float32."""
    return stnp.arrays(
        np.float32, st.tuples(st.integers(1, 4), st.just(dimension)), elements=finite
    )


def maps(side: int) -> st.SearchStrategy[np.ndarray]:
    """(1 … 3, side, side, 3) uint8."""
    return stnp.arrays(
        np.uint8, st.tuples(st.integers(1, 3), st.just(side), st.just(side), st.just(3))
    )
