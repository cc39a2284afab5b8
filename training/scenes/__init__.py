"""Pictures with exactly known content, drawn by our own code.

`draw_scene(seed)` gives a picture, one English caption that is true of it and the words (tags) that are true of it. The
same seed and size give the same bytes; the same seed at another size shows the same scene. Seeds that follow each other
take the kinds of place in turn, so a small run shows them all. Only numpy and Pillow are needed.
"""

from training.scenes.scene import Scene, draw_scene, draw_scenes

__all__ = ["Scene", "draw_scene", "draw_scenes"]
