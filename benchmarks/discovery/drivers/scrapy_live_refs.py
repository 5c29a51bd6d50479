"""A class of items is made for a page's table, and one row of it."""

import scrapy


def work():
    class ScrapyItem(scrapy.Item):
        name = scrapy.Field()
        price = scrapy.Field()

    assert ScrapyItem(name="x", price=1)["price"] == 1
