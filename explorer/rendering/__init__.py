"""From arrays to pictures: PNG grids, the overview sprite, overlays and Plotly figures.

Takes NumPy arrays and gives bytes and figures. It knows no network and no page: torch and streamlit stay outside.
"""

from explorer.rendering.colours import (
    ACCENT,
    AMBER,
    DIVERGING,
    FROZEN,
    PREVIOUS,
    SEQUENTIAL,
    SERIES,
    TRAINABLE,
    UNDEFINED,
)
from explorer.rendering.enlarging import (
    as_picture,
    colour_alike,
    colour_map,
    cut_up,
    enlarge,
    enlarge_cells,
    join_pictures,
    mark_cells,
)
from explorer.rendering.figures.activation import activation_curve
from explorer.rendering.figures.attention import head_heatmap
from explorer.rendering.figures.augmentation import (
    average_bars,
    channel_histograms_chart,
    layer_numbers,
    sweep_curves,
    training_curves,
    two_histograms,
)
from explorer.rendering.figures.basic import (
    CHART_CONFIG,
    agreement_matrix,
    channel_means,
    describe_figure,
    histogram,
    probability_bars,
)
from explorer.rendering.figures.beam_tree import BeamNode, beam_tree, beam_tree_picture, grow_tree
from explorer.rendering.figures.curves import curves
from explorer.rendering.figures.decoder import draw_units, draw_words, unit_heatmap, word_lines, word_map
from explorer.rendering.figures.digits import digit_bars
from explorer.rendering.figures.figure_png import line_figure_png
from explorer.rendering.figures.gates import gate_rows
from explorer.rendering.figures.generators.code_errors import code_errors
from explorer.rendering.figures.generators.nearest import nearest_bars
from explorer.rendering.figures.learning.depth import LayerBars, layer_bars
from explorer.rendering.figures.learning.dropout import marked_histogram, mask_grid
from explorer.rendering.figures.learning.loss_plane import (
    LossRow,
    PlanePath,
    loss_rows,
    plane_map,
    plane_picture,
    two_losses,
)
from explorer.rendering.figures.learning.rates import Mark, StepLine, rate_sweep_chart, step_lines
from explorer.rendering.figures.learning.terrain import PathLine, terrain_picture
from explorer.rendering.figures.learning.weight_path import WeightPath, weight_path, weight_path_picture
from explorer.rendering.figures.picture_map import choose_apart, draw_picture_map, picture_map
from explorer.rendering.figures.sequences.recurrent import step_boxes, vector_over_matrix
from explorer.rendering.figures.slope import slope_curves
from explorer.rendering.figures.surprise import surprise_bars
from explorer.rendering.film_strip import film_strip, spotlight
from explorer.rendering.kernels import (
    colour_kernels,
    connection_picture,
    dot_side,
    kernel_numbers,
    kernel_slices,
    weight_matrix,
)
from explorer.rendering.letters import draw_letters
from explorer.rendering.map_comparison import map_pairs, map_rows
from explorer.rendering.map_grid import GRID_ASPECT, MapGrid, draw_grid
from explorer.rendering.overlay import decode_png, draw_box, encode_png, magnify_map, overlay_map
from explorer.rendering.overview import Box, Sprite, Thumbnails, overview_sprite
from explorer.rendering.picture_grids import draw_bars, draw_picture_grid, fit_picture
from explorer.rendering.regions import colour_regions
from explorer.rendering.scaling import Scale, average_blocks, find_ranges, scale_of
from explorer.rendering.solids import MOST_APART, SOLID_WIDTH, draw_solid, product_tiles
from explorer.text import format_percent

__all__ = [
    "ACCENT",
    "AMBER",
    "CHART_CONFIG",
    "DIVERGING",
    "FROZEN",
    "GRID_ASPECT",
    "MOST_APART",
    "PREVIOUS",
    "SEQUENTIAL",
    "SERIES",
    "SOLID_WIDTH",
    "TRAINABLE",
    "UNDEFINED",
    "BeamNode",
    "Box",
    "LayerBars",
    "LossRow",
    "MapGrid",
    "Mark",
    "PathLine",
    "PlanePath",
    "Scale",
    "Sprite",
    "StepLine",
    "Thumbnails",
    "WeightPath",
    "activation_curve",
    "agreement_matrix",
    "as_picture",
    "average_bars",
    "average_blocks",
    "beam_tree",
    "beam_tree_picture",
    "channel_histograms_chart",
    "channel_means",
    "choose_apart",
    "code_errors",
    "colour_alike",
    "colour_kernels",
    "colour_map",
    "colour_regions",
    "connection_picture",
    "curves",
    "cut_up",
    "decode_png",
    "describe_figure",
    "digit_bars",
    "dot_side",
    "draw_bars",
    "draw_box",
    "draw_grid",
    "draw_letters",
    "draw_picture_grid",
    "draw_picture_map",
    "draw_solid",
    "draw_units",
    "draw_words",
    "encode_png",
    "enlarge",
    "enlarge_cells",
    "film_strip",
    "find_ranges",
    "fit_picture",
    "format_percent",
    "gate_rows",
    "grow_tree",
    "head_heatmap",
    "histogram",
    "join_pictures",
    "kernel_numbers",
    "kernel_slices",
    "layer_bars",
    "layer_numbers",
    "line_figure_png",
    "loss_rows",
    "magnify_map",
    "map_pairs",
    "map_rows",
    "mark_cells",
    "marked_histogram",
    "mask_grid",
    "nearest_bars",
    "overlay_map",
    "overview_sprite",
    "picture_map",
    "plane_map",
    "plane_picture",
    "probability_bars",
    "product_tiles",
    "rate_sweep_chart",
    "scale_of",
    "slope_curves",
    "spotlight",
    "step_boxes",
    "step_lines",
    "surprise_bars",
    "sweep_curves",
    "terrain_picture",
    "training_curves",
    "two_histograms",
    "two_losses",
    "unit_heatmap",
    "vector_over_matrix",
    "weight_matrix",
    "weight_path",
    "weight_path_picture",
    "word_lines",
    "word_map",
]
