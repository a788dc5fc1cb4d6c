"""mmlab glossary: the words of the course."""

from __future__ import annotations

from .commands import print_json, save


def show(args) -> None:
    """mmlab glossary"""
    from ..course.glossary import COLUMNS, glossary, markdown

    table = glossary(args.term)
    if args.markdown:
        save(args.markdown, markdown())
    elif args.json:
        print_json([dict(zip(COLUMNS, row)) for row in table.rows])
    elif args.term:
        for name, value in zip(COLUMNS, table.rows[0]):
            print(f"{name + ':':<17} {value}")
    else:
        print(table)
