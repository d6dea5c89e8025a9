"""The read-only HTTP contract of PRD §8, with the same services as the pages."""

# No "from __future__ import annotations": it would hide the module ``annotations``.
from starlette.convertors import PathConvertor, register_url_convertor


class _Text(PathConvertor):
    """A parameter of a path with any characters. ``path`` matches no line breaks."""

    regex = r"[\s\S]*"


# The names of tags, views and expressions are such parameters: ``/{tag:text}``.
register_url_convertor("text", _Text())
