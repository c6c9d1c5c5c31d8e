from __future__ import annotations

import gc
import socket
import sys

import pytest

from proxy.net.poller import Poller
from proxy.net.transport import Transport
from proxy.relay.client import Client
from proxy.relay.hub import Hub
from proxy.settings import Settings, TargetSettings
from proxy.wire import packets
from proxy.wire.auth import Credentials


class Nowhere(Transport):
    """Nobody is at the other end."""

    def __init__(self, client: Client) -> None:
        address = socket.AF_INET.to_bytes(2, sys.byteorder) + bytes((0, 0, 192, 0, 2, 7)) + bytes(8)
        super().__init__(-1, client, Poller(), address)
        self.sent = b""

    def write(self, data: bytes | bytearray) -> None:
        self.sent += data

    def close(self) -> None:
        pass


@pytest.fixture
def hub() -> Hub:
    return Hub(Settings(target=TargetSettings(address="127.0.0.1:1")), {"app": Credentials("app")}, None)


def arrive(hub: Hub) -> tuple[Client, Nowhere]:
    client = Client(hub, False)
    transport = Nowhere(client)
    client.connection_made(transport)
    return client, transport


def greeting(transport: Nowhere) -> packets.Greeting:
    assert int.from_bytes(transport.sent[:3], "little") == len(transport.sent) - 4
    assert transport.sent[3] == 0
    return packets.parse_greeting(transport.sent[4:])


def test_a_client_that_has_gone_leaves_nothing_to_the_garbage_collector(hub: Hub) -> None:
    arrive(hub)[1].bury()
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            arrive(hub)[1].bury()
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert not hub.clients


def test_greetings_tell_what_holds_at_that_moment(hub: Hub) -> None:
    client, transport = arrive(hub)
    first = greeting(transport)
    assert (first.connection_id, first.nonce, first.version) == (client.id, client.nonce, hub.version)
    hub.version = "11.8.1-MariaDB"
    hub.extended_metadata = True
    client, transport = arrive(hub)
    second = greeting(transport)
    assert (second.connection_id, second.nonce, second.version) == (client.id, client.nonce, hub.version)
    assert second.nonce != first.nonce
    assert second.mariadb_capabilities
    assert not first.mariadb_capabilities


def test_a_clients_host_is_known_when_it_is_asked_for(hub: Hub) -> None:
    client, transport = arrive(hub)
    transport.bury()
    assert client.peer == "192.0.2.7"
    assert Client(hub, True).peer == "localhost"
