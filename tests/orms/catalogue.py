"""Which ORMs are tried: what each is called, what it comes with, how its application is started.

A new ORM is a row here and a folder in ``apps``.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NODE_MODULES = HERE / "node_modules"


@dataclass(frozen=True, slots=True)
class Orm:
    """An ORM in its default way. ``key`` is its folder in ``apps`` and its package's name.

    ``pins`` are the reasons for which it is known to pin, each with what it does that needs it.
    """

    key: str
    name: str
    driver: str
    node: bool = False
    pins: Mapping[str, str] = field(default_factory=dict)

    @property
    def command(self) -> list[str]:
        """The application's command line, for the repository as working folder, without its steps."""
        if self.node:
            return ["node", str(HERE / "apps" / self.key)]
        return [sys.executable, "-W", "error", "-m", f"tests.orms.apps.{self.key}"]

    def version(self, package: str) -> str:
        if self.node:
            return str(json.loads((NODE_MODULES / package / "package.json").read_text())["version"])
        return importlib.metadata.version(package)

    @property
    def package(self) -> str:
        return "drizzle-orm" if self.key == "drizzle" else self.key


ORMS = (
    Orm("sqlalchemy", "SQLAlchemy", "PyMySQL"),
    Orm("django", "Django", "mysqlclient"),
    Orm("peewee", "Peewee", "PyMySQL"),
    Orm("sequelize", "Sequelize", "mysql2", node=True),
    Orm("typeorm", "TypeORM", "mysql2", node=True),
    Orm("knex", "Knex", "mysql2", node=True),
    Orm("drizzle", "Drizzle", "mysql2", node=True),
)
BY_KEY = {orm.key: orm for orm in ORMS}
