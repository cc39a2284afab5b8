"""Every kind of place, in the order in which seeds take turns through them."""

from __future__ import annotations

from training.scenes import inhabited_places, wild_places
from training.scenes.zones import Place

PLACES: dict[str, Place] = {
    "sea": wild_places.SEA,
    "beach": wild_places.BEACH,
    "reef": wild_places.REEF,
    "hills": inhabited_places.HILLS,
    "road": inhabited_places.ROAD,
    "garden": inhabited_places.GARDEN,
    "flowers": inhabited_places.FLOWERS,
    "mountains": wild_places.MOUNTAINS,
    "desert": wild_places.DESERT,
    "forest": wild_places.FOREST,
    "lake": wild_places.LAKE,
    "snowfield": wild_places.SNOWFIELD,
    "street": inhabited_places.STREET,
    "riverside": inhabited_places.RIVERSIDE,
    "table": inhabited_places.TABLE,
    "space": wild_places.SPACE,
}
