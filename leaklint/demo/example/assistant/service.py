"""The assistant that a service loads, and loads again when its data changes."""

from .processor import Processor


class DomainProcessor(Processor):
    """Answers the queries of one domain."""

    def __init__(self, app_path, name, resource_loader):
        super().__init__(app_path, resource_loader)
        self.name = name

    def answer(self, query):
        known = len(self.resource_loader.queries)
        return f"{self.name}: {query!r} against {known} queries"


class Assistant(Processor):
    """All domains of one application."""

    def __init__(self, app_path, names=("greeting", "weather")):
        super().__init__(app_path)
        self.domains = {name: DomainProcessor(app_path, name, self.resource_loader) for name in names}

    def answer(self, query):
        return [domain.answer(query) for domain in self.domains.values()]
