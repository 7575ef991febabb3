"""Colours of all figures: Okabe-Ito, distinct for colour-blind readers and in print."""
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
