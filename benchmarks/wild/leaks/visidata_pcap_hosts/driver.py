"""Captures of a network are opened one after another in a session, each with a packet from a new address."""

import io
import itertools
import struct
import tempfile
from pathlib import Path

import dpkt
import visidata
from visidata.loaders import pcap

pcap.load_oui = pcap.load_iana = lambda url: None  # tables that it fetches
FILE = Path(tempfile.mkdtemp(), "lan.pcap")
ADDRESSES = itertools.count(0x0A000001)


def work():
    source = struct.pack(">I", next(ADDRESSES))
    udp = dpkt.udp.UDP(sport=1000, dport=2000, data=b"hello", ulen=13)
    ip = dpkt.ip.IP(src=source, dst=b"\x0a\xff\xff\xff", p=dpkt.ip.IP_PROTO_UDP, data=udp)
    packet = dpkt.ethernet.Ethernet(src=b"\0\0\0\0\0\1", dst=b"\0\0\0\0\0\2", data=ip)
    capture = io.BytesIO()
    dpkt.pcap.Writer(capture).writepkt(packet, ts=1.0)
    FILE.write_bytes(capture.getvalue())
    sheet = visidata.vd.open_pcap(visidata.Path(str(FILE)))
    (row,) = list(sheet.iterload())
    assert row.srchost.ipaddr.packed == source
