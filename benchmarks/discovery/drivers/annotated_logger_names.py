"""A function that is handed a logger of its own is called once."""

from annotated_logger import AnnotatedLogger

annotated = AnnotatedLogger(name="shop", config=False)


@annotated.annotate_logs()
def order(annotated_logger):
    annotated_logger.annotate(item="x")
    return True


def work():
    assert order()
