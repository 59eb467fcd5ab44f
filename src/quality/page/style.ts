/** The style of the page: light and dark, on a phone, and on paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d232c; --soft: #5a6675; --paper: #fbfaf7; --card: #fff;
  --line: #e4e0d6; --real: #8795a8; --made: #d98a00; --bad: #b3261e; --good: #23724a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e6df; --soft: #a5adb8; --paper: #16181c;
  --card: #1f2228; --line: #353a43; --real: #6d7c91; --made: #f2ab2e; --bad: #ff8a80;
  --good: #6fd19c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p, ul { margin: .5rem 0; } ul { padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr));
  margin: 1.5rem 0; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .8rem 1rem; }
.tile b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.bar { height: .35rem; border-radius: .2rem; background: var(--line); margin: .35rem 0; }
.bar i { display: block; height: 100%; border-radius: .2rem; background: var(--made); }
.cards { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }
.cards.wide { grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); }
.head { display: flex; gap: 1rem; justify-content: space-between; align-items: baseline; }
.head span { font-variant-numeric: tabular-nums; color: var(--soft); }
.lost { color: var(--bad); font-size: .9rem; } .kept { color: var(--good); font-size: .9rem; }
figure { margin: .5rem 0 0; } svg { max-width: 100%; height: auto; display: block; }
.key { display: flex; gap: 1.25rem; flex-wrap: wrap; font-size: .9rem; color: var(--soft); }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem;
  margin-right: .4rem; vertical-align: -.05rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; } .n { text-align: right; font-variant-numeric: tabular-nums; }
td.name { min-width: 6.5rem; white-space: normal; overflow-wrap: anywhere; }
.n + :not(.n) { padding-left: 1.5rem; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --card: #fff;
  --line: #ccc; --real: #8795a8; --made: #d98a00; --bad: #b3261e; --good: #23724a; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  .tile, .card, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .tiles { grid-template-columns: repeat(5, 1fr); gap: .4rem; } .tile { padding: .5rem .6rem; }
  .tile b { font-size: 1.3rem; }
  .cards { grid-template-columns: repeat(2, 1fr); } .scroll { overflow: visible; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
