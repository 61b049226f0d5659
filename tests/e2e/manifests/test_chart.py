"""What helm makes of the chart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from support.daemon import xelinkd
from support.kubernetes import (
    CHART,
    DEPLOYMENTS,
    configuration,
    containers,
    documents,
    kustomized,
    of_kind,
    run,
    templated,
)
from support.prometheus import MONITORING, RULES

HERE = Path(__file__).parent
VARIANTS = sorted((HERE / "values").glob("*.yaml"))


@pytest.mark.parametrize("values", VARIANTS, ids=lambda path: path.stem)
def test_variant_is_as_it_was(values: Path, request: pytest.FixtureRequest) -> None:
    """Nobody who upgrades the chart gets other objects than a reviewer has seen."""
    golden = HERE / "golden" / values.name
    made = templated(values)
    if request.config.getoption("--renew-golden"):
        golden.write_text(made)
    assert made == golden.read_text()


@pytest.mark.parametrize("values", VARIANTS, ids=lambda path: path.stem)
def test_configuration_is_right(values: Path, tmp_path: Path) -> None:
    """The configuration that the values become is one that xelinkd takes, value by value."""
    path = tmp_path / "xelinkd.toml"
    path.write_text(configuration(documents(templated(values))))
    done = xelinkd("check", "--config", path)
    assert done.returncode == 0, done.stderr
    wanted = yaml.safe_load(values.read_text()) or {}
    keys = [key for section in wanted.get("config", {}).values() for key in section]
    assert all(f"{key} = " in path.read_text() for key in keys)


@pytest.mark.parametrize("values", VARIANTS, ids=lambda path: path.stem)
def test_helm_finds_no_fault(values: Path) -> None:
    """The chart is one that helm's own check finds right."""
    done = run("helm", "lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0, done.stdout


def test_defaults_are_the_standalone_overlay(deployments: Path) -> None:
    """Chart and manifests start the same xelinkd: what is measured and documented holds for both."""
    chart = of_kind("DaemonSet", documents(templated(HERE / "values" / "defaults.yaml")))
    plain = of_kind("DaemonSet", kustomized(deployments / "overlays" / "standalone"))
    one, other = (
        json.loads(json.dumps(made["spec"]).replace("features.d/", "features.d")) for made in (chart, plain)
    )
    for probe in ("livenessProbe", "readinessProbe"):
        del one["template"]["spec"]["containers"][0][probe]["httpGet"]["scheme"]
    del (
        one["template"]["spec"]["volumes"][1]["configMap"],
        other["template"]["spec"]["volumes"][1]["configMap"],
    )
    assert one["template"]["spec"] == other["template"]["spec"]
    assert one["updateStrategy"] == other["updateStrategy"]


def test_change_of_the_configuration_is_no_new_pod(tmp_path: Path) -> None:
    """A change of the configuration rolls nothing out: the DaemonSet is the same."""
    values = tmp_path / "values.yaml"
    values.write_text("config: {labels: {min_lanes: 8}, feature_file: {lease: 12h}}\n")
    before, after = (documents(templated(path)) for path in (HERE / "values" / "defaults.yaml", values))
    assert configuration(before) != configuration(after)
    assert of_kind("DaemonSet", before) == of_kind("DaemonSet", after)


def test_alerts_and_dashboard_are_the_tested_ones(tmp_path: Path) -> None:
    """What Prometheus and Grafana are given is what deployments/monitoring has, to the letter."""
    values = tmp_path / "values.yaml"
    values.write_text("monitoring: {rules: true, dashboard: true, labels: {release: prometheus}}\n")
    found = documents(templated(values))
    rules = of_kind("PrometheusRule", found)
    assert rules["spec"] == yaml.safe_load(RULES.read_text())
    assert rules["metadata"]["labels"]["release"] == "prometheus"
    (dashboard,) = [one for one in found if "xelinkd.dashboard.json" in one.get("data", {})]
    assert dashboard["data"]["xelinkd.dashboard.json"] == (MONITORING / "xelinkd.dashboard.json").read_text()
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_monitor_of_the_chart_is_the_plain_one() -> None:
    """Both monitors ask the same way."""
    chart = of_kind("PodMonitor", documents(templated(HERE / "values" / "pod-monitor.yaml")))
    plain = of_kind("PodMonitor", documents((MONITORING / "podmonitor.yaml").read_text()))
    assert chart["spec"]["podMetricsEndpoints"] == plain["spec"]["podMetricsEndpoints"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("conifg: {}", "'conifg' not allowed"),
        ("config: {source: {uri: x}}", "'uri' not allowed"),
        ("config: {labels: {min_lanes: eight}}", "want integer"),
        ("config: {feature_file: {on_exit: drop}}", "must be one of 'keep', 'remove'"),
        ("secrets: [{name: certs, mountPath: certs}]", "does not match pattern"),
        ("nodeFeature: {admissionPolicy: true}", "is for config.sink.kind = node-feature"),
        ("monitoring: {monitor: PodMonitor}", "no Prometheus reaches config.status.listen"),
    ],
)
def test_wrong_values_are_refused(values: str, said: str, tmp_path: Path) -> None:
    """A mistake is told before anything is installed."""
    path = tmp_path / "values.yaml"
    path.write_text(values)
    done = run("helm", "template", "xelinkd", CHART, "--values", path)
    assert done.returncode != 0
    assert said in done.stderr


def test_status_that_is_not_served_is_not_probed() -> None:
    """Without a status there is nothing that could fail a probe for ever."""
    found = documents(templated(HERE / "values" / "no-status.yaml"))
    assert (
        not {"ports", "livenessProbe", "readinessProbe"}
        & containers(of_kind("DaemonSet", found))["xelinkd"].keys()
    )


def test_package_holds_the_alerts(tmp_path: Path) -> None:
    """A packaged chart has the files themselves, not links into a repository that is not there."""
    assert run("helm", "package", CHART, "--destination", tmp_path).returncode == 0
    (package,) = tmp_path.glob("xelinkd-*.tgz")
    done = run("helm", "template", "xelinkd", package, "--set", "monitoring.rules=true")
    assert of_kind("PrometheusRule", documents(done.stdout))["spec"] == yaml.safe_load(RULES.read_text())
    assert DEPLOYMENTS.name not in done.stderr
