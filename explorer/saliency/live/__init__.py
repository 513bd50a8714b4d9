"""What a network makes of one picture of a camera: classes, a heatmap and the maps of a layer, in a single pass."""

from explorer.saliency.live.frame import MOST_CELLS, SeenFrame, see_frame, shrink_maps

__all__ = ["MOST_CELLS", "SeenFrame", "see_frame", "shrink_maps"]
