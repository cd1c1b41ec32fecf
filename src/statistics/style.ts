/** Style of the page of statistics, light and dark. Verdicts differ in colour and are named in words beside it. */
export const STATISTICS_STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--line:#dfe3e8;--paper:#fff;--plain:#5472a8;
--infected:#c22f2f;--suspicious:#d9822b;--unwanted:#b59a1b;--unscannable:#7d6bb3;--clean:#4c9a6a;--trusted:#8bbf9f}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#9aa5b1;--line:#30363d;--paper:#14171a;--plain:#7f9bd1;
--infected:#e5605e;--suspicious:#e8a04f;--unwanted:#d0b948;--unscannable:#a394d6;--clean:#63b585;--trusted:#3f7a58}}
body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 16px 64px}
h1{font-size:22px;margin:0}h2{font-size:15px;margin:32px 0 8px}header p{color:var(--soft);margin:4px 0 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));margin:24px 0 0;border-top:1px solid var(--line)}
.tiles div{padding:8px 12px 8px 0;border-bottom:1px solid var(--line)}.tiles dt{color:var(--soft);font-size:12px}
.tiles dd{margin:0;font-size:18px;font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:0 32px}
svg{display:block;width:100%;height:auto;overflow:visible}svg text{fill:var(--soft);font:13px system-ui,sans-serif}
.pair svg text{font-size:19px}.axis{stroke:var(--line)}rect.plain{fill:var(--plain)}
rect.infected{fill:var(--infected)}rect.suspicious{fill:var(--suspicious)}rect.unwanted{fill:var(--unwanted)}
rect.unscannable{fill:var(--unscannable)}rect.clean{fill:var(--clean)}rect.trusted{fill:var(--trusted)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:8px 0 0;padding:0}
.legend li::before,td.text[class*=" "]::before{content:"";display:inline-block;width:10px;height:10px;margin-right:6px;background:var(--mark)}
.infected{--mark:var(--infected)}.suspicious{--mark:var(--suspicious)}.unwanted{--mark:var(--unwanted)}
.unscannable{--mark:var(--unscannable)}.clean{--mark:var(--clean)}.trusted{--mark:var(--trusted)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:3px 12px 3px 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{color:var(--soft);font-weight:500;font-size:12px}.number{text-align:right;font-variant-numeric:tabular-nums}
td.text{max-width:420px;overflow:hidden;text-overflow:ellipsis}
.bar{width:30%;padding-right:0}meter{width:100%;min-width:80px;height:8px;appearance:none;border:0;background:none;display:block}
meter::-webkit-meter-bar{background:none;border:0;height:8px}meter::-webkit-meter-optimum-value{background:var(--plain)}
meter::-moz-meter-bar{background:var(--plain)}.empty{color:var(--soft);margin:4px 0}
@media print{body{font-size:11px}section{break-inside:avoid}}
`
