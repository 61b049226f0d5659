"""Exit statuses, for scripts; documented in the README."""

from enum import IntEnum


class Status(IntEnum):
    """Why xelinkd ended."""

    OK = 0  # done as asked; a daemon: told to end by SIGTERM or SIGINT
    UNKNOWN = 1  # the topology could not be learned; labels were left as they are
    NOT_READY = 1  # the running xelinkd is not ready; doctor: something is broken
    USAGE = 2  # the command line, the configuration or a limit of the system is wrong; nothing was done
    NOT_WRITTEN = 3  # the feature file could not be set right, or is not ours to remove
    LOCKED = 4  # another xelinkd keeps the feature file
    NO_ANSWER = 5  # no xelinkd answers
    DIFFERENT = 6  # two sources that were compared do not say the same
    CRASHED = 70  # a fault in xelinkd itself; EX_SOFTWARE of sysexits.h
