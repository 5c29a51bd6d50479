"""A statistical model is made of a few numbers, and evaluated."""

import pyhf


def work():
    model = pyhf.simplemodels.hepdata_like([12.0], [50.0], [3.0])
    data = [51.0] + model.config.auxdata
    assert model.logpdf(model.config.suggested_init(), data) is not None
