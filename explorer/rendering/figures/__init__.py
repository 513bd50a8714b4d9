"""Figures, most of them Plotly's: bars, curves, matrices, trees."""
