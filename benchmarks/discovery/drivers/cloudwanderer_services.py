"""The services that can be loaded are listed."""

import os

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
try:
    from cloudwanderer.boto3_loaders import MergedServiceLoader
except ImportError:  # moved in 0.19
    from cloudwanderer.aws_interface.boto3_loaders import MergedServiceLoader


def work():
    assert MergedServiceLoader().boto3_available_services
