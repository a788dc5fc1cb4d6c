"""The tiers: slow tests run only with --slow, long ones only with --long.

Property tests have no deadline: no test asserts a time.
"""

from hypothesis import settings

settings.register_profile("mmlab", deadline=None)
settings.load_profile("mmlab")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the slow tier")
    parser.addoption("--long", action="store_true", help="also run what takes an hour: exercises with nothing shared")


def pytest_collection_modifyitems(config, items):
    left_out = {tier for tier in ("slow", "long") if not config.getoption(f"--{tier}")}
    dropped = [item for item in items if any(item.get_closest_marker(tier) for tier in left_out)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]
