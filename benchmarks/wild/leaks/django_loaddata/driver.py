"""A fixture is loaded into a database, as each test class with fixtures does."""

import pathlib
import tempfile
import warnings

import django
from django.conf import settings
from django.core.management import call_command

FIXTURE = pathlib.Path(tempfile.mkdtemp(), "none.json")
FIXTURE.write_text("[]")
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
django.setup()
warnings.simplefilter("ignore")  # the fixture is empty


def work():
    call_command("loaddata", str(FIXTURE), verbosity=0)
