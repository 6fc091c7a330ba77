import pytest

from tfcaps.errors import TfcapsError
from tfcaps.registry import Registry
from tfcaps.routing import ROUTINGS, Dynamic, get, serialize


def test_a_routing_from_its_name_config_or_itself():
    routing = Dynamic(2, leaky=True)
    assert get(routing) is routing
    assert get("dynamic") == Dynamic() == Dynamic(3, leaky=False, detach_inner=False)
    assert get({"name": "dynamic"}) == Dynamic()
    assert get(serialize(routing)) == routing
    assert serialize(routing) == {
        "name": "dynamic",
        "config": {"iterations": 2, "leaky": True, "detach_inner": False},
    }


@pytest.mark.parametrize("name", list(ROUTINGS))
def test_every_routing_serialises(name):
    routing = ROUTINGS[name]()
    assert routing.name == name
    assert get(serialize(routing)) == routing
    assert hash(get(name)) == hash(routing)
    assert name in repr(routing).lower()


def test_equality_tells_configs_apart():
    assert Dynamic(2) != Dynamic(3)
    assert Dynamic(2) != "dynamic"
    assert len({Dynamic(2), Dynamic(2), Dynamic(3)}) == 2


@pytest.mark.parametrize("identifier", ["em!", {"name": "em!"}, {"iterations": 3}, 3, None])
def test_unknown(identifier):
    with pytest.raises(TfcapsError, match=r"unknown routing|Expected routing to be a name"):
        get(identifier)


def test_a_config_with_unknown_arguments_is_refused_in_our_words():
    with pytest.raises(TfcapsError, match="temperature"):
        get({"name": "dynamic", "config": {"temperature": 1}})


def test_a_name_is_taken_once():
    registry = Registry("thing")
    registry.register("a")(1)
    with pytest.raises(KeyError, match="registered already"):
        registry.register("a")(2)
    assert list(registry) == ["a"]
    assert "a" in registry
