"""A resolver asks Windows for its name servers; the registry and the adapters are stood in for."""

import ctypes
import ctypes.wintypes
import sys
import types
from unittest import mock

import dns.name

sys.modules["winreg"] = types.ModuleType("winreg")
ctypes.WinDLL = lambda name: types.SimpleNamespace(GetAdaptersAddresses=lambda *words: 0)
with mock.patch.object(sys, "platform", "win32"):
    import dns.win32util
dns.win32util._RegistryGetter.get = lambda self: self.info
dns.win32util.set_config_method(dns.win32util.ConfigMethod.Win32)


def work():
    assert dns.win32util.get_dns_info().nameservers == []
