"""docs/licences.md names what the images install. Renew it with: python -m deploy.licences."""

import re

from deploy.licences import PAGE, locked


def test_every_package_of_the_images_has_its_licence() -> None:
    told = dict(re.findall(r"(?m)^\| ([a-z0-9._-]+) \| (.+) \|$", PAGE.read_text()))
    del told["package"]
    assert sorted(told) == locked()
    assert "?" not in told.values()


def test_the_gpl_is_named_above_the_table() -> None:
    head, _, table = PAGE.read_text().partition("| package |")
    for name in re.findall(r"(?m)^\| (\S+) \| .*(?:GNU General Public|[^L]GPL-3)", table):
        assert f"`{name}`" in head
