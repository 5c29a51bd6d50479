"""Which parameters matter is asked of a study, as a dashboard does each time it is shown."""

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

optuna.logging.set_verbosity(optuna.logging.ERROR)
STUDY = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
STUDY.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 2), n_trials=12)


def work():
    evaluator = FanovaImportanceEvaluator(n_trees=4, max_depth=4, seed=1)
    assert len(get_param_importances(STUDY, evaluator=evaluator)) == 2
