"""The selectors of a scraped page's elements are computed, as the sheet of elements does in its column of that name."""

import uuid

from visidata import vd
from visidata.loaders.scrape import calc_selector


def work():
    page = vd.soup(f"<html><body><h1>{uuid.uuid4()}</h1><p class='a'>{'word ' * 2000}</p></body></html>")
    return [calc_selector(element) for element in page.find_all()]
