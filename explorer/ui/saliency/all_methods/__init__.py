"""The part "All methods": every heatmap that a network allows on one photo, tested and sorted."""
