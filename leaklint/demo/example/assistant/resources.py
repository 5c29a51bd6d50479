"""Training data, shared by the parts of one assistant."""


class ResourceLoader:
    """Holds the queries of one application."""

    def __init__(self, app_path):
        self.app_path = app_path
        self.queries = [f"{app_path}: query {number}" for number in range(1000)]
