"""docs/tracing.md names what spans may say, and nothing else."""

import re

from service.tracing.words import Attribute, Moment
from tests.promises.pages import DOCS, rows, text_of, words_in

PAGE = DOCS / "tracing.md"


def test_every_attribute_and_moment_has_its_row() -> None:
    attributes = [words_in(row[0])[0] for row in rows(PAGE, "attribute")]
    assert attributes == [attribute.value for attribute in Attribute]
    moments = [words_in(row[0])[0] for row in rows(PAGE, "moment")]
    assert moments == [moment.value for moment in Moment]


def test_attributes_that_the_text_names_exist() -> None:
    named = set(re.findall(r"`(orderflex\.[a-z_.]+)`", text_of(PAGE)))
    assert named <= {attribute.value for attribute in Attribute}
