"""Reading a design's syntax tree: what it awaits and calls, what is known of its variables, whether a test holds.

Facts are a frozenset of (variable, named constant). A value is a tuple of names; "..." stands for anything else.
"""

import ast
import inspect
import textwrap


def awaits(node):
    """The awaits of a statement's own line (not those in the body of an if or a loop), in order."""
    node = node.test if isinstance(node, ast.If | ast.While) else node
    return [n for n in ast.walk(node) if isinstance(n, ast.Await)] if node is not None else []


def called(node):
    """ "mm.mmap_sem.down_read()" -> "down_read"."""
    name = node.func if isinstance(node, ast.Call) else node
    return name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")


def is_none(node):
    if not (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is)):
        return False
    return value_of(node.comparators[0], ())[0] == "None"


def on_kernel(node):
    """Whether it is a call k.something(): that of another function of the design."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return getattr(node.func.value, "id", "") == "k"


def value_of(node, facts):
    """What an expression is known to be: a tuple of names, "..." for anything else."""
    if isinstance(node, ast.Tuple):
        return tuple(value_of(part, facts)[0] for part in node.elts)
    if isinstance(node, ast.Constant):
        return (str(node.value),)
    if isinstance(node, ast.Name):
        return (node.id,) if node.id.isupper() else (dict(facts).get(node.id, "..."),)
    return ("...",)


def learn(facts, target, value):
    names = [t.id for t in (target.elts if isinstance(target, ast.Tuple) else [target]) if isinstance(t, ast.Name)]
    known = dict(facts)
    for name, what in zip(names, value if len(value) >= len(names) else ("...",) * len(names)):
        known[name] = what
    return frozenset(known.items())


def truth(node, facts):
    """True, False, or None when it may be either."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = truth(node.operand, facts)
        return None if inner is None else not inner
    if isinstance(node, ast.BoolOp):
        parts = [truth(value, facts) for value in node.values]
        decisive = isinstance(node.op, ast.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = value_of(node.left, facts)[0], value_of(node.comparators[0], facts)[0]
        if isinstance(node.ops[0], ast.Eq | ast.NotEq) and right.isupper():
            return (left == right) is isinstance(node.ops[0], ast.Eq)
        return None
    known = value_of(node, facts)[0] if isinstance(node, ast.Name | ast.Constant) else ""
    return {"True": True, "False": False}.get(known)


def source_of(function):
    """(lines without comments, the function's syntax tree). Raises ValueError when there is no source."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise ValueError(f"the source text of {function.__name__} is not available; define it in a file") from None
    tree = ast.parse(text).body[0]
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head, sign, _ = line.partition("  #")
        lines[number] = head.rstrip() if sign else "" if line.lstrip().startswith("#") else line
    if isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant):
        doc = tree.body.pop(0)
        lines[doc.lineno - 1 : doc.end_lineno] = [""] * (doc.end_lineno - doc.lineno + 1)
    return lines, tree
