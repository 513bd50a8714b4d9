"""The deck: questions on convolutional networks and attention, each with an experiment of this dashboard."""
