"""The short help: the twenty options that people use, and how to see the rest."""

from __future__ import annotations

from imperator import __version__

TEXT = f"""\
Imperator {__version__}: an application server for Python that runs uWSGI's configurations.

usage: imperator [options] [file.ini | app.py | package.module:callable]
       imperator check FILE|DIR ...          what would come of starting these, without starting them
       imperator explain FILE [OPTION ...]   where every value comes from; also: explain CODE
       imperator options [WORD ...]          what every option does, and how far it is supported
       imperator completion bash|zsh|fish    completion for your shell

start something
  --ini FILE[:SECTION]      read a configuration file (also: imperator FILE.ini)
  --emperor DIR             run every configuration in DIR, and follow its changes
  --wsgi-file FILE          load the application from a file
  --module MOD[:CALLABLE]   load it from a module (-w)
  --callable NAME           its name, if it is not 'application'
  --chdir DIR               where the application lives
  --home DIR                its virtualenv (-H)
  --pythonpath DIR          where else to look for modules
  --env NAME=VALUE          set a variable of its environment

listen
  --socket ADDR             for nginx's uwsgi_pass: /path/to.sock or host:port (-s)
  --http ADDR               for browsers and proxies: host:port or :port
  --chmod-socket[=MODE]     permissions of UNIX sockets (-C)
  --chown-socket USER:GROUP their owner

run
  --workers N               processes (-p)        --threads N    requests each works on at once
  --uid USER  --gid GROUP   who to run as         --master       accepted; there always is one (-M)
  --pidfile FILE            where to write the pid
  --daemonize LOG           go to the background, once everything stands (-d)
  --logto LOG               write the log there
  --stats ADDR              serve counters as JSON
  --need-app                refuse to start without the application
  --vacuum                  remove sockets and pidfiles at the end

manage a running one
  --reload PIDFILE|PID      load new code beside the old, then switch; if it fails, nothing changes
  --stop PIDFILE|PID        finish the requests in progress and end

  --version, --help (-h)
"""
