"""The only room where clients, pools and server connections meet."""

# The compiled modules of this room name Client's class in their functions, and Client calls these: wherever an import
# begins, its class has to be there first.
from proxy.relay import client as client
