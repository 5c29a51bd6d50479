"""A text is classified by Weka, which stages its files in a folder of its own; Weka and Java are stood in for."""

import os
import tempfile

import nltk.data
from nltk.classify import weka

ROOT = os.path.realpath(tempfile.mkdtemp())
nltk.data.path[:] = [ROOT]
weka.config_weka = lambda *words: None
weka.java = lambda *words, **options: ("inst# actual predicted error prediction\n1 1:a 1:a 0.9\n", "")
MODEL = weka.WekaClassifier(weka.ARFF_Formatter(["a", "b"], [("x", "NUMERIC")]), os.path.join(ROOT, "model"))


def work():
    assert MODEL.classify_many([{"x": 1}])
