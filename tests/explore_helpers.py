"""Stages with programs of a test's own."""

from mmlab import designs
from mmlab.engine.explore import Search, Stage, run_code
from mmlab.engine.explore.movers import Unprotected
from mmlab.experiment.exploration import UNPROTECTED, prepare
from mmlab.experiment.world_programs import PROGRAMS
from mmlab.experiment.worlds import world_of


def stage_of(*programs, design="synchronous", run=run_code, **more):
    """A stage on which each of `programs` (coroutine function, arguments ...) is a task; "data" is a file."""
    base = designs.find(design)
    codes = {**PROGRAMS, **{function.__name__: function for function, *_ in programs}}

    def runner(name, arguments, is_kernel, history):
        return run((codes if is_kernel else base.functions)[name], arguments, base.functions, is_kernel, history)

    stage = Stage(base, runner, **more)
    data = stage.k.add_file("data", 2)
    stage.always("data", data)
    for number, (function, *arguments) in enumerate(programs):
        given = tuple(data if argument == "data" else argument for argument in arguments)
        stage.spawn(f"{function.__name__}{number}", "fault", function.__name__, given)
    return stage


def searched(stage, most=50_000, **more):
    """The search, done."""
    search = Search(stage, most=most, **more)
    search.run()
    return search


def search_of(design, world, grain="access", most=200_000, change=None):
    """Search a world of the catalogue; `change` may alter the stage first."""
    design = designs.find(design)
    stage, victims = prepare(design, world_of(world), grain)
    if change:
        change(stage)
    try:
        return searched(stage, most), stage, victims
    except Unprotected:
        UNPROTECTED.add(design)
        return search_of(design, world, grain, most, change)
