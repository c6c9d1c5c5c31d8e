"""The only room where clients, pools and server connections meet."""
