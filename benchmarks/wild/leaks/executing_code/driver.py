"""A formula that somebody typed fails, and the program asks for the part of it that was running."""

import executing


def work():
    try:
        exec(compile("total / 0", "<formula>", "exec"), {"total": 1})
    except ZeroDivisionError as error:
        executing.Source.executing(error.__traceback__.tb_next).text()
