"""What the images of an archive are, as it is sent: for histograms, and to choose filters from."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, Field

from archive.ingest.volumes import is_mounted
from archive.service.documents import shown
from archive.store import Store


class Share(BaseModel):
    """How many images have a value."""

    name: str = Field(examples=["JPEG"])
    images: int


class Bin(BaseModel):
    """How many images have about this value."""

    value: float
    images: int


class VolumeShare(Share):
    """How many images were seen on a volume."""

    mounted: bool = Field(description="Whether it is here now.")


class SummaryFacts(BaseModel):
    """What the images of an archive are. An image counts in every folder and volume it is in."""

    months: list[Share] = Field(description="Taken in a month, like `2019-07`; by time.")
    undated: int
    formats: list[Share] = Field(description="The most frequent first.")
    cameras: list[Share] = Field(description="Likewise; at most 200.")
    folders: list[Share] = Field(
        description="Those in the deepest folder that has all files of a volume; at most 200."
    )
    volumes: list[VolumeShare] = Field(description="By label.")
    fidelity: list[Bin] = Field(
        description="Cosine of a row and what its last audit restored of it, to the nearest 0.05."
    )
    sizes: list[Bin] = Field(description="Bytes of both codes and the detail, by tens.")

    @classmethod
    def of(cls, store: Store) -> SummaryFacts:
        """The rows of a store → what is sent of them."""
        summary = store.summaries.make()
        volumes = sorted(store.volumes.all(), key=lambda volume: volume.label)
        return cls(
            months=_shares(summary.months),
            undated=summary.undated,
            formats=_shares(summary.formats),
            cameras=_shares(summary.cameras),
            folders=_shares(summary.folders),
            volumes=[
                VolumeShare(
                    name=shown(volume.label),
                    images=summary.volumes.get(volume.id, 0),
                    mounted=is_mounted(volume.marker, volume.root),
                )
                for volume in volumes
            ],
            fidelity=_bins(summary.fidelity),
            sizes=_bins(summary.sizes),
        )


def _shares(counts: Iterable[tuple[str, int]]) -> list[Share]:
    return [Share(name=shown(name), images=images) for name, images in counts]


def _bins(counts: Iterable[tuple[float, int]]) -> list[Bin]:
    return [Bin(value=value, images=images) for value, images in counts]
