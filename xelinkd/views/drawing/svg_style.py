"""How the drawing looks, in light and dark. Dashes and a mark tell a missing link, not colour alone."""

from typing import Final

STYLE: Final = """
.topology {
  --ground: #fff; --card: #f3f5f8; --edge: #78828f; --ink: #1b2430; --soft: #56606e; --tile: #fff;
  --l1: #5b90c2; --l8: #3f78b3; --l16: #255c98; --l24: #0f3f75; --lost: #b3261e;
  background: var(--ground);
  font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  .topology {
    --ground: #161b22; --card: #222a35; --edge: #76828f; --ink: #e8edf3; --soft: #a7b1be; --tile: #12171d;
    --l1: #5b8fc2; --l8: #7db1e3; --l16: #a6cef5; --l24: #d3e8fd; --lost: #ff8f85;
  }
}
.topology text { fill: var(--ink); }
.topology path { fill: none; stroke-linecap: round; }
.topology .link { stroke: var(--l1); stroke-width: 1.3; }
.topology .lanes-8 { stroke: var(--l8); stroke-width: 1.9; }
.topology .lanes-16 { stroke: var(--l16); stroke-width: 2.6; }
.topology .lanes-24 { stroke: var(--l24); stroke-width: 3.4; }
.topology.dense .links .link { stroke-width: .8; stroke-opacity: .6; }
.topology.stale .link { stroke: var(--edge); }
.topology .links .link:hover { stroke-width: 5; stroke-opacity: 1; }
.topology .lost { stroke: var(--lost); stroke-width: 2.2; stroke-dasharray: 7 5; stroke-linecap: butt; }
.topology .cross { stroke: var(--lost); stroke-width: 2.6; }
.topology .card rect { fill: var(--card); stroke: var(--edge); }
.topology .tile rect { fill: var(--tile); stroke: var(--edge); }
.topology .card text, .topology .counts text { text-anchor: middle; }
.topology .name { font-size: 13px; font-weight: 600; }
.topology .tile text { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.topology .tile text { font-size: 11.5px; }
.topology .gone rect { fill: var(--ground); stroke: var(--lost); stroke-dasharray: 4 3; }
.topology .gone text { fill: var(--lost); }
.topology .counts rect { fill: var(--ground); stroke: var(--edge); }
.topology .counts text { font-size: 11px; }
.topology .notes text, .topology .key text { fill: var(--soft); }
.topology .notes .first { fill: var(--ink); font-size: 14px; font-weight: 600; }
.topology .void { fill: none; stroke: var(--edge); stroke-width: 2; stroke-dasharray: 2 5; }
.topology .mark, .topology .says { text-anchor: middle; }
.topology .mark { fill: var(--soft); font-size: 30px; font-weight: 600; }
"""
