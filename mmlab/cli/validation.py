"""The commands that hold the project's claims against something: validate, row10."""

from __future__ import annotations

from .commands import print_json, save


def validate(args) -> int:
    """mmlab validate"""
    from ..experiment import validation

    outcome = validation.validate(args.only, args.quick, args.progress, args.jobs)
    if args.markdown:
        save(args.markdown, validation.markdown(outcome))
    if args.json:
        print_json(
            [
                {"line": line.number, "title": line.title, "rows": [one.as_dict() for one in checked]}
                for line, checked in outcome
            ]
        )
    elif not args.markdown:
        print(validation.text(outcome))
    return 0 if all(one.is_explained for _, checked in outcome for one in checked) else 1


def row10(args) -> None:
    """mmlab row10"""
    from ..experiment import row10

    found = row10.measure()
    if args.json:
        print_json(found.as_dict())
    else:
        print(found)
