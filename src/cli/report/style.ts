/**
 * How a report looks: light, dark and in print, on a telephone and on a desk. Series colours are
 * Okabe's and Ito's, lightened for dark.
 */
export const style = `
:root {
  color-scheme: light dark;
  --text: #1c2127; --faint: #57606a; --page: #ffffff; --panel: #f6f7f9; --rule: #d5d9df; --on-accent: #ffffff;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #007a59; --series-4: #a8508a;
  --series-5: #8a6100; --series-6: #2f86c1; --series-7: #6b5bb5; --series-8: #59636e;
  --negative: #2b7bba; --positive: #d96a0b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed; --faint: #a3acb7; --page: #14171b; --panel: #1d2126; --rule: #3a414a; --on-accent: #10141a;
    --series-1: #56b4e9; --series-2: #ff8f45; --series-3: #2fc79b; --series-4: #e39ac6;
    --series-5: #e6b12e; --series-6: #9ccbf0; --series-7: #b3a6f2; --series-8: #a3acb7;
    --negative: #2b7bba; --positive: #d96a0b;
  }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); -webkit-text-size-adjust: 100%; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 .75rem; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .5rem 0; max-width: 48rem; }
a { color: var(--series-1); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .9rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .5rem; margin: 1rem 0; }
.facts div { background: var(--panel); border-radius: .4rem; padding: .5rem .75rem; }
dt { color: var(--faint); font-size: .8rem; }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.figures { columns: 2 25rem; column-gap: 1rem; }
figure { margin: 0 0 1rem; padding: .75rem; background: var(--panel); border-radius: .4rem; break-inside: avoid; }
figure > svg { display: block; width: 100%; max-width: 36rem; height: auto; font-size: 12px; --plot-background: transparent; color: var(--text); }
figure svg text, figure svg tspan { white-space: pre; }
figcaption { color: var(--faint); font-size: .85rem; margin-top: .4rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: 0 0 .25rem; padding: 0; font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.swatch { flex: none; }
.scale { max-width: 36rem; font-size: .8rem; font-variant-numeric: tabular-nums; }
.strip { height: .7rem; border: 1px solid var(--rule); background: linear-gradient(to right, var(--negative), transparent, var(--positive)); }
.ends { display: flex; justify-content: space-between; color: var(--faint); }
.table { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child { text-align: left; }
thead th { color: var(--faint); font-weight: 600; }
.advice { padding: 0; list-style: none; }
.advice li { background: var(--panel); border-left: .3rem solid var(--series-2); border-radius: .2rem; padding: .6rem .9rem; margin: .6rem 0; max-width: 60rem; }
.advice code, p code { font-size: .9em; overflow-wrap: anywhere; }
.advice .source { color: var(--faint); font-size: .85rem; }
.well { border-left: .3rem solid var(--series-3); padding: .4rem .9rem; background: var(--panel); }
@media (max-width: 30rem) {
  body { padding: .6rem; }
  figure { padding: .5rem; }
  figure > svg { font-size: 14px; }
}
@media print {
  :root {
    --text: #000; --faint: #444; --page: #fff; --panel: #fff; --rule: #bbb; --on-accent: #fff;
    --series-1: #0072b2; --series-2: #d55e00; --series-3: #007a59; --series-4: #a8508a;
    --series-5: #8a6100; --series-6: #2f86c1; --series-7: #6b5bb5; --series-8: #59636e;
  }
  html { font-size: 11pt; color-scheme: light; }
  body { max-width: none; padding: 0; }
  nav { display: none; }
  .figures { columns: 2; }
  figure > svg { font-size: 13px; }
  figure, .advice li, .facts div { border: 1px solid var(--rule); break-inside: avoid; }
  h2 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
