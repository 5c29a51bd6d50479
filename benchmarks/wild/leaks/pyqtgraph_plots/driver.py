"""A plot is shown in a window of its own and the window is closed; Qt runs on its offscreen platform."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pyqtgraph

APP = pyqtgraph.mkQApp()


def work():
    window = pyqtgraph.plot([1, 3, 2])
    window.close()
    APP.processEvents()
