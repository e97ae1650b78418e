"""The recording of the demo is what the commands print today."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree

from tools.record_demo import CAST, COMMANDS, PICTURE, cast, output_of, picture


def test_the_recording_is_up_to_date_and_can_be_played() -> None:
    runs = [(command, output_of(command)) for command in COMMANDS]
    assert CAST.read_text(encoding="utf-8") == cast(runs)
    assert PICTURE.read_text(encoding="utf-8") == picture(runs[0])
    head, *events = [json.loads(line) for line in CAST.read_text(encoding="utf-8").splitlines()]
    assert (head["version"], head["width"]) == (2, 100)
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    assert {kind for _, kind, _ in events} == {"o"}
    shown = re.sub(r"\x1b\[[0-9;]*m", "", "".join(text for _, _, text in events))
    assert all(f"$ {command}\r\n" in shown for command in COMMANDS)


def test_the_picture_is_an_svg_with_the_colours_of_the_terminal() -> None:
    root = ElementTree.fromstring(PICTURE.read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    classes = {word for one in root.iter() for word in one.get("class", "").split()}
    assert {"bad", "good"} <= classes
