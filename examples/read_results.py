#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what a Vedette element found, in both ways there are: events from the bus, and the newest
result from the frames. It needs Debian's python3-gst-1.0, and nothing of Vedette's but the plugin.

    ./read_results.py                                     the drawn street, for 20 seconds of it
    ./read_results.py "uridecodebin uri=file:///… ! videoconvert ! squeezetime-recognizer ! fakesink"
"""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

STREET = (
    "vedette-scenesrc num-buffers=500 ! video/x-raw, width=320, height=180, framerate=25/1 ! "
    "squeezetime-recognizer mode=exact interval=0.4 ! fakesink"
)


def say(line):
    """Writes a line whole: frames and events come from different threads."""
    sys.stdout.write(line + "\n")


def print_event(event):
    """Of an event, on the bus: called in the main thread, whenever it suits the application."""
    time = event.get_value("stream-time") / Gst.SECOND
    say(f"event  {time:6.2f} s  {event['event']:<6}  {event['label']} {event['score']:.2f}")


class Frames:
    """Looks at each frame, in the streaming thread: so it has to be quick.

    Prints a line for each new result. Where a frame came through several Vedette elements, it has
    several metas; get_custom_meta() gives the first.
    """

    def __init__(self):
        self.last = None

    def look(self, _pad, info):
        buffer = info.get_buffer()
        meta = buffer.get_custom_meta("VedetteResult")
        if meta is None:
            return Gst.PadProbeReturn.OK
        result = meta.get_structure()
        if result["result-pts"] != self.last:
            self.last = result["result-pts"]
            found = ", ".join(f"{one['label']} {one['score']:.2f}" for one in result["results"])
            age = result["age"] / Gst.SECOND
            say(f"frame  {buffer.pts / Gst.SECOND:6.2f} s  {found}, found {age:.2f} s ago")
        return Gst.PadProbeReturn.OK


def run(pipeline):
    """Plays to the end of the stream; false if there was an error."""
    bus = pipeline.get_bus()
    wanted = Gst.MessageType.ELEMENT | Gst.MessageType.EOS | Gst.MessageType.ERROR
    while True:
        message = bus.timed_pop_filtered(Gst.CLOCK_TIME_NONE, wanted)
        if message.type == Gst.MessageType.EOS:
            return True
        if message.type == Gst.MessageType.ERROR:
            print(f"{message.src.name}: {message.parse_error()[0].message}", file=sys.stderr)
            return False
        if message.has_name("squeezetime-recognizer"):
            print_event(message.get_structure())


def main():
    Gst.init(None)
    try:
        pipeline = Gst.parse_launch(sys.argv[1] if len(sys.argv) > 1 else STREET)
    except GLib.Error as error:
        print(error.message, file=sys.stderr)
        return 1
    if not isinstance(pipeline, Gst.Bin):
        print("this is no pipeline", file=sys.stderr)
        return 1
    frames = Frames()
    for sink in pipeline.iterate_sinks():
        sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, frames.look)
        break
    pipeline.set_state(Gst.State.PLAYING)
    done = run(pipeline)
    pipeline.set_state(Gst.State.NULL)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
