"""The built pages, the server in front of the app, and the address that people open."""
