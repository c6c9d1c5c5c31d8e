from __future__ import annotations

import dataclasses
import json
import pickle
import re
import traceback

import pytest

from proxy import settings
from proxy.settings import Secret, Settings, TargetSettings, UserSettings, metas, split_address, walk

SECRET = "correct horse"


@pytest.fixture
def tree() -> Settings:
    users = (UserSettings(name="app", password=Secret(SECRET), password_hash=Secret(SECRET)), UserSettings(name="b"))
    return Settings(target=TargetSettings(address="db:3306"), users=users)


def test_the_tree_is_frozen(tree: Settings) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tree.pool.max_connections = 3  # type: ignore[misc]


def test_no_secret_is_shown_by_accident(tree: Settings) -> None:
    secret = tree.users[0].password
    shown = [repr(tree), str(tree), repr(list(walk(tree))), str(secret), f"{secret}", f"{secret!r:>9}"]
    shown.append(json.dumps({"password": secret}, default=str))
    shown.append(repr(dataclasses.asdict(tree.users[0])))
    assert [text for text in shown if SECRET in text] == []
    assert secret is not None
    assert secret.reveal() == SECRET


def test_a_secret_cannot_be_pickled_but_compared_and_hashed() -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Secret(SECRET))
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("ä"), Secret("ä")}) == 1


def test_walk_yields_every_field_in_order_with_its_path(tree: Settings) -> None:
    rows = {row.path: row for row in walk(tree)}
    assert list(rows)[:3] == ["listen", "target.address", "target.schema"]
    assert rows["target.address"].value == "db:3306"
    assert rows["pool.borrow_timeout"].value == rows["pool.borrow_timeout"].default == 10.0
    assert rows["users[app].password"].secret
    assert rows["users[app].password"].value == Secret(SECRET)
    assert rows["users[b].password"].value is None
    assert rows["pool.max_connections"].reloadable
    assert not rows["listen"].reloadable


def classes() -> list[type]:
    return [item for item in vars(settings).values() if isinstance(item, type) and dataclasses.is_dataclass(item)]


@pytest.mark.parametrize("cls", classes())
def test_every_field_has_one_sentence_and_a_default(cls: type) -> None:
    for name, meta in metas(cls).items():
        assert re.fullmatch(r"\S.*\.", meta.sentence), name
        assert ". " not in meta.sentence, name
    cls()


@pytest.mark.parametrize("row", list(walk(Settings(users=(UserSettings(),)))), ids=lambda row: row.path)
def test_a_default_is_within_its_own_limits(row: settings.Row) -> None:
    owner = next(cls for cls in classes() if row.path.split(".")[-1] in metas(cls) and _holds(cls, row))
    meta = metas(owner)[row.path.split(".")[-1]]
    assert meta.minimum is None or meta.minimum <= row.value
    assert meta.maximum is None or meta.maximum >= row.value
    assert not meta.choices or row.value in meta.choices
    assert row.secret == (meta.kind == settings.SECRET)


def _holds(cls: type, row: settings.Row) -> bool:
    return metas(cls)[row.path.split(".")[-1]].sentence == row.sentence


def test_addresses_are_split_as_sockets_want_them() -> None:
    assert split_address("db.internal:3306") == ("db.internal", 3306)
    assert split_address("[::1]:0") == ("::1", 0)
    assert split_address("unix:/run/my.sock") == "/run/my.sock"
