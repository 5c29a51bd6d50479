"""A prompt is written with grammar inside an f-string, once for each request."""

from guidance import gen, select


def work():
    prompt = f"The answer is {select(['yes', 'no'])}, because {gen(max_tokens=20)}"
    assert "{{G|" in prompt
