"""Prints the schema of the chart's values, for deployments/helm/xelinkd/values.schema.json.

The part for the configuration is made from the program's own schema. It checks names and types; what a value
means, `xelinkd check` and the running xelinkd tell.
"""

from __future__ import annotations

import json
from typing import Any, Final, get_args

from xelinkd.config.keys import SECTIONS, Key, keys_of

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1}
ANYTHING: Final[Schema] = {"type": "object"}  # Kubernetes checks what is its own
LABELS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}


def exactly(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    """Allow an object with these properties and no others."""
    made = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def list_of(items: Schema) -> Schema:
    """Allow a list of these."""
    return {"type": "array", "items": items}


def of_key(key: Key) -> Schema:
    """Describe a key of the configuration."""
    return {"description": key.meaning, **kind_of(key)}


def kind_of(key: Key) -> Schema:
    """Tell what a key's values look like."""
    chosen = get_args(get_args(key.type)[0])
    match key.default:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case _:
            return {"enum": list(chosen)} if chosen else {"type": "string"}


def of_config() -> Schema:
    """Describe the whole configuration."""
    return exactly(
        {section: exactly({key.name: of_key(key) for key in keys_of(section)}) for section in SECTIONS}
    )


def of_values() -> Schema:
    """Describe all that can be set."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **exactly(
            {
                "global": ANYTHING,  # of a chart that this one is a part of
                "image": exactly(
                    {
                        "repository": NAME,
                        "tag": TEXT,
                        "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
                    }
                ),
                "imagePullSecrets": list_of(exactly({"name": NAME}, ("name",))),
                "config": of_config(),
                "nodeFeature": exactly({"admissionPolicy": {"type": "boolean"}, "sweeperSchedule": TEXT}),
                "secrets": list_of(
                    exactly(
                        {"name": NAME, "mountPath": {"type": "string", "pattern": "^/"}},
                        ("name", "mountPath"),
                    )
                ),
                "statusSecret": NAME,
                "monitoring": exactly(
                    {
                        "monitor": {"enum": ["", "PodMonitor", "ServiceMonitor"]},
                        "tlsConfig": ANYTHING,
                        "rules": {"type": "boolean"},
                        "dashboard": {"type": "boolean"},
                        "labels": LABELS,
                        "dashboardLabels": LABELS,
                    }
                ),
                "resources": exactly({"requests": ANYTHING, "limits": ANYTHING}),
                "affinity": ANYTHING,
                "nodeSelector": LABELS,
                "tolerations": list_of(ANYTHING),
                "priorityClassName": TEXT,
                "maxUnavailable": {"type": ["integer", "string"]},
            }
        ),
    }


if __name__ == "__main__":
    print(json.dumps(of_values(), indent=2))
