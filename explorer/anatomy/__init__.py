"""A network taken apart: what every layer is, and what it makes of an image."""

from explorer.anatomy.receptive_field import Axis, ReceptiveField
from explorer.anatomy.recording import INPUT, Edit, LayerFacts, LayerRecord, LayerUnknown, Recording
from explorer.anatomy.stages import Stage, stage_of, stages
from explorer.anatomy.tracing import record, survey
from explorer.anatomy.units import ORDERS, MapStatistics, Order, describe_maps, most_active_cell

__all__ = [
    "INPUT",
    "ORDERS",
    "Axis",
    "Edit",
    "LayerFacts",
    "LayerRecord",
    "LayerUnknown",
    "MapStatistics",
    "Order",
    "ReceptiveField",
    "Recording",
    "Stage",
    "describe_maps",
    "most_active_cell",
    "record",
    "stage_of",
    "stages",
    "survey",
]
