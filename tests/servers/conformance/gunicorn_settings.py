"""How the suite has gunicorn run; a file, for versions of it refuse options that they do not know."""

workers = 1
loglevel = "warning"
graceful_timeout = 3
# From version 25 on, a socket in the home folder of the user otherwise.
control_socket_disable = True
