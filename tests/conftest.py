"""The two tiers: slow tests run only with --slow. Property tests have no deadline: no test asserts a time."""

from hypothesis import settings

settings.register_profile("mmlab", deadline=None)
settings.load_profile("mmlab")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also run the slow tier")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
