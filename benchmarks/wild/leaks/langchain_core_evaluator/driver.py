"""A run is evaluated by a handler with a pool; its client of LangSmith is never asked."""

import langsmith
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.evaluation import EvaluatorCallbackHandler

CLIENT = langsmith.Client(api_url="http://localhost:1", api_key="none", auto_batch_tracing=False)
CHAIN = RunnableLambda(str.upper)


def work():
    handler = EvaluatorCallbackHandler([], client=CLIENT, max_concurrency=1)
    assert CHAIN.invoke("text", config={"callbacks": [handler]}) == "TEXT"
    handler.wait_for_futures()
