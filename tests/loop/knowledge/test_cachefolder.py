"""Where results that may be computed again are kept."""

from loop.knowledge.cachefolder import default_folder


def test_the_folder_follows_the_environment():
    assert default_folder({"ATHANOR_CACHE": "/a", "XDG_CACHE_HOME": "/b"}).name == "a"
    assert str(default_folder({"XDG_CACHE_HOME": "/b"})) == "/b/athanor"
    assert default_folder({}).parts[-2:] == (".cache", "athanor")
