"""Sockets that speak wire: streams with flow control and TLS, connecting, listening."""
