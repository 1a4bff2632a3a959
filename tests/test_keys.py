"""The three keys: given, or made once beside the embedded store, the same for every process, shown by nobody."""

from __future__ import annotations

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.keys import FILE, VARIABLES, Keys, load_keys
from gateway.settings import Settings

SHIPPED = Path(__file__).parent.parent / "config" / "gateway.toml"
TEXT = "sixteen characters or more"


def keys(folder: Path, **environ: str) -> Keys:
    return load_keys(Settings.load(SHIPPED, {"GATEWAY_DATA_DIR": str(folder), **environ}))


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    first = keys(folder)
    assert keys(folder) == first
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [FILE, "keys.lock"]
    assert {len(first.secret), len(first.hash), len(first.data)} == {32}
    assert len({first.secret, first.hash, first.data}) == 3


def test_a_file_that_others_could_read_is_closed(tmp_path: Path) -> None:
    first = keys(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    assert keys(tmp_path) == first
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        made = pool.map(keys, [tmp_path] * 8, chunksize=1)
    assert len({(one.secret, one.hash, one.data) for one in made}) == 1


def test_threads_that_start_together_agree(tmp_path: Path) -> None:
    at_once = threading.Barrier(8)

    def made(folder: Path) -> Keys:
        settings = Settings.load(SHIPPED, {"GATEWAY_DATA_DIR": str(folder)})
        at_once.wait(timeout=10)
        return load_keys(settings)

    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            assert len(set(pool.map(made, [tmp_path / str(number)] * 8))) == 1


def test_given_keys_are_derived_and_nothing_is_written(tmp_path: Path) -> None:
    given = keys(tmp_path, **dict.fromkeys(VARIABLES, TEXT), REDIS_URL="redis://h")
    again = keys(tmp_path / "other", **dict.fromkeys(VARIABLES, TEXT))
    assert given == again
    assert len({given.secret, given.hash, given.data}) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_kept_text_given_as_a_variable_makes_the_same_key(tmp_path: Path) -> None:
    """So that an embedded store can move to a Redis of its own without losing what it encrypted."""
    made = keys(tmp_path)
    texts = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert keys(tmp_path / "elsewhere", **texts, REDIS_URL="redis://h") == made


def test_one_given_key_leaves_the_others_to_the_file(tmp_path: Path) -> None:
    made = keys(tmp_path)
    mixed = keys(tmp_path, GATEWAY_SECRET_KEY=TEXT)
    assert mixed.secret != made.secret
    assert (mixed.hash, mixed.data) == (made.hash, made.data)


def test_a_redis_of_its_own_needs_all_keys_given(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        keys(tmp_path, REDIS_URL="redis://h", GATEWAY_SECRET_KEY=TEXT)
    assert caught.value.setting == "GATEWAY_HASH_KEY"
    assert "GATEWAY_DATA_KEY" in caught.value.detail
    assert "token_urlsafe" in caught.value.detail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"GATEWAY_SECRET_KEY": "x"}'])
def test_a_damaged_file_is_never_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Misconfigured, match="damaged"):
        keys(tmp_path)
    assert path.read_text(encoding="utf-8") == content


def test_a_place_where_nothing_can_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Misconfigured, match="GATEWAY_DATA_DIR") as caught:
        keys(tmp_path / "file" / "data")
    assert caught.value.setting == "server.data_dir"


def test_no_repr_shows_a_key(tmp_path: Path) -> None:
    assert repr(keys(tmp_path)) == "Keys()"
