"""A page is opened for scraping, the selectors of its elements are shown, and its sheet is dropped."""

import uuid

from visidata import vd
from visidata.loaders.scrape import HtmlElementsSheet


def work():
    page = vd.soup(f"<html><body><h1>{uuid.uuid4()}</h1><p class='a'>{'word ' * 2000}</p></body></html>")
    sheet = HtmlElementsSheet("page", elements=[page])
    rows = list(sheet.iterload())
    return [sheet.column("selector").calcValue(row) for row in rows]
