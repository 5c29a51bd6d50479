"""objgraph: growth by type, and the chain that keeps a new object of the type that grew most, and of a type that is named."""

import gc
import io

import objgraph
from looping import arguments, finish, repeat

work, rounds, warm_up, out, (named,) = arguments()
repeat(work, warm_up)
known = {id(item) for item in gc.get_objects()}
objgraph.growth()
repeat(work, rounds)
growth = objgraph.growth(limit=10)


def chain(name):
    """Return the chain from a module to a new object of this type in DOT, or None if no object is new."""
    objects = [item for item in objgraph.by_type(name) if id(item) not in known]
    if not objects:
        return None
    text = io.StringIO()
    references = objgraph.find_backref_chain(objects[len(objects) // 2], objgraph.is_proper_module)
    objgraph.show_chain(references, output=text)
    return text.getvalue()


report = {"growth": [list(row) for row in growth], "types": {}}
for name in [growth[0][0] if growth else None, named]:
    if name and name not in report["types"]:
        report["types"][name] = chain(name)
finish(report, out)
