"""Figures that move: the HTML that `lecture.frames` writes."""

import re

import pytest
from lecture import frames

PICTURE = (
    '<?xml version="1.0"?>\n<svg viewBox="0 0 9 9"><metadata>m</metadata>'
    '<style>*{color: red}</style><g id="a" clip-path="url(#b)">'
    '<use href="#a"/><path style="stroke: #000000"/></g></svg>'
)


def html(**changes: object) -> str:
    options: dict[str, object] = {"alt": "A line.", "start": 1, "name": "rate"}
    made = frames([PICTURE] * 3, ["1", "<2>", "3"], **(options | changes))  # type: ignore[arg-type]
    return made._repr_html_()


def test_one_frame_is_shown_and_it_is_the_start() -> None:
    shown = re.findall(r"<figure( hidden)?>", html())
    assert shown == [" hidden", "", " hidden"]


def test_every_frame_says_what_it_shows() -> None:
    labels = re.findall(r'role="img" aria-label="([^"]*)"', html())
    assert labels == ["A line. 1", "A line. &lt;2&gt;", "A line. 3"]


def test_ids_of_different_frames_differ_and_references_follow() -> None:
    ids = re.findall(r'\bid="([^"]+)"', html())
    assert len(set(ids)) == 3
    assert re.findall(r'href="#([^"]+)"', html()) == ids


def test_black_becomes_the_colour_of_the_text() -> None:
    assert "#000000" not in html()
    assert html().count("stroke: currentColor") == 3


def test_nothing_of_a_picture_reaches_the_page_around_it() -> None:
    assert "<style" not in html()
    assert "<?xml" not in html()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alt": " "}, "cannot see it"),
        ({"start": 3}, "no frame 3"),
        ({"start": -1}, "no frame -1"),
    ],
)
def test_a_figure_that_cannot_be_read_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        html(**changes)


@pytest.mark.parametrize("pictures", [[], [PICTURE]])
def test_pictures_and_labels_belong_together(pictures: list[str]) -> None:
    with pytest.raises(ValueError, match="labels"):
        frames(pictures, ["1", "2"], alt="A line.")
