"""How the page looks, in light and dark, from a phone to a wide screen."""

from typing import Final

_COLOURS: Final = """
:root {
  color-scheme: light dark;
  --back: #f4f6f9; --sheet: #fff; --tint: #eef3f9; --rule: #d9dfe7;
  --text: #1b2430; --muted: #56606e; --link: #1f5a99;
  --good: #1d6b3c; --good-back: #e9f5ee;
  --odd: #7a5200; --odd-back: #fdf4df;
  --bad: #a3201a; --bad-back: #fcebea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0d1117; --sheet: #161b22; --tint: #1d2733; --rule: #2d3643;
    --text: #e8edf3; --muted: #a7b1be; --link: #8dbdf0;
    --good: #7fd6a0; --good-back: #11271a;
    --odd: #f0c674; --odd-back: #2a2112;
    --bad: #ff9c93; --bad-back: #331716;
  }
}
"""

_TEXT: Final = """
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { margin: 0; font-size: 1.25rem; letter-spacing: .01em; }
h2 { margin: 0 0 .75rem; font-size: 1.05rem; }
h3 { margin: 1rem 0 .4rem; font-size: .95rem; }
p { margin: .5rem 0; }
a { color: var(--link); }
:is(a, summary, [tabindex]):focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre, .matrix { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .88em; overflow-wrap: anywhere; }
pre {
  margin: .5rem 0; padding: .6rem .8rem; background: var(--tint); border-radius: 6px;
  font-size: .85em; line-height: 1.6; white-space: pre-wrap; overflow-wrap: anywhere;
}
.soft { color: var(--muted); font-size: .9em; }
.unseen { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
"""

_PLACES: Final = """
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1rem; }
header { padding-top: 1.25rem; }
header p, footer p { margin: .25rem 0; color: var(--muted); }
footer { padding-top: .75rem; padding-bottom: 2rem; }
main, .aside { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
main { margin-top: 1rem; }
.aside { align-content: start; }
section {
  min-width: 0; padding: 1.1rem 1.25rem;
  background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px;
}
@media (min-width: 66rem) {
  main {
    grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr);
    grid-template-rows: auto auto 1fr;
    grid-template-areas:
      "state state" "topology checks" "topology lease" "changes changes" "matrix matrix" "labels labels"
      "configuration aside";
  }
  #state { grid-area: state; }
  #topology { grid-area: topology; }
  #checks { grid-area: checks; }
  #lease { grid-area: lease; }
  #changes { grid-area: changes; }
  #matrix { grid-area: matrix; }
  #labels { grid-area: labels; }
  #configuration { grid-area: configuration; }
  .aside { grid-area: aside; }
}
"""

_PARTS: Final = """
#state { border-left-width: 6px; }
#state h2 { margin-bottom: .4rem; font-size: 1.35rem; }
#state p { margin: .25rem 0; overflow-wrap: anywhere; }
#state .first { font-size: 1.1rem; }
#state.good { background: var(--good-back); border-color: var(--good); }
#state.odd { background: var(--odd-back); border-color: var(--odd); }
#state.bad { background: var(--bad-back); border-color: var(--bad); }
.sign { display: inline-block; width: 1.4em; font-weight: 700; }
#state .sign { width: auto; margin-right: .5em; }
.good > h2, .sign.good { color: var(--good); }
.odd > h2 { color: var(--odd); }
.bad > h2, .sign.bad { color: var(--bad); }
figure { margin: 0; }
figure svg { display: block; width: 100%; max-width: 44rem; margin: 0 auto; }
figcaption { margin-top: .5rem; color: var(--muted); font-size: .9em; }
.checks, .changes { list-style: none; margin: 0; padding: 0; }
.checks li { padding: .15rem 0 .15rem 1.4em; text-indent: -1.4em; overflow-wrap: anywhere; }
.checks .sign { text-indent: 0; }
.checks b { font-weight: 600; }
.changes li { display: grid; grid-template-columns: 15rem 1fr; gap: 0 1rem; padding: .3rem 0; }
.changes li { border-bottom: 1px solid var(--rule); }
.what { overflow-wrap: anywhere; }
dl { display: grid; gap: .35rem; margin: 0; }
dl div { display: grid; grid-template-columns: 10rem 1fr; gap: 0 1rem; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.refused { margin-bottom: .75rem; padding: .4rem .9rem; background: var(--bad-back); border-radius: 6px; }
.refused { overflow-wrap: anywhere; }
details { margin-top: .6rem; }
summary { cursor: pointer; color: var(--link); }
"""

_TABLES: Final = """
.scrolling { overflow-x: auto; margin: .5rem 0 .75rem; }
.scrolling code { overflow-wrap: normal; white-space: pre; }
#configuration td code { overflow-wrap: anywhere; white-space: pre-wrap; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; }
th, td { border-bottom: 1px solid var(--rule); }
thead th { color: var(--muted); font-size: .85em; font-weight: 600; }
tbody th { font-weight: 500; white-space: nowrap; }
.matrix th, .matrix td { min-width: 3.75rem; padding: .22rem .3rem; text-align: center; font-size: .82rem; }
.matrix th, .matrix td { border: 1px solid var(--rule); }
.matrix tbody th, .matrix td:first-child { min-width: 3rem; }
.matrix tbody th { position: sticky; left: 0; background: var(--sheet); }
.matrix .first[scope=col] { border-left-color: var(--muted); }
.matrix .first[scope=row] { border-top-color: var(--muted); }
.matrix .joined { background: var(--tint); font-weight: 600; }
.matrix .same, .matrix .apart { color: var(--muted); }
.matrix .lacking { background: var(--bad-back); color: var(--bad); font-size: .72rem; font-weight: 700; }
.matrix .lacking { vertical-align: middle; outline: 2px dashed var(--bad); outline-offset: -3px; }
"""

_PHONE: Final = """
@media (max-width: 40rem) {
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  section { padding: .9rem; }
  figure svg { width: calc(100% + 1.4rem); margin: 0 -.7rem; }
  .matrix th, .matrix td { min-width: 2.2rem; }
  dl { gap: .6rem; }
  dl div, .changes li { grid-template-columns: 1fr; }
}
"""

PAGE_STYLE: Final = f"{_COLOURS}{_TEXT}{_PLACES}{_PARTS}{_TABLES}{_PHONE}"
