"""A figure with a formula for its title, another at each call, is drawn in the STIX fonts and let go."""

import itertools

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

matplotlib.rcParams["mathtext.fontset"] = "stix"
NUMBERS = itertools.count()


def work():
    figure = Figure(figsize=(2, 1))
    figure.text(0.5, 0.5, rf"$\left( \frac{{x}}{{{next(NUMBERS)}}} \right)$")
    FigureCanvasAgg(figure).draw()
