"""Dockerfile, compose, Kubernetes and systemd: they agree with the settings, with each other, and ask for no rights."""

from __future__ import annotations

import json
import re
from configparser import RawConfigParser
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy import config
from proxy.config import environment
from proxy.config.values import read
from proxy.settings import Settings, metas

ROOT = Path(__file__).resolve().parent.parent
MYSQL_PORT, STATUS_PORT = 6033, 9042


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, its text) in order, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    lines = (line.strip() for line in text.splitlines())
    return [(line.split()[0], line.partition(" ")[2]) for line in lines if line and not line.startswith("#")]


def final_stage() -> dict[str, str]:
    instructions = dockerfile()
    last = max(number for number, (name, _) in enumerate(instructions) if name == "FROM")
    return dict(instructions[last:])


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    return found


def kubernetes() -> dict[str, Any]:
    documents = yaml.safe_load_all((ROOT / "deploy/kubernetes/sidecar.yaml").read_text())
    return {document["kind"]: document for document in documents}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    return spec


def sidecar() -> dict[str, Any]:
    (container,) = pod()["initContainers"]
    found: dict[str, Any] = container
    return found


class Unit(RawConfigParser):
    """A systemd unit; of a key that occurs several times the last value counts."""

    def __init__(self) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",), interpolation=None)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def service() -> dict[str, str]:
    unit = Unit()
    unit.read(ROOT / "deploy/systemd/forebay.service")
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    return dict(unit["Service"])


def settings_of(text: str, tmp_path: Path) -> Settings:
    """What Forebay reads from a configuration whose password file does not exist here."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    file = tmp_path / "forebay.yaml"
    file.write_text(re.sub(r"password_file: [^ }]+", f"password_file: {password}", text))
    return config.load(str(file), {})


def sidecar_settings(tmp_path: Path) -> Settings:
    return settings_of(kubernetes()["ConfigMap"]["data"]["forebay.yaml"], tmp_path)


def unit_settings(tmp_path: Path) -> Settings:
    return settings_of((ROOT / "deploy/systemd/forebay.yaml").read_text(), tmp_path)


def seconds(text: str) -> float:
    return float(read(metas(Settings)["drain_timeout"], text))


# Docker


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    user, group = final_stage()["USER"].split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_the_image_starts_forebay() -> None:
    last = final_stage()
    assert json.loads(last["ENTRYPOINT"]) == ["forebay"]
    assert json.loads(last["CMD"]) == ["run"]


def test_the_image_has_no_compiler() -> None:
    last = final_stage()
    assert "RUN" not in last
    assert last["COPY"].startswith("--from=builder ")


def test_the_ports_of_the_image_are_the_defaults() -> None:
    defaults = Settings()
    assert defaults.listen[0].endswith(f":{MYSQL_PORT}")
    assert defaults.status.listen.endswith(f":{STATUS_PORT}")
    last = final_stage()
    assert last["EXPOSE"].split() == [str(MYSQL_PORT), str(STATUS_PORT)]
    assert f"http://127.0.0.1:{STATUS_PORT}/healthz" in last["HEALTHCHECK"]
    assert f'FOREBAY_STATUS__LISTEN="0.0.0.0:{STATUS_PORT}"' in last["ENV"]


def test_the_health_check_is_a_program_that_the_image_has() -> None:
    check = final_stage()["HEALTHCHECK"]
    command = json.loads(check[check.index("[") :])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")


def test_the_builder_gets_every_file_that_it_copies() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    wanted = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = [text.split()[:-1] for name, text in dockerfile() if name == "COPY" and not text.startswith("--from")]
    for source in (name.rstrip("/") for names in copied for name in names):
        assert source in wanted
    assert any(fnmatch("proxy/wire/frames.cpython-311.so", pattern) for pattern in ignored if pattern != "*")


# Compose


def test_the_variables_of_image_and_compose_are_settings() -> None:
    known = environment.names()
    image = re.findall(r"\b(FOREBAY_\w+)=", final_stage()["ENV"])
    variables = compose()["services"]["forebay"]["environment"]
    for name in (*image, *(name for name in variables if name.startswith("FOREBAY_"))):
        assert name in known


def test_forebay_takes_the_environment_of_compose() -> None:
    variables = {**compose()["services"]["forebay"]["environment"], "APP_PASSWORD": "a#b@c: d"}
    settings = config.load(None, variables)
    assert settings.target.address == "mariadb:3306"
    assert settings.pool.max_connections == 2
    password = settings.users[0].password
    assert password is not None
    assert password.reveal() == "a#b@c: d"


def test_compose_is_locked_down_and_waits_for_the_drain() -> None:
    forebay = compose()["services"]["forebay"]
    assert forebay["read_only"] is True
    assert forebay["cap_drop"] == ["ALL"]
    assert forebay["ports"] == [f"127.0.0.1:{port}:{port}" for port in (MYSQL_PORT, STATUS_PORT)]
    drain = seconds(forebay["environment"]["FOREBAY_DRAIN_TIMEOUT"])
    assert seconds(forebay["stop_grace_period"]) > drain


def test_the_function_of_compose_goes_through_forebay() -> None:
    services = compose()["services"]
    assert services["function"]["environment"]["DB_HOST"] == "forebay"
    assert services["function"]["environment"]["DB_PORT"] == str(MYSQL_PORT)
    for volume in services["mariadb"]["volumes"]:
        source = volume.split(":")[0]
        assert not source.startswith(".") or (ROOT / "deploy" / source).exists()


# Kubernetes


def test_the_sidecar_is_native() -> None:
    assert sidecar()["restartPolicy"] == "Always"
    assert sidecar()["args"] == ["run", "-c", "/etc/forebay/forebay.yaml"]


def test_the_sidecar_needs_no_rights() -> None:
    context = sidecar()["securityContext"]
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert final_stage()["USER"] == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_the_probes_ask_the_status_port(tmp_path: Path) -> None:
    ports = {port["name"]: port["containerPort"] for port in sidecar()["ports"]}
    settings = sidecar_settings(tmp_path)
    assert settings.listen == (f"127.0.0.1:{ports['mysql']}",)
    assert settings.status.listen == f"0.0.0.0:{ports['metrics']}"
    asked = {probe: sidecar()[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {get["port"] for get in asked.values()} == {"metrics"}
    assert {probe: get["path"] for probe, get in asked.items()} == {
        "startupProbe": "/healthz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/healthz",
    }
    annotations = kubernetes()["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["metrics"])


def test_the_pod_waits_for_the_drain(tmp_path: Path) -> None:
    assert pod()["terminationGracePeriodSeconds"] > sidecar_settings(tmp_path).drain_timeout


def test_the_password_is_in_the_secret_only() -> None:
    documents = kubernetes()
    secret = documents["Secret"]
    (key,) = secret["stringData"]
    text = documents["ConfigMap"]["data"]["forebay.yaml"]
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in sidecar()["volumeMounts"]}
    assert volumes["password"]["secret"]["secretName"] == secret["metadata"]["name"]
    assert f"password_file: {mounts['password']}/{key}" in text
    (application,) = pod()["containers"]
    (password,) = [item for item in application["env"] if item["name"] == "DB_PASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": secret["metadata"]["name"], "key": key}


# systemd


def test_the_unit_notifies_and_reloads() -> None:
    unit = service()
    assert unit["Type"] == "notify"
    assert unit["NotifyAccess"] == "main"
    assert unit["ExecStart"].endswith("/forebay run -c /etc/forebay/forebay.yaml")
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_the_unit_is_hardened() -> None:
    unit = service()
    assert unit["CapabilityBoundingSet"] == ""
    expected = {"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateDevices": "yes"}
    assert {key: unit[key] for key in expected} == expected


def test_the_unit_waits_for_the_drain(tmp_path: Path) -> None:
    assert seconds(service()["TimeoutStopSec"]) > unit_settings(tmp_path).drain_timeout


def test_the_unit_gives_what_its_configuration_names(tmp_path: Path) -> None:
    unit, text = service(), (ROOT / "deploy/systemd/forebay.yaml").read_text()
    credential = unit["LoadCredential"].split(":")[0]
    assert f"password_file: /run/credentials/forebay.service/{credential}" in text
    settings = unit_settings(tmp_path)
    assert settings.state_folder == f"/var/lib/{unit['StateDirectory']}"
    sockets = [address for address in settings.listen if address.startswith("unix:")]
    assert all(address.startswith(f"unix:/run/{unit['RuntimeDirectory']}/") for address in sockets)


# The functions


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((ROOT / "examples/functions/package-lock.json").read_text())
    assert not any("resolved" in package for package in lock["packages"].values())


@pytest.mark.parametrize("driver", ["mysql", "mysql2"])
def test_the_lock_file_has_the_drivers(driver: str) -> None:
    package = json.loads((ROOT / "examples/functions/package.json").read_text())
    lock = json.loads((ROOT / "examples/functions/package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    assert package["dependencies"][driver].startswith("^")
    assert f"node_modules/{driver}" in lock["packages"]
