"""Pictures with exactly known content, drawn by our own code.

`draw_scene(seed)` returns a picture, an English caption and tags that are true of it. The same seed
and size give the same bytes; the same seed at another size shows the same scene. Consecutive seeds
cycle through the kinds of place, so a small run shows them all. Needs only numpy and Pillow.
"""

from training.scenes.scene import Scene, draw_scene, draw_scenes

__all__ = ["Scene", "draw_scene", "draw_scenes"]
