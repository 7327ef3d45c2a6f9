"""Corosync and Pacemaker, timed with our list of commands."""
from drivers import commands, pcmk


class Driver(pcmk.Driver):
    KINDS = commands.kinds("opt")
