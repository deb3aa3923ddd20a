#!/usr/bin/env python3
"""Refuses connections to ports that are not allowed.

    gotrace --plugin 'python3 docs/plugins/example.py 80 443' -f PROGRAM

A connect() to another port fails with ECONNREFUSED without being made. Each refusal is also the
user event "denied", with port and address, for rules such as

    on user(denied) where port == 25 do print

docs/PLUGINS.md in gotrace's sources describes the protocol.
"""

import json
import sys


def say(message):
    print(json.dumps(message), flush=True)


def endpoint(address):
    """Port and address of a sockaddr, as gotrace shows it; None for other than IP."""
    if not isinstance(address, dict):
        return None  # it could not be read
    if address.get("sa_family") == "AF_INET":
        return address["sin_port"], address["sin_addr"]["inet_addr"][0]
    if address.get("sa_family") == "AF_INET6":
        return address["sin6_port"], address["sin6_addr"]["inet_pton"][1]
    return None


def main():
    allowed = {int(port) for port in sys.argv[1:]}
    denied = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            say({"type": "hello", "version": 1, "name": "ports",
                 "on": ["syscall(connect)"], "answer": True, "timeout_ms": 1000})
        elif message["type"] == "event":
            to = endpoint(message["event"]["args"].get("uservaddr"))
            if to is None or to[0] in allowed:
                say({"type": "answer", "id": message["id"], "verdict": "none"})
                continue
            say({"type": "answer", "id": message["id"], "verdict": "inject", "error": "ECONNREFUSED"})
            say({"type": "emit", "name": "denied", "fields": {"port": to[0], "address": to[1]}})
            denied[to[0]] = denied.get(to[0], 0) + 1
        elif message["type"] == "bye":
            for port, times in sorted(denied.items()):
                say({"type": "log", "text": f"port {port}: refused {times} times"})
            break


if __name__ == "__main__":
    main()
