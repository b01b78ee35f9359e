"""`scrapy <command>`: what an operator types."""

import os
import signal

if os.getpid() == 1:
    # A container's first process has no default action for signals: one that arrives before Scrapy's own
    # handlers are there, or in a command that needs none, would be lost.
    signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))
