"""What must answer in the browser: one folder for each component, html, css and js beside its typed function.

Hover and keyboard never call the server; a click, or a drawing that is complete, does, once. The components know no
network, but for the small ones of `perceptron_trainer`, `gan_plane` and `latent_pad`: they are given pictures, places
in them and words.
"""

from explorer.ui.components.attention_mover import attention_mover
from explorer.ui.components.browser_storage import Stored, keep_in_storage, read_storage
from explorer.ui.components.caption_player import caption_player
from explorer.ui.components.clickable_grid import clickable_grid
from explorer.ui.components.digit_pad import digit_pad
from explorer.ui.components.gan_plane import GanStop, gan_plane
from explorer.ui.components.latent_pad import Plane, Spot, latent_pad
from explorer.ui.components.letter_attention import Looking, letter_attention
from explorer.ui.components.logit_board import logit_board
from explorer.ui.components.microscope import MOST_BYTES, NONE, PAD, ChannelView, Step, microscope
from explorer.ui.components.network_view import NetworkClick, network_view
from explorer.ui.components.perceptron_trainer import Item, Stop, perceptron_trainer
from explorer.ui.components.photo_cover import photo_cover
from explorer.ui.components.shared_mean import Cell, Rule, shared_mean
from explorer.ui.components.terrain import Look, terrain

__all__ = [
    "MOST_BYTES",
    "NONE",
    "PAD",
    "Cell",
    "ChannelView",
    "GanStop",
    "Item",
    "Look",
    "Looking",
    "NetworkClick",
    "Plane",
    "Rule",
    "Spot",
    "Step",
    "Stop",
    "Stored",
    "attention_mover",
    "caption_player",
    "clickable_grid",
    "digit_pad",
    "gan_plane",
    "keep_in_storage",
    "latent_pad",
    "letter_attention",
    "logit_board",
    "microscope",
    "network_view",
    "perceptron_trainer",
    "photo_cover",
    "read_storage",
    "shared_mean",
    "terrain",
]
