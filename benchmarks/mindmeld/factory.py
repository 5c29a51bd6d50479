"""How the commands make and use the object of this benchmark; runs under the benchmark's Python 3.8."""

import os


def load():
    """Return a natural language processor of the application in the folder ``MINDMELD_APP_PATH``."""
    from mindmeld.components.nlp import NaturalLanguageProcessor

    return NaturalLanguageProcessor(os.environ["MINDMELD_APP_PATH"])


def use():
    """Load the application, read its training queries as an assistant does that is used, and let go of it."""
    load().resource_loader.get_labeled_queries()
