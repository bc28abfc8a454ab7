"""What the kubelet would give a pod's container: its environment, and its secrets as files."""

from collections.abc import Mapping
from pathlib import Path

from .chart import Rendered, Resource, secrets_of

NAME = "shop-orderflex-leeds-dc-29400000"
"""What a container is told of its pod, whatever it asks for."""


def environment_of(
    rendered: Rendered, pod: Resource, secrets: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """Make the variables of a pod's only container; secrets that are files are put into a folder.

    `secrets` are those of the cluster, by the names of the settings.
    """
    container = pod["containers"][0]
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        configured = source["configMapRef"]["name"]
        found |= next(
            each["data"]
            for each in rendered.all("ConfigMap")
            if each["metadata"]["name"] == configured
        )
    for each in container["env"]:
        if "value" in each:
            found[each["name"]] = each["value"]
        elif "fieldRef" in each["valueFrom"]:
            found[each["name"]] = NAME
    wanted = {name: secrets[name] for name in secrets_of(pod)}
    if "ORDERFLEX_SECRETS_DIR" not in found:
        return found | wanted
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert mounts["secrets"] == found["ORDERFLEX_SECRETS_DIR"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in wanted.items():
        (folder / name).write_text(f"{value}\n", encoding="utf-8")
    return found | {"ORDERFLEX_SECRETS_DIR": str(folder)}


def arguments_of(pod: Resource) -> list[str]:
    """The arguments of a pod's only container, with what is named in them filled in."""
    return [str(each).replace("$(JOB)", NAME) for each in pod["containers"][0]["args"]]
