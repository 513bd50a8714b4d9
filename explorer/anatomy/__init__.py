"""A network taken apart: what every layer is, and what it makes of an image."""

from explorer.anatomy.convolutions import Convolution, connection_matrix, filter_weights, find_convolutions, norm_scale
from explorer.anatomy.filters import (
    NEAR_DUPLICATE,
    FilterOrder,
    FilterSummary,
    most_similar,
    strongest_slices,
    summarise_filters,
    unit_filters,
)
from explorer.anatomy.frequency import PassBand, describe_response, frequency_response
from explorer.anatomy.patches import MOST_OVERLAP, strongest_places
from explorer.anatomy.receptive_field import Axis, ReceptiveField
from explorer.anatomy.recording import (
    INPUT,
    Edit,
    LayerFacts,
    LayerRecord,
    LayerUnknown,
    PredictionChange,
    Recording,
    layers_behind,
)
from explorer.anatomy.stages import Stage, stage_of, stages
from explorer.anatomy.tracing import average_maps, pass_through, record, summarize_layers
from explorer.anatomy.units import ORDERS, MapStatistics, Order, describe_maps, most_active_cell

__all__ = [
    "INPUT",
    "MOST_OVERLAP",
    "NEAR_DUPLICATE",
    "ORDERS",
    "Axis",
    "Convolution",
    "Edit",
    "FilterOrder",
    "FilterSummary",
    "LayerFacts",
    "LayerRecord",
    "LayerUnknown",
    "MapStatistics",
    "Order",
    "PassBand",
    "PredictionChange",
    "ReceptiveField",
    "Recording",
    "Stage",
    "average_maps",
    "connection_matrix",
    "describe_maps",
    "describe_response",
    "filter_weights",
    "find_convolutions",
    "frequency_response",
    "layers_behind",
    "most_active_cell",
    "most_similar",
    "norm_scale",
    "pass_through",
    "record",
    "stage_of",
    "stages",
    "strongest_places",
    "strongest_slices",
    "summarise_filters",
    "summarize_layers",
    "unit_filters",
]
