"""Checks job.yaml against Kubernetes' schema, and compose.yaml as Compose reads it.

Needs kubernetes-validate, which brings PyYAML.
"""
import os
import sys

import kubernetes_validate
import yaml

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "job.yaml")) as f:
    job = yaml.safe_load(f)
kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)

with open(os.path.join(here, "compose.yaml")) as f:
    compose = yaml.safe_load(f)
wrong = []
known = {"image", "build", "command", "environment", "volumes", "healthcheck", "depends_on", "restart", "stop_grace_period", "deploy"}
for key in set(compose) - {"services", "volumes"}:
    wrong.append(f"top level: {key}")
for name, service in compose["services"].items():
    for key in set(service) - known:
        wrong.append(f"{name}: {key}")
    if ("image" in service) == ("build" in service):
        wrong.append(f"{name}: image or build")
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] == "service_healthy" and "healthcheck" not in compose["services"][other]:
            wrong.append(f"{name}: {other} has no healthcheck")
    for volume in service.get("volumes", []):
        if volume.split(":")[0] not in compose["volumes"]:
            wrong.append(f"{name}: volume {volume}")
    if build := service.get("build"):
        if not os.path.isfile(os.path.join(here, build["context"], build["dockerfile"])):
            wrong.append(f"{name}: no {build['dockerfile']}")
if wrong:
    sys.exit("\n".join(wrong))
