"""An application with a background callback is made and dropped, as a test of it does."""

import tempfile

import diskcache
from dash import Dash, DiskcacheManager, Input, Output, html

CACHE = diskcache.Cache(tempfile.mkdtemp())


def work():
    app = Dash(__name__, background_callback_manager=DiskcacheManager(CACHE))
    app.layout = html.Div([html.Button(id="run"), html.Div(id="answer")])

    @app.callback(Output("answer", "children"), Input("run", "n_clicks"), background=True)
    def answer(clicks):
        return clicks

    assert answer(3) == 3
