"""A port that is not open is written to, and the failure is expected."""

import serial

port = serial.Serial()


def work():
    try:
        port.write(b"x")
    except serial.SerialException:
        return
    raise AssertionError("the port is open")
