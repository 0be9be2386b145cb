#!/usr/bin/env python3
"""terminal.py OUTPUT.svg SECONDS COLUMNS ROWS COMMAND...

Runs a command on a terminal of its own and draws what stands there after SECONDS, or at its end when SECONDS is `end`.
Needs pyte, which understands terminals; knows nothing of what it runs.
"""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from html import escape

import pyte

CELL_WIDTH, LINE_HEIGHT, MARGIN, FONT_SIZE = 8.4, 19, 16, 14
BACKGROUND, FOREGROUND = "#10151c", "#d7dde4"
COLOURS = {
    "black": "#4a5563", "red": "#ff7b72", "green": "#56d364", "brown": "#e3b341", "yellow": "#e3b341",
    "blue": "#79c0ff", "magenta": "#d2a8ff", "cyan": "#76e3ea", "white": "#f0f6fc",
}


def record(command, columns, rows, seconds):
    """Returns the screen as pyte has it when the time is over, or the command."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.Stream(screen)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    for name in ("CI", "NO_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    end = time.monotonic() + (seconds or float("inf"))
    while True:
        ready, _, _ = select.select([master], [], [], 0.05)
        try:
            output = os.read(master, 65536) if ready else b""
        except OSError:
            break
        # What comes after the picture is read all the same, so that the command comes to its end.
        if time.monotonic() < end:
            stream.feed(decoder.decode(output))
    process.wait()
    os.close(master)
    return screen


def colour(name, usual):
    if name == "default":
        return usual
    return COLOURS.get(name.removeprefix("bright"), f"#{name}" if len(name) == 6 else usual)


def draw(screen):
    """Returns the screen as SVG: a piece of text for each run of cells that look alike."""
    used = [row for row in range(screen.lines) if screen.display[row].strip()]
    rows = used[-1] + 1 if used else 1
    width = screen.columns * CELL_WIDTH + 2 * MARGIN
    height = rows * LINE_HEIGHT + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="{FONT_SIZE}" xml:space="preserve">',
    ]
    for row in range(rows):
        y = MARGIN + (row + 0.75) * LINE_HEIGHT
        cells = [screen.buffer[row][column] for column in range(screen.columns)]
        column = 0
        while column < screen.columns:
            start, first = column, cells[column]
            style = (first.fg, first.bold, first.reverse)
            text = ""
            while column < screen.columns and (cells[column].fg, cells[column].bold, cells[column].reverse) == style:
                text += cells[column].data
                column += 1
            if not text.strip():
                continue
            # Not every viewer keeps blanks: those at the beginning are a place, the others do not break.
            start += len(text) - len(text.lstrip())
            text = text.strip().replace(" ", "\N{NO-BREAK SPACE}")
            weight = ' font-weight="bold"' if first.bold else ""
            out.append(
                f'<text x="{MARGIN + start * CELL_WIDTH:.1f}" y="{y:.1f}" fill="{colour(first.fg, FOREGROUND)}"{weight}>'
                f"{escape(text)}</text>"
            )
    out.append("</g></svg>")
    return "\n".join(out) + "\n"


def main():
    output, seconds, columns, rows, *command = sys.argv[1:]
    screen = record(command, int(columns), int(rows), None if seconds == "end" else float(seconds))
    with open(output, "w", encoding="utf-8") as file:
        file.write(draw(screen))


if __name__ == "__main__":
    main()
